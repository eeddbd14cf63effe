"""Reader: a term read from samples: one number for each value of the labels by which its rule groups."""

from collections.abc import Callable, Iterator, Sequence

from bridge.core.meter import Meter
from bridge.core.recall import Recall
from bridge.core.rule import Aggregate, Measure, Term, matches
from bridge.core.sample import Labels, Series
from bridge.core.state import Json, mapping, of_series, pbx_series_in, sequence

SETTLED = 300.0
"""Seconds after the first of its series by which all of a metric are known of a PBX, and all metrics of one
whose sources answer: twenty polls. What comes later has begun since, and counts from 0."""

Settled = Callable[[str], bool]
"""Whether all sources of a PBX have answered for so long that all of its metrics are known."""


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


COMBINE: dict[Aggregate, Callable[[list[float]], float]] = {
    Aggregate.SUM: sum,
    Aggregate.MAX: max,
    Aggregate.MIN: min,
    Aggregate.MEAN: _mean,
    Aggregate.COUNT: len,
}


class Reader:
    """All times are monotonic seconds.

    Args:
        term: what is read.
        by: the labels by which it is grouped, besides `pbx`; those that a series lacks are left out.
        whole: windows must be full before anything is known.

    Attributes:
        term: as given.
        begun: since when it reads.
    """

    def __init__(self, term: Term, by: tuple[str, ...], *, whole: bool = False) -> None:
        self.term = term
        self.begun = 0.0
        self._by = by
        self._whole = whole
        self._groups: dict[Labels, dict[Series, Meter]] = {}
        self._places: dict[Series, Labels | None] = {}
        self._known: dict[str, float] = {}
        self._expected: set[Labels] = set()
        self._names = {"pbx"}

    def take(
        self, series: Series, value: float, now: float, settled: Settled = lambda _: False
    ) -> Labels | None:
        """Take a value; return the labels of its group, or None if the series is not meant."""
        labels = self._places.get(series)
        if labels is None:
            if series in self._places or not matches(self.term.match, series.labels):
                self._places[series] = None
                return None
            labels = self._places[series] = self._group_of(series)
        group = self._groups.setdefault(labels, {})
        meter = group.get(series)
        if meter is None:
            meter = group[series] = self._meter()
            if series.pbx not in self._known:
                is_settled = now - self.begun > SETTLED and settled(series.pbx)
                self._known[series.pbx] = now - 2 * SETTLED if is_settled else now
            if now - self._known[series.pbx] > SETTLED:
                meter.begin(now)
        meter.take(value, now)
        return labels

    def _meter(self) -> Meter:
        measure = Measure.VALUE if self.term.measure is Measure.ABSENCE else self.term.measure
        return Meter(measure, self.term.over, whole=self._whole)

    def _group_of(self, series: Series) -> Labels:
        values = dict(series.labels)
        self._names |= values.keys() & set(self._by)
        return (("pbx", series.pbx), *((name, values[name]) for name in self._by if name in values))

    def expect(self, pbx: str, now: float) -> Labels | None:
        """Miss what a PBX has to tell, from now on if nothing was read of it, and never forget it.

        Returns its labels; None if what is read is not of that PBX.
        """
        labels: Labels = (("pbx", pbx),)
        if not self._expects(labels):
            return None
        self._expected.add(labels)
        if not self._groups.get(labels):
            meter = self._meter()
            meter.heard = now
            self._groups[labels] = {Series(self.term.metric, labels): meter}
        return labels

    def _expects(self, labels: Labels) -> bool:
        """Whether the labels are all that is known of a PBX of which something is read."""
        meant = {name: globs for name, globs in self.term.match.items() if name == "pbx"}
        return len(labels) == 1 and matches(meant, labels)

    def expect_anew(self, labels: Labels, now: float) -> None:
        """Have the group count as heard of now."""
        for meter in self._groups.get(labels, {}).values():
            meter.heard = now

    def read(self, labels: Labels, now: float) -> float | None:
        """The number of the group; None while it is not known."""
        group = self._groups.get(self._narrow(labels))
        if not group:
            return None
        if self.term.measure is Measure.ABSENCE:
            return now - max(meter.heard for meter in group.values())
        values = [value for meter in group.values() if (value := meter.read(now)) is not None]
        return COMBINE[self.term.aggregate](values) if values else None

    def _narrow(self, labels: Labels) -> Labels:
        """Of the labels of an alert those by which this term is grouped."""
        if labels in self._groups:
            return labels
        return tuple(label for label in labels if label[0] in self._names)

    def heard(self, labels: Labels) -> float | None:
        """When anything of the group came last."""
        group = self._groups.get(labels)
        return max(meter.heard for meter in group.values()) if group else None

    def has(self, labels: Labels) -> bool:
        """Whether anything of the group is known."""
        return labels in self._groups

    def drop(self, labels: Labels) -> None:
        """Forget a group."""
        for series in self._groups.pop(labels, {}):
            self._places.pop(series, None)

    def forget(self, gone: Callable[[str, float], bool]) -> None:
        """Forget the series for which `gone` holds, by PBX and when they came last."""
        for labels, group in list(self._groups.items()):
            if labels in self._expected:
                continue
            for series, meter in list(group.items()):
                if gone(series.pbx, meter.heard):
                    del group[series]
            if not group:
                del self._groups[labels]
        self._places = {series: labels for labels, group in self._groups.items() for series in group}
        self._names = {"pbx"} | {name for labels in self._groups for name, _ in labels}

    def state(self) -> Json:
        """What must be known to go on after a restart."""
        return {
            "begun": self.begun,
            "known": dict(self._known),
            "series": [[of_series(series), *meter.state()] for series, meter in self._meters()],
        }

    def _meters(self) -> Iterator[tuple[Series, Meter]]:
        for group in self._groups.values():
            yield from group.items()

    def restore(self, state: Json, recall: Recall) -> None:
        """Go on from what `state` gave; what is not meant any more, and anything else, is left out."""
        words = mapping(state)
        begun = recall(words.get("begun"))
        self.begun = self.begun if begun is None else begun
        known = {pbx: recall(at) for pbx, at in mapping(words.get("known")).items()}
        self._known = {pbx: at for pbx, at in known.items() if at is not None}
        for entry in sequence(words.get("series")):
            series, meter = pbx_series_in((*sequence(entry), None)[0]), self._meter()
            if series is not None and self._means(series) and meter.restore(sequence(entry)[1:], recall):
                labels = self._places[series] = self._group_of(series)
                self._groups.setdefault(labels, {})[series] = meter

    def _means(self, series: Series) -> bool:
        """Whether a series is read, or stands for one that is expected."""
        absent = self.term.measure is Measure.ABSENCE and self._expects(series.labels)
        return series.name == self.term.metric and (absent or matches(self.term.match, series.labels))
