"""Devices: how many there are in each device state."""

from collections import Counter
from collections.abc import Mapping

from bridge.asterisk import actions
from bridge.asterisk.catalog.endpoints import DEVICE_STATE_DEVICES
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import UNKNOWN
from bridge.core.counter import Tally
from bridge.core.standing import Standing
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

STATES = (
    UNKNOWN,
    "not_inuse",
    "inuse",
    "busy",
    "invalid",
    "unavailable",
    "ringing",
    "ringinuse",
    "onhold",
)


class Devices(Model):
    """The device states, as the list says them and events change them."""

    looks_only = True
    asks = (actions.DEVICES,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._states = Standing[str, str](MAX_ITEMS)
        self._listed = False

    def hears(self) -> Mapping[str, Take]:
        """Every change of a device state; some are told twice."""
        return {"DeviceStateChange": self._change}

    def _change(self, message: AmiMessage, now: float) -> None:
        self._states.hear(message.get("Device"), _state(message), now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Take the list, if the account may ask for it."""
        if actions.DEVICES not in replies:
            return 0
        self._listed = True
        devices = items(replies, actions.DEVICES, "DeviceStateChange")
        states = {device.get("Device"): _state(device) for device in devices}
        return self._states.correct(states, asked, first=first)

    def gauges(self, _: float) -> Values:
        """Every state, also where no device is in it; nothing while only events told of some devices."""
        if self._listed:
            counts = Counter(state for _, state in self._states.items())
            for state in STATES:
                yield DEVICE_STATE_DEVICES.series(self.pbx, state), counts[state]

    def lost(self) -> None:
        """Devices may change unheard."""
        self._states.forget()
        self._listed = False


def _state(message: AmiMessage) -> str:
    state = message.get("State").lower()
    return state if state in STATES else UNKNOWN
