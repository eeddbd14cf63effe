"""Functions that give series another name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bridge.render.function import Calling, Function, Series
from bridge.render.grammar import first_path
from bridge.render.parameters import SERIES, Parameter
from bridge.render.patterns import Pattern
from bridge.render.series import TimeSeries


def words(series: TimeSeries, nodes: Sequence[str | int]) -> str:
    """Words of the path from which a series was made, or values of its tags, with dots between."""
    path = (first_path(series.name) if series.name.endswith(")") else None) or series.name
    places = path.split(";", 1)[0].split(".")
    return ".".join(_word(series, places, node) for node in nodes)


def _word(series: TimeSeries, places: list[str], node: str | int) -> str:
    if isinstance(node, int) and -len(places) <= node < len(places):
        return places[node]
    return series.tags.get(str(node), "")


def _each(series: Series, name: Callable[[TimeSeries], str]) -> Series:
    return [replace(each, name=name(each)) for each in series]


def alias(_calling: Calling, series: Series, name: str) -> Series:
    """Names the series."""
    return _each(series, lambda _: name)


def alias_by_node(_calling: Calling, series: Series, *nodes: str | int) -> Series:
    """Names each series after words of its path, counted from 0, or after its tags."""
    return _each(series, lambda each: words(each, nodes))


def alias_sub(_calling: Calling, series: Series, search: str, by: str) -> Series:
    r"""Replaces what a regular expression finds in the names; \1 stands for its first group."""
    pattern = Pattern(search)
    return _each(series, lambda each: pattern.replaced(each.name, by))


def _piece(each: TimeSeries, start: int, stop: int) -> str:
    """Words of what stands within the innermost brackets, up to a comma."""
    left, right = each.name.rfind("(") + 1, each.name.find(")")
    inner = each.name[left : right if right >= 0 else None]
    return re.sub(r",.*$", "", ".".join(inner.split(".")[start : stop or None]))


def substr(_calling: Calling, series: Series, start: int, stop: int) -> Series:
    """Names each series after the words of its path from one place up to another, counted from 0."""
    return _each(series, lambda each: _piece(each, start, stop))


def alias_by_metric(_calling: Calling, series: Series) -> Series:
    """Names each series after the last word of its path."""
    return _each(series, lambda each: _piece(each, -1, 0))


NAMES = Parameter("nodes", "nodeOrTag", required=True, multiple=True)
TAGS = Parameter("tags", "nodeOrTag", required=True, multiple=True)


def _text(name: str) -> Parameter:
    return Parameter(name, "string", required=True)


FUNCTIONS = (
    Function("alias", "Alias", alias, (SERIES, _text("newName"))),
    Function("aliasByNode", "Alias", alias_by_node, (SERIES, NAMES)),
    Function("aliasByTags", "Alias", alias_by_node, (SERIES, TAGS)),
    Function("aliasByMetric", "Alias", alias_by_metric, (SERIES,)),
    Function("aliasSub", "Alias", alias_sub, (SERIES, _text("search"), _text("replace"))),
    Function(
        "substr",
        "Special",
        substr,
        (SERIES, Parameter("start", "node", default=0), Parameter("stop", "node", default=0)),
    ),
)
