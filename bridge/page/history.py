"""History: what the page needs of what samples have told: the newest of all series, and an hour of some."""

from collections import deque
from collections.abc import Iterable, Iterator
from math import inf

from bridge.core.sample import Sample, Series
from bridge.page.plot import NOTHING, SPAN, SPANS, STEP, Plot, Point, column, plot, total

SERIES = 100_000
"""Series remembered, some 10 MB, as the samples are those that others remember too."""
PLOTS = 300
"""Series of which an hour is remembered, 20 kB each."""
PLOTTED = frozenset({"calls.active", "channels.active", "queue.waiting", "trunk.channels"})
"""The metrics of which an hour is remembered."""
STALE = 300.0


class History:
    """Fed with every batch; bounded, and cheap, since mostly nobody looks.

    Args:
        stale: seconds of silence after which a series is not shown any more.
        series: the most that are remembered.
        plots: the most of which an hour is.
    """

    def __init__(self, stale: float = STALE, series: int = SERIES, plots: int = PLOTS) -> None:
        self._stale = stale
        self._most_series = series
        self._most_plots = plots
        self._named: dict[str, dict[Series, Sample]] = {}
        self._plots: dict[Series, deque[Point]] = {}
        self._drawn: dict[tuple[Series, ...], tuple[object, Plot]] = {}
        self._size = 0
        self._swept = 0.0
        self._began = inf

    def take(self, batch: Iterable[Sample]) -> None:
        """Remember samples."""
        for sample in batch:
            series, _, time = sample
            if series not in self._named.get(series.name, ()):
                if not self._has_room(time):
                    continue
                self._size += 1
            self._named.setdefault(series.name, {})[series] = sample
            if series.name in PLOTTED:
                self._draw(sample)

    def _has_room(self, now: float) -> bool:
        """Whether one more series can be remembered, now that those that are silent may have to go."""
        if self._size >= self._most_series:
            self._sweep(now)
        return self._size < self._most_series

    def _draw(self, sample: Sample) -> None:
        series, value, time = sample
        self._began = min(self._began, time)
        points = self._plots.get(series)
        if points is None:
            if len(self._plots) >= self._most_plots:
                self._forget(time)
            if len(self._plots) >= self._most_plots:
                return
            points = self._plots[series] = deque(maxlen=int(SPAN / STEP))
        begin = time // STEP * STEP
        if points and points[-1][0] == begin:
            value = max(value, points.pop()[1])
        points.append((begin, value))

    def _sweep(self, now: float) -> None:
        """Forget what is silent, but not at every sample of a flood of names."""
        if 0 <= now - self._swept < STEP:
            return
        self._swept = now
        alive = {
            name: {series: sample for series, sample in known.items() if self._is_alive(sample, now)}
            for name, known in self._named.items()
        }
        self._named = {name: known for name, known in alive.items() if known}
        self._size = sum(map(len, self._named.values()))

    def _forget(self, now: float) -> None:
        """Forget the plots of which nothing is to be seen any more."""
        self._plots = {each: points for each, points in self._plots.items() if now - points[-1][0] < SPAN}

    def _is_alive(self, sample: Sample, now: float) -> bool:
        return now - sample.time <= self._stale

    def named(self, name: str, now: float) -> Iterator[Sample]:
        """The newest sample of each series of a metric that is not silent at `now`, in Unix seconds."""
        return (sample for sample in self._named.get(name, {}).values() if self._is_alive(sample, now))

    def newest(self, series: Series, now: float) -> Sample | None:
        """The newest sample of a series; None if there is none, or it is silent."""
        sample = self._named.get(series.name, {}).get(series)
        return sample if sample and self._is_alive(sample, now) else None

    def everything(self, now: float) -> list[Sample]:
        """The newest sample of every series that is not silent."""
        known = (sample for named in self._named.values() for sample in named.values())
        return [sample for sample in known if self._is_alive(sample, now)]

    @property
    def plotted(self) -> Iterable[Series]:
        """The series of which an hour is remembered."""
        return self._plots.keys()

    def span(self, now: float) -> float:
        """How many seconds plots show: an hour, or less as long as less is known."""
        return next((span for span in SPANS if now - self._began < span), SPAN)

    def plot(self, series: Iterable[Series], now: float) -> Plot:
        """The course of plotted series, all together; it is drawn only when there is something new."""
        chosen = tuple(each for each in series if each in self._plots)
        if not chosen:
            return NOTHING
        span = self.span(now)
        state = span, now // column(span), [self._plots[each][-1] for each in chosen]
        before, drawn = self._drawn.get(chosen, (None, NOTHING))
        if before != state:
            points = [self._plots[each] for each in chosen]
            drawn = plot(total(points, span) if len(points) > 1 else points[0], now, span)
            if len(self._drawn) >= 2 * self._most_plots:
                self._drawn.clear()
            self._drawn[chosen] = state, drawn
        return drawn

    def points(self, series: Series) -> list[Point]:
        """The last hour of a plotted series: the highest value of each ten seconds in which there was one."""
        return [*self._plots.get(series, ())]
