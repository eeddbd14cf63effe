"""Settings of alerts: where rules come from, all rules and schedules together, and the rules of the core."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import Field, field_serializer

from bridge.asterisk.alerts import SHIPPED
from bridge.core.alert import Severity
from bridge.core.rule import Aggregate, Compare, Measure, Rule, Term, Test
from bridge.settings.rules import (
    COMPARISONS,
    RuleSettings,
    TermSettings,
    is_counted,
    labels_of,
    suggestion,
)
from bridge.settings.types import (
    Amount,
    CalendarSources,
    Duration,
    File,
    RuleName,
    Section,
    TimeZone,
    WeeklyHours,
)

Table = dict[str, Any]


class ScheduleSettings(Section):
    """When rules that name it are watched: weekly hours, and events of calendars."""

    hours: WeeklyHours = Field(
        "", description="Weekly hours, such as `Mon-Fri 08:00-18:00, Sat 09:00-13:00`; unset: at all times"
    )
    timezone: TimeZone = Field(description="Time zone, such as Europe/Berlin")
    open: CalendarSources = Field(
        (), description="Calendars (.ics files, or their https:// URLs) whose events open it besides"
    )
    closed: CalendarSources = Field(
        (), description="Calendars whose events close it in spite of that, such as public holidays"
    )


@cache
def _shipped() -> Mapping[str, RuleSettings]:
    return {name: RuleSettings(**shipped.fields) for name, shipped in SHIPPED.items()}


class AlertsSettings(Section):
    """Alerts: the rules that ship are in force unless other settings go over them."""

    enabled: bool = Field(True, description="Watch the rules, and publish alerts over MQTT")
    file: File | None = Field(
        None, description="TOML file with rules and schedules, such as config/alerts.toml; read at SIGHUP"
    )
    commands: bool = Field(
        False, description="Take requests over MQTT, ack, silence, unsilence, list, health, and on the page"
    )
    stale: Duration = Field(
        300.0, description="What was silent for so long, while its PBX answers, has gone with its alerts"
    )
    limit: Amount = Field(20_000, description="The most alerts that are kept; what comes then is not watched")
    buffer: Amount = Field(100_000, description="The most notices kept while the broker is away")
    schedule: dict[RuleName, ScheduleSettings] = Field(
        default_factory=dict, description="The schedules, by name"
    )
    rule: dict[RuleName, RuleSettings] = Field(
        default_factory=lambda: dict(_shipped()), description="The rules, by name"
    )

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """Rules must name only each other, and schedules that there are."""
        for name, rule in self.rule.items():
            for other in rule.inhibited_by:
                if other == name:
                    yield f"rule.{name}.inhibited_by", "has the rule itself"
                elif other not in self.rule:
                    yield (
                        f"rule.{name}.inhibited_by",
                        f"has {other!r}, which is no rule{suggestion(other, self.rule)}",
                    )
            if rule.enabled and rule.schedule is not None and rule.schedule not in self.schedule:
                known = suggestion(rule.schedule, self.schedule)
                yield f"rule.{name}.schedule", f"names {rule.schedule!r}, which is no schedule{known}"

    @field_serializer("rule", when_used="json")
    def _changed(self, rules: dict[str, RuleSettings]) -> dict[str, Table]:
        """What users have written: those that ship are known."""
        return {
            name: rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
            for name, rule in rules.items()
            if rule != _shipped().get(name)
        }


def shipped_tables() -> dict[str, Table]:
    """The rules that ship, as a layer of settings holds them."""
    return {name: _whole_labels(shipped.fields) for name, shipped in SHIPPED.items()}


def _whole_labels(fields: Mapping[str, Any]) -> Table:
    """Labels as pairs: those of another layer replace them all."""
    table = dict(fields)
    if "labels" in table:
        table["labels"] = tuple(table["labels"].items())
    if "given" in table:
        table["given"] = _whole_labels(table["given"])
    return table


def guess(rule: str) -> str:
    """The rule that ships and is likely meant by a name that is none; empty if there is none."""
    return suggestion(rule, tuple(SHIPPED)).removeprefix("; ")


def overruled(tables: list[Table]) -> list[Table]:
    """The tables of one rule, the first above the others, without what those above leave no room for.

    One that names a metric writes the rule anew. One that says when it is bad does so alone; how it becomes
    good again may still come from below, if it fits.
    """
    kept: list[Table] = []
    anew = False
    for table in tables:
        kept.append({} if anew else dict(table))
        anew = anew or "metric" in table
    for index, upper in enumerate(kept):
        for lower in kept[index + 1 :]:
            _give_way(lower, upper)
    givens = [index for index, table in enumerate(kept) if isinstance(table.get("given"), dict)]
    if len(givens) > 1:
        for index, given in zip(givens, overruled([kept[index]["given"] for index in givens]), strict=True):
            kept[index]["given"] = given
    return kept


def _give_way(lower: Table, upper: Table) -> None:
    said = [name for name in COMPARISONS if name in upper]
    if not said:
        return
    for name in COMPARISONS:
        if name not in said:
            lower.pop(name, None)
    if "clear" in lower and "clear" not in upper and not _fits(lower["clear"], said[0], upper[said[0]]):
        del lower["clear"]


def _fits(clear: object, name: str, threshold: object) -> bool:
    """Whether the one may go with the other; what cannot be judged is judged later."""
    try:
        low, high = (
            float(str(each)) for each in ((clear, threshold) if name == "above" else (threshold, clear))
        )
    except ValueError:
        return True
    return name in {"above", "below"} and low <= high


def over(
    settings: AlertsSettings, rules: Mapping[str, Table], schedules: Mapping[str, Table]
) -> AlertsSettings:
    """The settings with rules and schedules that are written elsewhere over them.

    Raises:
        ValidationError: of pydantic.
    """
    below = {name: rule.model_dump(by_alias=True, exclude_unset=True) for name, rule in settings.rule.items()}
    merged = {name: _merged(*overruled([table, below.get(name, {})])) for name, table in rules.items()}
    fields = {name: value for name, value in settings if name not in {"rule", "schedule"}}
    schedule = {**{name: dict(each) for name, each in settings.schedule.items()}, **schedules}
    return AlertsSettings(**fields, rule={**below, **merged}, schedule=schedule)


def _merged(upper: Table, lower: Table) -> Table:
    both = {**lower, **upper}
    if isinstance(lower.get("given"), dict) and isinstance(upper.get("given"), dict):
        both["given"] = _merged(upper["given"], lower["given"])
    return both


# --- the rules of the core


def rules(settings: AlertsSettings) -> list[Rule]:
    """The rules that are watched."""
    watched = ((name, rule) for name, rule in settings.rule.items() if rule.enabled)
    return [rule_of(name, rule) for name, rule in watched] if settings.enabled else []


def rule_of(name: str, settings: RuleSettings) -> Rule:
    """One rule as the core knows it."""
    given = settings.given
    return Rule(
        name=name,
        term=_term(settings),
        test=_test(settings),
        by=settings.grouped_by,
        divisor=_divisor(settings),
        given=(_term(given), _test(given)) if given else None,
        hold=settings.for_,
        severity=Severity(settings.severity),
        summary=settings.summary or _sentence(settings),
        inhibited_by=settings.inhibited_by,
        schedule=settings.schedule or "",
        repeat=settings.repeat,
        flaps=settings.flaps,
        calm=settings.calm,
    )


def _term(settings: TermSettings) -> Term:
    absent = settings.comparisons == ["absent"]
    return Term(
        metric=settings.metric,
        match=dict(settings.labels),
        measure=Measure.ABSENCE if absent else Measure(settings.measure),
        over=settings.over or 0.0,
        aggregate=Aggregate(settings.aggregate),
    )


def _test(settings: TermSettings) -> Test:
    (name,) = settings.comparisons
    threshold = getattr(settings, name)
    if name == "absent":
        return Test(Compare.ABOVE, threshold)
    return Test(Compare(name), threshold, getattr(settings, "clear", None))


def _divisor(settings: RuleSettings) -> Term | None:
    """What divides: of another metric the series with the same labels, of the same one all of them."""
    if settings.divided_by is None:
        return None
    shared = {"pbx", *labels_of(settings.divided_by)} if settings.divided_by != settings.metric else {"pbx"}
    moves = settings.measure == "change" or is_counted(settings.divided_by)
    return Term(
        metric=settings.divided_by,
        match={name: globs for name, globs in settings.labels.items() if name in shared},
        measure=Measure(settings.measure) if moves else Measure.VALUE,
        over=settings.over or 0.0 if moves else 0.0,
        aggregate=Aggregate(settings.aggregate),
    )


def _sentence(settings: RuleSettings) -> str:
    """What is said where the user has written no summary."""
    labels = " ".join(f"{{{label}}}" for label in settings.grouped_by)
    about = f"{settings.metric} of {{pbx}}{' ' if labels else ''}{labels}"
    (name,) = settings.comparisons
    if name == "absent":
        return f"{about} has not come for {{value:.0f}} s"
    return f"{about} is {{value}} ({name} {{threshold}})"
