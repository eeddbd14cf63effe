"""Aggregator: Measurements in, one Summary per bucket out at each flush."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from typing import NamedTuple, Protocol, TypeVar

from bridge.core.sample import Kind, Measurement, Series
from bridge.core.state import Hides, Json, nothing, number, of_series, sequence, series_in
from bridge.core.timer import IDLE, Timer, Values

COUNTER, GAUGE, DELTA, TIMER, SET = Kind.COUNTER, Kind.GAUGE, Kind.DELTA, Kind.TIMER, Kind.SET
KINDS = (COUNTER, TIMER, GAUGE, SET)
IDLE_OF = {COUNTER: IDLE, TIMER: IDLE, SET: {"count": 0.0}}
"""What an idle bucket says that is no gauge."""
FORGOTTEN = 5000
"""The most buckets of a kind that are forgotten at once, since nothing else is done meanwhile."""


class Number(Protocol):
    """A number that changes in its place: one look-up by series for each change, not two.

    Attributes:
        value: what it is.
        moved: whether it was ever changed by +n or -n.
    """

    value: float
    moved: bool


@dataclass(slots=True)
class Cell:
    """A Number of Python's."""

    value: float = 0.0
    moved: bool = False


class Holders(NamedTuple):
    """What values are held in: those of Python, or of a compiled core."""

    number: Callable[[], Number] = Cell
    timer: Callable[[int], Values] = Timer


IN_PYTHON = Holders()


@dataclass(frozen=True, slots=True)
class Terms:
    """How an Aggregator works.

    Attributes:
        interval: seconds between flushes, over which rates are taken.
        percentiles: the percentiles of timers; a negative one counts from the top.
        repeat: an idle bucket says so (a gauge as before, else 0); otherwise it says nothing.
        ttl: seconds after which an idle bucket is forgotten; None is never.
        max_series: the most buckets alive.
        max_set: the most members of one set and interval.
        max_timer: the most values kept of one timer and interval.
        holders: what they are held in.
    """

    interval: float = 10.0
    percentiles: tuple[float, ...] = (90.0,)
    repeat: bool = False
    ttl: float | None = 3600.0
    max_series: int = 20_000
    max_set: int = 10_000
    max_timer: int = 100_000
    holders: Holders = IN_PYTHON


class Summary(NamedTuple):
    """What one bucket came to in one interval.

    Attributes:
        series: bucket and labels, as measured.
        kind: counter, gauge, timer or set.
        values: name of each statistic and its value; the one of a gauge has no name.
        time: Unix time in seconds.
    """

    series: Series
    kind: Kind
    values: dict[str, float]
    time: float


Bucket = Number | Values | set[str]
"""Where the values of a series go until the flush."""
Held = TypeVar("Held", bound=Bucket)


class Key(NamedTuple):
    """A bucket: two kinds of the same name are two buckets."""

    kind: Kind
    series: Series


@dataclass(slots=True)
class _Interval:
    """What has come in since the last flush; `dated` holds the values that carry their own time."""

    counters: dict[Series, Number] = field(default_factory=dict)
    timers: dict[Series, Values] = field(default_factory=dict)
    gauges: dict[Series, Number] = field(default_factory=dict)
    sets: dict[Series, set[str]] = field(default_factory=dict)
    dated: dict[tuple[Key, float], float] = field(default_factory=dict)

    def has(self, kind: Kind, series: Series) -> bool:
        if kind is COUNTER:
            return series in self.counters
        if kind is TIMER:
            return series in self.timers
        return series in (self.gauges if kind is GAUGE else self.sets)


class Aggregator:
    """Adds measurements up between flushes.

    Gauges live on over flushes. A gauge that was moved by +n or -n is never forgotten, since the next
    such change would start from a wrong value.

    Args:
        terms: how it works.

    Attributes:
        lost: how many values were not taken, by reason: `series` and `set` for the caps, and
            `negative_timer`.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._interval = _Interval()
        # The flush in which a bucket was last active; what has been idle for longest comes first.
        self._known: dict[Kind, dict[Series, float]] = {kind: {} for kind in KINDS}
        self._stirred = Counter[Kind]()
        self._flushed = 0.0
        self._gauges: dict[Series, Number] = {}
        self.lost: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many buckets are alive."""
        return sum(map(len, self._known.values()))

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Take measurements, in the order in which they happened."""
        counters = self._interval.counters
        for series, kind, value, rate, time in measurements:
            if isinstance(value, str):
                self._add_member(series, value)
            elif time is not None and (kind is COUNTER or kind is GAUGE):
                self._add_dated(Key(kind, series), value * (1 / rate) if kind is COUNTER else value, time)
            elif kind is COUNTER:
                cell = counters.get(series) or self._counter(series)
                if cell is not None:
                    cell.value += value * (1 / rate)
            elif kind is TIMER:
                self._add_time(series, value, 1 / rate)
            else:
                self._set_gauge(series, value, moved=kind is DELTA)

    def has(self, kind: Kind, series: Series) -> bool:
        """Whether a bucket has taken values since the last flush."""
        return self._interval.has(kind, series)

    def open(self, kind: Kind, series: Series) -> Bucket | None:
        """Where values of a bucket go until the next flush; the caller adds one at once.

        Returns:
            None if there is no room for it: one value is lost.
        """
        if kind is COUNTER:
            return self._counter(series)
        if kind is TIMER:
            return self._timer(series)
        return self._members(series) if kind is SET else self._gauge(series)

    def overfill(self) -> None:
        """A set was full when one more member came."""
        self.lost["set"] += 1

    def _admits(self, kind: Kind, series: Series) -> bool:
        """Whether there is room for a bucket that is not in this interval yet."""
        known = self._known[kind]
        if series not in known:
            if len(self) >= self._terms.max_series:
                self.lost["series"] += 1
                return False
            known[series] = self._flushed
        return True

    def _counter(self, series: Series) -> Number | None:
        counters = self._interval.counters
        if series not in counters:
            if not self._admits(COUNTER, series):
                return None
            counters[series] = self._terms.holders.number()
        return counters[series]

    def _timer(self, series: Series) -> Values | None:
        timers = self._interval.timers
        if series not in timers:
            if not self._admits(TIMER, series):
                return None
            timers[series] = self._terms.holders.timer(self._terms.max_timer)
        return timers[series]

    def _gauge(self, series: Series) -> Number | None:
        """The gauge of this interval, which starts where the last one ended and leaves that as it is."""
        if series in self._interval.gauges:
            return self._interval.gauges[series]
        before = self._gauges.get(series)
        if before is None and not self._admits(GAUGE, series):
            return None
        gauge = self._interval.gauges[series] = self._gauges[series] = self._terms.holders.number()
        if before:
            gauge.value, gauge.moved = before.value, before.moved
        return gauge

    def _members(self, series: Series) -> set[str] | None:
        sets = self._interval.sets
        if series not in sets:
            if not self._admits(SET, series):
                return None
            sets[series] = set()
        return sets[series]

    def _add_time(self, series: Series, value: float, weight: float) -> None:
        if value < 0:
            self.lost["negative_timer"] += 1
            return
        timer = self._interval.timers.get(series) or self._timer(series)
        if timer is not None:
            timer.add(value, weight)

    def _set_gauge(self, series: Series, value: float, *, moved: bool) -> None:
        gauge = self._gauge(series)
        if gauge is None:
            return
        if moved:
            gauge.moved = True
            gauge.value += value
        else:
            gauge.value = value

    def _add_member(self, series: Series, member: str) -> None:
        members = self._members(series)
        if members is None:
            return
        if len(members) < self._terms.max_set:
            members.add(member)
        elif member not in members:
            self.overfill()

    def _add_dated(self, key: Key, value: float, time: float) -> None:
        dated = self._interval.dated
        if (key, time) not in dated and len(dated) >= self._terms.max_series:
            self.lost["series"] += 1
        else:
            dated[key, time] = value + (dated.get((key, time), 0.0) if key.kind is COUNTER else 0.0)

    def flush(self, now: float) -> Iterator[Summary]:
        """End the interval; return what each bucket came to.

        The interval ends with the call, which takes hardly any time: new measurements may come in while
        the summaries are taken from the iterator bit by bit.

        Args:
            now: Unix time in seconds, the time of the summaries.
        """
        ended, self._interval = self._interval, _Interval()
        self._flushed = now
        for kind in KINDS:
            self._forget(kind, ended, now)
        idle = self._idle(ended) if self._terms.repeat else []
        gauges = self._gauges.copy() if idle else {}
        return chain(self._active(ended, now), _repeated(idle, gauges, now), _dated(ended))

    def _active(self, ended: _Interval, now: float) -> Iterator[Summary]:
        percentiles, seconds = self._terms.percentiles, self._terms.interval
        for series, total in self._each(COUNTER, ended.counters, now):
            yield Summary(series, COUNTER, {"count": total.value, "rate": total.value / seconds}, now)
        for series, timer in self._each(TIMER, ended.timers, now):
            yield Summary(series, TIMER, timer.statistics(percentiles, seconds), now)
        for series, gauge in self._each(GAUGE, ended.gauges, now):
            yield Summary(series, GAUGE, {"": gauge.value}, now)
        for series, members in self._each(SET, ended.sets, now):
            yield Summary(series, SET, {"count": float(len(members))}, now)

    def _each(self, kind: Kind, buckets: dict[Series, Held], now: float) -> Iterator[tuple[Series, Held]]:
        """Each bucket of an interval that has ended, which is behind all other known ones from now on."""
        self._stirred[kind] += len(buckets)
        for series in tuple(buckets):
            known = self._known[kind]
            known.pop(series, None)
            known[series] = now
            yield series, buckets.pop(series)  # to let go of all at once would hold others up
        if 4 * self._stirred[kind] >= len(self._known[kind]):
            # One that is stirred much keeps twice its room.
            self._known[kind], self._stirred[kind] = dict(self._known[kind]), 0

    def _idle(self, ended: _Interval) -> list[Key]:
        """The buckets that have got nothing in the interval."""
        known = self._known.items()
        return [
            Key(kind, series) for kind, buckets in known for series in buckets if not ended.has(kind, series)
        ]

    def _forget(self, kind: Kind, ended: _Interval, now: float) -> None:
        """Forget buckets that have been idle for too long; those that were idle for longest come first."""
        ttl, known = self._terms.ttl, self._known[kind]
        if ttl is None:
            return
        idle = takewhile(lambda bucket: now - bucket[1] >= ttl, known.items())
        for series, _ in tuple(islice(idle, FORGOTTEN)):
            if ended.has(kind, series):
                continue
            del known[series]
            if kind is GAUGE and self._gauges[series].moved:
                known[series] = now
            elif kind is GAUGE:
                del self._gauges[series]

    def state(self, hides: Hides = nothing) -> Json:
        """The gauges of which only changes are told, which must be known after a restart of the bridge."""
        moved = ((series, cell.value) for series, cell in self._gauges.items() if cell.moved)
        return [[of_series(series), value] for series, value in moved if not hides(series)]

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        for entry in sequence(state):
            key, told = (*sequence(entry), None, None)[:2]
            series, value = series_in(key), number(told)
            if series is not None and value is not None and self._admits(GAUGE, series):
                gauge = self._gauges[series] = self._terms.holders.number()
                gauge.value, gauge.moved = value, True


def _repeated(idle: list[Key], gauges: Mapping[Series, Number], now: float) -> Iterator[Summary]:
    """What idle buckets say: a gauge what it was at the flush, whatever has come since."""
    for kind, series in idle:
        values = {"": gauges[series].value} if kind is GAUGE else IDLE_OF[kind]
        yield Summary(series, kind, values, now)


def _dated(ended: _Interval) -> Iterator[Summary]:
    for (key, time), value in ended.dated.items():
        yield Summary(key.series, key.kind, {"": value} if key.kind is GAUGE else {"count": value}, time)
