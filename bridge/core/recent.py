"""Recent: what came within the last seconds, so that a second word of one happening is known as such."""

from collections import OrderedDict
from collections.abc import Hashable

SPAN = 3.0
"""Seconds within which the same word again is the same happening: streams are disturbed by less."""
LIMIT = 100_000
"""Keys that are remembered: in some seconds, more than any PBX says."""


class Recent:
    """All times are monotonic seconds.

    Args:
        span: for how long a key is remembered.
        limit: how many are remembered; beyond it the oldest go first.
    """

    def __init__(self, span: float = SPAN, limit: int = LIMIT) -> None:
        self._span = span
        self._limit = limit
        # In a plain dict, finding the first gets slow where many before it have been deleted.
        self._seen: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._seen)

    def has(self, key: Hashable, now: float) -> bool:
        """Whether the key came within the span."""
        seen = self._seen.get(key)
        return seen is not None and now - seen <= self._span

    def news(self, key: Hashable, now: float) -> bool:
        """Whether the key did not come within the span; it has come now."""
        seen = self._seen.get(key)
        if seen is not None:
            if now - seen <= self._span:
                return False
            del self._seen[key]
        self._seen[key] = now
        self._forget(now)
        return True

    def _forget(self, now: float) -> None:
        """The oldest come first: each is looked at once when it leaves."""
        while self._seen:
            oldest = next(iter(self._seen))
            if now - self._seen[oldest] <= self._span and len(self._seen) <= self._limit:
                return
            del self._seen[oldest]
