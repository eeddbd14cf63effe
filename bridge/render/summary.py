"""Functions that make one value of all values in a longer step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo

from bridge.render.aggregation import aggregate_named, enough
from bridge.render.errors import QueryError
from bridge.render.function import Calling, Function, Series
from bridge.render.parameters import SERIES, Parameter
from bridge.render.series import TimeSeries, Value
from bridge.render.times import span, unit

MOST_STEPS = 4_000_000
"""Longer steps of all series of one call."""
MINUTE, HOUR, DAY = 60, 3600, 86_400


def _interval(text: str, series: Series) -> int:
    """The seconds of a longer step.

    Raises:
        QueryError: it is not above 0, or so short that there would be too many.
    """
    seconds = span(text)
    if seconds <= 0:
        raise QueryError(f"the step should be longer than {text!r}")
    if sum((each.end - each.start) / seconds for each in series) > MOST_STEPS:
        raise QueryError(f"a step of {text!r} is too short for so long a time")
    return seconds


def summarize(_calling: Calling, series: Series, interval: str, func: str, from_start: bool) -> Series:
    """One value for each longer step: the sum, or another aggregation. Steps begin at round times, or where
    the series begins with alignToFrom.
    """
    seconds = _interval(interval, series)
    return [_summarized(each, seconds, (interval, func, ", true" * from_start)) for each in series]


def _summarized(series: TimeSeries, seconds: int, words: tuple[str, str, str]) -> TimeSeries:
    interval, func, how = words
    start, end = series.start, series.end
    if not how:
        start, end = start - start % seconds, end - end % seconds + seconds
    values = _steps(series, seconds, func, (start, end))
    name = f'summarize({series.name}, "{interval}", "{func}"{how})'
    made = series.mapped(name, values, summarize=interval, summarizeFunction=func)
    return replace(made, start=start, end=start + len(values) * seconds if how else end, step=seconds)


def _steps(series: TimeSeries, seconds: int, func: str, times: tuple[int, int]) -> list[Value]:
    """What is made of the values in each longer step between two times."""
    make, step = aggregate_named(func), series.step
    count = min(len(series.values), max(-(-(series.end - series.start) // step), 0))
    values: list[Value] = []
    at = 0
    for start in range(*times, seconds):
        end = min(max(-(-(start + seconds - series.start) // step), at), count)
        piece = series.values[max(at, min(end, _last_at(series, start))) : end]
        found = sum(value is not None for value in series.values[max(at, _first_at(series, start)) : end])
        values.append(make(piece) if enough(found, seconds / step, series.x_files_factor) else None)
        at = end
    return values


def _first_at(series: TimeSeries, time: int) -> int:
    """The place of the first value at a time or later."""
    return max(-(-(time - series.start) // series.step), 0)


def _last_at(series: TimeSeries, time: int) -> int:
    """The place of the last value at a time or before; 0 if there is none."""
    return max((time - series.start) // series.step, 0)


def smart_summarize(calling: Calling, series: Series, interval: str, func: str, unit_: str | None) -> Series:
    """One value for each longer step: the sum, or another aggregation. Steps begin where the series begins,
    or with alignTo at the beginning of a year, month, week, day, hour or minute.
    """
    if isinstance(unit_, str):
        series = calling.again(_beginning(unit_, calling.start, calling.zone), calling.end)
    seconds = _interval(interval, series)
    return [_smartly(each, seconds, interval, func) for each in series]


def _smartly(series: TimeSeries, seconds: int, interval: str, func: str) -> TimeSeries:
    values = _steps(series, seconds, func, (series.start, series.end))
    name = f'smartSummarize({series.name}, "{interval}", "{func}")'
    made = series.mapped(name, values, smartSummarize=interval, smartSummarizeFunction=func)
    return replace(made, end=series.start + len(values) * seconds, step=seconds)


def _beginning(word: str, time: int, zone: tzinfo) -> int:
    """When the year, month, week or so of a time began, by the clock that showed it.

    `weeks3` begins on Wednesday, `weeks` on Monday.
    """
    name, seconds = unit(word)
    local = datetime.fromtimestamp(time, zone)
    east = int((local.utcoffset() or local - local).total_seconds())
    if name in {"years", "months"}:
        day = local.timetuple().tm_yday if name == "years" else local.day
        return _floor(time + east, DAY) - (day - 1) * DAY - east
    if name == "weeks":
        first = int(word[-1]) if word[-1].isdigit() else 1
        return _floor(time + east, DAY) - (local.isoweekday() - first) % 7 * DAY - east
    return _floor(time + east, seconds) - east


def _floor(time: int, seconds: int) -> int:
    return time - time % seconds


def hitcount(calling: Calling, series: Series, interval: str, to_interval: bool) -> Series:
    """How much there was in each longer step of what is told for each second. Steps end where the series
    ends, or begin at a round time with alignToInterval.
    """
    seconds = _interval(interval, series)
    if to_interval:
        size = next((size for size in (DAY, HOUR, MINUTE) if seconds >= size), 1)
        word = {DAY: "days", HOUR: "hours", MINUTE: "minutes", 1: "seconds"}[size]
        aligned = calling.again(_beginning(word, calling.start, calling.zone), calling.end)
        series = [replace(each, end=_round_end(each, seconds)) for each in aligned]
    return [_hits(each, seconds, f'"{interval}"{", true" * to_interval}', interval) for each in series]


def _round_end(series: TimeSeries, seconds: int) -> int:
    return series.start + (series.end - series.start) // seconds * seconds + seconds


def _hits(series: TimeSeries, seconds: int, shown: str, interval: str) -> TimeSeries:
    count = -(-(series.end - series.start) // seconds)
    start = series.end - count * seconds
    buckets: list[Value] = [None] * count
    for at, value in enumerate(series.values):
        if value is not None:
            begin = series.start + at * series.step - start
            _spread(buckets, value, (begin, begin + series.step), seconds)
    made = series.mapped(f"hitcount({series.name}, {shown})", buckets, hitcount=interval)
    return replace(made, start=start, step=seconds)


def _spread(buckets: list[Value], rate: float, times: tuple[int, int], seconds: int) -> None:
    """Share what came in some time out to the longer steps in which it came."""
    begin, end = times[0], min(times[1], len(buckets) * seconds)
    while begin < end:
        bucket = begin // seconds
        until = min((bucket + 1) * seconds, end)
        buckets[bucket] = (buckets[bucket] or 0) + rate * (until - begin)
        begin = until


STEPS = ("10min", "1h", "1d")
UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
STEP = Parameter("intervalString", "interval", required=True, suggestions=STEPS)
FUNC = Parameter("func", "aggFunc", default="sum")


def _summarizes(name: str, run: Callable[..., Series], *parameters: Parameter) -> Function:
    return Function(name, "Transform", run, (SERIES, STEP, *parameters))


FUNCTIONS = (
    _summarizes("summarize", summarize, FUNC, Parameter("alignToFrom", "boolean", default=False)),
    _summarizes("smartSummarize", smart_summarize, FUNC, Parameter("alignTo", "unit", suggestions=UNITS)),
    _summarizes("hitcount", hitcount, Parameter("alignToInterval", "boolean", default=False)),
)
