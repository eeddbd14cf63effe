"""Functions that look at other times than those asked for: moving windows and shifts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from itertools import accumulate
from math import isfinite
from typing import NamedTuple

from bridge.render.aggregation import AGGREGATES, enough, known
from bridge.render.errors import QueryError
from bridge.render.function import Calling, Function, Series
from bridge.render.parameters import SERIES, Parameter
from bridge.render.series import TimeSeries, Value, tagged
from bridge.render.times import span

HOUR = 3600
LOOKS = 4
"""Values that a window looks at in the time in which one is made."""
SUMS = frozenset({"sum", "total", "average", "avg"})
"""What needs no look at each value of each window."""
WINDOWS = (5, 7, 10, "1min", "5min", "10min", "30min", "1hour")
SHIFTS = ("1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d")


def moving_window(
    calling: Calling, series: Series, size: str | int, func: str, share: float | None
) -> Series:
    """At each time an aggregation of the values in a window that ends there, given as points or as a span."""
    if not series:
        return []
    ahead = abs(span(size)) if isinstance(size, str) else max(each.step for each in series) * size
    if ahead < 1:
        raise QueryError(f"the window should be longer than {size!r}")
    longer = calling.again(calling.start - ahead, calling.end)
    points = [ahead // each.step if isinstance(size, str) else size for each in longer]
    if func not in SUMS:
        looks = sum(len(each.values) * wide for each, wide in zip(longer, points, strict=True))
        calling.spend(looks // LOOKS)
    return [
        _moved(each, _Window(size, ahead, wide, func), share)
        for each, wide in zip(longer, points, strict=True)
    ]


class _Window(NamedTuple):
    """How wide it is: as the user wrote it, in seconds and in points; and what is made of it."""

    size: str | int
    seconds: int
    points: int
    func: str


def _moved(series: TimeSeries, window: _Window, share: float | None) -> TimeSeries:
    shown = f'"{window.size}"' if isinstance(window.size, str) else window.size
    tag = f"moving{window.func.capitalize()}"
    values = _slide(series.values, window, series.x_files_factor if share is None else share)
    moved = series.mapped(f"{tag}({series.name},{shown})", values, **{tag: window.size})
    return replace(moved, start=series.start + window.seconds)


def _slide(values: Sequence[Value], window: _Window, share: float) -> list[Value]:
    """What is made of each window, from the second on: as in graphite-web, the first is left out."""
    width = window.points
    counts = list(accumulate((value is not None for value in values), initial=0))
    make = _summing(values, window, counts) or _looking(values, window)
    return [
        make(end) if enough(counts[end] - counts[end - width], width, share) else None
        for end in range(width + 1, len(values) + 1)
    ]


def _looking(values: Sequence[Value], window: _Window) -> Callable[[int], Value]:
    """Gives what is made of the window that ends at a place."""
    make, width = AGGREGATES[window.func], window.points
    return lambda end: make(known(values[end - width : end]))


def _summing(
    values: Sequence[Value], window: _Window, counts: Sequence[int]
) -> Callable[[int], Value] | None:
    """The same for sums and averages, without another look at each value; None where that cannot be.

    The sums of all values up to each place are kept exactly, as whole parts of a power of 2.
    """
    if window.func not in SUMS or any(value is not None and not isfinite(value) for value in values):
        return None
    ratios = [(value or 0).as_integer_ratio() for value in values]
    parts = max((part for _, part in ratios), default=1)
    sums = list(accumulate((number * (parts // part) for number, part in ratios), initial=0))
    width, mean = window.points, window.func not in {"sum", "total"}

    def made(end: int) -> Value:
        share = counts[end] - counts[end - width] if mean else 1
        return (sums[end] - sums[end - width]) / (parts * share)

    return made


def _moving(func: str, words: str) -> Callable[[Calling, Series, str | int, float | None], Series]:
    def move(calling: Calling, series: Series, size: str | int, share: float | None) -> Series:
        return moving_window(calling, series, size, func, share)

    move.__doc__ = f"At each time the {words} of a window that ends there, given as points or as a span."
    return move


def time_shift(calling: Calling, series: Series, by: str, reset_end: bool, align_dst: bool) -> Series:
    """Shows what was some time ago at the times that are asked for."""
    if not series:
        return []
    by = f"-{by}" if by[:1].isdigit() else by
    seconds = span(by)
    start, end = calling.start + seconds, calling.end + seconds
    if align_dst:
        seasonal = _season(calling, start, end)
        start, end = start + seasonal, end + seasonal
    return [_shifted(each, series[0], by, reset_end=reset_end) for each in calling.again(start, end)]


def _shifted(series: TimeSeries, like: TimeSeries, by: str, *, reset_end: bool) -> TimeSeries:
    end = like.end if reset_end else series.end - series.start + like.start
    name = f'timeShift({series.name}, "{by}")'
    return replace(series, name=name, start=like.start, end=end, tags=tagged(series.tags, timeShift=by))


def _season(calling: Calling, start: int, end: int) -> int:
    """Seconds to add where one of the two times is wholly in summer and the other wholly in winter."""
    here = {_is_summer(at, calling.zone) for at in (calling.start, calling.end)}
    there = {_is_summer(at, calling.zone) for at in (start, end)}
    if here == there or len(here) > 1 or len(there) > 1:
        return 0
    return HOUR if True in here else -HOUR


def _is_summer(at: int, zone: tzinfo) -> bool:
    return bool(datetime.fromtimestamp(at, zone).dst() or timedelta())


SIZE = Parameter("windowSize", "intOrInterval", required=True, suggestions=WINDOWS)
FUNC = Parameter("func", "aggFunc", default="average")
SHARE = Parameter("xFilesFactor", "float")

FUNCTIONS = (
    Function("movingWindow", "Calculate", moving_window, (SERIES, SIZE, FUNC, SHARE)),
    *(
        Function(name, "Calculate", _moving(func, words), (SERIES, SIZE, SHARE))
        for name, func, words in (
            ("movingAverage", "average", "mean"),
            ("movingMax", "max", "highest value"),
            ("movingMin", "min", "lowest value"),
            ("movingSum", "sum", "sum"),
            ("movingMedian", "median", "median"),
        )
    ),
    Function(
        "timeShift",
        "Transform",
        time_shift,
        (
            SERIES,
            Parameter("timeShift", "interval", required=True, suggestions=SHIFTS),
            Parameter("resetEnd", "boolean", default=True),
            Parameter("alignDst", "boolean", default=False),
        ),
    ),
)
