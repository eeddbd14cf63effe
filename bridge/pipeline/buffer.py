"""Where samples wait for a sink. In memory here; a spool on disk can take the same place."""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from bridge.core.sample import Sample


class Buffer(Protocol):
    """A bounded queue with one consumer, which confirms what it has taken."""

    def append(self, samples: Sequence[Sample]) -> int:
        """Add samples at the end; return how many of the oldest had to go to make room."""

    def take(self, limit: int) -> Sequence[Sample]:
        """Up to `limit` of the oldest. Until `commit` the same samples are given again."""

    def commit(self) -> None:
        """Forget what was taken last."""

    def __len__(self) -> int:
        """How many samples wait, those taken and not yet confirmed included."""


class MemoryBuffer:
    """A Buffer in memory.

    Args:
        capacity: how many samples it holds. A sample that waits costs some 100 bytes beside its
            series, which is shared.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: deque[Sample] = deque()
        self._taken: list[Sample] = []

    def append(self, samples: Sequence[Sample]) -> int:
        """Add samples; the oldest that are not in flight go first when there is no room."""
        self._waiting.extend(samples)
        excess = min(len(self) - self._capacity, len(self._waiting))
        for _ in range(excess):
            self._waiting.popleft()
        return max(excess, 0)

    def take(self, limit: int) -> Sequence[Sample]:
        """Up to `limit` of the oldest, or again what was taken and not confirmed."""
        if not self._taken:
            self._taken = list(islice(self._waiting, limit))
            for _ in self._taken:
                self._waiting.popleft()
        return self._taken

    def commit(self) -> None:
        """Forget what was taken last."""
        self._taken = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._taken)
