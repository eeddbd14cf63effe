"""Books: where measurements add up until the flush, and the names under which they leave it."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple, Protocol

from bridge.core.aggregate import Aggregator, Terms
from bridge.core.buckets import BucketNames
from bridge.core.sample import Measurement, Sample, Series
from bridge.core.state import Hides, Json, mapping, nothing
from bridge.protocols import etsy

Rename = Callable[[Series], Series | None]
"""Gives a bucket another name and labels; None drops it."""
CONFLICT = "name_conflict"
"""Why a number is lost whose name another bucket has taken."""


class Traffic(NamedTuple):
    """What came in between two flushes: packets, lines, and the lines that were refused."""

    packets: int = 0
    lines: int = 0
    bad: int = 0

    def plus(self, packets: int, lines: int, bad: int) -> "Traffic":
        """With more that came in."""
        return Traffic(self.packets + packets, self.lines + lines, self.bad + bad)


class Book(Protocol):
    """Measurements in, samples out."""

    def add(self, pbx: str, measurements: Iterable[Measurement]) -> None:
        """Take measurements of a PBX."""

    def aggregator(self, pbx: str) -> Aggregator:
        """Where measurements of a PBX add up."""

    def bucket(self, series: Series) -> Series | None:
        """The bucket of measurements of a series; None if they are dropped."""

    def flush(self, now: float, traffic: Traffic) -> Iterator[Sample]:
        """End the interval at Unix time `now`; its samples may be taken from the iterator bit by bit."""

    def lost(self) -> dict[str, int]:
        """How many values were lost since the last call, by reason: Aggregator's, and `CONFLICT`."""

    def state(self, hides: Hides = nothing) -> Json:
        """What must be known to go on after a restart of the bridge, without the series that it `hides`."""

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored."""

    def __len__(self) -> int:
        """How many buckets are alive."""


class BridgeBook:
    """Buckets by PBX, under our own names.

    Args:
        terms: how measurements add up; its caps hold for each PBX.
        rename: applied to every bucket, if given.
    """

    def __init__(self, terms: Terms, rename: Rename | None = None) -> None:
        self._terms = terms
        self._rename = lru_cache(terms.max_series)(rename) if rename else None
        self._pbxs: dict[str, tuple[Aggregator, BucketNames]] = {}

    def add(self, pbx: str, measurements: Iterable[Measurement]) -> None:
        """Take measurements of a PBX."""
        aggregator = self.aggregator(pbx)
        aggregator.add(_renamed(measurements, self._rename) if self._rename else measurements)

    def aggregator(self, pbx: str) -> Aggregator:
        """Where measurements of a PBX add up."""
        if pbx not in self._pbxs:
            self._pbxs[pbx] = Aggregator(self._terms), BucketNames(pbx)
        return self._pbxs[pbx][0]

    def bucket(self, series: Series) -> Series | None:
        """The bucket of measurements of a series; None if they are dropped."""
        return self._rename(series) if self._rename else series

    def flush(self, now: float, _: Traffic) -> Iterator[Sample]:
        """End the interval of every PBX."""
        ended = [(names, aggregator.flush(now)) for aggregator, names in self._pbxs.values()]
        return chain.from_iterable(names.samples(summaries) for names, summaries in ended)

    def lost(self) -> dict[str, int]:
        """What was lost since the last call; asked after every batch, and nearly always nothing."""
        total: dict[str, int] = {}
        for aggregator, names in self._pbxs.values():
            if aggregator.lost or names.conflicts:
                lost = {CONFLICT: names.conflicts, **aggregator.lost}
                total |= {reason: total.get(reason, 0) + amount for reason, amount in lost.items()}
                aggregator.lost.clear()
                names.conflicts = 0
        return total

    def state(self, hides: Hides = nothing) -> Json:
        """The gauges that were moved, of every PBX."""
        return {pbx: aggregator.state(hides) for pbx, (aggregator, _) in self._pbxs.items()}

    def restore(self, state: Json) -> None:
        """Go on with these gauges."""
        for pbx, known in mapping(state).items():
            self.aggregator(pbx).restore(known)

    def __len__(self) -> int:
        return sum(len(aggregator) for aggregator, _ in self._pbxs.values())


class EtsyBook:
    """Buckets of all PBXs together, under the names of etsy's statsd.

    Args:
        terms: how measurements add up.
        legacy: use the legacy namespace.
        rename: applied to every bucket first, if given.
    """

    def __init__(self, terms: Terms, *, legacy: bool, rename: Rename | None = None) -> None:
        self._interval = terms.interval
        self._aggregator = Aggregator(terms)
        self._names = etsy.EtsyNames(legacy=legacy)
        self._rename = lru_cache(terms.max_series)(_etsy_after(rename))
        self._flushed: float | None = None

    def add(self, _: str, measurements: Iterable[Measurement]) -> None:
        """Take measurements of any PBX."""
        self._aggregator.add(_renamed(measurements, self._rename))

    def aggregator(self, _: str) -> Aggregator:
        """The one where all measurements add up."""
        return self._aggregator

    def bucket(self, series: Series) -> Series | None:
        """The bucket of measurements of a series; None if they are dropped."""
        return self._rename(series)

    def flush(self, now: float, traffic: Traffic) -> Iterator[Sample]:
        """End the interval; what etsy's statsd says about itself is part of it."""
        lag = None if self._flushed is None else now - self._flushed - self._interval
        self._aggregator.add(etsy.about_itself(*traffic, lag))
        self._flushed = now
        return self._names.samples(self._aggregator.flush(now), now)

    def lost(self) -> dict[str, int]:
        """What was lost since the last call."""
        lost = dict(self._aggregator.lost)
        self._aggregator.lost.clear()
        return lost

    def state(self, hides: Hides = nothing) -> Json:
        """The gauges that were moved."""
        return self._aggregator.state(hides)

    def restore(self, state: Json) -> None:
        """Go on with these gauges."""
        self._aggregator.restore(state)

    def __len__(self) -> int:
        return len(self._aggregator)


def _etsy_after(rename: Rename | None) -> Rename:
    def both(series: Series) -> Series | None:
        target = rename(series) if rename else series
        return etsy.bucket(target) if target else None

    return both


def _renamed(measurements: Iterable[Measurement], rename: Rename) -> Iterator[Measurement]:
    for measurement in measurements:
        series = rename(measurement.series)
        if series is not None:
            yield measurement._replace(series=series)
