"""Readings: the newest values of a metric, if they may still be believed."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from bridge.core.metric import Metric
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.working import Working
from bridge.page.history import PLOTTED, History
from bridge.page.plot import Plot


class Readings:
    """What is known of each PBX now. A value is known only while one of the sources works that tell it.

    Args:
        history: what samples have told.
        parts: which sources work.
        metrics: the catalogue, by name: which sources tell a metric.
        now: the moment, in Unix seconds.
    """

    def __init__(
        self, history: History, parts: Iterable[Working], metrics: Mapping[str, Metric], now: float
    ) -> None:
        self._history = history
        self._metrics = metrics
        self._now = now
        self._states = {(part.pbx, part.name): part for part in parts if part.kind == "source"}
        self._plotted: dict[tuple[str, str], list[Series]] = {}
        for series in history.plotted:
            self._plotted.setdefault((series.name, series.pbx), []).append(series)
        self._by_pbx: dict[str, dict[str, list[Sample]]] = {}

    def pbxs(self) -> set[str]:
        """The PBXs of which something is told that has a plot."""
        found = (sample.series.pbx for name in PLOTTED for sample in self._history.named(name, self._now))
        return {pbx for pbx in found if pbx not in {"", BRIDGE}}

    def of(self, name: str, pbx: str) -> Sequence[Sample]:
        """The newest sample of each series of a metric on a PBX; each metric is looked through only once."""
        if name not in self._by_pbx:
            found: dict[str, list[Sample]] = {}
            for sample in self._history.named(name, self._now):
                found.setdefault(sample.series.pbx, []).append(sample)
            self._by_pbx[name] = found
        since = self._told_since(name, pbx)
        return [sample for sample in self._by_pbx[name].get(pbx, ()) if sample.time > since]

    def value(self, name: str, pbx: str) -> float | None:
        """The value of a metric that has one series on a PBX; None if it is not known."""
        return next((sample.value for sample in self.of(name, pbx)), None)

    def labelled(self, name: str, pbx: str) -> dict[str, float]:
        """The values of a metric by their last label, such as the queue."""
        return {sample.series.labels[-1][1]: sample.value for sample in self.of(name, pbx)}

    def plot(self, name: str, pbx: str) -> Plot:
        """The last hour of a metric that has one series on a PBX."""
        return self._history.plot([Series(name, (("pbx", pbx),))], self._now)

    def plots(self, name: str, pbx: str) -> dict[str, Plot]:
        """The last hour of each series of a metric by its last label, also while nobody tells them."""
        found = self._plotted.get((name, pbx), ())
        drawn = ((each.labels[-1][1], self._history.plot([each], self._now)) for each in found)
        return {label: plot for label, plot in drawn if plot.line}

    def plot_sum(self, name: str, pbx: str) -> Plot:
        """The last hour of all series of a metric together."""
        return self._history.plot(self._plotted.get((name, pbx), ()), self._now)

    def _told_since(self, name: str, pbx: str) -> float:
        """The time after which a sample of a metric was told by a source that works now.

        One that serves all PBXs, as StatsD does, may go on when those of the PBX itself are lost; but it
        works also while nobody sends it anything, so what came before may be of those that are lost.
        """
        sources = self._metrics[name].sources if name in self._metrics else ()
        own = [self._states[pbx, source] for source in sources if (pbx, source) in self._states]
        shared = [self._states[BRIDGE, source] for source in sources if (BRIDGE, source) in self._states]
        if not sources or any(part.up for part in own):
            return -inf
        if any(part.up for part in shared):
            return max((part.since for part in own), default=-inf)
        return inf if own or shared else -inf
