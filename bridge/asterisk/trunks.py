"""Trunks: the ways to the outside. Asterisk has no word for them, so they are found.

A trunk is what an outbound registration belongs to. Providers that identify us by address register nothing:
there the trunk is the endpoint that an identify section leads to, which only an account with class system
may learn, one endpoint at a time. Endpoints with inbound authentication are phones and are not asked for.
"""

import re
from collections import Counter, defaultdict

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.endpoints import TRUNK_CHANNELS, TRUNK_UP
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Values
from bridge.asterisk.words import endpoint, technology
from bridge.core.counter import Tally
from bridge.core.turn import Turn
from bridge.protocols.ami import AmiMessage

PJSIP = "PJSIP"
OFFLINE = "UNAVAILABLE"
WIZARD = re.compile(r"(.+)-reg-[0-9]+")
"""How pjsip_wizard.conf names the registrations of a trunk."""
DETAILS_PER_POLL = 5
"""Endpoints asked for in one poll: identify sections change with the configuration, so there is no hurry."""


class Trunks(Model):
    """Each trunk's state and channels, as the last poll told."""

    asks = (actions.REGISTRATIONS, actions.DEVICES, actions.CHANNELS, actions.ENDPOINTS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._identified: set[str] = set()
        self._turn = Turn(DETAILS_PER_POLL)
        self._up: dict[str, bool] = {}
        self._channels: dict[str, int] = {}

    def further(self, replies: Replies) -> list[Action]:
        """The details of endpoints that may be trunks, a few at a time."""
        names = [
            item.get("ObjectName")
            for item in items(replies, actions.ENDPOINTS, "EndpointList")
            if not item.get("Auths")
        ]
        return actions.for_each(self._turn.take(names), actions.endpoint_detail)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - holds no words of events
        """Find the trunks, and how they are."""
        self._identify(replies)
        devices = {
            item.get("Device").partition("/")[2]: item.get("State")
            for item in items(replies, actions.DEVICES, "DeviceStateChange")
            if technology(item.get("Device")) == PJSIP
        }
        endpoints = devices.keys() | {
            item.get("ObjectName") for item in items(replies, actions.ENDPOINTS, "EndpointList")
        }
        registered = _registered(replies, endpoints)
        names = registered.keys() | self._identified
        self._up = {name: registered.get(name, True) and devices.get(name) != OFFLINE for name in names}
        if actions.CHANNELS in replies:
            channels = _channels(replies)
            self._channels = {name: channels[name] for name in names & endpoints}
        return 0

    def _identify(self, replies: Replies) -> None:
        """Learn which of the endpoints that were asked for have an identify section."""
        if actions.ENDPOINTS in replies:
            self._identified &= {
                item.get("ObjectName") for item in items(replies, actions.ENDPOINTS, "EndpointList")
            }
        for action, reply in replies.items():
            if action.name == "PJSIPShowEndpoint":
                name = dict(action.headers)["Endpoint"]
                found = any(item.event == "IdentifyDetail" for item in reply.items)
                (self._identified.add if found else self._identified.discard)(name)

    def gauges(self, _: float) -> Values:
        """Every trunk that is known."""
        for name in sorted(self._up):
            yield TRUNK_UP.series(self.pbx, name), int(self._up[name])
        for name in sorted(self._channels):
            yield TRUNK_CHANNELS.series(self.pbx, name), self._channels[name]

    def lost(self) -> None:
        """Trunks may change unseen; which endpoints are identified by address is configuration, and stays."""
        self._up, self._channels = {}, {}


def _registered(replies: Replies, endpoints: set[str]) -> dict[str, bool]:
    """Trunks that register: whether any of their registrations is."""
    found: defaultdict[str, bool] = defaultdict(bool)
    for item in items(replies, actions.REGISTRATIONS, "OutboundRegistrationDetail"):
        found[_trunk(item, endpoints)] |= item.get("Status") == "Registered"
    return found


def _trunk(registration: AmiMessage, endpoints: set[str]) -> str:
    """The name of the trunk that a registration belongs to."""
    name = registration.get("ObjectName")
    match = WIZARD.fullmatch(name)
    if match and match[1] in endpoints:
        name = match[1]
    return registration.get("Endpoint") or name


def _channels(replies: Replies) -> Counter[str]:
    channels = (item.get("Channel") for item in items(replies, actions.CHANNELS, "CoreShowChannel"))
    return Counter(endpoint(channel) for channel in channels if technology(channel) == PJSIP)
