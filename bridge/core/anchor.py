"""AnchoredGauge: a gauge of which only changes are told, held to what somebody else counts now and then."""

from collections import deque
from typing import NamedTuple

REMEMBERED = 1000
"""Changes that are remembered: those of seconds on a very busy PBX, and no poll takes longer."""


class Change(NamedTuple):
    """What moved the gauge, at Unix time `time`."""

    time: float
    amount: float


class AnchoredGauge:
    """A value that changes move and that counts from elsewhere correct; it is never negative.

    A count is as old as its question, and changes go on while the answer is on its way. So the last changes
    are remembered: a count is put in at its own time, and what happened after it is added again.

    Times are Unix times, since a count comes with the time of its sample.

    Args:
        value: what it is as long as nothing is told.

    Attributes:
        value: what it is now.
    """

    __slots__ = ("_base", "_changes", "_known", "value")

    def __init__(self, value: float = 0.0) -> None:
        self.value = self._base = max(0.0, value)
        self._changes: deque[Change] = deque()
        self._known = float("-inf")

    def move(self, amount: float, now: float) -> None:
        """Add a change; what is below zero after it was too low before it, and is zero now."""
        self.value = max(0.0, self.value + amount)
        self._changes.append(Change(now, amount))
        if len(self._changes) > REMEMBERED:
            self._base = max(0.0, self._base + self._changes.popleft().amount)

    def put(self, value: float, now: float) -> None:
        """Take a value that was told whole, by whoever tells the changes too."""
        self.value = self._base = max(0.0, value)
        self._changes.clear()
        self._known = now

    def anchor(self, value: float, then: float, now: float) -> bool:
        """Take a count of the time `then`; return whether something else was believed of that time.

        A count that is older than what is known for certain says nothing. (A time of knowledge that is yet
        to come was set by a clock that has gone back since, and does not count.)
        """
        if then < self._known <= now:
            return False
        believed = self._base
        while self._changes and self._changes[0].time <= then:
            believed = max(0.0, believed + self._changes.popleft().amount)
        self.value = self._base = max(0.0, value)
        for change in self._changes:
            self.value = max(0.0, self.value + change.amount)
        self._known = then
        return believed != self._base
