"""Small series, and a store in memory that has them."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from bridge.render.evaluate import Query, render
from bridge.render.series import TimeSeries, Value


def line(name: str, *values: Value, step: int = 10, start: int = 0) -> TimeSeries:
    """A series as a store gives it."""
    return TimeSeries(name, start, start + step * len(values), step, values)


def evaluated(target: str, *series: TimeSeries, end: int = 60) -> list[TimeSeries]:
    """What a target gives between 0 and `end`, if these series are all that there is."""
    return render(Query((target,), 0, end), Store(*series))


def values(target: str, *series: TimeSeries) -> list[list[Value]]:
    """Only the values of that."""
    return [list(each.values) for each in evaluated(target, *series)]


def names(target: str, *series: TimeSeries) -> list[str]:
    """Only the names."""
    return [each.name for each in evaluated(target, *series)]


class Store:
    """A `Fetch` that remembers what was asked for."""

    def __init__(self, *series: TimeSeries) -> None:
        self._series = series
        self.asked: list[tuple[str | tuple[str, ...], float, float]] = []

    def __call__(self, wanted: str | tuple[str, ...], start: float, end: float) -> Sequence[TimeSeries]:
        self.asked.append((wanted, start, end))
        if isinstance(wanted, tuple):
            return [each for each in self._series if all(f";{tag}" in each.name for tag in wanted)]
        return [each for each in self._series if fnmatchcase(each.name, wanted)]
