"""What is done with a channel for a while: it is on hold, it is recorded, it listens to others."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from bridge.asterisk import actions
from bridge.asterisk.catalog.bridges import (
    HOLDS_ACTIVE,
    HOLDS_COUNT,
    HOLDS_TIME,
    RECORDINGS_ACTIVE,
    RECORDINGS_COUNT,
    RECORDINGS_TIME,
    SPIES_ACTIVE,
    SPIES_COUNT,
    SPIES_TIME,
)
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.core.counter import Tally
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.recent import Recent
from bridge.core.spans import Spans
from bridge.protocols.ami import AmiMessage


@dataclass(frozen=True, eq=False)
class Use:
    """One kind of use: what is said of it."""

    active: Metric
    count: Metric
    time: Histogram


HOLD = Use(HOLDS_ACTIVE, HOLDS_COUNT, HOLDS_TIME)
RECORDING = Use(RECORDINGS_ACTIVE, RECORDINGS_COUNT, RECORDINGS_TIME)
SPY = Use(SPIES_ACTIVE, SPIES_COUNT, SPIES_TIME)
USES = (HOLD, RECORDING, SPY)

EVENTS = (
    (HOLD, "Hold", "Unhold", "Uniqueid"),
    (RECORDING, "MixMonitorStart", "MixMonitorStop", "Uniqueid"),
    (RECORDING, "MonitorStart", "MonitorStop", "Uniqueid"),
    (RECORDING, "ConfbridgeRecord", "ConfbridgeStopRecord", "BridgeUniqueid"),
    (SPY, "ChanSpyStart", "ChanSpyStop", "SpyerUniqueid"),
)
"""Which event begins a use, which ends it, and the header that tells whose it is: a channel's or a room's."""
OWNERS = {"Hangup": "Uniqueid", "ConfbridgeEnd": "BridgeUniqueid"}
"""The events with which every use of a channel or a room is over, and the header that tells whose."""


class ChannelUse(Model):
    """Uses by the unique id of the channel, or of the bridge of a recorded room.

    Asterisk has no list of them, so those that began before the bridge connected are not known. Lists of
    channels and of bridges tell which cannot be any more.
    """

    asks = (actions.CHANNELS, actions.BRIDGES)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._spans = Spans[str, Use]()
        self._heard = Recent()
        for use in USES:
            totals.add(use.count.series(pbx), 0)

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        takes: dict[str, Take] = {event: partial(self._over, key) for event, key in OWNERS.items()}
        for use, begin, end, key in EVENTS:
            takes |= {begin: partial(self._begin, use, key), end: partial(self._end, use, key)}
        return takes

    def _begin(self, use: Use, key: str, message: AmiMessage, now: float) -> None:
        owner = message.get(key)
        if owner and self._heard.news(hash(message.raw), now):
            self.totals.add(use.count.series(self.pbx))
            self._observe(use, self._spans.begin(owner, use, now))

    def _end(self, use: Use, key: str, message: AmiMessage, now: float) -> None:
        owner = message.get(key)
        if owner and self._heard.news(hash(message.raw), now):
            self._observe(use, self._spans.end(owner, use, now))

    def _over(self, key: str, message: AmiMessage, now: float) -> None:
        for use, seconds in self._spans.over(message.get(key), now):
            self._observe(use, seconds)

    def _observe(self, use: Use, seconds: float | None) -> None:
        if seconds is not None:
            use.time.observe(self.totals, seconds, self.pbx)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - a loss forgets all
        """Drop the uses of channels and rooms that are no more; arguments as of Model."""
        if actions.CHANNELS not in replies or actions.BRIDGES not in replies:
            return 0
        owners = {channel.get("Uniqueid") for channel in replies[actions.CHANNELS].items}
        rooms = items(replies, actions.BRIDGES, "BridgeListItem")
        return self._spans.keep(owners | {room.get("BridgeUniqueid") for room in rooms}, asked)

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - what goes on, goes on at any time
        """How many of each use go on."""
        active = self._spans.active()
        for use in USES:
            yield use.active.series(self.pbx), active[use]

    def lost(self) -> None:
        """Uses end unheard."""
        self._spans.clear()
