"""Query: what a panel asks, in words that every data source can be asked in."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.sample import Labels

PBX = "pbx"


class Across(StrEnum):
    """How several series become one, where a query keeps fewer labels than they have."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    MEAN = "avg"


class Per(StrEnum):
    """In what a counter's growth is told: a pace, or how many in the whole time that is shown."""

    SECOND = "second"
    MINUTE = "minute"
    RANGE = "range"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What all queries have in common.

    Attributes:
        by: labels of which each combination of values is a line of its own; none: one line for all.
        where: labels that must have this very value.
        called: behind the values of `by`, or alone, the name of the line.
    """

    by: tuple[str, ...] = (PBX,)
    where: Labels = ()
    called: str = ""


@dataclass(frozen=True, slots=True)
class Level(Asked):
    """How a gauge is; a counter, how far it has come."""

    metric: Metric
    across: Across = Across.SUM


@dataclass(frozen=True, slots=True)
class Growth(Asked):
    """By how much a counter grows, added up over the series of a line."""

    metric: Metric
    per: Per = Per.MINUTE


@dataclass(frozen=True, slots=True)
class Rises(Asked):
    """When a counter grew: above 0 then, and nothing at any other time."""

    metric: Metric


@dataclass(frozen=True, slots=True)
class Ratio(Asked):
    """What one counter grew by, for each that another did, both over a window of some minutes."""

    over: Metric
    under: Metric


@dataclass(frozen=True, slots=True)
class Quantile(Asked):
    """How long it took at most in this share of the cases, over a window of some minutes."""

    histogram: Histogram
    share: float


Query = Level | Growth | Rises | Ratio | Quantile


def metrics(query: Query) -> tuple[Metric, ...]:
    """The metrics that a query reads."""
    match query:
        case Level() | Growth() | Rises():
            return (query.metric,)
        case Ratio():
            return query.over, query.under
        case Quantile():
            return tuple(metric for _, metric in query.histogram.within)


def mean(histogram: Histogram, *by: str, called: str = "", where: Labels = ()) -> Ratio:
    """The mean of what a histogram counts; `by` as of Asked."""
    return Ratio(histogram.sum, histogram.count, by=by or (PBX,), called=called, where=where)


def share(histogram: Histogram, bound: float, *by: str, called: str = "") -> Ratio:
    """The share that did not go beyond a bound of the histogram.

    Raises:
        ValueError: the histogram has no such bound.
    """
    within = dict(histogram.within)
    if bound not in within:
        raise ValueError(f"{histogram.name} has no bound {bound}: it has {', '.join(map(str, within))}")
    return Ratio(within[bound], histogram.count, by=by or (PBX,), called=called)
