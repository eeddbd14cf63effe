"""Functions that put series into proportion with others."""

from itertools import zip_longest

from bridge.render.aggregation import total as sum_of
from bridge.render.combine import made, paths
from bridge.render.consolidation import Aligned, aligned
from bridge.render.errors import QueryError
from bridge.render.function import Calling, Function, Series
from bridge.render.grouping import grouped
from bridge.render.name import words
from bridge.render.parameters import SERIES, Parameter
from bridge.render.series import TimeSeries, Value


def quotient(value: Value, by: Value) -> Value:
    """None where one is not known, or nothing can be divided by 0."""
    return None if value is None or not by else value / by


def _percent(value: Value, by: Value) -> Value:
    part = quotient(value, by)
    return None if part is None else part * 100.0


def divide_series(calling: Calling, series: Series, divisors: Series) -> Series:
    """Divides each series by another one; nothing is known where that is 0."""
    if not divisors:
        return [
            each.mapped(f"divideSeries({each.name},MISSING)", [None] * len(each.values)) for each in series
        ]
    if len(divisors) > 1:
        raise QueryError(f"it divides by one series, not by {len(divisors)}")
    return [_divided(calling, each, divisors[0]) for each in series]


def _divided(calling: Calling, series: TimeSeries, by: TimeSeries) -> TimeSeries:
    both = aligned([series, by])
    values = [quotient(*row) for row in both.rows()]
    return made(calling, f"divideSeries({series.name},{by.name})", both, values)


def divide_series_lists(calling: Calling, series: Series, divisors: Series) -> Series:
    """Divides each series by the one at the same place of another list of the same length."""
    if len(series) != len(divisors):
        raise QueryError(
            f"it takes two lists of the same length, not {len(series)} and {len(divisors)} series"
        )
    return [_divided(calling, each, by) for each, by in zip(series, divisors, strict=True)]


def as_percent(calling: Calling, series: Series, whole: Series | float | None, *nodes: str | int) -> Series:
    """Each series as a percentage of a number, of another series, or of the sum of all; with nodes, of the
    series or the sum of those that have the same words in their paths, or the same tags.
    """
    if not series:
        return []
    if nodes:
        if whole is not None and not isinstance(whole, list):
            raise QueryError("with nodes, total should be none or series")
        return _Groups(calling, series, whole, nodes).percentages()
    if isinstance(whole, list):
        return _of_series(calling, series, whole)
    columns = aligned(series).columns
    if whole is None:
        by: list[Value] = [sum_of(row) for row in zip_longest(*columns)]
        return _of_values(calling, series, by, f"sumSeries({paths(series)})")
    return _of_values(calling, series, [float(whole)] * len(series[0].values), str(whole))


def _of_values(calling: Calling, series: Series, by: list[Value], name: str) -> Series:
    """As in graphite-web, a series keeps its step even where others made its values fewer."""
    return [
        made(
            calling,
            f"asPercent({each.name},{name})",
            each,
            [_percent(value, whole) for value, whole in zip_longest(column, by)],
        )
        for each, column in zip(series, aligned(series).columns, strict=True)
    ]


def _of_series(calling: Calling, series: Series, whole: Series) -> Series:
    """Of the one other series, or of as many others, which belong to them by the order of their names."""
    if len(whole) == len(series):
        ordered = (sorted(some, key=lambda each: each.name) for some in (series, whole))
        return [_share(calling, *pair)[0] for pair in zip(*ordered, strict=True)]
    if len(whole) != 1:
        raise QueryError(
            f"total should be one series, or as many as there are ({len(series)}), not {len(whole)}"
        )
    *columns, by = aligned([*series, whole[0]]).columns
    return [
        made(
            calling,
            f"asPercent({each.name},{whole[0].name})",
            each,
            [_percent(*pair) for pair in zip_longest(column, by)],
        )
        for each, column in zip(series, columns, strict=True)
    ]


def _share(calling: Calling, series: TimeSeries, whole: TimeSeries) -> tuple[TimeSeries, Aligned]:
    both = aligned([series, whole])
    values = [_percent(*row) for row in both.rows()]
    return made(calling, f"asPercent({series.name},{whole.name})", both, values), both


class _Groups:
    """Series, and the whole of each group of them; the one or the other may be missing."""

    def __init__(
        self, calling: Calling, series: Series, whole: Series | None, nodes: tuple[str | int, ...]
    ) -> None:
        self._calling = calling
        self._times = aligned(series)
        self._parts = grouped(series, lambda each: words(each, nodes))
        wholes = self._parts if whole is None else grouped(whole, lambda each: words(each, nodes))
        self._wholes = {key: self._sum(some) for key, some in wholes.items()}

    def _sum(self, series: Series) -> TimeSeries:
        if len(series) == 1:
            return series[0]
        self._times = aligned(series)
        values = [sum_of(row) for row in self._times.rows()]
        return made(self._calling, f"sumSeries({paths(series)})", self._times, values)

    def percentages(self) -> Series:
        """One series for each part, and for each whole that has none; what has no partner has no values."""
        return [
            each
            for key in dict.fromkeys([*self._parts, *self._wholes])
            for each in self._of_group(self._parts.get(key, []), self._wholes.get(key))
        ]

    def _of_group(self, parts: Series, whole: TimeSeries | None) -> Series:
        if whole is None:
            return [self._unknown(f"asPercent({each.name},MISSING)", each) for each in parts]
        if not parts:
            return [self._unknown(f"asPercent(MISSING,{whole.name})", whole)]
        found = []
        for each in parts:
            share, self._times = _share(self._calling, each, whole)
            found.append(share)
        return found

    def _unknown(self, name: str, series: TimeSeries) -> TimeSeries:
        """Nothing known, at the times of what was compared before, as in graphite-web."""
        return made(self._calling, name, self._times, [None] * len(series.values))


FUNCTIONS = (
    *(
        Function(
            name,
            "Combine",
            as_percent,
            (SERIES, Parameter("total", "any"), Parameter("nodes", "nodeOrTag", multiple=True)),
        )
        for name in ("asPercent", "pct")
    ),
    Function(
        "divideSeries",
        "Combine",
        divide_series,
        (
            Parameter("dividendSeriesList", "seriesList", required=True),
            Parameter("divisorSeries", "seriesList", required=True),
        ),
    ),
    Function(
        "divideSeriesLists",
        "Combine",
        divide_series_lists,
        (
            Parameter("dividendSeriesList", "seriesList", required=True),
            Parameter("divisorSeriesList", "seriesList", required=True),
        ),
    ),
)
