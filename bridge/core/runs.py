"""Runs: what belongs to each of many series, known at a glance.

Series mostly come in the order in which they came before, hundreds at a time. To see that they do takes a
tenth of the time in which each is looked up.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from bridge.core.sample import Series

Thing = TypeVar("Thing")


class Runs(Generic[Thing]):
    """A memory for what was found for series that came together.

    Args:
        limit: of how many series it knows; of more, it begins anew. It takes 16 bytes for each.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._room = limit
        self._runs: dict[Series, tuple[tuple[Series, ...], list[Thing]]] = {}

    def get(self, series: tuple[Series, ...]) -> list[Thing] | None:
        """What belongs to each, if they are runs that were learned, one after another; else None."""
        found: list[Thing] = []
        while (start := len(found)) < len(series):
            run, things = self._runs.get(series[start], ((), []))
            part = series[start : start + len(run)]
            if not run or part != run[: len(part)]:
                return None
            found += things[: len(part)]
        return found

    def learn(self, series: tuple[Series, ...], things: Sequence[Thing]) -> None:
        """Remember what belongs to each."""
        if not series:
            return
        self._room -= len(series) - len(self._runs.pop(series[0], ((), []))[0])
        if self._room < 0:
            self.clear()
            self._room -= len(series)
        self._runs[series[0]] = series, list(things)

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()
        self._room = self._limit
