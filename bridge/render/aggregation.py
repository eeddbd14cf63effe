"""What is made of several values, some of which may be unknown: by the names that queries use."""

import math
from collections.abc import Callable, Sequence
from typing import cast

from bridge.render.errors import QueryError
from bridge.render.series import Value

Aggregate = Callable[[Sequence[Value]], Value]
"""One value of a row; None if nothing in it is known."""


def known(values: Sequence[Value]) -> Sequence[float]:
    """Those that are not None; where that is all of them, the very same, which is fast and the rule."""
    if None not in values:
        return cast("Sequence[float]", values)
    return [value for value in values if value is not None]


def enough(found: int, of: float, share: float) -> bool:
    """Whether something is known, and of the row at least this share."""
    return found > 0 and of > 0 and found / of >= share


def _of_known(make: Callable[[Sequence[float]], float]) -> Aggregate:
    def aggregate(values: Sequence[Value]) -> Value:
        found = known(values)
        return make(found) if found else None

    return aggregate


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _deviation(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _zero_average(values: Sequence[Value]) -> Value:
    return sum(value or 0 for value in values) / len(values) if values else None


def _product(values: Sequence[Value]) -> Value:
    """The product, if all are known."""
    found = known(values)
    return math.prod(found, start=1.0) if len(found) == len(values) else None


total = _of_known(sum)
least = _of_known(min)
most = _of_known(max)
last = _of_known(lambda values: values[-1])
average = _of_known(lambda values: sum(values) / len(values))

AGGREGATES: dict[str, Aggregate] = {
    "average": average,
    "avg_zero": _zero_average,
    "median": _of_known(_median),
    "sum": total,
    "min": least,
    "max": most,
    "diff": _of_known(lambda values: sum(-value for value in values[1:]) + values[0]),
    "stddev": _of_known(_deviation),
    "count": lambda values: len(known(values)),
    "range": _of_known(lambda values: max(values) - min(values)),
    "multiply": _product,
    "last": last,
    "rangeOf": _of_known(lambda values: max(values) - min(values)),
    "avg": average,
    "total": total,
    "current": last,
}


def aggregate_named(name: str) -> Aggregate:
    """The aggregation of this name.

    Raises:
        QueryError: there is none.
    """
    if name not in AGGREGATES:
        raise QueryError(f"unknown aggregation {name!r}; known are {', '.join(AGGREGATES)}")
    return AGGREGATES[name]


def percentile(values: Sequence[Value], share: float, *, between: bool = False) -> Value:
    """The value below which `share` percent of the known ones are.

    Args:
        values: some of them.
        share: above 0, up to 100.
        between: take what lies between two values too, instead of the upper of them.
    """
    ordered = sorted(known(values))
    if not ordered:
        return None
    exact = share / 100 * (len(ordered) + 1)
    rank = int(exact) if between else math.ceil(exact)
    found = ordered[min(max(rank, 1), len(ordered)) - 1]
    if between and rank < len(ordered):
        found += (exact - int(exact)) * (ordered[rank] - found)
    return found
