"""Fewer values out of many: for series of different steps, and for as many points as a screen has."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import NamedTuple

from bridge.render.aggregation import enough, known
from bridge.render.errors import QueryError
from bridge.render.series import TimeSeries, Value

MOST_STEPS = 100_000
"""How many steps of one series may make one of all: odd steps have a large common multiple."""

WAYS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "average": lambda values: sum(values) / len(values),
    "avg": lambda values: sum(values) / len(values),
    "avg_zero": sum,
    "max": max,
    "min": min,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
}
"""How several values become one. `avg_zero` divides by all, also by those that are not known."""


def consolidated(series: TimeSeries, size: int) -> Sequence[Value]:
    """The values, each `size` of them made one; fewer may be left for the last."""
    if size <= 1:
        return series.values
    way = WAYS.get(series.consolidate)
    if way is None:
        raise QueryError(f"unknown consolidation {series.consolidate!r}; known are {', '.join(WAYS)}")
    pieces = (series.values[at : at + size] for at in range(0, len(series.values), size))
    return [_one(piece, size, series, way) for piece in pieces]


def _one(
    piece: Sequence[Value], size: int, series: TimeSeries, way: Callable[[Sequence[float]], float]
) -> Value:
    found = known(piece)
    if not enough(len(found), size, series.x_files_factor):
        return None
    return way(found) / (len(piece) if series.consolidate == "avg_zero" else 1)


class Aligned(NamedTuple):
    """Series at one step.

    Attributes:
        columns: the values of each series.
        start, end, step: the times of all.
    """

    columns: list[Sequence[Value]]
    start: int
    end: int
    step: int

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """The values of all series at one place after the other.

        As in graphite-web the first ones belong together, also if the series do not begin at one time.
        """
        return zip_longest(*self.columns)


def aligned(series: Sequence[TimeSeries]) -> Aligned:
    """One or more series at the smallest step that is a multiple of all theirs."""
    step = math.lcm(*(each.step for each in series))
    if any(step // each.step > MOST_STEPS for each in series):
        steps = ", ".join(f"{each} s" for each in sorted({each.step for each in series})[:10])
        raise QueryError(f"series with steps of {steps} have no step in common; summarize() them first")
    start = min(each.start for each in series)
    end = max(each.end for each in series)
    columns = [consolidated(each, step // each.step) for each in series]
    return Aligned(columns, start, end - (end - start) % step, step)


class Points(NamedTuple):
    """What is shown of a series: its first time, the seconds between two times, and the values."""

    start: int
    step: int
    values: Sequence[Value]


def thinned(every: Sequence[TimeSeries], most: int | None) -> list[Points]:
    """What is shown of series that are asked for together: with `most`, no more values than that of each.

    Bands begin at round times, so that they hold the same values at each call.
    """
    if not any(each.values for each in every):
        return []
    seconds = max(each.end for each in every) - min(each.start for each in every)
    return [_thinned(each, seconds, most) for each in every]


def _thinned(series: TimeSeries, seconds: int, most: int | None) -> Points:
    step = max(series.step, 1)
    if not most or (most != 1 and most >= seconds / step):
        return Points(series.start, step, series.values)
    if most == 1:
        size = max(len(series.values), 1)
        return Points(series.start, step * size, consolidated(series, size))
    size = math.ceil(seconds / step / most)
    band = size * step
    ahead = band + series.start % step - series.start % band
    left = replace(series, values=series.values[max(ahead // step - 1, 0) :])
    return Points(series.start + ahead, band, consolidated(left, size))
