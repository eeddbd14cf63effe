"""Agenda: what is to be looked at again, and when."""

import heapq
from collections.abc import Hashable, Iterator
from itertools import count
from math import inf
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)

SPARE = 64
"""Entries that may be void before they are cleared away."""


class Agenda(Generic[Item]):
    """One time for each item; all times are monotonic seconds.

    An item that is put off stays where it is in the heap, and is put off when its turn comes: what is planned
    anew with every sample costs nothing, and at most half of the heap is void.
    """

    def __init__(self) -> None:
        self._turns = count()
        self._heap: list[tuple[float, int, int, Item]] = []
        self._queued: dict[Item, float] = {}
        self._plans: dict[Item, tuple[float, int]] = {}

    def __len__(self) -> int:
        """Entries that are kept, void ones included."""
        return len(self._heap)

    @property
    def first(self) -> float:
        """The earliest time, or one before it; infinity if there is none."""
        while self._heap and self._is_void():
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else inf

    def _is_void(self) -> bool:
        """Whether the first of the heap means nothing any more."""
        queued, _, _, item = self._heap[0]
        if self._queued.get(item) != queued:
            return True
        if item not in self._plans:
            del self._queued[item]
            return True
        return False

    def plan(self, item: Item, due: float, order: int = 0) -> None:
        """Look at the item then, and not when it was planned before; infinity for never.

        Of what is due at the same time, that of the lowest order comes first.
        """
        if due == inf:
            self._plans.pop(item, None)
        else:
            self._plans[item] = due, order
            if due < self._queued.get(item, inf):
                self._push(item)
        if len(self._heap) > 2 * len(self._plans) + SPARE:
            self._heap.clear()
            self._queued.clear()
            for each in self._plans:
                self._push(each)

    def _push(self, item: Item) -> None:
        due, order = self._plans[item]
        self._queued[item] = due
        heapq.heappush(self._heap, (due, order, next(self._turns), item))

    def take(self, now: float) -> Iterator[Item]:
        """Take what is due by `now`, the earliest first; what is planned meanwhile is for the next call."""
        for item in self._reached(now):
            due, _ = self._plans.get(item, (inf, 0))
            if due <= now:
                del self._plans[item]
                yield item

    def _reached(self, now: float) -> list[Item]:
        """Take the items whose turn has come off the heap; those put off go back."""
        reached = []
        while self.first <= now:
            _, _, _, item = heapq.heappop(self._heap)
            del self._queued[item]
            if self._plans[item][0] <= now:
                reached.append(item)
            else:
                self._push(item)
        return reached
