"""Our own names of what StatsD buckets came to: `statsd.<bucket>[.<statistic>]`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import repeat
from typing import NamedTuple, cast

from bridge.core.aggregate import Key, Summary
from bridge.core.naming import STATSD
from bridge.core.sample import Labels, Sample, Series

PBX, FOREIGN_PBX = "pbx", "exported_pbx"
"""The label that says whose number it is, and where a tag goes that a sender calls the same."""

# A Sample of three things in a row, without the step in Python that Sample() takes.
_sample = cast("Callable[[tuple[Series, float, float]], Sample]", partial(tuple.__new__, Sample))

SHARDS = 64
"""Among how many sets names are spread: one that grows is copied, and everybody waits."""


class _Named(NamedTuple):
    """The names of a bucket's statistics, as it had them when it last had any.

    Buckets that want one name have one shard: it comes of all that stands before the last dot.
    """

    statistics: tuple[str, ...]
    shard: tuple[Labels, int]
    names: tuple[str, ...]
    series: tuple[Series, ...]


class BucketNames:
    """Names the summaries of one PBX.

    Two buckets may want one name: a counter `foo` and a gauge `foo.count`. In each flush the name goes
    to the first, in the order counter, timer, gauge, set, so that it stays with the same one.

    Args:
        pbx: the PBX that the buckets belong to.

    Attributes:
        conflicts: how many numbers found their name taken.
    """

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._named: dict[Key, _Named] = {}
        self.conflicts = 0

    def samples(self, summaries: Iterable[Summary]) -> Iterator[Sample]:
        """Every statistic of the summaries of one flush."""
        taken: defaultdict[tuple[tuple[Labels, int], float], set[str]] = defaultdict(set)
        before, self._named = self._named, {}  # those of idle buckets are not kept
        for bucket, kind, values, time in summaries:
            key = Key(kind, bucket)
            named = before.get(key)
            if named is None or named.statistics != tuple(values):
                named = self._name(bucket, tuple(values))
            self._named[key] = named
            names = taken[named.shard, time]
            if names.isdisjoint(named.names):
                names.update(named.names)
                yield from map(_sample, zip(named.series, values.values(), repeat(time)))
            else:
                yield from self._left(named, values, time, names)

    def _left(
        self, named: _Named, values: Mapping[str, float], time: float, taken: set[str]
    ) -> Iterator[Sample]:
        """The statistics whose names are free."""
        for name, series, value in zip(named.names, named.series, values.values(), strict=True):
            if name in taken:
                self.conflicts += 1
            else:
                taken.add(name)
                yield Sample(series, value, time)

    def _name(self, bucket: Series, statistics: tuple[str, ...]) -> _Named:
        labels = bucket_labels(self._pbx, bucket.labels)
        names = tuple(statistic_name(bucket.name, statistic) for statistic in statistics)
        shard = hash(names[0].rpartition(".")[0]) % SHARDS if names else 0
        return _Named(statistics, (labels, shard), names, tuple(Series(name, labels) for name in names))


def statistic_name(bucket: str, statistic: str) -> str:
    """The metric name of a statistic; a gauge has only one, without a name."""
    return f"{STATSD}.{bucket}.{statistic}" if statistic else f"{STATSD}.{bucket}"


def bucket_labels(pbx: str, tags: Labels) -> Labels:
    """The labels of a bucket: the PBX first, then the tags, none of which may pose as the PBX."""
    return ((PBX, pbx), *((FOREIGN_PBX if key == PBX else key, value) for key, value in tags))
