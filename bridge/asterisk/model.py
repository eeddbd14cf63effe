"""Model: one subject of what is known of a PBX, kept from events and corrected by polls."""

from collections.abc import Callable, Iterator, Mapping

from bridge.asterisk.actions import Action
from bridge.core.counter import Tally
from bridge.core.sample import Series
from bridge.protocols.ami import AmiMessage, Reply

Replies = Mapping[Action, Reply]
"""The answered actions of one poll."""
Values = Iterator[tuple[Series, float]]
Take = Callable[[AmiMessage, float], None]
"""Is given an event, and the monotonic time when it came."""


class Model:
    """One subject: queues, bridges, contacts. A subclass says what it hears, what it asks, and what it knows.

    Events come in no certain order, twice, or never; nothing may depend on it. Gauges are what the model
    knows, corrected by every poll. Happenings are counted in the totals, once each.

    Args:
        pbx: the PBX, for the label.
        totals: where happenings are counted; shared by all models of the PBX, and kept over restarts.

    Attributes:
        looks_only: `gauges` changes nothing, and may be asked at any time.
        asks: the actions whose replies `sync` reads, asked at every poll as far as the account may.
    """

    looks_only = False
    asks: tuple[Action, ...] = ()

    def __init__(self, pbx: str, totals: Tally) -> None:
        self.pbx = pbx
        self.totals = totals

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        return {}

    def further(self, replies: Replies) -> list[Action]:  # noqa: ARG002 - most need nothing more
        """What must be asked besides, now that `asks` is answered."""
        return []

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - some have no poll
        """Correct the model by what a poll was answered; return how many words of events never came.

        Args:
            replies: those that were given. What is not among them is not known anew; on the first poll of a
                connection that means that the account may not ask, and only events will tell.
            asked: monotonic time when the first question was sent.
            first: it is the first poll of a connection, before which no events came.
        """
        return 0

    def steps(self, replies: Replies, asked: float, *, first: bool) -> Iterator[int]:
        """What `sync` does, and the parts of what it returns, in steps of some milliseconds.

        Between two of them events may be taken, if it is not the first poll.
        """
        yield self.sync(replies, asked, first=first)

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - some have only totals
        """What is known now, at monotonic `now`; says nothing of what no poll and no event has told.

        A model that has means or peaks of an interval ends the interval here.
        """
        return iter(())

    def standing(self, now: float) -> Values:
        """What is known now, as far as looking at it changes nothing: what rules are told at once."""
        return self.gauges(now) if self.looks_only else iter(())

    def lost(self) -> None:
        """The connection is lost: what may change unheard is not known until the next poll."""
