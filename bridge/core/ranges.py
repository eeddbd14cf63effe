"""Ranges: a set of whole numbers that lie next to each other, kept as its edges."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

Range = tuple[int, int]
"""From the first to before the second."""


class Ranges:
    """A set of whole numbers from 0 on: 16 bytes for each stretch without a gap, however long it is.

    Args:
        ranges: what is in it, in any order.
    """

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._edges = array("q")
        self._size = 0
        for start, end in ranges:
            self.add(start, end)

    def __len__(self) -> int:
        """How many numbers are in it."""
        return self._size

    def __contains__(self, number: int) -> bool:
        return bisect_right(self._edges, number) % 2 == 1

    def __iter__(self) -> Iterator[Range]:
        """The stretches, the lowest first, each as long as it can be."""
        return zip(self._edges[::2], self._edges[1::2], strict=True)

    def add(self, start: int, end: int) -> int:
        """Put the numbers from `start` to before `end` in; return how many were not there yet."""
        if start >= end:
            return 0
        new = sum(after - before for before, after in self.gaps(start, end))
        low = bisect_left(self._edges, start)
        high = bisect_right(self._edges, end)
        self._edges[low:high] = array("q", [start] * (low % 2 == 0) + [end] * (high % 2 == 0))
        self._size += new
        return new

    def gaps(self, start: int, end: int) -> Iterator[Range]:
        """What is not in it from `start` to before `end`; it must not change meanwhile."""
        place = bisect_right(self._edges, start)
        if place % 2:
            start = self._edges[place]
            place += 1
        while start < end:
            over = place >= len(self._edges)
            stop = end if over else min(end, self._edges[place])
            if start < stop:
                yield start, stop
            start = end if over else self._edges[place + 1]
            place += 2
