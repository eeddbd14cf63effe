"""Settling: things that have ended, and wait until late word of them is no more to be expected."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from math import inf
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

SETTLED = 2.5
"""Seconds after which no late word is expected: streams are disturbed by 2 at most."""

GATHERED = 1.0
"""Seconds for which those that need not wait any more may gather: all of a poll would be too many at once."""


class Settling(Generic[Key]):
    """What is counted when a thing ends may depend on words that come later; so it is counted a little later.

    All times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._since: OrderedDict[Key, float] = OrderedDict()

    def __iter__(self) -> Iterator[Key]:
        """Those that wait."""
        return iter(self._since)

    def __contains__(self, key: Key) -> bool:
        """Whether it waits."""
        return key in self._since

    def ended(self, key: Key, now: float) -> None:
        """It has ended; said again, the first time counts."""
        self._since.setdefault(key, now)

    def goes_on(self, key: Key) -> None:
        """It has not ended after all."""
        self._since.pop(key, None)

    def overdue(self, now: float) -> bool:
        """Whether the first of them has waited for so long that many may have gathered behind it."""
        return bool(self._since) and now - next(iter(self._since.values())) >= SETTLED + GATHERED

    def settled(self, now: float = inf) -> list[tuple[Key, float]]:
        """Those that have waited long enough, each with the time of its end; they wait no more."""
        done = [(key, since) for key, since in self._since.items() if now - since >= SETTLED]
        for key, _ in done:
            del self._since[key]
        return done

    def clear(self) -> None:
        """Nothing waits."""
        self._since.clear()
