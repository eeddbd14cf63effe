"""Settings of one rule: what users may write of it, and what is wrong with that."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bridge.asterisk.catalog import CATALOG
from bridge.core.metric import MetricKind
from bridge.core.summary import fields_of
from bridge.settings.types import Duration, Globs, Limit, Pause, RuleName, Section, Words

FREE = frozenset({"statsd", "snmp"})
"""Groups of metrics that users name: their buckets, and their objects of other MIBs."""
WINDOWS = frozenset({"increase", "rate", "change"})
COMPARISONS = ("above", "below", "equal", "unequal", "absent")
FORMAT = re.compile(r",?(?:\.[0-9])?[efg%]?")
"""How a number may be shown: a width would let a summary be of any length."""
NUMBERS = ("value", "threshold")
WORDS = ("pbx", "rule", "severity")
"""What every summary may say, besides the labels of its alert."""


def suggestion(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """`; did you mean ...?`, or what there is to choose from if that is little."""
    close = get_close_matches(word[:100], known, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there is {', '.join(known)}" if 0 < len(known) <= 8 else ""


def _metric(name: str) -> str:
    if not name or (name not in CATALOG and name.partition(".")[0] not in FREE):
        raise ValueError(f"is not a metric{suggestion(name, CATALOG)}")
    return name


MetricName = Annotated[str, AfterValidator(_metric)]


def labels_of(metric: str) -> tuple[str, ...]:
    """The labels of a metric besides `pbx`; of one that users name none is known."""
    return CATALOG[metric].labels if metric in CATALOG else ()


def is_counted(metric: str) -> bool:
    """Whether it is a counter, or may be one."""
    return metric not in CATALOG or CATALOG[metric].kind is MetricKind.COUNTER


def _strange_label(label: str, metric: str) -> str:
    """What is wrong with a label of a metric; empty if nothing is."""
    known = ("pbx", *labels_of(metric))
    if metric not in CATALOG or label in known:
        return ""
    return f"has {label!r}, which {metric} has not{suggestion(label, known)}"


class TermSettings(Section):
    """A number, and when it is bad."""

    metric: MetricName = Field(description="Such as queue.waiting, or a bucket such as statsd.orders")
    labels: Globs = Field(
        default_factory=dict,
        description="Which of its series: label=glob,label=glob, of one label any of several; !glob excludes",
    )
    measure: Literal["value", "increase", "rate", "change"] = Field(
        "value",
        description="What is made of it: the last value; how much a counter grew in `over`; the same per "
        "second; how far it moved in `over`, up or down",
    )
    over: Duration | None = Field(None, description="Window of increase, rate and change")
    aggregate: Literal["sum", "max", "min", "mean", "count"] = Field(
        "sum", description="How several series become one number"
    )
    above: Limit | None = Field(None, description="Bad is what is more than this")
    below: Limit | None = Field(None, description="Bad is what is less than this")
    equal: Limit | None = Field(None, description="Bad is exactly this")
    unequal: Limit | None = Field(None, description="Bad is all but this")

    @property
    def comparisons(self) -> list[str]:
        """The fields that say when it is bad; there must be one."""
        return [name for name in COMPARISONS if getattr(self, name, None) is not None]

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """It must be said once when it is bad; the metric must have what is asked of it."""
        names = tuple(name for name in COMPARISONS if name in type(self).model_fields)
        if not self.comparisons:
            yield "metric", f"is never bad: give it one of {', '.join(names)}"
        for name in self.comparisons[1:]:
            yield name, f"cannot be given with {self.comparisons[0]}: keep one of them"
        for label in self.labels:
            if fault := _strange_label(label, self.metric):
                yield "labels", fault
        yield from self._window_conflicts()

    def _window_conflicts(self) -> Iterator[tuple[str, str]]:
        if self.measure in WINDOWS and self.over is None:
            yield "over", f"is needed with measure {self.measure}: the window, such as 5m"
        if self.measure not in WINDOWS and self.over is not None:
            yield "over", f"is given, but measure is {self.measure}, which has no window"
        if self.measure in {"increase", "rate"} and not is_counted(self.metric):
            yield "measure", f"is {self.measure}, but {self.metric} is no counter: change is for those"


class GivenSettings(TermSettings):
    """What must hold besides, so that a rule is bad: such as enough calls to take a ratio of."""


class RuleSettings(TermSettings):
    """One rule: what is watched, when that is an alert, and what is said of it."""

    absent: Duration | None = Field(
        None, description="Bad is when it has not come for so long while the bridge runs"
    )
    clear: Limit | None = Field(
        None, description="Where it is good again, if that is not where it is bad (hysteresis)"
    )
    divided_by: MetricName | None = Field(
        None,
        description="Metric by which it is divided, over the same window; by itself: the share of all of it",
    )
    by: Words | None = Field(
        None, description="Labels for each value of which there is an alert; unset: all of the metric"
    )
    for_: Pause = Field(0.0, alias="for", description="How long it must be bad before the alert fires")
    given: GivenSettings | None = Field(None, description="What must hold besides")
    severity: Literal["info", "warning", "critical"] = Field("warning", description="How bad it is")
    summary: str = Field(
        "", description="Sentence for people; {value}, {threshold}, {pbx} and {<label>} are filled in"
    )
    inhibited_by: Annotated[Words, Field(description="Rules whose alerts explain this one")] = ()
    schedule: RuleName | None = Field(None, description="Schedule in whose time it is watched; unset: always")
    repeat: Pause = Field(14400.0, description="Time between reminders until somebody acknowledges; 0: none")
    flaps: int = Field(
        5, ge=0, le=1000, description="More alerts than this within `calm` are flapping; 0: never"
    )
    calm: Duration = Field(600.0, description="How long one that flaps must be good to be over")
    enabled: bool = Field(True, description="Watch it")

    @property
    def grouped_by(self) -> tuple[str, ...]:
        """The labels besides `pbx` for each value of which there is an alert."""
        return labels_of(self.metric) if self.by is None else self.by

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """All that is wrong with it by itself."""
        yield from super().conflicts()
        yield from self._clear_conflicts()
        yield from self._absence_conflicts()
        yield from self._summary_conflicts()
        for label in self.by or ():
            if label == "pbx":
                yield "by", "has 'pbx', which every alert has"
            elif fault := _strange_label(label, self.metric):
                yield "by", fault

    def _clear_conflicts(self) -> Iterator[tuple[str, str]]:
        if self.clear is None:
            return
        if self.above is not None and self.clear > self.above:
            yield "clear", f"is {self.clear:g}, which must not be more than above, {self.above:g}"
        elif self.below is not None and self.clear < self.below:
            yield "clear", f"is {self.clear:g}, which must not be less than below, {self.below:g}"
        elif self.above is None and self.below is None:
            yield "clear", "is for above and below only"

    def _absence_conflicts(self) -> Iterator[tuple[str, str]]:
        if self.absent is None:
            return
        if self.measure != "value":
            yield "measure", f"is {self.measure}, but absent looks at no values"
        if self.divided_by is not None:
            yield "divided_by", "is given, but absent looks at no values"

    def _summary_conflicts(self) -> Iterator[tuple[str, str]]:
        known = (*NUMBERS, *WORDS, *self.grouped_by)
        try:
            fields = fields_of(self.summary)
        except ValueError as error:
            what = str(error) if "{" in str(error) else "has braces that do not match; write {{ for one brace"
            yield "summary", what
            return
        for _, name, form in fields:
            if not name:
                continue
            if name not in known:
                yield "summary", f"has {{{name}}}, which its alerts have not{suggestion(name, known)}"
            elif form and (name not in NUMBERS or not FORMAT.fullmatch(form)):
                yield "summary", f"has {{{name}:{form}}}: write {{value:.1f}}, {{value:%}} or no format"
