"""Waiting: who waits in which queue, when word of joins and leaves may come late, in any order, or never.

A caller may leave a queue and join it again, so the key (queue, caller) returns, and no word says to which
visit it belongs. Joins and leaves are therefore added up: who has joined once more than left, waits. What is
never told is corrected by the next list. (Words carry a Count of those who wait, but the right one is that of
the last word, and which one that is cannot be known.)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

LATE = 4.0
"""Seconds by which a word may come after a later one, or after a list that shows what it says."""
MANY = 50_000
"""Callers that are remembered: more than one Asterisk carries."""

Key = tuple[str, str]
"""A queue and a caller, by the Uniqueid of its channel."""


@dataclass(slots=True)
class _Visits:
    """The visits of one caller to one queue.

    Attributes:
        balance: joins less leaves.
        since: when the caller joined last.
        heard: when the last word came.
        ahead: 1 if the last list has told a join before its word, -1 if a leave.
    """

    balance: int = 0
    since: float = 0.0
    heard: float = -inf
    ahead: int = 0


class Waiting:
    """All times are monotonic seconds."""

    def __init__(self) -> None:
        self._visits: dict[Key, _Visits] = {}
        self._living: dict[Key, _Visits] = {}
        self._listed = -inf
        self._first = True

    def __len__(self) -> int:
        """How many wait now."""
        return len(self._living)

    def waits(self, queue: str, caller: str) -> bool:
        """Whether the caller waits there now."""
        return (queue, caller) in self._living

    def living(self) -> Iterator[tuple[str, float]]:
        """The queue of each caller that waits now, and since when."""
        return ((key[0], visits.since) for key, visits in self._living.items())

    def joined(self, queue: str, caller: str, now: float) -> None:
        """Word of a join."""
        self._hear((queue, caller), 1, now)

    def left(self, queue: str, caller: str, now: float) -> None:
        """Word of a leave."""
        self._hear((queue, caller), -1, now)

    def _hear(self, key: Key, change: int, now: float) -> None:
        """Words from before the last list, which were held back until it came, are in it."""
        if now < self._listed:
            return
        visits = self._visits.get(key) or self._meet(key)
        if now - visits.heard > LATE:
            visits.balance = max(0, visits.balance)
        visits.heard = now
        if visits.ahead == change and now - self._listed <= LATE:
            visits.ahead = 0
            return
        if change > 0 and visits.balance == 0:
            visits.since = now
        visits.balance += change
        self._sort(key, visits)

    def _sort(self, key: Key, visits: _Visits) -> None:
        """Those who wait are kept apart: between two lists many come and go."""
        if visits.balance > 0:
            self._living[key] = visits
        else:
            self._living.pop(key, None)

    def _meet(self, key: Key) -> _Visits:
        if len(self._visits) >= MANY:
            oldest = next(iter(self._visits))
            del self._visits[oldest]
            self._living.pop(oldest, None)
        visits = self._visits[key] = _Visits()
        return visits

    def correct(self, listed: Mapping[Key, float], asked: float, *, first: bool) -> int:
        """Take a list of all who waited at a moment after `asked`; return how many words never came.

        Args:
            listed: how long each has waited, in seconds.
            asked: when the list was asked for. Who was heard of later stays as was heard.
            first: it is the first list of a connection: before it, no words could come.
        """
        overdue = 0
        for key, visits in list(self._visits.items()):
            if visits.heard < asked:
                overdue += visits.ahead != 0
                self._set(key, visits, listed.get(key), asked)
        for key, waited in listed.items():
            if key not in self._visits:
                self._set(key, self._meet(key), waited, asked)
        corrections = 0 if self._first else overdue
        self._listed, self._first = asked, first
        return corrections

    def _set(self, key: Key, visits: _Visits, waited: float | None, asked: float) -> None:
        waits = waited is not None
        visits.ahead = waits - (visits.balance > 0)
        visits.balance = int(waits)
        self._sort(key, visits)
        if waited is not None:
            visits.since = asked - waited
        elif not visits.ahead:
            del self._visits[key]

    def forget(self) -> None:
        """Nothing is known any more."""
        self._visits.clear()
        self._living.clear()
        self._listed, self._first = -inf, True
