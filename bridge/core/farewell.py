"""Farewell: what has vanished says 0 once, or where values are retained its last one would stand for ever."""

from collections.abc import Iterator, Mapping


class Farewell:
    """Remembers what was said the last time, and no more."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def values(self, counts: Mapping[str, float]) -> Iterator[tuple[str, float]]:
        """What is to be said now: the counts, each with its label, and 0 for those that vanished since."""
        vanished = self._said - counts.keys()
        self._said = set(counts)
        yield from counts.items()
        for label in sorted(vanished):
            yield label, 0
