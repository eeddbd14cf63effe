"""Latest: the last sample of every series."""

from collections import OrderedDict
from collections.abc import Sequence

from bridge.core.sample import Sample, Series

SERIES = 100_000
"""Series remembered: some 50 MB. One more forgets the one that has been silent longest."""


class Latest:
    """The last sample of every series that has not been silent for too long.

    Args:
        stale: seconds of silence after which a series is forgotten.
        limit: the most series remembered.
    """

    def __init__(self, stale: float, limit: int = SERIES) -> None:
        self._stale = stale
        self._limit = limit
        self._seen: OrderedDict[Series, tuple[float, Sample]] = OrderedDict()

    def update(self, samples: Sequence[Sample], now: float) -> None:
        """Remember samples that came at `now`, which is monotonic time in seconds."""
        for sample in samples:
            self._seen[sample.series] = now, sample
            self._seen.move_to_end(sample.series)
        while len(self._seen) > self._limit:
            self._seen.popitem(last=False)

    def alive(self, now: float) -> list[Sample]:
        """The samples that are still of interest at `now`."""
        while self._seen and next(iter(self._seen.values()))[0] < now - self._stale:
            self._seen.popitem(last=False)
        return [sample for _, sample in self._seen.values()]
