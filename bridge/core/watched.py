"""Watched: one rule, what it reads, and its alerts."""

from collections.abc import Callable, Iterable
from math import inf

from bridge.core.alert import Key, Moment, State
from bridge.core.course import Alert
from bridge.core.reader import Reader
from bridge.core.recall import Recall
from bridge.core.rule import Compare, Measure, Rule, Term, Test
from bridge.core.sample import Labels
from bridge.core.state import Json, mapping, number

Open = Callable[[float], bool]
"""Whether a schedule is open, at Unix time in seconds."""


class Watched:
    """Args:
    rule: what is watched.
    is_open: its schedule.

    Attributes:
        rule: as given.
        is_absence: it misses what does not come.
        alerts: those that are known, by their labels; `add` and `drop` change them.
    """

    def __init__(self, rule: Rule, is_open: Open) -> None:
        self.rule = rule
        self.is_absence = rule.term.measure is Measure.ABSENCE
        self.alerts: dict[Labels, Alert] = {}
        self._ragged: dict[Labels, None] = {}
        self._names = ("pbx", *rule.by)
        self._is_open = is_open
        self.main = _reader(rule.term, rule.by, rule.test)
        self.divisor = _reader(rule.divisor, rule.by, rule.test) if rule.divisor else None
        self.given = _reader(rule.given[0], rule.by, rule.given[1]) if rule.given else None
        self._given_test: Test | None = rule.given[1] if rule.given else None

    @property
    def readers(self) -> dict[str, Reader]:
        """Everything that it reads, by the part that it plays."""
        parts = {"term": self.main, "divisor": self.divisor, "given": self.given}
        return {part: reader for part, reader in parts.items() if reader}

    def add(self, alert: Alert) -> None:
        """Know an alert."""
        labels = alert.key.labels
        self.alerts[labels] = alert
        if len(labels) < len(self._names):
            self._ragged[labels] = None

    def drop(self, alert: Alert) -> None:
        """Know an alert no more."""
        self._ragged.pop(alert.key.labels, None)
        del self.alerts[alert.key.labels]

    def touched(self, labels: Labels) -> list[Alert]:
        """The alerts to which what a further term has read belongs."""
        if labels in self.alerts:
            return [self.alerts[labels]]
        if len(labels) == len(self._names):
            return []
        wanted = set(labels)
        return [alert for own, alert in self.alerts.items() if wanted <= set(own)]

    def agreeing(self, labels: Labels) -> Iterable[Alert]:
        """The alerts whose labels are equal to these, as far as both have them."""
        values = dict(labels)
        near: Iterable[Labels] = self.alerts
        if all(name in values for name in self._names):
            whole = tuple((name, values[name]) for name in self._names)
            near = [*([whole] if whole in self.alerts else ()), *self._ragged]
        return (
            self.alerts[own] for own in near if all(values.get(name, value) == value for name, value in own)
        )

    def look(self, alert: Alert, now: Moment) -> tuple[float | None, bool]:
        """What is watched now, and whether that is bad."""
        labels = alert.key.labels
        value = self._read(labels, now.monotonic)
        bad = (
            value is not None
            and self._is_open(now.time)
            and self._is_bad(alert, value)
            and self._is_given(labels, now.monotonic)
        )
        return value, bad

    def _read(self, labels: Labels, now: float) -> float | None:
        """What is watched; what is beyond all measure is not known, as JSON cannot say it."""
        value = self.main.read(labels, now)
        if self.is_absence and value is not None and self._missed_at(labels) <= now:
            value = max(value, self.rule.test.threshold)  # whatever a sum of floats lacks
        if self.divisor is not None and value is not None:
            divisor = self.divisor.read(labels, now)
            value = value / divisor if divisor else None
        return number(value)

    def _is_bad(self, alert: Alert, value: float) -> bool:
        if self.is_absence:
            return value >= self.rule.test.threshold
        return self.rule.test.met(value, bad=alert.state is State.FIRING)

    def _is_given(self, labels: Labels, now: float) -> bool:
        if self.given is None or self._given_test is None:
            return True
        value = self.given.read(labels, now)
        return value is not None and self._given_test.met(value)

    def due(self, alert: Alert) -> float:
        """When what the alert watches will have been absent, in monotonic seconds; infinity for never.

        What was seen to be so already, and is no alert for some other reason, need not be looked at again.
        """
        if not self.is_absence or alert.state is not State.INACTIVE:
            return inf
        seen = alert.value is not None and alert.value >= self.rule.test.threshold
        return inf if seen else self._missed_at(alert.key.labels)

    def _missed_at(self, labels: Labels) -> float:
        heard = self.main.heard(labels)
        return inf if heard is None else heard + self.rule.test.threshold

    def fits(self, labels: Labels) -> bool:
        """Whether the rule could have an alert of these labels."""
        names = [name for name, _ in labels]
        return names[:1] == ["pbx"] and names[1:] == [name for name in self.rule.by if name in names]

    def state(self) -> Json:
        """What its readers must know to go on after a restart."""
        return {part: reader.state() for part, reader in self.readers.items()}

    def restore(self, state: Json, recall: Recall) -> None:
        """Go on from what `state` gave."""
        words = mapping(state)
        for part, reader in self.readers.items():
            reader.restore(words.get(part), recall)

    def key(self, labels: Labels) -> Key:
        """The key of an alert."""
        return Key(self.rule.name, labels)


def _reader(term: Term, by: tuple[str, ...], test: Test) -> Reader:
    """A window that is not full yet holds too little: that may be called good, but not bad."""
    return Reader(term, by, whole=test.compare is not Compare.ABOVE)
