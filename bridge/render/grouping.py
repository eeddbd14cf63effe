"""Functions that make one series of each group of series."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bridge.render.combine import aggregate
from bridge.render.function import Calling, Function, Series
from bridge.render.name import words
from bridge.render.parameters import SERIES, Parameter
from bridge.render.series import TimeSeries
from bridge.render.tags import tags_in


def grouped(series: Series, key: Callable[[TimeSeries], str]) -> dict[str, Series]:
    """The series by their key, in the order in which each key came first."""
    groups: dict[str, Series] = {}
    for each in series:
        groups.setdefault(key(each), []).append(each)
    return groups


def _called(calling: Calling, groups: dict[str, Series], function: str) -> Series:
    """What the function or aggregation makes of each group, under the name of the group."""
    return [replace(calling.apply(function, some)[0], name=key) for key, some in groups.items()]


def group_by_nodes(calling: Calling, series: Series, callback: str, *nodes: str | int) -> Series:
    """Groups series by words of their paths, counted from 0, or by tags, and makes one of each group."""
    return _called(calling, grouped(series, lambda each: words(each, nodes)), callback)


def group_by_node(calling: Calling, series: Series, node: str | int, callback: str) -> Series:
    """Groups series by one word of their paths, counted from 0, or one tag, and makes one of each group."""
    return group_by_nodes(calling, series, callback, node)


def group_by_tags(calling: Calling, series: Series, callback: str, *tags: str) -> Series:
    """Groups series by the values of tags, and makes one series of each group."""
    names = {each.tags.get("name", "") for each in series}
    shared = names.pop() if len(names) == 1 else callback
    others = sorted(set(tags) - {"name"})

    def key(each: TimeSeries) -> str:
        first = each.tags.get("name", "") if "name" in tags else shared
        return ";".join([first, *sorted(f"{tag}={each.tags.get(tag, '')}" for tag in others)])

    results = _called(calling, grouped(series, key), callback)
    return [replace(each, path_expression=each.name, tags=tags_in(each.name)) for each in results]


def aggregate_with_wildcards(calling: Calling, series: Series, func: str, *positions: int) -> Series:
    """Aggregates the series that differ only in the words at these places of their paths, counted from 0."""

    def key(each: TimeSeries) -> str:
        return ".".join(word for at, word in enumerate(each.name.split(".")) if at not in positions)

    groups = grouped(series, key)
    return [replace(aggregate(calling, some, func)[0], name=name) for name, some in groups.items()]


def sum_with_wildcards(calling: Calling, series: Series, *positions: int) -> Series:
    """Adds up the series that differ only in the words at these places of their paths, counted from 0."""
    return aggregate_with_wildcards(calling, series, "sum", *positions)


def average_with_wildcards(calling: Calling, series: Series, *positions: int) -> Series:
    """The mean of the series that differ only in the words at these places of their paths, counted from 0."""
    return aggregate_with_wildcards(calling, series, "average", *positions)


def multiply_with_wildcards(calling: Calling, series: Series, *positions: int) -> Series:
    """The product of the series that differ only in the words at these places of their paths, from 0."""
    return aggregate_with_wildcards(calling, series, "multiply", *positions)


CALLBACK = Parameter("callback", "aggOrSeriesFunc", required=True)
POSITION = Parameter("position", "node", multiple=True)


def _function(name: str, run: Callable[..., Any], *parameters: Parameter) -> Function:
    return Function(name, "Combine", run, (SERIES, *parameters))


FUNCTIONS = (
    _function("groupByNodes", group_by_nodes, CALLBACK, Parameter("nodes", "nodeOrTag", multiple=True)),
    _function(
        "groupByNode",
        group_by_node,
        Parameter("nodeNum", "nodeOrTag", required=True),
        Parameter("callback", "aggOrSeriesFunc", default="average"),
    ),
    _function("groupByTags", group_by_tags, CALLBACK, Parameter("tags", "tag", required=True, multiple=True)),
    _function(
        "aggregateWithWildcards",
        aggregate_with_wildcards,
        Parameter("func", "aggFunc", required=True),
        POSITION,
    ),
    _function("sumSeriesWithWildcards", sum_with_wildcards, POSITION),
    _function("averageSeriesWithWildcards", average_with_wildcards, POSITION),
    _function("multiplySeriesWithWildcards", multiply_with_wildcards, POSITION),
)
