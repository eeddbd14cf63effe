"""Histogram: how long things took, as counters that any time-series database can add up and compare.

A histogram `queue.wait_time` is the counters `queue.wait_time_count`, `queue.wait_time_sum` and, for each
bound, `queue.wait_time_le_30`: how many took 30 s or less. A mean over any period is sum by count, a share
within a bound is le by count, and both may be added up over queues and PBXs, which no percentile may.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from bridge.core.counter import Tally
from bridge.core.metric import Cardinality, Metric, MetricKind
from bridge.core.sample import Series

COUNT, SUM, BOUNDS = range(3)
"""Where in a family the two stand, and the first of those with a bound."""
REMEMBERED = 10_000
"""Families of series that are kept ready: more than there are queues or lots."""


@dataclass(frozen=True)
class Histogram:
    """A family of counters in the catalogue.

    Attributes:
        name: `<group>.<what>`, to which `_count`, `_sum` and `_le_<bound>` are added.
        help: one sentence that says which duration this is.
        bounds: upper bounds in rising order, in `unit`; what is above the last is in the count alone.
        unit: unit of values, sum and bounds.
        labels, sources, cardinality, caveat: as of Metric.
    """

    name: str
    help: str
    bounds: tuple[float, ...]
    unit: str = "seconds"
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    cardinality: Cardinality = Cardinality.FIXED
    caveat: str = ""

    @cached_property
    def count(self) -> Metric:
        """How many there were."""
        return self._metric("count", f"{self.help}: how many", unit="")

    @cached_property
    def sum(self) -> Metric:
        """What all of them add up to."""
        return self._metric("sum", f"{self.help}: sum", self.unit)

    @cached_property
    def within(self) -> tuple[tuple[float, Metric], ...]:
        """Each bound, and the counter of those that did not go beyond it."""
        return tuple(
            (
                bound,
                self._metric(f"le_{bound:g}".replace(".", "_"), f"{self.help}: {bound:g} or less", unit=""),
            )
            for bound in self.bounds
        )

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """All of its counters."""
        return (self.count, self.sum, *(metric for _, metric in self.within))

    def observe(self, totals: Tally, value: float, pbx: str, *labels: str) -> None:
        """Add one duration to the totals; counters that it does not move are there with 0."""
        family = self._family((pbx, *labels))
        if not totals[family[COUNT]]:
            for series in family:
                totals.add(series, 0)
        totals.add(family[SUM], value)
        totals.add_one((family[COUNT], *family[BOUNDS + bisect_left(self.bounds, value) :]))

    def _family(self, labels: tuple[str, ...]) -> tuple[Series, ...]:
        """The series of all of its counters for a PBX and the values of labels."""
        family = self._families.get(labels)
        if family is None:
            if len(self._families) >= REMEMBERED:
                self._families.clear()
            family = self._families[labels] = tuple(metric.series(*labels) for metric in self.metrics)
        return family

    @cached_property
    def _families(self) -> dict[tuple[str, ...], tuple[Series, ...]]:
        return {}

    def _metric(self, suffix: str, text: str, unit: str) -> Metric:
        return Metric(
            f"{self.name}_{suffix}",
            MetricKind.COUNTER,
            text,
            unit,
            self.labels,
            self.sources,
            self.cardinality,
            self.caveat,
        )
