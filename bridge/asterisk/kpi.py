"""Kpis: telephony's key figures over a sliding window, from the bridge's own counters and gauges.

Nothing is measured here. After each poll the counters tell what happened since the one before, and the gauges
what has lasted since then; both are summed over the window, and a key figure is a ratio of such sums.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bridge.asterisk.catalog import calls, kpi, queues
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, SYSTEM_MAX_CALLS
from bridge.asterisk.causes import Result
from bridge.core.erlang import erlang_b
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import Sample, Series
from bridge.core.window import SlidingSum

WINDOW = 900.0
"""Seconds of the window: calls enough for a ratio, and recent enough to act upon."""
STEPS = 60
"""Steps of the window: of 15 s each, as polls are."""
DAY, QUARTERS, HOUR = 86_400.0, 96, 4
"""The day in which the busy hour is looked for, in seconds; quarters of an hour in it; and in the hour."""
MAX_LINES = 100_000
"""A limit of calls above which it limits nothing: more than one Asterisk carries."""
SHORT, TRADE_BOUND = 6, 20
"""Seconds up to which an answered call is short, and a caller in a queue is answered soon."""


class Term(NamedTuple):
    """A series whose sum over the window is taken: of a counter's increase, or of a gauge times seconds.

    Attributes:
        metric: its metric.
        labels: values of the metric's labels, behind those of what the key figure is about.
    """

    metric: Metric
    labels: tuple[str, ...] = ()


class Ratio(NamedTuple):
    """The definition of a key figure: `over` / (`under` - `less`), each summed up.

    Attributes:
        metric: the figure.
        over: what is divided.
        under: what it is divided by; nothing for the seconds that were watched.
        less: what is taken off that.
        bound: a gauge without which the figure makes no sense; says nothing while that is 0 or not known.
    """

    metric: Metric
    over: tuple[Term, ...]
    under: tuple[Term, ...] = ()
    less: tuple[Term, ...] = ()
    bound: Metric | None = None


def _each(metric: Metric, *labels: str) -> tuple[Term, ...]:
    return tuple(Term(metric, (label,)) for label in labels)


def _mean(metric: Metric, histogram: Histogram) -> Ratio:
    return Ratio(metric, (Term(histogram.sum),), (Term(histogram.count),))


def _within(histogram: Histogram, bound: float) -> tuple[Term, ...]:
    return (Term(dict(histogram.within)[bound]),)


REACHED = (Result.ANSWERED, Result.BUSY, Result.NO_ANSWER, Result.CANCELLED, Result.REJECTED)
"""What came of calls for which the network did its part."""
ANSWERED = _each(calls.CALLS_RESULTS, Result.ANSWERED)
EFFECTIVE = _each(calls.CALLS_RESULTS, *REACHED)
BIDS = _each(calls.CALLS_RESULTS, *Result)
BLOCKED = _each(calls.CALLS_RESULTS, Result.CONGESTION)
ENDED, TALKS = (Term(calls.CALLS_DURATION.count),), (Term(calls.CALLS_TALK_TIME.count),)
OF_CALLS = (
    Ratio(kpi.KPI_ASR, ANSWERED, BIDS, less=BLOCKED),
    Ratio(kpi.KPI_ABR, ANSWERED, BIDS),
    Ratio(kpi.KPI_NER, EFFECTIVE, BIDS, less=BLOCKED),
    _mean(kpi.KPI_ACD, calls.CALLS_TALK_TIME),
    Ratio(kpi.KPI_MHT, (Term(calls.CALLS_DURATION.sum),), ENDED, less=BLOCKED),
    Ratio(kpi.KPI_SHORT_CALLS, _within(calls.CALLS_TALK_TIME, SHORT), TALKS),
    _mean(kpi.KPI_PDD, calls.DIALS_POST_DIAL_DELAY),
    _mean(kpi.KPI_ANSWER_TIME, calls.DIALS_ANSWER_TIME),
    Ratio(kpi.KPI_CPS, (Term(calls.CALLS_ATTEMPTS),)),
    Ratio(kpi.KPI_ERLANGS, (Term(calls.CALLS_ACTIVE),)),
)
"""The key figures of a PBX."""

IN_TIME, QUEUED = (Term(queues.QUEUE_ANSWERED_IN_TIME),), (Term(queues.QUEUE_ANSWERED),)
BOUND = queues.QUEUE_SERVICE_LEVEL_BOUND
ABANDONED, HASTY = (Term(queues.QUEUE_ABANDONS),), (Term(queues.QUEUE_ABANDONS_IN_TIME),)
OFFERED = (*QUEUED, *ABANDONED, Term(queues.QUEUE_EXITS))
IN_USE = _each(queues.QUEUE_STATE_MEMBERS, "inuse", "busy", "ringinuse", "onhold")
OF_QUEUES = (
    Ratio(kpi.QUEUE_KPI_SERVICE_LEVEL, IN_TIME, OFFERED, bound=BOUND),
    Ratio(kpi.QUEUE_KPI_SERVICE_LEVEL_ANSWERED, IN_TIME, QUEUED, bound=BOUND),
    Ratio(kpi.QUEUE_KPI_SERVICE_LEVEL_PATIENT, IN_TIME, OFFERED, HASTY, BOUND),
    Ratio(kpi.QUEUE_KPI_SERVICE_LEVEL_20, _within(queues.QUEUE_WAIT_TIME, TRADE_BOUND), OFFERED),
    Ratio(kpi.QUEUE_KPI_ABANDON_RATE, ABANDONED, OFFERED),
    _mean(kpi.QUEUE_KPI_ASA, queues.QUEUE_WAIT_TIME),
    _mean(kpi.QUEUE_KPI_AHT, queues.QUEUE_TALK_TIME),
    Ratio(kpi.QUEUE_KPI_OCCUPANCY, IN_USE, (*IN_USE, Term(queues.QUEUE_AVAILABLE))),
)
"""The key figures of a queue."""

TRAFFIC = Term(DIALPLAN_ACTIVE)
"""What Asterisk compares with its limit of calls."""
TERMS = (TRAFFIC, *(term for ratio in (*OF_CALLS, *OF_QUEUES) for terms in ratio[1:4] for term in terms))
COUNTERS = frozenset(term.metric.name for term in TERMS if term.metric.kind is MetricKind.COUNTER)
GAUGES = frozenset(term.metric.name for term in TERMS if term.metric.kind is MetricKind.GAUGE)
INPUTS = COUNTERS | GAUGES | {SYSTEM_MAX_CALLS.name, BOUND.name}
"""The metrics that key figures are made of."""


class Kpis:
    """The key figures of one PBX.

    Args:
        pbx: the PBX, for the label.
        window: seconds over which they are taken.
    """

    def __init__(self, pbx: str, window: float = WINDOW) -> None:
        self._pbx = pbx
        self._window = window
        self._sums: dict[Series, SlidingSum] = {}
        self._watched = SlidingSum(window, STEPS)
        self._attempts = SlidingSum(DAY, QUARTERS)
        self._queues: dict[str, None] = {}
        self._counted: dict[Series, float] | None = None
        self._lasting: Mapping[Series, float] = {}
        self._then: float | None = None

    def values(self, samples: Iterable[Sample], now: float) -> Iterator[tuple[Series, float]]:
        """Take what is known after a poll, at monotonic `now`, and return the key figures."""
        values = {series: value for series, value, _ in samples if series.name in INPUTS}
        self._last({series: value for series, value in values.items() if series.name in GAUGES}, now)
        self._count({series: value for series, value in values.items() if series.name in COUNTERS}, now)
        self._queues |= {queue: None for series in values if (queue := dict(series.labels).get("queue"))}
        yield from self._figures(OF_CALLS, (), values, now)
        for queue in self._queues:
            yield from self._figures(OF_QUEUES, (queue,), values, now)
        yield from self._capacity(values, now)

    def lost(self) -> None:
        """The connection is lost: what lasts unheard is not watched."""
        self._then = None

    def _last(self, gauges: Mapping[Series, float], now: float) -> None:
        """What a gauge said at the poll before has lasted until now."""
        passed = 0.0 if self._then is None else now - self._then
        self._watched.add(passed, now)
        for series, value in self._lasting.items():
            self._add(series, value * passed, now)
        self._lasting, self._then = gauges, now

    def _count(self, counters: Mapping[Series, float], now: float) -> None:
        """What counters said at the first poll happened before; one that is new after it began at 0.

        One that fell has begun anew, and what happened meanwhile is not known.
        """
        counted = counters if self._counted is None else self._counted
        for series, value in counters.items():
            increase = max(0.0, value - counted.get(series, 0.0))
            self._add(series, increase, now)
            if series.name == calls.CALLS_ATTEMPTS.name:
                self._attempts.add(increase, now)
        self._counted = {**counted, **counters}

    def _add(self, series: Series, amount: float, now: float) -> None:
        if series not in self._sums and amount:
            self._sums[series] = SlidingSum(self._window, STEPS)
        if amount:
            self._sums[series].add(amount, now)

    def _sum(self, terms: Iterable[Term], entity: tuple[str, ...], now: float) -> float:
        series = (term.metric.series(self._pbx, *entity, *term.labels) for term in terms)
        return sum(self._sums[each].total(now) for each in series if each in self._sums)

    def _figures(
        self, ratios: Iterable[Ratio], entity: tuple[str, ...], known: Mapping[Series, float], now: float
    ) -> Iterator[tuple[Series, float]]:
        for metric, over, under, less, bound in ratios:
            if bound and not known.get(bound.series(self._pbx, *entity)):
                continue
            if under:
                base = self._sum(under, entity, now) - self._sum(less, entity, now)
            else:
                watched = over[0].metric.series(self._pbx, *entity) in known
                base = self._watched.total(now) if watched else 0.0
            if base > 0:
                yield metric.series(self._pbx, *entity), self._sum(over, entity, now) / base

    def _capacity(self, known: Mapping[Series, float], now: float) -> Iterator[tuple[Series, float]]:
        watched = self._watched.total(now)
        if watched and calls.CALLS_ATTEMPTS.series(self._pbx) in known:
            quarters = self._attempts.parts(now)
            hours = (sum(quarters[first : first + HOUR]) for first in range(QUARTERS - HOUR + 1))
            yield kpi.KPI_BHCA.series(self._pbx), max(hours)
        limit = known.get(SYSTEM_MAX_CALLS.series(self._pbx), 0)
        if watched and 1 <= limit <= MAX_LINES and TRAFFIC.metric.series(self._pbx) in known:
            traffic = self._sum((TRAFFIC,), (), now) / watched
            yield kpi.KPI_BLOCKING.series(self._pbx), erlang_b(traffic, int(limit))
