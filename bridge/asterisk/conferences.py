"""Conferences: the rooms of ConfBridge and the parties in them."""

from collections.abc import Mapping

from bridge.asterisk import actions
from bridge.asterisk.catalog.bridges import (
    CONFERENCE_JOINS,
    CONFERENCE_PARTIES,
    CONFERENCES_ACTIVE,
    CONFERENCES_STARTED,
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

ROOMS = 1_000
"""Rooms that are told apart. The dialplan may make up a name for each call, and totals by name stay."""


class Conferences(Model):
    """Rooms by name, each with the number of its parties.

    Events move the number, whatever their order; a poll sets it. Neither counts the announcer and the
    recorder of a room, which are in its bridge too.
    """

    asks = (actions.CONFERENCES,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._rooms = Standing[str, float](MAX_ITEMS)
        self._heard = Recent()
        self._names = Vocabulary(ROOMS)
        self._farewell = Farewell()
        self._asked = 0.0
        totals.add(CONFERENCES_STARTED.series(pbx), 0)

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        return {
            "ConfbridgeStart": self._start,
            "ConfbridgeEnd": self._end,
            "ConfbridgeJoin": self._join,
            "ConfbridgeLeave": self._leave,
        }

    def _start(self, message: AmiMessage, now: float) -> None:
        if self._heard.news(hash(message.raw), now):
            self.totals.add(CONFERENCES_STARTED.series(self.pbx))
            self._move(message, 0, now)

    def _join(self, message: AmiMessage, now: float) -> None:
        if self._heard.news(hash(message.raw), now):
            label = self._names.learn(message.get("Conference"))
            self.totals.add(CONFERENCE_JOINS.series(self.pbx, label))
            self._move(message, +1, now)

    def _leave(self, message: AmiMessage, now: float) -> None:
        if self._heard.news(hash(message.raw), now) and self._rooms.get(message.get("Conference")):
            self._move(message, -1, now)

    def _end(self, message: AmiMessage, now: float) -> None:
        if now >= self._asked:
            self._rooms.hear(message.get("Conference"), None, now)

    def _move(self, message: AmiMessage, amount: int, now: float) -> None:
        """What was heard before the last poll was asked, and waited for it, is in its answer."""
        if now >= self._asked:
            room = message.get("Conference")
            self._rooms.hear(room, (self._rooms.get(room) or 0) + amount, now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Correct rooms and parties; arguments as of Model."""
        if actions.CONFERENCES not in replies:
            return 0
        self._asked = asked
        rooms = items(replies, actions.CONFERENCES, "ConfbridgeListRooms")
        parties = {room.get("Conference"): max(0.0, number(room.get("Parties")) or 0.0) for room in rooms}
        return self._rooms.correct(parties, asked, first=first)

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - what stands, stands at any time
        """Rooms, and the parties of each; a room that has ended says 0 once more."""
        parties: dict[str, float] = {}
        for room, count in self._rooms.items():
            label = self._names.learn(room)
            parties[label] = parties.get(label, 0) + count
        yield CONFERENCES_ACTIVE.series(self.pbx), len(self._rooms)
        for label, count in self._farewell.values(parties):
            yield CONFERENCE_PARTIES.series(self.pbx, label), count

    def lost(self) -> None:
        """Parties come and go unheard."""
        self._rooms.forget()
