"""Aggregator: Measurements in, one Summary per bucket out at each flush."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.core.sample import Kind, Measurement, Series
from bridge.core.state import Hides, Json, nothing, number, of_series, sequence, series_in
from bridge.core.timer import IDLE, Timer

COUNTER, GAUGE, DELTA, TIMER, SET = Kind.COUNTER, Kind.GAUGE, Kind.DELTA, Kind.TIMER, Kind.SET


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
    """

    interval: float = 10.0
    percentiles: tuple[float, ...] = (90.0,)
    repeat: bool = False
    ttl: float | None = 3600.0
    max_series: int = 20_000
    max_set: int = 10_000
    max_timer: int = 100_000


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


class Key(NamedTuple):
    """A bucket: two kinds of the same name are two buckets."""

    kind: Kind
    series: Series


@dataclass(slots=True)
class _Cell:
    """A number that changes in its place: one look-up by series for each change, not two."""

    value: float = 0.0
    moved: bool = False


@dataclass(slots=True)
class _Interval:
    """What has come in since the last flush; `dated` holds the values that carry their own time."""

    counters: dict[Series, _Cell] = field(default_factory=dict)
    timers: dict[Series, Timer] = field(default_factory=dict)
    gauges: dict[Series, _Cell] = field(default_factory=dict)
    sets: dict[Series, set[str]] = field(default_factory=dict)
    dated: dict[tuple[Key, float], float] = field(default_factory=dict)

    def has(self, key: Key) -> bool:
        tables: dict[Kind, Mapping[Series, object]] = {
            COUNTER: self.counters,
            TIMER: self.timers,
            GAUGE: self.gauges,
            SET: self.sets,
        }
        return key.series in tables[key.kind]


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
        self._known: dict[Key, float] = {}
        self._gauges: dict[Series, _Cell] = {}
        self.lost: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many buckets are alive."""
        return len(self._known)

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Take measurements, in the order in which they happened."""
        counters = self._interval.counters
        for series, kind, value, rate, time in measurements:
            if isinstance(value, str):
                self._add_member(series, value)
            elif time is not None and (kind is COUNTER or kind is GAUGE):
                self._add_dated(Key(kind, series), value * (1 / rate) if kind is COUNTER else value, time)
            elif kind is COUNTER:
                cell = counters.get(series)
                if cell is not None:
                    cell.value += value * (1 / rate)
                elif self._admits(COUNTER, series):
                    counters[series] = _Cell(value * (1 / rate))
            elif kind is TIMER:
                self._add_time(series, value, 1 / rate)
            else:
                self._set_gauge(series, value, moved=kind is DELTA)

    def _admits(self, kind: Kind, series: Series) -> bool:
        """Whether there is room for a bucket that is not in this interval yet."""
        key = Key(kind, series)
        if key not in self._known:
            if len(self._known) >= self._terms.max_series:
                self.lost["series"] += 1
                return False
            self._known[key] = 0.0
        return True

    def _add_time(self, series: Series, value: float, weight: float) -> None:
        timer = self._interval.timers.get(series)
        if value < 0:
            self.lost["negative_timer"] += 1
        elif timer is not None:
            timer.add(value, weight)
        elif self._admits(TIMER, series):
            timer = self._interval.timers[series] = Timer(self._terms.max_timer)
            timer.add(value, weight)

    def _set_gauge(self, series: Series, value: float, *, moved: bool) -> None:
        gauge = self._gauges.get(series)
        if gauge is None:
            if not self._admits(GAUGE, series):
                return
            gauge = self._gauges[series] = _Cell()
        if moved:
            gauge.moved = True
            gauge.value += value
        else:
            gauge.value = value
        self._interval.gauges[series] = gauge

    def _add_member(self, series: Series, member: str) -> None:
        sets = self._interval.sets
        if series not in sets:
            if not self._admits(SET, series):
                return
            sets[series] = set()
        members = sets[series]
        if len(members) < self._terms.max_set:
            members.add(member)
        elif member not in members:
            self.lost["set"] += 1

    def _add_dated(self, key: Key, value: float, time: float) -> None:
        dated = self._interval.dated
        if (key, time) not in dated and len(dated) >= self._terms.max_series:
            self.lost["series"] += 1
        else:
            dated[key, time] = value + (dated.get((key, time), 0.0) if key.kind is COUNTER else 0.0)

    def flush(self, now: float) -> Iterator[Summary]:
        """End the interval; return what each bucket came to.

        The interval ends with the call: new measurements may come in while the summaries are taken
        from the iterator bit by bit.

        Args:
            now: Unix time in seconds, the time of the summaries.
        """
        ended, self._interval = self._interval, _Interval()
        gauges = [Summary(series, GAUGE, {"": cell.value}, now) for series, cell in ended.gauges.items()]
        idle = self._rest(ended, now)
        return self._summaries(ended, gauges, idle, now)

    def _rest(self, ended: _Interval, now: float) -> list[Summary]:
        """What idle buckets say; forgets those that have been idle for too long."""
        ttl = self._terms.ttl
        idle = []
        for key, active in list(self._known.items()):
            if ended.has(key):
                self._known[key] = now
            elif ttl is not None and now - active >= ttl and not self._is_moved(key):
                del self._known[key]
                if key.kind is GAUGE:
                    del self._gauges[key.series]
            elif self._terms.repeat:
                idle.append(Summary(key.series, key.kind, self._idle(key), now))
        return idle

    def _is_moved(self, key: Key) -> bool:
        return key.kind is GAUGE and self._gauges[key.series].moved

    def _idle(self, key: Key) -> dict[str, float]:
        if key.kind is GAUGE:
            return {"": self._gauges[key.series].value}
        return {"count": 0.0} if key.kind is SET else IDLE

    def _summaries(
        self, ended: _Interval, gauges: list[Summary], idle: list[Summary], now: float
    ) -> Iterator[Summary]:
        percentiles, seconds = self._terms.percentiles, self._terms.interval
        for series, total in ended.counters.items():
            yield Summary(series, COUNTER, {"count": total.value, "rate": total.value / seconds}, now)
        for series, timer in ended.timers.items():
            yield Summary(series, TIMER, timer.statistics(percentiles, seconds), now)
        yield from gauges
        for series, members in ended.sets.items():
            yield Summary(series, SET, {"count": float(len(members))}, now)
        yield from idle
        for (key, time), value in ended.dated.items():
            yield Summary(key.series, key.kind, {"": value} if key.kind is GAUGE else {"count": value}, time)

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
                self._gauges[series] = _Cell(value, moved=True)
