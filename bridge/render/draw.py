"""Functions for how a plot looks, and lines that are no measurement.

Colours, widths and the like are taken but have no effect on the answer: they are for pictures.
"""

from collections.abc import Callable
from dataclasses import replace

from bridge.render.consolidation import WAYS
from bridge.render.errors import QueryError
from bridge.render.function import Calling, Function, Series
from bridge.render.parameters import SERIES, Parameter
from bridge.render.series import TimeSeries, Value, tagged
from bridge.render.tags import tags_of

DEFAULT_STACK = "__DEFAULT__"


def constant_line(calling: Calling, value: float) -> Series:
    """Draws a value as a straight line."""
    step = (calling.end - calling.start) // 2
    if not step:
        raise QueryError("a constant line needs 2 s at least between from and until")
    name = str(value)
    return [
        TimeSeries(
            name,
            calling.start,
            calling.end,
            step,
            [value] * 3,
            tags_of(name),
            f"constantLine({value})",
            x_files_factor=calling.x_files_factor,
        )
    ]


def threshold(calling: Calling, value: float, label: str | None, _color: str | None) -> Series:
    """Draws a value as a straight line with a name."""
    return [replace(line, name=label or line.name) for line in constant_line(calling, value)]


def same(_calling: Calling, series: Series, *_options: object) -> Series:
    """For pictures: has no effect on the values."""
    return series


def _labelled(name: str) -> Callable[[Calling, Series], Series]:
    def label(_calling: Calling, series: Series) -> Series:
        """For pictures: has no effect on the values."""
        return [
            replace(each, name=f"{name}({each.name})", tags=tagged(each.tags, **{name: 1})) for each in series
        ]

    return label


def dashed(_calling: Calling, series: Series, length: int) -> Series:
    """For pictures: has no effect on the values."""
    return [
        replace(each, name=f"dashed({each.name}, {length:g})", tags=tagged(each.tags, dashed=length))
        for each in series
    ]


def stacked(calling: Calling, series: Series, stack: str | None) -> Series:
    """Adds each series to those before it, in all targets of a request that name the same stack."""
    name = stack or DEFAULT_STACK
    sums = calling.stacks.setdefault(name, [])
    return [_upon(sums, each, name) for each in series]


def _upon(sums: list[float], series: TimeSeries, stack: str) -> TimeSeries:
    sums += [0] * (len(series.values) - len(sums))
    values: list[Value] = []
    for at, value in enumerate(series.values):
        sums[at] += value or 0
        values.append(None if value is None else sums[at])
    if stack == DEFAULT_STACK:
        return series.mapped(f"stacked({series.name})", values, stacked=stack)
    return series.mapped(series.name, values)


def consolidate_by(_calling: Calling, series: Series, way: str) -> Series:
    """Sets how several values become one where there are more of them than points on the screen."""
    return [
        replace(each.renamed(f'consolidateBy({each.name},"{way}")', consolidateBy=way), consolidate=way)
        for each in series
    ]


def cumulative(calling: Calling, series: Series) -> Series:
    """Adds values up where there are more of them than points on the screen."""
    return consolidate_by(calling, series, "sum")


def fallback_series(_calling: Calling, series: Series, fallback: Series) -> Series:
    """The series, or others if there are none."""
    return series or fallback


def _needed(name: str, kind: str) -> Parameter:
    return Parameter(name, kind, required=True)


LINE = (_needed("value", "float"),)
LOOK = (Parameter("label", "string"), Parameter("color", "string"))

FUNCTIONS = (
    Function("constantLine", "Special", constant_line, LINE),
    Function("threshold", "Graph", threshold, LINE + LOOK),
    Function("alpha", "Graph", same, (SERIES, _needed("alpha", "float"))),
    Function("color", "Graph", same, (SERIES, _needed("theColor", "string"))),
    Function("lineWidth", "Graph", same, (SERIES, _needed("width", "float"))),
    Function("dashed", "Graph", dashed, (SERIES, Parameter("dashLength", "integer", default=5))),
    Function("drawAsInfinite", "Graph", _labelled("drawAsInfinite"), (SERIES,)),
    Function("secondYAxis", "Graph", _labelled("secondYAxis"), (SERIES,)),
    Function("stacked", "Graph", stacked, (SERIES, Parameter("stack", "string"))),
    Function("cumulative", "Special", cumulative, (SERIES,)),
    Function("fallbackSeries", "Special", fallback_series, (SERIES, _needed("fallback", "seriesList"))),
    Function(
        "consolidateBy",
        "Special",
        consolidate_by,
        (SERIES, Parameter("consolidationFunc", "string", required=True, options=tuple(WAYS))),
    ),
)
