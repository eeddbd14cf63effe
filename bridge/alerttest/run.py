"""Tests of alerts as data: a file says what comes, and which alerts there must be then.

    interval = "15s"

    [[test]]
    name = "a trunk that is down for half a minute"

    [[test.series]]
    metric = "trunk.up"
    labels = { trunk = "acme" }
    values = "1 0x4 1"

    [[test.expect]]
    at = "45s"
    rule = "trunk_down"
    state = "firing"

The rules are those of the settings; `[rule.<name>]` in the file goes over them. They run in the real engine,
with a clock of their own, and all of it is over in no time.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bridge import schedules
from bridge.alerttest.cases import LONGEST, Case, Cases, Expected, read, values
from bridge.core.alert import Moment, Notice, State
from bridge.core.rules import Rules
from bridge.core.sample import Labels, Sample
from bridge.core.schedule import Schedule, Span
from bridge.environment import checked, readable
from bridge.errors import Fault, SettingsError
from bridge.schedules import schedule_of
from bridge.settings import AlertsSettings, ScheduleSettings
from bridge.settings.alerts import over, rules
from bridge.settings.rules import suggestion
from bridge.settings.values import show_duration

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
"""When a test begins unless it says so: a Monday."""
BACK = 2 * 86_400.0
"""Seconds before a test for which the events of calendars are known."""
STEP = 0.001
"""Seconds by which the time goes on at least: what is due at once is due again then."""


class Outcome(NamedTuple):
    """What came of a test: everything that was not as expected."""

    name: str
    faults: tuple[str, ...]


def run_tests(path: Path, settings: AlertsSettings) -> list[Outcome]:
    """Run all tests of a file with the rules of the settings.

    Raises:
        SettingsError: the file cannot be understood, with every fault in it.
    """
    cases = read(path)
    alerts = checked(
        lambda: over(settings, cases.rule, cases.schedule), lambda place: f"{path}: {'.'.join(place)}"
    )
    faults = [
        *_strangers(path, cases, alerts),
        *_servers(path, alerts),
        *schedules.faults(alerts.schedule),
    ]
    if faults:
        raise readable(faults)
    return [
        Outcome(case.name, tuple(_run(case, alerts, case.interval or cases.interval))) for case in cases.test
    ]


def _strangers(path: Path, cases: Cases, alerts: AlertsSettings) -> Iterator[Fault]:
    """Names of rules that are not watched."""
    known = tuple(name for name, rule in alerts.rule.items() if rule.enabled)
    for case in cases.test:
        named = [*case.looked_at, *(expected.rule for expected in case.expect if expected.rule)]
        for name in dict.fromkeys(each for each in named if each not in known):
            what = f"names {name!r}, which is no rule that is enabled{suggestion(name, known)}"
            yield Fault(f"{path}: test {case.name!r}", what)


def _servers(path: Path, alerts: AlertsSettings) -> Iterator[Fault]:
    """Calendars that only a web server has."""
    for name, schedule in alerts.schedule.items():
        if any("://" in source for source in (*schedule.open, *schedule.closed)):
            yield Fault(f"{path}: schedule.{name}", "names a URL, but tests ask no server", "name a file")


def _run(case: Case, settings: AlertsSettings, interval: float) -> Iterator[str]:
    """Let the time of a test pass; tell what was not as expected."""
    begin = case.start or BEGIN
    start = (begin if begin.tzinfo else begin.replace(tzinfo=UTC)).timestamp()
    now = Moment(start, 0.0)
    schedules = {name: _schedule(each, start) for name, each in settings.schedule.items()}
    engine = Rules(rules(settings), now, schedules, stale=settings.stale, limit=settings.limit)
    engine.expect({told.series.pbx for told in case.series}, now)
    samples = _samples(case, interval, start)
    for at in sorted({*samples, *(expected.at for expected in case.expect)}):
        _pass(engine, now, at)
        now = Moment(start + at, at)
        engine.take(samples.get(at, []), now)
        engine.tick(now)
        expected = [each for each in case.expect if each.at == at]
        if expected:
            faults = _compare(case, expected, list(engine.everything()))
            yield from (f"at {show_duration(at)}: {fault}" for fault in faults)


def _schedule(settings: ScheduleSettings, start: float) -> Schedule:
    zone = ZoneInfo(settings.timezone)
    opened = _spans(settings.open, zone, start) if settings.open else None
    closed = _spans(settings.closed, zone, start) if settings.closed else None
    return schedule_of(settings, opened, closed)


def _spans(sources: Iterable[str], zone: ZoneInfo, start: float) -> list[Span]:
    """When events of calendars take place.

    Raises:
        SettingsError: a calendar cannot be used.
    """
    from bridge import calendars  # noqa: PLC0415 - of an extra, and it takes a while

    found: list[Span] = []
    for source in sources:
        try:
            found += calendars.spans(Path(source).read_bytes(), zone, start - BACK, start + LONGEST)
        except (ValueError, OSError) as error:
            raise SettingsError([Fault(source, f"is no calendar that can be used: {error}")]) from error
    return found


def _samples(case: Case, interval: float, start: float) -> dict[float, list[Sample]]:
    """The samples of all series, by when they come."""
    samples: dict[float, list[Sample]] = {}
    last = max(expected.at for expected in case.expect)
    for told in case.series:
        for index, value in enumerate(values(told.values)):
            at = index * interval
            if value is not None and at <= last:
                samples.setdefault(at, []).append(Sample(told.series, value, start + at))
    return samples


def _pass(engine: Rules, now: Moment, until: float) -> None:
    """Do what is due by itself before a moment."""
    begin = now.time - now.monotonic
    at = now.monotonic
    while (at := max(engine.due, at + STEP)) < until:
        engine.tick(Moment(begin + at, at))


def _compare(case: Case, expected: list[Expected], standing: list[Notice]) -> Iterator[str]:
    """What is not as expected at one moment."""
    active = [each for each in standing if each.state is not State.INACTIVE]
    matched: list[Notice] = []
    for one in expected:
        if one.rule:
            meant = [each for each in active if _is_meant(one, each)]
            matched += meant
            yield from _judge(one, meant)
    if case.exact:
        for each in active:
            if each.key.rule in case.looked_at and each not in matched:
                yield f"{_name(each.key.rule, each.key.labels)} is {each.state}, which nothing expects"


def _is_meant(expected: Expected, notice: Notice) -> bool:
    labels = dict(notice.key.labels)
    return notice.key.rule == expected.rule and all(
        labels.get(name) == value for name, value in expected.labels.items()
    )


def _judge(expected: Expected, meant: list[Notice]) -> Iterator[str]:
    """What is wrong with the alerts that are meant, of which there must be one at most."""
    name = _name(expected.rule, tuple(expected.labels.items()))
    if len(meant) > 1:
        yield f"{len(meant)} alerts are meant by {name}: name more labels"
        return
    state = meant[0].state if meant else State.INACTIVE
    if state != expected.state:
        yield f"{name} is {state} instead of {expected.state}"
    for notice in meant:
        for field in ("severity", "summary", "value", "inhibited", "flapping"):
            wanted, found = getattr(expected, field), getattr(notice, field)
            if wanted is not None and not _equal(wanted, found):
                yield f"{name} has {field} {_shown(found)} instead of {wanted!r}"


def _equal(wanted: object, found: object) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        return abs(wanted - found) <= 1e-9 * max(1.0, abs(wanted))
    return wanted == found


def _shown(value: object) -> str:
    return repr(str(value)) if isinstance(value, str) else repr(value)


def _name(rule: str, labels: Labels) -> str:
    return " ".join([rule, *(f"{name}={value}" for name, value in labels)])


def report(path: Path, outcomes: list[Outcome]) -> str:
    """What came of the tests of a file, as text."""
    failed = [outcome for outcome in outcomes if outcome.faults]
    lines = [
        line
        for outcome in failed
        for line in (f"FAILED  {outcome.name}", *(f"        {fault}" for fault in outcome.faults))
    ]
    good = f"{len(outcomes) - len(failed)} of {len(outcomes)} tests are good"
    return "\n".join([*lines, f"{path}: {good}"])
