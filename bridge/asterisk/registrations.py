"""Outbound registrations: whether providers know us.

Asterisk's event names a registration by its client and server URI, a poll by its section too: by that name,
which holds no number of anybody, it is published. An event that fits no polled registration, or several,
waits for the next poll.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

from bridge.asterisk import actions
from bridge.asterisk.catalog.endpoints import (
    REGISTRATION_STATE_REGISTRATIONS,
    REGISTRATION_UP,
    REGISTRATIONS_COUNT,
)
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.core.counter import Tally
from bridge.core.standing import Standing
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

REGISTERED, UNREGISTERED = "registered", "unregistered"
STATES = (REGISTERED, UNREGISTERED, "rejected")


class Registrations(Model):
    """The state of each outbound PJSIP registration."""

    looks_only = True
    asks = (actions.REGISTRATIONS,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._states = Standing[str, str](MAX_ITEMS)
        self._names: Mapping[tuple[str, str], list[str]] = {}
        self._listed = False

    def hears(self) -> Mapping[str, Take]:
        """Every answer of a registrar; refreshes repeat the same."""
        return {"Registry": self._change}

    def _change(self, message: AmiMessage, now: float) -> None:
        names = self._names.get((message.get("Username"), message.get("Domain")), [])
        if len(names) == 1 and message.get("ChannelType") == "PJSIP":
            self._states.hear(names[0], _state(message), now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Take the list, and the names that events lack."""
        if actions.REGISTRATIONS not in replies:
            return 0
        registrations = items(replies, actions.REGISTRATIONS, "OutboundRegistrationDetail")
        names = defaultdict(list)
        for item in registrations:
            names[item.get("ClientUri"), item.get("ServerUri")].append(item.get("ObjectName"))
        self._names, self._listed = names, True
        listed = {item.get("ObjectName"): _state(item) for item in registrations}
        return self._states.correct(listed, asked, first=first)

    def gauges(self, _: float) -> Values:
        """Nothing before the first list."""
        if not self._listed:
            return
        states = dict(self._states.items())
        counts = Counter(states.values())
        yield REGISTRATIONS_COUNT.series(self.pbx), len(states)
        for state in STATES:
            yield REGISTRATION_STATE_REGISTRATIONS.series(self.pbx, state), counts[state]
        for name, state in states.items():
            yield REGISTRATION_UP.series(self.pbx, name), int(state == REGISTERED)

    def lost(self) -> None:
        """Registrations may change unheard."""
        self._states.forget()
        self._names, self._listed = {}, False


def _state(message: AmiMessage) -> str:
    state = message.get("Status").lower()
    return state if state in STATES else UNREGISTERED
