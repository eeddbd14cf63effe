"""Functions that choose series, put them into an order, or take values out of them."""

import re
from collections.abc import Callable

from bridge.render.aggregation import AGGREGATES, enough, known, least, most
from bridge.render.function import Calling, Function, Series
from bridge.render.parameters import SERIES, Parameter
from bridge.render.patterns import Pattern
from bridge.render.series import TimeSeries, Value

OPERATORS: dict[str, Callable[[Value, float], bool]] = {
    "=": lambda value, limit: value is not None and value == limit,
    "!=": lambda value, limit: value is None or value != limit,
    ">": lambda value, limit: value is not None and value > limit,
    ">=": lambda value, limit: value is not None and value >= limit,
    "<": lambda value, limit: value is None or value < limit,
    "<=": lambda value, limit: value is None or value <= limit,
}


def filter_series(_calling: Calling, series: Series, func: str, operator: str, limit: float) -> Series:
    """Keeps the series whose aggregation (max, last, average and so on) compares with a number."""
    make, holds = AGGREGATES[func], OPERATORS[operator]
    return [each for each in series if holds(make(each.values), limit)]


def _filter(func: str, operator: str, words: str) -> Callable[[Calling, Series, float], Series]:
    def keep(calling: Calling, series: Series, limit: float) -> Series:
        return filter_series(calling, series, func, operator, limit)

    keep.__doc__ = f"Keeps the series whose {words} n."
    return keep


def sort_by(_calling: Calling, series: Series, func: str, falling: bool) -> Series:
    """Sorts series by an aggregation of their values; those without any come first, or last with reverse."""
    return _sorted(series, AGGREGATES[func], falling=falling)


def _sorted(series: Series, make: Callable[[list[Value]], Value], *, falling: bool) -> Series:
    def key(each: TimeSeries) -> float:
        value = make(list(each.values))
        return float("-inf") if value is None else value

    return sorted(series, key=key, reverse=falling)


def highest(calling: Calling, series: Series, count: int, func: str) -> Series:
    """The n series that are highest by an aggregation of their values."""
    return sort_by(calling, series, func, falling=True)[:count]


def lowest(calling: Calling, series: Series, count: int, func: str) -> Series:
    """The n series that are lowest by an aggregation of their values."""
    return sort_by(calling, series, func, falling=False)[:count]


def _extreme(func: str, words: str, *, falling: bool) -> Callable[[Calling, Series, int], Series]:
    def choose(calling: Calling, series: Series, count: int) -> Series:
        return sort_by(calling, series, func, falling)[:count]

    choose.__doc__ = f"The n series with the {words}."
    return choose


def limit(_calling: Calling, series: Series, count: int) -> Series:
    """The first n series."""
    return series[:count]


def sort_by_name(_calling: Calling, series: Series, natural: bool, falling: bool) -> Series:
    """Sorts series by name; with natural, 10 comes behind 9."""

    def key(each: TimeSeries) -> str:
        if not natural:
            return each.name
        return re.sub(r"[0-9]+", lambda match: match[0].lstrip("0").rjust(10, "0"), each.name)

    return sorted(series, key=key, reverse=falling)


def sort_by_total(_calling: Calling, series: Series) -> Series:
    """Sorts series by the sum of their values, the highest first."""
    return _sorted(series, AGGREGATES["sum"], falling=True)


def sort_by_maxima(_calling: Calling, series: Series) -> Series:
    """Sorts series by their highest value, the highest first."""
    return _sorted(series, most, falling=True)


def sort_by_minima(_calling: Calling, series: Series) -> Series:
    """Sorts series by their lowest value, the lowest first; those that never rise above 0 are left out."""
    return _sorted([each for each in series if (most(each.values) or 0) > 0], least, falling=False)


def exclude(_calling: Calling, series: Series, pattern: str) -> Series:
    """Leaves the series out in whose names a regular expression finds something."""
    compiled = Pattern(pattern)
    return [each for each in series if not compiled.found_in(each.name)]


def grep(_calling: Calling, series: Series, pattern: str) -> Series:
    """Keeps the series in whose names a regular expression finds something."""
    compiled = Pattern(pattern)
    return [each for each in series if compiled.found_in(each.name)]


def remove_empty_series(_calling: Calling, series: Series, share: float | None) -> Series:
    """Leaves out series without any value, or with values at less than a share of the times."""
    return [each for each in series if enough(len(known(each.values)), len(each.values), share or 0)]


def unique(_calling: Calling, *lists: Series) -> Series:
    """Of series of the same name only the first."""
    found: dict[str, TimeSeries] = {}
    for each in (each for some in lists for each in some):
        found.setdefault(each.name, each)
    return list(found.values())


def remove_above_value(_calling: Calling, series: Series, top: float) -> Series:
    """Takes values above n out of the series."""
    return [
        each.mapped(
            f"removeAboveValue({each.name}, {top:g})",
            [None if value is None or value > top else value for value in each.values],
        )
        for each in series
    ]


def remove_below_value(_calling: Calling, series: Series, bottom: float) -> Series:
    """Takes values below n out of the series."""
    return [
        each.mapped(
            f"removeBelowValue({each.name}, {bottom:g})",
            [None if value is None or value < bottom else value for value in each.values],
        )
        for each in series
    ]


NUMBER = Parameter("n", "float", required=True)
FIRST = Parameter("n", "integer", required=True, default=1)
COUNT = Parameter("n", "integer", required=True)
FUNC = Parameter("func", "aggFunc", required=True)
BY = Parameter("func", "aggFunc", default="average")
REVERSE = Parameter("reverse", "boolean", default=False)
PATTERN = Parameter("pattern", "string", required=True)


def _chooses(name: str, run: Callable[..., Series], *parameters: Parameter) -> Function:
    return Function(name, "Filter Series", run, (SERIES, *parameters))


def _sorts(name: str, run: Callable[..., Series], *parameters: Parameter) -> Function:
    return Function(name, "Sorting", run, (SERIES, *parameters))


FUNCTIONS = (
    _chooses(
        "filterSeries",
        filter_series,
        FUNC,
        Parameter("operator", "string", required=True, options=tuple(OPERATORS)),
        Parameter("threshold", "float", required=True),
    ),
    _chooses("maximumAbove", _filter("max", ">", "highest value is above"), NUMBER),
    _chooses("maximumBelow", _filter("max", "<=", "highest value is at most"), NUMBER),
    _chooses("minimumAbove", _filter("min", ">", "lowest value is above"), NUMBER),
    _chooses("minimumBelow", _filter("min", "<=", "lowest value is at most"), NUMBER),
    _chooses("averageAbove", _filter("average", ">", "mean is above"), NUMBER),
    _chooses("averageBelow", _filter("average", "<=", "mean is at most"), NUMBER),
    _chooses("currentAbove", _filter("last", ">", "last value is above"), NUMBER),
    _chooses("currentBelow", _filter("last", "<=", "last value is at most"), NUMBER),
    _chooses("highest", highest, FIRST, BY),
    _chooses("lowest", lowest, FIRST, BY),
    _chooses("highestCurrent", _extreme("last", "highest last value", falling=True), COUNT),
    _chooses("highestMax", _extreme("max", "highest value", falling=True), COUNT),
    _chooses("highestAverage", _extreme("average", "highest mean", falling=True), COUNT),
    _chooses("lowestCurrent", _extreme("last", "lowest last value", falling=False), COUNT),
    _chooses("lowestAverage", _extreme("average", "lowest mean", falling=False), COUNT),
    _chooses("limit", limit, COUNT),
    _chooses("exclude", exclude, PATTERN),
    _chooses("grep", grep, PATTERN),
    _chooses("removeEmptySeries", remove_empty_series, Parameter("xFilesFactor", "float")),
    Function(
        "unique",
        "Filter Series",
        unique,
        (Parameter("seriesLists", "seriesList", required=True, multiple=True),),
    ),
    Function("removeAboveValue", "Filter Data", remove_above_value, (SERIES, NUMBER)),
    Function("removeBelowValue", "Filter Data", remove_below_value, (SERIES, NUMBER)),
    _sorts("sortBy", sort_by, BY, REVERSE),
    _sorts("sortByName", sort_by_name, Parameter("natural", "boolean", default=False), REVERSE),
    _sorts("sortByTotal", sort_by_total),
    _sorts("sortByMaxima", sort_by_maxima),
    _sorts("sortByMinima", sort_by_minima),
)
