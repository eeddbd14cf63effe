"""Endpoints: who can be called, and how many channels each has.

The device state of `PJSIP/office` is that of the endpoint `office`, so class reporting is enough. An account
with class system is told of endpoints too whose device state nobody has asked for yet.
"""

from collections import Counter
from collections.abc import Mapping

from bridge.asterisk import actions
from bridge.asterisk.catalog.endpoints import (
    ENDPOINT_CHANNELS,
    ENDPOINT_STATE,
    ENDPOINT_STATE_ENDPOINTS,
    ENDPOINTS_COUNT,
)
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import UNKNOWN, endpoint, technology
from bridge.core.counter import Tally
from bridge.core.standing import Standing
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

TECHNOLOGIES = frozenset({"PJSIP", "SIP", "IAX2"})
"""Those whose devices are endpoints; others, such as Local and Custom, have no configured names."""
STATES = (UNKNOWN, "offline", "online")
"""As Asterisk numbers them: 0, 1, 2."""
OF_DEVICE = {"unknown": 0, "unavailable": 1}
"""Device states, as an event or a list writes them, that do not mean online."""
INVALID = "invalid"
"""Device state of a name that is not configured, such as the address of a guest."""


class Endpoints(Model):
    """State and channels of each endpoint."""

    looks_only = True
    asks = (actions.DEVICES, actions.ENDPOINTS, actions.CHANNELS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._states = Standing[str, int](MAX_ITEMS)
        self._channels: Counter[str] | None = None
        self._listed = False

    def hears(self) -> Mapping[str, Take]:
        """Changes of device states."""
        return {"DeviceStateChange": self._change}

    def _change(self, message: AmiMessage, now: float) -> None:
        device = message.get("Device")
        if technology(device) in TECHNOLOGIES:
            self._states.hear(device, _state(message.get("State")), now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Take the lists of devices, of endpoints and of channels, as far as they are answered."""
        if actions.CHANNELS in replies:
            channels = (item.get("Channel") for item in items(replies, actions.CHANNELS, "CoreShowChannel"))
            self._channels = Counter(endpoint(name) for name in channels if technology(name) in TECHNOLOGIES)
        if actions.DEVICES not in replies and actions.ENDPOINTS not in replies:
            return 0
        self._listed = True
        return self._states.correct(_listed(replies), asked, first=first)

    def gauges(self, _: float) -> Values:
        """Nothing while only events told of some endpoints."""
        if not self._listed:
            return
        states: dict[str, int] = {}
        for device, state in self._states.items():
            name = device.partition("/")[2]
            states[name] = max(state, states.get(name, 0))
        counts = Counter(states.values())
        yield ENDPOINTS_COUNT.series(self.pbx), len(states)
        for number, word in enumerate(STATES):
            yield ENDPOINT_STATE_ENDPOINTS.series(self.pbx, word), counts[number]
        for name, number in states.items():
            yield ENDPOINT_STATE.series(self.pbx, name), number
            if self._channels is not None:
                yield ENDPOINT_CHANNELS.series(self.pbx, name), self._channels[name]

    def lost(self) -> None:
        """Endpoints may come and go unheard."""
        self._states.forget()
        self._channels, self._listed = None, False


def _listed(replies: Replies) -> dict[str, int]:
    """The state of each endpoint by its device. Where both lists have it, that of devices is as good."""
    states = {
        f"PJSIP/{item.get('ObjectName')}": OF_DEVICE.get(item.get("DeviceState").lower(), 2)
        for item in items(replies, actions.ENDPOINTS, "EndpointList")
    }
    for item in items(replies, actions.DEVICES, "DeviceStateChange"):
        device, state = item.get("Device"), _state(item.get("State"))
        if state is not None and technology(device) in TECHNOLOGIES:
            states[device] = state
    return states


def _state(text: str) -> int | None:
    """The number of an endpoint's state by the state of its device; None if there is no such endpoint."""
    state = text.lower()
    return None if state == INVALID else OF_DEVICE.get(state, 2)
