"""Our own names of what StatsD buckets came to: `statsd.<bucket>[.<statistic>]`."""

from collections.abc import Iterable, Iterator

from bridge.core.aggregate import Summary
from bridge.core.naming import STATSD
from bridge.core.sample import Labels, Sample, Series

PBX, FOREIGN_PBX = "pbx", "exported_pbx"
"""The label that says whose number it is, and where a tag goes that a sender calls the same."""


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
        self.conflicts = 0

    def samples(self, summaries: Iterable[Summary]) -> Iterator[Sample]:
        """Every statistic of the summaries of one flush."""
        taken: set[tuple[Series, float]] = set()
        for bucket, _, values, time in summaries:
            labels = bucket_labels(self._pbx, bucket.labels)
            for statistic, value in values.items():
                series = Series(statistic_name(bucket.name, statistic), labels)
                if (series, time) in taken:
                    self.conflicts += 1
                    continue
                taken.add((series, time))
                yield Sample(series, value, time)


def statistic_name(bucket: str, statistic: str) -> str:
    """The metric name of a statistic; a gauge has only one, without a name."""
    return f"{STATSD}.{bucket}.{statistic}" if statistic else f"{STATSD}.{bucket}"


def bucket_labels(pbx: str, tags: Labels) -> Labels:
    """The labels of a bucket: the PBX first, then the tags, none of which may pose as the PBX."""
    return ((PBX, pbx), *((FOREIGN_PBX if key == PBX else key, value) for key, value in tags))
