"""Claims: who has which of the samples in a spool, and what became of the others.

The samples of a spool are numbered; a record is called by the number of its first one. So whatever is
damaged, how much is missing is known from what is still there.
"""

from collections import Counter
from heapq import heappop, heappush

from bridge.core.ranges import Ranges


class Claims:
    """Pure bookkeeping: what is held by the caller, settled for good, or free to be read.

    Args:
        end: how many samples were ever written.
        settled: those that are needed no more.
    """

    def __init__(self, end: int = 0, settled: Ranges | None = None) -> None:
        self.end = end
        self.settled = settled or Ranges()
        self._held: dict[int, int] = {}
        self._holding = 0
        self._orphans: dict[int, tuple[int, str]] = {}
        self._returned: list[int] = []
        self._next = 0
        self._lost: Counter[str] = Counter()

    @property
    def free(self) -> int:
        """How many samples belong to nobody, and are not settled."""
        return self.end - len(self.settled) - self._holding

    def add(self, amount: int) -> int:
        """A record was written; the caller holds it."""
        number = self.end
        self.end += amount
        self._hold(number, self.end)
        return number

    def first(self) -> int | None:
        """The lowest number that is free; None if there is none."""
        while self._returned and not self._is_free(self._returned[0]):
            heappop(self._returned)
        if self._returned:
            return self._returned[0]
        while self._next < self.end:
            self._next = next(self.settled.gaps(self._next, self.end), (self.end, self.end))[0]
            if self._next not in self._held:
                break
            self._next = self._held[self._next]
        return self._next if self._next < self.end else None

    def take(self, number: int, end: int) -> None:
        """The caller holds a record that was free."""
        self._hold(number, end)

    def forget(self, number: int) -> None:
        """The caller needs a record of his no more."""
        if number in self._held:
            self.settled.add(number, self._release(number))
        else:
            self._orphans.pop(number, None)

    def give_back(self, number: int) -> None:
        """A record of the caller is free again, or lost if it has gone meanwhile."""
        if number in self._held:
            self._release(number)
            if number < self._next:
                heappush(self._returned, number)
        elif number in self._orphans:
            amount, reason = self._orphans.pop(number)
            self._lost[reason] += amount

    def lose(self, start: int, end: int, reason: str) -> None:
        """The samples from `start` to before `end` are no more; those that the caller holds he still has."""
        held = [number for number in self._held if start <= number < end]
        for number in held:
            self._orphans[number] = self._release(number) - number, reason
        kept = sum(self._orphans[number][0] for number in held)
        self._lost[reason] += self.settled.add(start, end) - kept

    def lost(self) -> dict[str, int]:
        """By reason, how many free ones were lost since the last call."""
        lost = {reason: amount for reason, amount in self._lost.items() if amount}
        self._lost.clear()
        return lost

    def _is_free(self, number: int) -> bool:
        return number not in self._held and number not in self.settled

    def _hold(self, number: int, end: int) -> None:
        self._held[number] = end
        self._holding += end - number

    def _release(self, number: int) -> int:
        end = self._held.pop(number)
        self._holding -= end - number
        return end
