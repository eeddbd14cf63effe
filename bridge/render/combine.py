"""Functions that make one series of many."""

from collections.abc import Sequence
from dataclasses import replace

from bridge.render.aggregation import aggregate_named, enough, known, percentile
from bridge.render.consolidation import Aligned, aligned
from bridge.render.draw import constant_line
from bridge.render.errors import QueryError
from bridge.render.function import Calling, Function, Series
from bridge.render.parameters import SERIES, Parameter
from bridge.render.series import TimeSeries, Value, tagged
from bridge.render.tags import tags_of

LONGEST_NAME = 16_384
"""Characters of what a combination is named after: thousands of series may each have such a name."""
LISTS = Parameter("seriesLists", "seriesList", required=True, multiple=True)
OPTIONAL_LISTS = Parameter("seriesLists", "seriesList", multiple=True)
SHARE = Parameter("xFilesFactor", "float")


def paths(series: Series) -> str:
    """What a combination of series is named after: by what they were asked for, each once."""
    name = ",".join(dict.fromkeys(each.path_expression for each in series))
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..."


def joined(lists: tuple[Series, ...]) -> Series:
    """All series of all lists."""
    return [each for some in lists for each in some]


def made(calling: Calling, name: str, times: Aligned | TimeSeries, values: Sequence[Value]) -> TimeSeries:
    """A new series at the times of another, with the tags that its name holds."""
    share = calling.x_files_factor
    return TimeSeries(
        name, times.start, times.end, times.step, values, tags_of(name), name, x_files_factor=share
    )


def aggregate(calling: Calling, series: Series, func: str, share: float | None = None) -> Series:
    """Makes one series of all, at each time by the aggregation that is named: sum, average, min, max, diff,
    median, stddev, count, range, multiply or last. With xFilesFactor there is a value only where at least
    that share of the series has one.
    """
    make = aggregate_named(func)
    if not series:
        return []
    share = calling.x_files_factor if share is None else share
    together = aligned(series)
    values = [make(row) if enough(len(known(row)), len(row), share) else None for row in together.rows()]
    one = made(calling, f"{func}Series({paths(series)})", together, values)
    tags = tagged({"name": one.name} | _common_tags(series), aggregatedBy=func)
    return [replace(one, tags=tags, x_files_factor=share)]


def _common_tags(series: Series) -> dict[str, str]:
    first, *others = (each.tags for each in series)
    return {key: value for key, value in first.items() if all(tags.get(key) == value for tags in others)}


def sum_series(calling: Calling, *lists: Series) -> Series:
    """Adds the series up."""
    return aggregate(calling, joined(lists), "sum")


def average_series(calling: Calling, *lists: Series) -> Series:
    """The mean of the series at each time."""
    return aggregate(calling, joined(lists), "average")


def min_series(calling: Calling, *lists: Series) -> Series:
    """The lowest value at each time."""
    return aggregate(calling, joined(lists), "min")


def max_series(calling: Calling, *lists: Series) -> Series:
    """The highest value at each time."""
    return aggregate(calling, joined(lists), "max")


def diff_series(calling: Calling, *lists: Series) -> Series:
    """Takes all other series from the first."""
    return aggregate(calling, joined(lists), "diff")


def stddev_series(calling: Calling, *lists: Series) -> Series:
    """The standard deviation of the series at each time."""
    return aggregate(calling, joined(lists), "stddev")


def range_of_series(calling: Calling, *lists: Series) -> Series:
    """The distance between the lowest and the highest value at each time."""
    return aggregate(calling, joined(lists), "rangeOf")


def multiply_series(calling: Calling, *lists: Series) -> Series:
    """Multiplies the series; a single one stays as it is."""
    series = joined(lists)
    return series if len(series) == len(lists) == 1 else aggregate(calling, series, "multiply")


def count_series(calling: Calling, *lists: Series) -> Series:
    """How many series there are, whether they have a value or not."""
    if not lists:
        return [replace(line, path_expression="countSeries()") for line in constant_line(calling, 0)]
    series = joined(lists)
    if not series:
        return []
    together = aligned(series)
    values = [len(row) for row in together.rows()]
    return [made(calling, f"countSeries({paths(series)})", together, values)]


def percentile_of_series(calling: Calling, series: Series, share: float, between: bool) -> Series:
    """At each time the value below which n percent of the series are, or with interpolate between two."""
    if not 0 < share <= 100:
        raise QueryError(f"n should be above 0 and at most 100, not {share:g}")
    if not series:
        return []
    together = aligned(series)
    values = [percentile(row, share, between=between) for row in together.rows()]
    name = f"percentileOfSeries({series[0].path_expression},{share:g})"
    return [made(calling, name, together, values)]


def group(_calling: Calling, *lists: Series) -> Series:
    """Puts several lists of series into one."""
    return joined(lists)


FUNCTIONS = (
    Function(
        "aggregate",
        "Combine",
        aggregate,
        (SERIES, Parameter("func", "aggFunc", required=True), SHARE),
    ),
    *(
        Function(name, "Combine", run, (LISTS,))
        for name, run in {
            "sumSeries": sum_series,
            "sum": sum_series,
            "averageSeries": average_series,
            "avg": average_series,
            "minSeries": min_series,
            "maxSeries": max_series,
            "diffSeries": diff_series,
            "stddevSeries": stddev_series,
            "rangeOfSeries": range_of_series,
            "multiplySeries": multiply_series,
        }.items()
    ),
    Function("countSeries", "Combine", count_series, (OPTIONAL_LISTS,)),
    Function("group", "Combine", group, (OPTIONAL_LISTS,)),
    Function(
        "percentileOfSeries",
        "Combine",
        percentile_of_series,
        (
            SERIES,
            Parameter("n", "float", required=True),
            Parameter("interpolate", "boolean", default=False),
        ),
    ),
)
