"""Parking: the calls that are parked, for how long, and how that ended."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from bridge.asterisk import actions
from bridge.asterisk.catalog.bridges import (
    PARKING_CALLS,
    PARKING_ENDED,
    PARKING_PARKED,
    PARKING_SWAPS,
    PARKING_TIME,
)
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number
from bridge.core.counter import Tally
from bridge.core.farewell import Farewell
from bridge.core.recent import Recent
from bridge.core.standing import Standing
from bridge.core.vocabulary import Vocabulary
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

ENDS = {"UnParkedCall": "unparked", "ParkedCallTimeOut": "timeout", "ParkedCallGiveUp": "giveup"}
"""Event to the reason for which a call left the lot."""

LOTS = 1_000
"""Lots that are told apart. The dialplan may make up a lot for each call, and totals by lot stay."""


class Place(NamedTuple):
    """Where a call is parked."""

    lot: str
    space: str


class Parking(Model):
    """Parked channels by their unique ids: a channel is parked in one place at a time."""

    asks = (actions.LOTS, actions.PARKED, actions.CHANNELS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._parked = Standing[str, Place](MAX_ITEMS)
        self._lots: tuple[str, ...] = ()
        self._heard = Recent()
        self._names = Vocabulary(LOTS)
        self._farewell = Farewell()

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        ends = {event: partial(self._end, reason) for event, reason in ENDS.items()}
        return {"ParkedCall": self._park, "ParkedCallSwap": self._swap, "Hangup": self._hangup, **ends}

    def _park(self, message: AmiMessage, now: float) -> None:
        if self._heard.news(hash(message.raw), now):
            self.totals.add(PARKING_PARKED.series(self.pbx, self._lot(message)))
            self._parked.hear(message.get("ParkeeUniqueid"), _place(message), now)

    def _swap(self, message: AmiMessage, now: float) -> None:
        """Another channel takes the place of the one that was parked."""
        if self._heard.news(hash(message.raw), now):
            self.totals.add(PARKING_SWAPS.series(self.pbx, self._lot(message)))
            place = _place(message)
            for channel in [channel for channel, taken in self._parked.items() if taken == place]:
                self._parked.hear(channel, None, now)
            self._parked.hear(message.get("ParkeeUniqueid"), place, now)

    def _end(self, reason: str, message: AmiMessage, now: float) -> None:
        if not self._heard.news(hash(message.raw), now):
            return
        lot = self._lot(message)
        self.totals.add(PARKING_ENDED.series(self.pbx, lot, reason))
        seconds = number(message.get("ParkingDuration"))
        if seconds is not None:
            PARKING_TIME.observe(self.totals, max(0.0, seconds), self.pbx, lot)
        self._parked.hear(message.get("ParkeeUniqueid"), None, now)

    def _hangup(self, message: AmiMessage, now: float) -> None:
        if self._parked.get(channel := message.get("Uniqueid")):
            self._parked.hear(channel, None, now)

    def _lot(self, message: AmiMessage) -> str:
        return self._names.learn(message.get("Parkinglot"))

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Correct the lots and the parked calls; arguments as of Model."""
        if actions.LOTS in replies:
            lots = items(replies, actions.LOTS, "Parkinglot")
            self._lots = tuple(self._names.learn(lot.get("Name")) for lot in lots)
        if actions.PARKED in replies:
            calls = items(replies, actions.PARKED, "ParkedCall")
            parked = {call.get("ParkeeUniqueid"): _place(call) for call in calls}
        else:
            parked = self._still_alive(replies)
        return self._parked.correct(parked, asked, first=first)

    def _still_alive(self, replies: Replies) -> dict[str, Place]:
        """Without class call only channels tell: one that is no more is not parked any more."""
        if actions.CHANNELS not in replies:
            return dict(self._parked.items())
        alive = {channel.get("Uniqueid") for channel in replies[actions.CHANNELS].items}
        return {channel: place for channel, place in self._parked.items() if channel in alive}

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - what stands, stands at any time
        """Parked calls by lot; a lot without any reads 0, one that is gone says 0 once more."""
        calls = Counter(self._names.learn(place.lot) for _, place in self._parked.items())
        calls.update(dict.fromkeys(self._lots, 0))
        for lot, count in self._farewell.values(calls):
            yield PARKING_CALLS.series(self.pbx, lot), count

    def lost(self) -> None:
        """Calls leave the lots unheard."""
        self._parked.forget()


def _place(message: AmiMessage) -> Place:
    return Place(message.get("Parkinglot"), message.get("ParkingSpace"))
