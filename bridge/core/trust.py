"""Which source is believed when several report the same series."""

from collections.abc import Iterable, Mapping

from bridge.core.sample import Sample, Series


class Trust:
    """Lets one source at a time speak for a series: the most trusted one that is fresh.

    Args:
        orders: metric name to its sources, most trusted first. A metric that is not listed is
            believed from anyone.
        freshness: seconds for which a more trusted source keeps the word after it last spoke.
    """

    def __init__(self, orders: Mapping[str, tuple[str, ...]], freshness: float) -> None:
        self._orders = orders
        self._freshness = freshness
        self._speakers: dict[Series, tuple[int, float]] = {}

    def believed(self, source: str, samples: Iterable[Sample], now: float) -> list[Sample]:
        """The samples of `source` that may pass; `now` is monotonic time in seconds."""
        return [sample for sample in samples if self._may_speak(source, sample.series, now)]

    def _may_speak(self, source: str, series: Series, now: float) -> bool:
        order = self._orders.get(series.name, ())
        if source not in order or len(order) == 1:
            return True
        rank = order.index(source)
        speaker = self._speakers.get(series)
        if speaker and speaker[0] < rank and now - speaker[1] < self._freshness:
            return False
        self._speakers[series] = (rank, now)
        return True
