"""Bridges: how many there are, of which type, and how many channels are in them."""

from collections import Counter
from collections.abc import Mapping

from bridge.asterisk import actions
from bridge.asterisk.catalog.bridges import (
    BRIDGE_TYPE_BRIDGES,
    BRIDGES_ACTIVE,
    BRIDGES_CREATED,
    BRIDGES_ENTERS,
    BRIDGES_LEAVES,
)
from bridge.asterisk.catalog.calls import CHANNELS_BRIDGED
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number, word
from bridge.core.census import Census
from bridge.core.counter import Tally
from bridge.core.recent import Recent
from bridge.core.sample import Series
from bridge.core.standing import Standing
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

TYPES = ("basic", "base", "parking", "holding", "stasis")


class Bridges(Model):
    """Bridges by their unique ids.

    How many channels a bridge holds is what the last event or list said of it: that counts channels of
    which no event tells, such as the announcer of a conference, as SNMP does; so where a poll finds another
    number, no word need have been lost. The same channel may enter the same bridge many times, so entries are
    told apart by their bytes.
    """

    looks_only = True
    asks = (actions.BRIDGES,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._bridges = Census[str, str]()
        self._channels = Standing[str, float](MAX_ITEMS)
        self._heard = Recent()
        self._asked = 0.0
        self._enters, self._leaves = BRIDGES_ENTERS.series(pbx), BRIDGES_LEAVES.series(pbx)
        self._created = BRIDGES_CREATED.series(pbx)
        for series in (self._enters, self._leaves, self._created):
            totals.add(series, 0)

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        return {
            "BridgeCreate": self._create,
            "BridgeDestroy": self._destroy,
            "BridgeEnter": self._enter,
            "BridgeLeave": self._leave,
        }

    def _create(self, message: AmiMessage, now: float) -> None:
        if self._bridges.begin(message.get("BridgeUniqueid"), _type(message), now):
            self.totals.add(self._created)

    def _destroy(self, message: AmiMessage, now: float) -> None:
        self._bridges.end(message.get("BridgeUniqueid"), now)
        self._channels.hear(message.get("BridgeUniqueid"), None, now)

    def _enter(self, message: AmiMessage, now: float) -> None:
        self._move(self._enters, message, now)

    def _leave(self, message: AmiMessage, now: float) -> None:
        self._move(self._leaves, message, now)

    def _move(self, series: Series, message: AmiMessage, now: float) -> None:
        if not self._heard.news(hash(message.raw), now):
            return
        self.totals.add(series)
        bridge = message.get("BridgeUniqueid")
        if self._bridges.notice(bridge, _type(message), now) is not None and now >= self._asked:
            self._channels.hear(bridge, _channels(message), now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Correct bridges and their channels; arguments as of Model."""
        if actions.BRIDGES not in replies:
            if first:
                self._bridges.forget()
            return 0
        self._asked = asked
        listed = {
            item.get("BridgeUniqueid"): item for item in items(replies, actions.BRIDGES, "BridgeListItem")
        }
        channels = {bridge: _channels(item) for bridge, item in listed.items()}
        types = {bridge: _type(item) for bridge, item in listed.items()}
        self._channels.correct(channels, asked)
        return self._bridges.correct(types, asked, first=first)

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - what stands, stands at any time
        """Bridges, in all and by type, and the channels in them."""
        living = dict(self._bridges.living())
        types = Counter(living.values())
        bridged = (channels for bridge, channels in self._channels.items() if bridge in living)
        yield BRIDGES_ACTIVE.series(self.pbx), len(living)
        yield CHANNELS_BRIDGED.series(self.pbx), sum(bridged)
        for name in (*TYPES, *sorted(types.keys() - set(TYPES))):
            yield BRIDGE_TYPE_BRIDGES.series(self.pbx, name), types[name]


def _type(message: AmiMessage) -> str:
    name = word(message.get("BridgeType"))
    return name if name in TYPES else "other"


def _channels(message: AmiMessage) -> float:
    return max(0.0, number(message.get("BridgeNumChannels")) or 0.0)
