"""SlidingSum: what was added of late."""

from array import array
from math import fsum


class SlidingSum:
    """The sum of what was added within a sliding window, to the precision of a step.

    Its memory is one number for each step, however much is added.

    Args:
        length: seconds of the window.
        steps: into how many parts it is cut; what leaves the window leaves it by parts.
    """

    def __init__(self, length: float, steps: int) -> None:
        self._step = length / steps
        self._sums = array("d", bytes(8 * steps))
        self._newest: int | None = None

    def add(self, amount: float, now: float) -> None:
        """Add something that happened at monotonic `now`, which must not go backwards."""
        self._sums[self._advance(now)] += amount

    def total(self, now: float) -> float:
        """The sum of the window that ends at monotonic `now`."""
        self._advance(now)
        return fsum(self._sums)

    def parts(self, now: float) -> list[float]:
        """The sums of the steps, oldest first; the last is the one that `now` is in."""
        oldest = self._advance(now) + 1
        return [*self._sums[oldest:], *self._sums[:oldest]]

    def _advance(self, now: float) -> int:
        """Empty the steps that have left the window; return the place of the newest one."""
        size, newest = len(self._sums), int(now // self._step)
        passed = newest - (newest if self._newest is None else self._newest)
        for step in range(newest - min(max(passed, 0), size) + 1, newest + 1):
            self._sums[step % size] = 0.0
        self._newest = newest
        return newest % size
