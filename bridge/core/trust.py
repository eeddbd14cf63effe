"""Reconciliation: one number out of those that several sources tell of the same series.

The most trusted source that is fresh has the word, and the others are compared with it. A series keeps its
name when the word goes over, and a counter goes on from where it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bridge.core import own
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.state import Hides, Json, mapping, nothing, number, of_series, sequence, series_in

FORGOTTEN = 86_400.0
"""Seconds after which a counter that nobody tells is forgotten: the queue or trunk is gone."""


class Telling(NamedTuple):
    """What a source said last of a series, and when, in monotonic seconds."""

    value: float
    at: float


class SharedTotal:
    """One total out of those that several sources keep of the same happenings.

    The total of each source is ours but for an offset, which is learned while another has the word. It is
    taken too low rather than too high, so that what is published never exceeds what happened; nothing is
    counted twice when the word goes over, and what the one before did not live to tell is made up for.
    """

    def __init__(self) -> None:
        self.total = 0.0
        self.heard = 0.0
        self._known: dict[str, tuple[float, float]] = {}

    def hear(self, source: str, value: float, *, speaks: bool) -> float:
        """Take what the total of `source` is now; return ours, which only one that `speaks` moves."""
        if not self._known:
            self.total = value
        last, offset = self._known.get(source, (value, self.total - value))
        if value < last:  # it has begun afresh
            offset = self.total - value
        if speaks and value + offset > self.total:
            self.total = value + offset
            self._hold_others_back()
        self._known[source] = value, max(offset, self.total - value)
        return self.total

    def _hold_others_back(self) -> None:
        """What another has counted and the speaker has not is not made up for later."""
        for source, (last, offset) in self._known.items():
            self._known[source] = last, min(offset, self.total - last)

    def state(self) -> Json:
        """What must be known to go on after a restart of the bridge."""
        return {"total": self.total, "sources": {name: list(each) for name, each in self._known.items()}}

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        total = number(mapping(state).get("total"))
        if total is None:
            return
        self.total = total
        for source, known in mapping(mapping(state).get("sources")).items():
            last, offset = (number(each) for each in (*sequence(known), None, None)[:2])
            if last is not None and offset is not None:
                self._known[source] = last, offset


class Trust:
    """Decides what is published of the series that several sources tell; all others pass.

    Args:
        catalog: every metric by name; its `sources` are the order of trust.
        freshness: seconds for which a more trusted source keeps the word after it last spoke.

    Attributes:
        freshness: as given; it may be changed at any time.
    """

    def __init__(self, catalog: Mapping[str, Metric], freshness: float) -> None:
        self._shared = {name: metric for name, metric in catalog.items() if len(metric.sources) > 1}
        self.freshness = freshness
        self._told: dict[Series, dict[str, Telling]] = {}
        self._totals: dict[Series, SharedTotal] = {}

    def believed(self, source: str, samples: Iterable[Sample], now: float) -> list[Sample]:
        """What is published of the samples of `source`; `now` is monotonic time in seconds."""
        passed: list[Sample] = []
        for sample in samples:
            metric = self._shared.get(sample.series.name)
            if metric is None or source not in metric.sources:
                passed.append(sample)
            elif metric.kind is MetricKind.COUNTER:
                passed += self._count(metric, source, sample, now)
            elif self._hear(metric, source, sample, now):
                passed.append(sample)
        return passed

    def _hear(self, metric: Metric, source: str, sample: Sample, now: float) -> bool:
        """Remember what a source says; return whether it has the word."""
        told = self._told.setdefault(sample.series, {})
        told[source] = Telling(sample.value, now)
        for better in metric.sources:
            if better == source:
                break
            if better in told and self._is_fresh(told[better], now):
                return False
        return True

    def _is_fresh(self, telling: Telling, now: float) -> bool:
        return now - telling.at < self.freshness

    def _count(self, metric: Metric, source: str, sample: Sample, now: float) -> Iterator[Sample]:
        speaks = self._hear(metric, source, sample, now)
        shared = self._totals.setdefault(sample.series, SharedTotal())
        shared.heard = now
        total = shared.hear(source, sample.value, speaks=speaks)
        if speaks:
            yield sample._replace(value=total)

    def lost(self, source: str, pbx: str) -> None:
        """The source is lost, and with it the word; `pbx` is `bridge` for one that serves all PBXs."""
        for series, told in self._told.items():
            if pbx in {series.pbx, BRIDGE}:
                told.pop(source, None)

    def disagreements(self, now: float) -> Iterator[tuple[Series, float]]:
        """By how much the fresh sources of each shared gauge differ: of its series, the one with the most."""
        self._forget(now)
        most: dict[Series, float] = {}
        for series, told in self._told.items():
            metric = self._shared[series.name]
            if metric.kind is MetricKind.GAUGE and told:
                values = [value - at if metric.ages else value for value, at in told.values()]
                key = own.SOURCE_DISAGREEMENT.series(series.pbx, series.name)
                most[key] = max(most.get(key, 0.0), max(values) - min(values))
        yield from most.items()

    def _forget(self, now: float) -> None:
        """Forget what is not fresh, and series that nobody tells."""
        for series, told in list(self._told.items()):
            for source, telling in list(told.items()):
                if not self._is_fresh(telling, now):
                    del told[source]
            if not told:
                del self._told[series]
        for series, shared in list(self._totals.items()):
            if now - shared.heard > FORGOTTEN:
                del self._totals[series]

    def state(self, hides: Hides = nothing) -> Json:
        """The counters, to go on with after a restart of the bridge, without the series that it `hides`."""
        return [
            [of_series(series), shared.state()]
            for series, shared in self._totals.items()
            if not hides(series)
        ]

    def restore(self, state: Json, now: float) -> None:
        """Go on from what `state` gave, at monotonic `now`; anything else is ignored."""
        for entry in sequence(state):
            key, value = (*sequence(entry), None, None)[:2]
            if (series := series_in(key)) is not None and series.name in self._shared:
                shared = self._totals[series] = SharedTotal()
                shared.heard = now
                shared.restore(value)
