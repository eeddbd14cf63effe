"""Departures: how callers left a queue, told by words that come apart, in any order, twice, or never.

What Asterisk says when a caller leaves (apps/app_queue.c, and seen on 16 and 22):

| the caller | words |
| --- | --- |
| is connected | QueueCallerLeave, then AgentConnect |
| hangs up | QueueCallerAbandon, QueueCallerLeave |
| waits too long, finds nobody, is withdrawn | QueueCallerAbandon, QueueCallerLeave: just the same |
| presses a key | QueueCallerLeave |

Who hung up is told from who went on by where in the dialplan the channel ends: where Queue() stands, or
behind it. HangupRequest says it when the far end hangs up, before an extension `h` moves the channel; Hangup
says it else. (SoftHangupRequest does not: from Asterisk 22 it may show a place that the channel has left.)
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.core.recent import Recent

SETTLED = 5.0
"""Seconds without a word of a caller's departures, after which none is expected."""
ENDS = 2 * SETTLED
"""Seconds for which ends of channels are remembered: one may come before the words of the departure."""
MANY = 10_000
"""Departures that may be open at once; of more, the oldest are decided by what is known."""

Place = tuple[str, ...]
"""Context, extension and priority."""


class Departure(NamedTuple):
    """What became of a caller: once, or more often for one who left and joined again within moments.

    Attributes:
        queue: the queue.
        exits: how often the caller left unanswered without hanging up.
        abandoned: whether the caller hung up.
        waited: seconds until then.
    """

    queue: str
    exits: int
    abandoned: bool
    waited: float


@dataclass(slots=True)
class _Words:
    """What was heard of a caller's departures from a queue.

    Attributes:
        heard: when the last word came.
        gave_up: how many QueueCallerAbandon came.
        places: where the caller was then, and how long it had waited at least: who goes round is sent on
            after the same time again and again, and hangs up before it is over.
    """

    heard: float = 0.0
    leaves: int = 0
    connects: int = 0
    gave_up: int = 0
    places: dict[Place, float] = field(default_factory=dict)


class Departures:
    """Decides how callers left. All times are monotonic seconds; a caller is the Uniqueid of its channel.

    Args:
        tell: is given each departure, when it is decided.
        waits: whether a caller waits in a queue now.
    """

    def __init__(self, tell: Callable[[Departure], None], waits: Callable[[str, str], bool]) -> None:
        self._tell = tell
        self._waits = waits
        self._open: dict[tuple[str, str], _Words] = {}
        self._ends = Recent(ENDS)
        self._gone = Recent(ENDS)

    def left(self, queue: str, caller: str, now: float) -> None:
        """Word that a caller left."""
        self._words(queue, caller, now).leaves += 1

    def connected(self, queue: str, caller: str, now: float) -> None:
        """Word that a caller was connected to a member."""
        self._words(queue, caller, now).connects += 1

    def gave_up(self, queue: str, caller: str, now: float, place: Place, waited: float) -> None:
        """Word that a caller hung up, or was sent on."""
        words = self._words(queue, caller, now)
        words.gave_up += 1
        words.places[place] = min(waited, words.places.get(place, waited))

    def ended(self, caller: str, place: Place, now: float) -> None:
        """Word that a channel ends, whether or not it was ever in a queue."""
        self._decide_due(now)
        self._ends.news(caller, now)
        self._ends.news((caller, place), now)

    def settle(self, now: float) -> None:
        """Decide all that can be decided at `now`."""
        for key, words in list(self._open.items()):
            if now - words.heard > SETTLED or self._complete(key, words):
                self._decide(key)

    def close(self) -> None:
        """Decide all by what is known, since nothing more will come."""
        for key in list(self._open):
            self._decide(key)

    def _words(self, queue: str, caller: str, now: float) -> _Words:
        """Who was heard of last comes last."""
        self._decide_due(now)
        words = self._open.pop((queue, caller), None) or _Words()
        words.heard = now
        self._open[queue, caller] = words
        return words

    def _decide_due(self, now: float) -> None:
        while self._open:
            oldest = next(iter(self._open))
            if now - self._open[oldest].heard <= SETTLED and len(self._open) < MANY:
                return
            self._decide(oldest)

    def _complete(self, key: tuple[str, str], words: _Words) -> bool:
        """Whether each leave has its reason, and is known to be the end of the channel or not."""
        if words.leaves != words.connects + words.gave_up:
            return False
        return not words.gave_up or self._ends.has(key[1], words.heard)

    def _decide(self, key: tuple[str, str]) -> None:
        words = self._open.pop(key)
        left = max(words.leaves, words.connects + words.gave_up)
        place = self._end(key, words)
        abandoned = place is not None and self._gone.news(key[1], words.heard)
        waited = words.places[place] if abandoned and place else 0.0
        self._tell(Departure(key[0], left - words.connects - abandoned, abandoned, waited))

    def _end(self, key: tuple[str, str], words: _Words) -> Place | None:
        """Where the channel ended while the caller waited; None for one who went on, or waits again."""
        if self._waits(*key):
            return None
        return next((place for place in words.places if self._ends.has((key[1], place), words.heard)), None)
