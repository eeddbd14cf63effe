"""A model of the rules: everything that ever came is kept, and what follows from it is worked out anew.

It is slow and simple on purpose, and shares nothing with the engine but the words. It looks at every second
by itself, and knows of no restart. How it goes:

- An alert is looked at when something of what it watches comes, when its schedule opens or closes, and when
  time alone may make it absent. Then it is known what is watched, and whether that is bad.
- It waits (pending) while it is bad but not for long enough, or while a graver alert explains it; what was
  seen before that was over does not count.
- It fires until it is good again; one that flaps until it has been good for a while.
- What came at one moment is seen as a whole, and causes are looked at before what they explain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.core.alert import Happening, Key, Moment, State
from bridge.core.opening import Calendar
from bridge.core.rule import Measure, Rule
from bridge.core.sample import Sample
from bridge.core.silence import Selector, Silence
from tests.core.model_reading import SETTLED, Reading, Sources, agree, bad, meant

AGES = 86_400.0

Told = tuple[Happening, State, float, float, float | None, bool, float | None, bool, bool]
"""What is compared of a notice: happening, state, time, since, value, and whether (or until when) it is
acknowledged, silenced, inhibited and flapping."""


@dataclass
class Course:
    """One alert: what was seen of it last, and since when it stands as it does."""

    rule: Rule
    key: Key
    since: Moment
    state: State = State.INACTIVE
    value: float | None = None
    met: bool = False
    sure: bool = True
    inhibited: bool = False
    silenced: float | None = None
    acknowledged: bool = False
    flapping: bool = False
    fired: list[float] = field(default_factory=list)
    good_since: float | None = None
    reminded: float = 0.0
    told: list[Told] = field(default_factory=list)


class Model:
    def __init__(
        self, rules: Sequence[Rule], calendars: Mapping[str, Calendar], stale: float, now: Moment
    ) -> None:
        self.now = now
        self.stale = stale
        self.calendars = calendars
        by_name = {rule.name: rule for rule in rules}

        def depth(rule: Rule) -> int:
            return 1 + max((depth(by_name[name]) for name in rule.inhibited_by if name in by_name), default=0)

        self.rules = sorted(rules, key=depth)
        self.readings = {
            rule.name: [
                Reading(rule.term, rule, rule.test),
                *([Reading(rule.divisor, rule, rule.test)] if rule.divisor else []),
                *([Reading(rule.given[0], rule, rule.given[1])] if rule.given else []),
            ]
            for rule in rules
        }
        self.alerts: dict[Key, Course] = {}
        self.by_rule: dict[str, dict[Key, Course]] = {rule.name: {} for rule in rules}
        self.told: dict[Key, list[Told]] = {}
        self.expected: dict[Key, float] = {}
        self.silences: list[Silence] = []
        self.open = self.opened()
        self.sources = Sources(stale, now.monotonic)

    def of(self, rule: Rule) -> list[Course]:
        return list(self.by_rule[rule.name].values())

    # --- what is done to it

    def expect(self, pbxs: Sequence[str]) -> None:
        for rule in self.rules:
            if rule.term.measure is Measure.ABSENCE and not rule.by:
                for pbx in pbxs:
                    key = Key(rule.name, (("pbx", pbx),))
                    self.expected[key] = self.now.monotonic
                    self.look_all([self.alert(rule, key)])

    def take(self, samples: Sequence[Sample]) -> None:
        touched: list[Course] = []
        for series, value, _ in samples:
            if series.name == "source.up":
                self.sources.hear(series, value, self.now.monotonic)
        for series, value, _ in samples:
            for rule in self.rules:
                for part, reading in enumerate(self.readings[rule.name]):
                    heard_for = self.sources.missed(series.pbx, float("-inf"), self.now.monotonic)
                    labels = reading.take(series, value, self.now.monotonic, heard_for > SETTLED)
                    if labels is not None and part == 0:
                        touched.append(self.alert(rule, Key(rule.name, labels)))
                    elif labels is not None:
                        touched += [each for each in self.of(rule) if set(labels) <= set(each.key.labels)]
        self.look_all([each for position, each in enumerate(touched) if each not in touched[:position]])

    def second(self, now: Moment) -> None:
        """Another second has come, or the same with another wall clock."""
        self.now = now
        before, self.open = self.open, self.opened()
        for rule in self.rules:
            if rule.schedule in before ^ self.open:
                for alert in self.of(rule):
                    self.look(alert)
        if over := [each for each in self.silences if each.until <= now.time]:
            self.hush(over, [])
        for rule in self.rules:
            for alert in self.of(rule):
                if self.is_due(alert):
                    self.look(alert) if rule.term.measure is Measure.ABSENCE else self.advance(alert)

    def sweep(self) -> None:
        self.sources.overlook(self.now.monotonic)
        for rule in self.rules:
            for reading in self.readings[rule.name]:
                for series in list(reading.samples):
                    heard, measure = reading.samples[series][-1][0], reading.term.measure
                    lasting = AGES + rule.test.threshold if measure is Measure.ABSENCE else self.stale
                    if self.sources.missed(series.pbx, heard, self.now.monotonic) > lasting:
                        del reading.samples[series]
                        reading.begun.discard(series)
            for alert in self.of(rule):
                reading = self.readings[rule.name][0]
                left = [series for series in reading.samples if reading.labels(series) == alert.key.labels]
                if not left and alert.key not in self.expected:
                    self.leave(alert)

    def acknowledge(self, selector: Selector) -> None:
        for alert in self.alerts.values():
            if meant(selector, alert.key) and alert.state is State.FIRING and not alert.acknowledged:
                alert.acknowledged = True
                self.tell(alert, Happening.ACKNOWLEDGED)

    def silence(self, silence: Silence) -> None:
        self.hush([], [silence])

    def unsilence(self, silence: Silence) -> None:
        self.hush([silence], [])

    # --- what follows

    def opened(self) -> set[str]:
        return {name for name, calendar in self.calendars.items() if calendar.is_open(self.now.time)}

    def alert(self, rule: Rule, key: Key) -> Course:
        if key not in self.alerts:
            self.alerts[key] = self.by_rule[rule.name][key] = alert = Course(rule, key, self.now)
            alert.told = self.told.setdefault(key, [])
            alert.inhibited = self.explained(alert)
            alert.silenced = self.silent_until(key)
        return self.alerts[key]

    def look_all(self, alerts: Sequence[Course]) -> None:
        new = [alert for alert in alerts if not alert.told or alert.told[-1][0] is Happening.GONE]
        before = {alert.key: len(alert.told) for alert in new}
        for rule in self.rules:
            for alert in alerts:
                if alert.rule is rule:
                    self.look(alert)
        for alert in new:
            if len(alert.told) == before[alert.key]:
                self.tell(alert, Happening.WATCHED)

    def look(self, alert: Course) -> None:
        alert.value = self.value(alert)
        alert.met = alert.value is not None and self.is_bad(alert, alert.value)
        alert.sure = True
        self.advance(alert)

    def heard(self, alert: Course) -> float:
        reading = self.readings[alert.rule.name][0]
        times = [reading.samples[series][-1][0] for series in reading.group(alert.key.labels)]
        return max([*times, self.expected.get(alert.key, times[0] if times else 0.0)])

    def value(self, alert: Course) -> float | None:
        now, labels = self.now.monotonic, alert.key.labels
        if alert.rule.term.measure is Measure.ABSENCE:
            return now - self.heard(alert)
        main, *further = self.readings[alert.rule.name]
        value = main.read(labels, now)
        if value is None or alert.rule.divisor is None:
            return value
        divisor = further[0].read(labels, now)
        return value / divisor if divisor else None

    def is_bad(self, alert: Course, value: float) -> bool:
        rule = alert.rule
        if rule.schedule and rule.schedule in self.calendars and rule.schedule not in self.opened():
            return False
        if rule.given:
            given = self.readings[rule.name][-1].read(alert.key.labels, self.now.monotonic)
            if given is None or not bad(rule.given[1], given, before=False):
                return False
        if rule.term.measure is Measure.ABSENCE:
            return value >= rule.test.threshold
        return bad(rule.test, value, before=alert.state is State.FIRING)

    def is_due(self, alert: Course) -> bool:
        """Whether time alone brings something now."""
        now, rule = self.now.monotonic, alert.rule
        if alert.state is State.INACTIVE:
            return rule.term.measure is Measure.ABSENCE and now == self.heard(alert) + rule.test.threshold
        if alert.state is State.PENDING:
            return self.may_fire(alert)
        return self.is_over(alert) or self.is_to_remind(alert)

    def may_fire(self, alert: Course) -> bool:
        waited = self.now.monotonic - alert.since.monotonic >= alert.rule.hold
        return alert.met and alert.sure and not alert.inhibited and waited

    def is_over(self, alert: Course) -> bool:
        calm = alert.rule.calm if alert.flapping else 0.0
        return alert.good_since is not None and self.now.monotonic - alert.good_since >= calm

    def is_to_remind(self, alert: Course) -> bool:
        quiet = alert.acknowledged or alert.inhibited or alert.silenced is not None
        repeat = alert.rule.repeat
        return bool(repeat) and not quiet and self.now.monotonic - alert.reminded >= repeat

    def advance(self, alert: Course) -> None:
        if alert.state is State.INACTIVE:
            if alert.met and (alert.rule.hold or alert.inhibited):
                self.enter(alert, State.PENDING)
            elif alert.met:
                self.fire(alert)
        elif alert.state is State.PENDING:
            if not alert.met:
                self.enter(alert, State.INACTIVE)
            elif self.may_fire(alert):
                self.fire(alert)
        else:
            self.burn(alert)

    def burn(self, alert: Course) -> None:
        now = self.now.monotonic
        if alert.met:
            alert.good_since = None
        elif alert.good_since is None:
            alert.good_since = now
        if self.is_over(alert):
            alert.good_since, alert.flapping, alert.acknowledged = None, False, False
            self.enter(alert, State.INACTIVE)
        elif self.is_to_remind(alert):
            alert.reminded = now
            self.tell(alert, Happening.REMINDER)

    def fire(self, alert: Course) -> None:
        now, rule = self.now.monotonic, alert.rule
        alert.reminded = now
        alert.fired.append(now)
        lately = [at for at in alert.fired if at >= now - rule.calm]
        alert.flapping = bool(rule.flaps) and len(lately) > rule.flaps
        self.enter(alert, State.FIRING)

    def enter(self, alert: Course, state: State) -> None:
        fires = State.FIRING in (alert.state, state)
        alert.state, alert.since = state, self.now
        self.tell(alert, Happening(state.value))
        if fires:
            self.explain(alert)

    def explained(self, alert: Course) -> bool:
        return any(
            cause.state is State.FIRING
            and key.rule in alert.rule.inhibited_by
            and agree(key.labels, alert.key.labels)
            for key, cause in self.alerts.items()
        )

    def explain(self, cause: Course) -> None:
        for rule in self.rules:
            if cause.rule.name in rule.inhibited_by:
                for alert in self.of(rule):
                    if self.explained(alert) != alert.inhibited:
                        self.inhibit(alert)

    def inhibit(self, alert: Course) -> None:
        alert.inhibited, alert.sure = not alert.inhibited, False
        alert.reminded = self.now.monotonic
        if alert.state is not State.INACTIVE:
            self.tell(alert, Happening.INHIBITED if alert.inhibited else Happening.RELEASED)
        absence = alert.rule.term.measure is Measure.ABSENCE
        if absence and not alert.inhibited and alert.state is not State.FIRING:
            self.expected[alert.key] = self.now.monotonic
            self.look(alert)

    def silent_until(self, key: Key) -> float | None:
        return max((each.until for each in self.silences if meant(each.selector, key)), default=None)

    def hush(self, ended: Sequence[Silence], begun: Sequence[Silence]) -> None:
        self.silences = [each for each in self.silences if each not in ended and each not in begun]
        self.silences += begun
        for alert in self.alerts.values():
            before, alert.silenced = alert.silenced, self.silent_until(alert.key)
            if alert.silenced is not None and alert.silenced != before:
                self.tell(alert, Happening.SILENCED)
            elif alert.silenced is None and before is not None:
                alert.reminded = self.now.monotonic
                self.tell(alert, Happening.UNSILENCED)

    def leave(self, alert: Course) -> None:
        del self.alerts[alert.key], self.by_rule[alert.key.rule][alert.key]
        fired = alert.state is State.FIRING
        if alert.state is not State.INACTIVE:
            alert.value, alert.acknowledged = None, False
            alert.state, alert.since = State.INACTIVE, self.now
            self.tell(alert, Happening.INACTIVE)
        self.tell(alert, Happening.GONE)
        if fired:
            self.explain(alert)

    def tell(self, alert: Course, happening: Happening) -> None:
        alert.told.append(
            (
                happening,
                alert.state,
                self.now.time,
                alert.since.time,
                alert.value,
                alert.acknowledged,
                alert.silenced,
                alert.inhibited and alert.state is not State.INACTIVE,
                alert.flapping,
            )
        )
