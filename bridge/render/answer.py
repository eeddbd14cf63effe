"""Answers to a request, in the words of graphite-web."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf, isnan

from bridge.render.consolidation import Points, thinned
from bridge.render.series import TimeSeries, Value


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of the series is answered.

    Attributes:
        most: how many values of each; None: all.
        no_nulls: whether what is not known is left out, and series of which nothing is known.
    """

    most: int | None = None
    no_nulls: bool = False


def as_json(series: Sequence[TimeSeries], shape: Shape) -> str:
    """`[{"target": name, "tags": {...}, "datapoints": [[value, time], ...]}, ...]`.

    What is not a number becomes null, and what is infinite 1e9999, which every parser takes for infinite.
    """
    told = [
        f'{{"target": {json.dumps(each.name)}, "tags": {json.dumps(dict(each.tags))}, '
        f'"datapoints": [{points}]}}'
        for each, shown in zip(series, thinned(series, shape.most), strict=False)
        if (points := _points(each, shown, shape)) or not shape.no_nulls
    ]
    return f"[{', '.join(told)}]"


def _points(series: TimeSeries, shown: Points, shape: Shape) -> str:
    times = range(shown.start, series.end + 1, shown.step)
    return ", ".join(
        f"[{_number(value)}, {time}]"
        for value, time in zip(shown.values, times, strict=False)
        if not shape.no_nulls or not (value is None or isnan(value))
    )


def _number(value: Value) -> str:
    if value is None or isnan(value):
        return "null"
    if isinf(value):
        return "1e9999" if value > 0 else "-1e9999"
    return repr(value)
