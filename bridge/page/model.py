"""Model: what the page shows, as values; how it looks is the matter of `html`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.core import own
from bridge.core.alert import Key, Notice, Severity, State
from bridge.core.metric import Metric
from bridge.core.rejected import Rejected
from bridge.core.sample import BRIDGE
from bridge.core.silence import Silence
from bridge.core.working import Working
from bridge.page.history import History
from bridge.page.pbx import Pbx, pbx_of
from bridge.page.plot import SPAN
from bridge.page.readings import Readings
from bridge.page.search import NOTHING, Found
from bridge.page.words import amount, called

_GRAVEST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
ALERTS = 100
"""Alerts that are shown, the gravest of them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at one moment besides samples.

    Attributes:
        now: the moment, in Unix seconds.
        parts: how sources, sinks and spools are.
        alerts: those that are pending or fire.
        silences: those in force.
        rejected: the newest lines of StatsD that were refused, the oldest first.
        settings: those in force, secrets masked, as nested values.
        metrics: the catalogue, by name.
        version: of the bridge.
        commands: whether alerts may be acknowledged and silenced here.
    """

    now: float
    parts: Sequence[Working] = ()
    alerts: Sequence[Notice] = ()
    silences: Sequence[Silence] = ()
    rejected: Sequence[Rejected] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    version: str = ""
    commands: bool = False


@dataclass(frozen=True, slots=True)
class Sink:
    """A sink, and what became of all that it was meant to get; a number is None before it is known.

    Attributes:
        part: how it is.
        dropped: how much was lost, by reason.
        on_disk: bytes of its spool; None if there is none.
        spool: why what waits cannot be kept on disk; empty if all is well.
    """

    part: Working
    accepted: float | None
    delivered: float | None
    buffered: float | None
    dropped: tuple[tuple[str, float], ...] = ()
    on_disk: float | None = None
    spool: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How all of it is, in words.

    Attributes:
        level: `ok`, `warn` or `bad`.
        title: what the tab says, the shortest.
        headline: the same as a sentence.
        details: what else is to be said.
    """

    level: str
    title: str
    headline: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """All that the page shows.

    Attributes:
        facts: what it was made of; alerts are in the order in which they are shown.
        verdict: how all of it is.
        uptime: seconds since the bridge started; None if that is not known yet.
        more_alerts: how many there are that are not shown.
        span: seconds that plots show.
    """

    facts: Facts
    verdict: Verdict
    pbxs: tuple[Pbx, ...] = ()
    sources: tuple[Working, ...] = ()
    sinks: tuple[Sink, ...] = ()
    found: Found = NOTHING
    uptime: float | None = None
    more_alerts: int = 0
    span: float = SPAN


def build(history: History, facts: Facts, found: Found = NOTHING) -> Model:
    """What the page shows of all this."""
    readings = Readings(history, facts.parts, facts.metrics, facts.now)
    names = sorted(readings.pbxs() | {part.pbx for part in _sources(facts.parts)} - {BRIDGE})
    alerts = sorted(facts.alerts, key=_rank)
    return Model(
        facts=replace(facts, alerts=alerts[:ALERTS]),
        verdict=verdict(alerts, facts.parts),
        pbxs=tuple(pbx_of(name, facts.parts, readings) for name in names),
        sources=tuple(sorted(_sources(facts.parts), key=lambda part: (part.pbx == BRIDGE, part))),
        sinks=tuple(_sinks(facts.parts, readings)),
        found=found,
        uptime=readings.value(own.PROCESS_UPTIME.name, BRIDGE),
        more_alerts=max(0, len(alerts) - ALERTS),
        span=history.span(facts.now),
    )


def _sources(parts: Iterable[Working]) -> Iterator[Working]:
    return (part for part in parts if part.kind == "source")


def _rank(notice: Notice) -> tuple[bool, bool, int, Key]:
    """What calls for somebody comes first, and of that the gravest."""
    is_pending = notice.state is not State.FIRING
    return is_pending, not is_loud(notice), _GRAVEST_FIRST.index(notice.severity), notice.key


def is_loud(notice: Notice) -> bool:
    """Whether somebody should do something: it fires, and is neither silenced nor explained by another."""
    return notice.state is State.FIRING and notice.silenced_until is None and not notice.inhibited


def verdict(alerts: Iterable[Notice], parts: Iterable[Working]) -> Verdict:
    """How all of it is: alerts count most, then what does not work."""
    loud = [notice for notice in alerts if is_loud(notice)]
    lost = [part for part in parts if not part.up]
    cared = sum(notice.acknowledged for notice in loud)
    details = (
        *(_counted(severity, loud) for severity in _GRAVEST_FIRST),
        f"{cared} acknowledged" if cared else "",
        *map(_lost, lost),
    )
    told = tuple(filter(None, details))
    if loud:
        title = amount(len(loud), "alert")
        grave = any(notice.severity is Severity.CRITICAL for notice in loud)
        return Verdict("bad" if grave else "warn", title, title, told)
    if lost:
        title = f"{amount(len(lost), 'part')} down"
        return Verdict("warn", title, title, told)
    return Verdict("ok", "all is well", "All is well")


def _counted(severity: Severity, notices: Iterable[Notice]) -> str:
    """`2 critical`, `1 warning`, `2 warnings`."""
    count = sum(notice.severity is severity for notice in notices)
    return (
        amount(count, severity.value, "" if severity is Severity.WARNING else severity.value) if count else ""
    )


def _lost(part: Working) -> str:
    """`AMI of depot is down`, `Graphite is down`, `the spool of MQTT is down`."""
    if part.kind == "spool":
        return f"the spool of {called(part.name)} is down"
    return f"{called(part.name)}{f' of {part.pbx}' if part.pbx != BRIDGE else ''} is down"


def _sinks(parts: Sequence[Working], readings: Readings) -> Iterator[Sink]:
    """The books of each sink, all of one moment, since they are told together."""
    accepted, delivered, buffered, on_disk = (
        readings.labelled(metric.name, BRIDGE)
        for metric in (own.SINK_ACCEPTED, own.SINK_DELIVERED, own.SINK_BUFFERED, own.SPOOL_BYTES)
    )
    dropped: dict[str, list[tuple[str, float]]] = {}
    for sample in readings.of(own.SINK_DROPPED.name, BRIDGE):
        _, (_, sink), (_, reason) = sample.series.labels
        dropped.setdefault(sink, []).append((reason, sample.value))
    spools = {part.name: part.fault for part in parts if part.kind == "spool" and not part.up}
    for part in sorted(part for part in parts if part.kind == "sink"):
        yield Sink(
            part=part,
            accepted=accepted.get(part.name),
            delivered=delivered.get(part.name),
            buffered=buffered.get(part.name),
            dropped=tuple(sorted(dropped.get(part.name, ()))),
            on_disk=on_disk.get(part.name),
            spool=spools.get(part.name, ""),
        )
