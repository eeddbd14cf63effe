"""Course: how one alert goes, by what is looked at and by the time that passes."""

from collections import deque
from collections.abc import Iterator
from math import inf

from bridge.core.alert import Happening, Key, Moment, Notice, State
from bridge.core.recall import Recall
from bridge.core.rule import Compare, Rule, Term, Test
from bridge.core.state import Json, mapping, number, sequence
from bridge.core.state import text as text_in
from bridge.core.summary import filled

MARKS = ("met", "unsure", "inhibited", "acknowledged", "flapping")
"""What is kept of an alert if it is so."""


class Alert:
    """One alert. What happens to it comes out as notices, in order.

    Args:
        rule: what is watched.
        key: which of its alerts.
        now: when it is known first.

    Attributes:
        rule, key: as given.
        state: how it stands.
        value: what was looked at last; None if it is not known.
        inhibited: a graver alert explains it.
        silenced: until when nobody is told, in Unix seconds; None if people are.
        acknowledged: somebody cares for it.
        number: that of the last notice; it begins at the time, so that no two notices ever have the same.
        begun: the number of the notice with which it last ceased to be inactive.
    """

    def __init__(self, rule: Rule, key: Key, now: Moment) -> None:
        self.rule = rule
        self.key = key
        self.state = State.INACTIVE
        self.value: float | None = None
        self.inhibited = False
        self.silenced: float | None = None
        self.acknowledged = False
        self.number = int(now.time)
        self.begun = 0
        self._since = now
        self._told: float | None = None
        self._met = False
        self._fresh = True
        self._reminded = now.monotonic
        self._good_since: float | None = None
        self._fired: deque[float] = deque(maxlen=max(1, rule.flaps + 1))
        self._flapping = False

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever told of it."""
        return self._told is None

    def look(self, value: float | None, met: bool, now: Moment) -> Iterator[Notice]:
        """Take what is watched now, and whether that is bad."""
        self.value, self._met, self._fresh = value, met, True
        return self.elapse(now)

    def rests(self, value: float | None) -> bool:
        """Take what is watched now, and is good: whether nothing comes of it, as it is mostly."""
        if self.state is not State.INACTIVE:
            return False
        self.value, self._met, self._fresh = value, False, True
        return True

    def elapse(self, now: Moment) -> Iterator[Notice]:
        """Do what is due: time alone fires an alert, ends one that flapped, and reminds of one."""
        if self.state is State.INACTIVE and self._met:
            yield from self._begin(now)
        elif self.state is State.PENDING:
            yield from self._wait(now)
        elif self.state is State.FIRING:
            yield from self._burn(now)

    def _begin(self, now: Moment) -> Iterator[Notice]:
        self.begun = self.number + 1
        if self.rule.hold or self.inhibited:
            yield self._enter(State.PENDING, now)
        else:
            yield self._fire(now)

    def _wait(self, now: Moment) -> Iterator[Notice]:
        if not self._met:
            yield self._enter(State.INACTIVE, now)
        elif self._may_fire and now.monotonic >= self._since.monotonic + self.rule.hold:
            yield self._fire(now)

    @property
    def _may_fire(self) -> bool:
        """What was seen before a graver alert ended is not believed: it may be over with that one."""
        return self._fresh and not self.inhibited

    def _burn(self, now: Moment) -> Iterator[Notice]:
        if self._met:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = now.monotonic
        if self._good_since is not None and now.monotonic >= self._good_since + self._calm:
            self._good_since, self._flapping, self.acknowledged = None, False, False
            yield self._enter(State.INACTIVE, now)
        elif self._reminds and now.monotonic >= self._reminded + self.rule.repeat:
            self._reminded = now.monotonic
            yield self.notice(Happening.REMINDER, now)

    @property
    def _calm(self) -> float:
        return self.rule.calm if self._flapping else 0.0

    @property
    def _reminds(self) -> bool:
        quiet = self.acknowledged or self.inhibited or self.silenced is not None
        return self.rule.repeat > 0 and not quiet

    def _fire(self, now: Moment) -> Notice:
        self._reminded = now.monotonic
        self._fired.append(now.monotonic)
        often = self.rule.flaps > 0 and len(self._fired) > self.rule.flaps
        self._flapping = often and now.monotonic - self._fired[0] <= self.rule.calm
        return self._enter(State.FIRING, now)

    def _enter(self, state: State, now: Moment) -> Notice:
        self.state, self._since = state, now
        return self.notice(Happening(state.value), now)

    def due(self) -> float:
        """When something happens by itself, in monotonic seconds; infinity for never."""
        if self.state is State.PENDING and self._met and self._may_fire:
            return self._since.monotonic + self.rule.hold
        if self.state is State.FIRING:
            over = inf if self._good_since is None else self._good_since + self._calm
            return min(over, self._reminded + self.rule.repeat if self._reminds else inf)
        return inf

    def inhibit(self, inhibited: bool, now: Moment) -> Iterator[Notice]:
        """A graver alert explains this one from now on, or does so no more."""
        if inhibited != self.inhibited:
            self.inhibited, self._fresh = inhibited, False
            self._reminded = now.monotonic
            if self.state is not State.INACTIVE:
                yield self.notice(Happening.INHIBITED if inhibited else Happening.RELEASED, now)

    def silence(self, until: float | None, now: Moment) -> Iterator[Notice]:
        """Tell nobody until then, in Unix seconds; with None tell people again."""
        before, self.silenced = self.silenced, until
        if until is not None and until != before:
            yield self.notice(Happening.SILENCED, now)
        elif until is None and before is not None:
            self._reminded = now.monotonic
            yield self.notice(Happening.UNSILENCED, now)

    def acknowledge(self, now: Moment) -> Iterator[Notice]:
        """Somebody cares for it, until it is over."""
        if self.state is State.FIRING and not self.acknowledged:
            self.acknowledged = True
            yield self.notice(Happening.ACKNOWLEDGED, now)

    def leave(self, now: Moment) -> Iterator[Notice]:
        """What it watches is not there any more."""
        if self.state is not State.INACTIVE:
            self.value, self.acknowledged = None, False
            yield self._enter(State.INACTIVE, now)
        yield self.notice(Happening.GONE, now)

    def notice(self, happening: Happening, now: Moment) -> Notice:
        """Tell that something has happened."""
        self.number += 1
        self._told = now.time
        return self.standing(happening)

    def standing(self, happening: Happening) -> Notice:
        """How it stands since its last notice, whose number and time it has."""
        return Notice(
            key=self.key,
            happening=happening,
            time=self._since.time if self._told is None else self._told,
            number=self.number,
            state=self.state,
            severity=self.rule.severity,
            since=self._since.time,
            value=self.value,
            threshold=self.rule.test.threshold,
            summary=summary(self.rule, self.key, self.value),
            acknowledged=self.acknowledged,
            silenced_until=self.silenced,
            inhibited=self.inhibited and self.state is not State.INACTIVE,
            flapping=self._flapping,
        )

    def kept(self) -> Json:
        """What must be known to go on after a restart.

        Most alerts are inactive, so what is as it was at the begin is left out.
        """
        words: dict[str, Json] = {"number": self.number, "since": list(self._since), "value": self.value}
        if self.state is not State.INACTIVE:
            words["state"] = self.state.value
            words["reminded"] = self._reminded
            words["begun"] = self.begun
        if self._told != self._since.time:
            words["told"] = self._told
        if self._fired:
            words["fired"] = list(self._fired)
        if self._good_since is not None:
            words["good_since"] = self._good_since
        marks = (self._met, not self._fresh, self.inhibited, self.acknowledged, self._flapping)
        if any(marks):
            words["marks"] = [name for name, is_set in zip(MARKS, marks, strict=True) if is_set]
        return words

    def restore(self, state: Json, recall: Recall) -> None:
        """Go on from what `kept` gave; what has another shape is left out. Silences are kept apart."""
        words = mapping(state)
        if text_in(words.get("state")) in set(State):
            self.state = State(text_in(words.get("state")))
        time, monotonic = (*sequence(words.get("since")), None, None)[:2]
        since, at = number(time), recall(monotonic)
        if since is not None and at is not None:
            self._since = Moment(since, at)
        self.value = number(words.get("value"))
        self.number = int(number(words.get("number")) or self.number)
        self.begun = int(number(words.get("begun")) or 0)
        self._told = number(words.get("told", self._since.time))
        reminded = recall(words.get("reminded"))
        self._reminded = self._reminded if reminded is None else reminded
        self._good_since = recall(words.get("good_since"))
        fired = (recall(each) for each in sequence(words.get("fired")))
        self._fired.extend(each for each in fired if each is not None)
        marks = sequence(words.get("marks"))
        self._met = "met" in marks
        self._fresh = "unsure" not in marks
        self.inhibited = "inhibited" in marks
        self.acknowledged = "acknowledged" in marks
        self._flapping = "flapping" in marks


def orphaned(key: Key, now: Moment) -> Alert:
    """An alert whose rule is not there any more."""
    return Alert(Rule(key.rule, Term(""), Test(Compare.ABOVE, 0.0)), key, now)


def summary(rule: Rule, key: Key, value: float | None) -> str:
    """What people are told: the rule's sentence with what is known filled in."""
    return filled(
        rule.summary,
        {
            **dict(key.labels),
            "rule": rule.name,
            "severity": rule.severity.value,
            "threshold": rule.test.threshold,
            "value": value,
        },
    )
