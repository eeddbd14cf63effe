"""What the model knows of labels, numbers and windows: all samples are kept, and looked through each time."""

from fnmatch import fnmatchcase

from bridge.core.alert import Key
from bridge.core.rule import Aggregate, Compare, Measure, Patterns, Rule, Term, Test
from bridge.core.sample import Labels, Series
from bridge.core.silence import Selector

SETTLED = 300.0


def fits(match: Patterns, labels: Labels) -> bool:
    for name, globs in match.items():
        value = dict(labels).get(name, "")
        wanted = [glob for glob in globs if glob[:1] != "!"]
        if wanted and not any(fnmatchcase(value, glob) for glob in wanted):
            return False
        if any(glob[:1] == "!" and fnmatchcase(value, glob[1:]) for glob in globs):
            return False
    return True


def agree(some: Labels, others: Labels) -> bool:
    shared = dict(some).keys() & dict(others).keys()
    return all(dict(some)[name] == dict(others)[name] for name in shared)


def meant(selector: Selector, key: Key) -> bool:
    named = not selector.id or selector.id.split("-")[0] == key.id
    return named and fnmatchcase(key.rule, selector.rule) and fits(selector.labels, key.labels)


def bad(test: Test, value: float, before: bool) -> bool:
    bound = test.clear if before and test.clear is not None else test.threshold
    return {
        Compare.ABOVE: value > bound,
        Compare.BELOW: value < bound,
        Compare.EQUAL: value == test.threshold,
        Compare.UNEQUAL: value != test.threshold,
    }[test.compare]


class Reading:
    """What one term of a rule knows: all samples of its series that were not forgotten."""

    def __init__(self, term: Term, rule: Rule, test: Test) -> None:
        self.term = term
        self.by = rule.by
        self.whole = test.compare is not Compare.ABOVE
        self.samples: dict[Series, list[tuple[float, float]]] = {}
        self.begun: set[Series] = set()
        self.labelled: dict[Series, Labels] = {}
        self.first: dict[str, float] = {}

    def take(self, series: Series, value: float, now: float, settled: bool) -> Labels | None:
        if series.name != self.term.metric or not fits(self.term.match, series.labels):
            return None
        known = self.first.setdefault(series.pbx, float("-inf") if settled else now)
        if series not in self.samples and now - known > SETTLED:
            self.begun.add(series)
        self.samples.setdefault(series, []).append((now, value))
        return self.labels(series)

    def labels(self, series: Series) -> Labels:
        if series not in self.labelled:
            values = dict(series.labels)
            names = [name for name in ("pbx", *self.by) if name in values]
            self.labelled[series] = tuple((name, values[name]) for name in names)
        return self.labelled[series]

    def group(self, labels: Labels) -> list[Series]:
        """The series of an alert: those of its labels, or of as many of them as the term has."""
        exact = [series for series in self.samples if self.labels(series) == labels]
        if exact:
            return exact
        names = {name for series in self.samples for name, _ in self.labels(series)}
        fewer = tuple(label for label in labels if label[0] in names)
        return [series for series in self.samples if self.labels(series) == fewer]

    def measure(self, series: Series, now: float) -> float | None:
        samples, over = self.samples[series], self.term.over
        last = samples[-1][1]
        if self.term.measure is Measure.VALUE:
            return last
        before = [value for at, value in samples if at <= now - over]
        counts = self.term.measure is not Measure.CHANGE and series in self.begun
        if not before and not counts and (self.whole or len(samples) < 2):
            return None
        begin = before[-1] if before else 0.0 if counts else samples[0][1]
        if self.term.measure is Measure.CHANGE:
            return abs(last - begin)
        increase = max(0.0, last - begin)
        return increase / over if self.term.measure is Measure.RATE else increase

    def read(self, labels: Labels, now: float) -> float | None:
        found = [self.measure(series, now) for series in self.group(labels)]
        values = [value for value in found if value is not None]
        if not values:
            return None
        return {
            Aggregate.SUM: sum(values),
            Aggregate.MAX: max(values),
            Aggregate.MIN: min(values),
            Aggregate.MEAN: sum(values) / len(values),
            Aggregate.COUNT: float(len(values)),
        }[self.term.aggregate]


class Sources:
    """Since when all sources of a PBX answer."""

    def __init__(self, stale: float, start: float) -> None:
        self.stale = stale
        self.start = start
        self.told: dict[str, dict[str, tuple[bool, float]]] = {}
        self.up_since: dict[str, float] = {}

    def answers(self, pbx: str) -> bool:
        return all(up for up, _ in self.told.get(pbx, {}).values())

    def hear(self, series: Series, value: float, now: float) -> None:
        before = self.answers(series.pbx)
        self.up_since.setdefault(series.pbx, now)
        self.told.setdefault(series.pbx, {})[dict(series.labels)["source"]] = bool(value), now
        if not before and self.answers(series.pbx):
            self.up_since[series.pbx] = now

    def overlook(self, now: float) -> None:
        """Forget sources that are not told of any more."""
        for pbx, sources in self.told.items():
            for source, (up, told) in list(sources.items()):
                if now - told > self.stale:
                    del sources[source]
                    if not up:
                        self.up_since[pbx] = now

    def missed(self, pbx: str, heard: float, now: float) -> float:
        """For how long something is missed."""
        return now - max(heard, self.up_since.get(pbx, self.start)) if self.answers(pbx) else 0.0
