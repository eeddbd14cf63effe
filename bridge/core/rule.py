"""Rule: what is watched, when that is an alert, and what is said of it then. The engine is in `rules`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache

from bridge.core.alert import Severity
from bridge.core.sample import Labels

Patterns = Mapping[str, tuple[str, ...]]
"""For each label the globs of which one must match; those that begin with `!` must not match."""


class Measure(StrEnum):
    """What is made of the values of a series.

    VALUE: the last one. INCREASE: by how much a counter grew within the window. RATE: the same per second.
    CHANGE: how far the last value is from that at the begin of the window, up or down. ABSENCE: seconds since
    one came.
    """

    VALUE = "value"
    INCREASE = "increase"
    RATE = "rate"
    CHANGE = "change"
    ABSENCE = "absence"


class Aggregate(StrEnum):
    """How several series become one number, where a rule groups by fewer labels than they have."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"
    MEAN = "mean"
    COUNT = "count"


class Compare(StrEnum):
    """What makes a number bad."""

    ABOVE = "above"
    BELOW = "below"
    EQUAL = "equal"
    UNEQUAL = "unequal"


@dataclass(frozen=True, slots=True)
class Term:
    """A number that is watched.

    Attributes:
        metric: name of the metric.
        match: which of its series.
        measure: what is made of their values.
        over: seconds of the window, for the measures that have one.
        aggregate: how several series become one number.
    """

    metric: str
    match: Patterns = field(default_factory=dict)
    measure: Measure = Measure.VALUE
    over: float = 0.0
    aggregate: Aggregate = Aggregate.SUM


@dataclass(frozen=True, slots=True)
class Test:
    """When a number is bad.

    Attributes:
        compare: in which direction.
        threshold: from where on.
        clear: where it is good again, once it was bad; None for the threshold itself.
    """

    __test__ = False

    compare: Compare
    threshold: float
    clear: float | None = None

    def met(self, value: float, *, bad: bool = False) -> bool:
        """Whether the number is bad, after it was `bad` or good."""
        bound = self.clear if bad and self.clear is not None else self.threshold
        match self.compare:
            case Compare.ABOVE:
                return value > bound
            case Compare.BELOW:
                return value < bound
            case Compare.EQUAL:
                return value == self.threshold
            case Compare.UNEQUAL:
                return value != self.threshold


@dataclass(frozen=True, slots=True)
class Rule:
    """What is watched, and what is said of it.

    Attributes:
        name: lower case letters, digits and `_`.
        term: what is watched.
        test: when it is bad.
        by: the labels besides `pbx` for whose values there is an alert each.
        divisor: divides what is watched, so that a ratio is tested; where it is 0 there is no ratio.
        given: a further term and test, which must hold too; its labels, as far as it has them, are those of
            the alert.
        hold: seconds for which it must be bad before the alert fires.
        severity: how bad it is.
        summary: what people are told; `{value}`, `{threshold}` and `{<label>}` are filled in.
        inhibited_by: rules whose alerts, firing for the same PBX and equal labels, explain this one.
        schedule: name of the schedule in whose time it is watched; empty for always.
        repeat: seconds between reminders while it fires and nobody has acknowledged it; 0 for none.
        flaps: how many times it may fire within `calm` before it counts as flapping; 0 for any number.
        calm: seconds; one that flaps is over when it has been good for so long.
    """

    name: str
    term: Term
    test: Test
    by: tuple[str, ...] = ()
    divisor: Term | None = None
    given: tuple[Term, Test] | None = None
    hold: float = 0.0
    severity: Severity = Severity.WARNING
    summary: str = ""
    inhibited_by: tuple[str, ...] = ()
    schedule: str = ""
    repeat: float = 0.0
    flaps: int = 0
    calm: float = 600.0

    @property
    def terms(self) -> list[Term]:
        """Everything that it reads."""
        return [
            self.term,
            *([self.divisor] if self.divisor else []),
            *([self.given[0]] if self.given else []),
        ]


def matches(match: Patterns, labels: Labels) -> bool:
    """Whether the labels are meant; a label that is not there is taken as empty."""
    values = dict(labels)
    return all(_fits(patterns, values.get(name, "")) for name, patterns in match.items())


def _fits(patterns: tuple[str, ...], value: str) -> bool:
    wanted = [each for each in patterns if not each.startswith("!")]
    barred = [each[1:] for each in patterns if each.startswith("!")]
    return (not wanted or any(glob(each, value) for each in wanted)) and not any(
        glob(each, value) for each in barred
    )


def glob(pattern: str, value: str) -> bool:
    """Whether the value fits a pattern of `*`, `?` and `[...]`, in which case matters."""
    return _compiled(pattern).match(value) is not None


@lru_cache(1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
