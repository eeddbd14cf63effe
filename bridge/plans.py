"""Plans: the parts that the settings ask for. Equal plans ask for the same part."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from bridge import __version__
from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.core.alert import Key
from bridge.core.opening import Calendar
from bridge.core.pace import Pace
from bridge.core.sample import BRIDGE, Series
from bridge.environment import masked
from bridge.errors import Fault, SettingsError
from bridge.keeping import recipes
from bridge.local import Local
from bridge.pipeline.alerts import Watch
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Sink, Source
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.memory import Memory
from bridge.pipeline.spool import Spool
from bridge.pipeline.store import Store
from bridge.protocols.homeassistant import Discovery
from bridge.protocols.homeassistant_entities import House
from bridge.schedules import faults as schedule_faults
from bridge.settings import Settings
from bridge.settings.alerts import rules
from bridge.settings.types import Section
from bridge.sinks.console import ConsoleSink
from bridge.sinks.graphite import graphite_sinks
from bridge.sinks.http import HttpSink
from bridge.sinks.mqtt import AlertSink, Answer, Board, Home, MqttSink, SparkplugSink, edge_node
from bridge.sinks.statsd import StatsdSink
from bridge.sources.ami import AmiSource
from bridge.sources.snmp import SnmpSource
from bridge.sources.statsd import Doors, StatsdSource

HTTP_BUFFER = 100_000
"""Samples that may wait for our own HTTP port: it only remembers them, so they never do for long."""
REPLAY_LEAST = 500.0
"""Samples a second of a backlog that may always follow, however little is live."""

Build = Callable[[Health, Clock, Memory], Source]
"""Makes a source, which goes on from what the memory holds. Raises SettingsError."""


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """A source that the settings ask for.

    Attributes:
        part: what it is called.
        terms: all that it depends on.
        build: makes it.
    """

    part: Part
    terms: tuple[object, ...]
    build: Build = field(compare=False)


@dataclass(frozen=True, slots=True)
class SinkPlan:
    """A sink that the settings ask for.

    Attributes:
        part: what it is called.
        terms: all that it depends on.
        limits: what may wait for it.
        sink: itself; it does nothing before it is opened.
        notices: it is given what there is to say of alerts, instead of what sources tell.
        wants: tells the series that it is given; all if there is none.
    """

    part: Part
    terms: tuple[object, ...]
    limits: Limits
    sink: Sink = field(compare=False)
    notices: bool = False
    wants: Callable[[Series], bool] | None = field(default=None, compare=False)


def source_plans(settings: Settings, doors: Doors | None = None) -> Iterator[SourcePlan]:
    """Everything that the settings say to poll or to listen to; sockets come from `doors`."""
    for name, pbx in settings.pbx.items():
        if pbx.snmp:
            yield _source(name, "snmp", (pbx.snmp, files(pbx.snmp)), partial(SnmpSource, name, pbx.snmp))
        if pbx.ami:
            yield _source(name, "ami", (pbx.ami, files(pbx.ami)), partial(AmiSource, name, pbx.ami))
    if settings.statsd.enabled:
        senders = {name: pbx.statsd.senders for name, pbx in settings.pbx.items() if pbx.statsd}
        prefixes = {name: pbx.statsd.prefix for name, pbx in settings.pbx.items() if pbx.statsd}
        show = settings.privacy.statsd_line == "show"
        build = partial(
            StatsdSource, settings.statsd, senders, prefixes=prefixes, show_lines=show, doors=doors
        )
        terms = (settings.statsd, files(settings.statsd), senders, prefixes, show)
        yield _source(BRIDGE, "statsd", terms, build)


def _source(pbx: str, name: str, terms: tuple[object, ...], build: Build) -> SourcePlan:
    return SourcePlan(Part("source", pbx, name), terms, build)


def build_sources(
    settings: Settings, health: Health, clock: Clock, memory: Memory | None = None
) -> list[Source]:
    """Every source that the settings ask for.

    Raises:
        SettingsError: with all that only the sources can judge, such as names of MIB objects.
    """
    sources: list[Source] = []
    faults: list[Fault] = []
    for plan in source_plans(settings):
        try:
            sources.append(plan.build(health, clock, memory or Memory()))
        except SettingsError as error:
            faults += error.faults
    if faults:
        raise SettingsError(faults)
    return sources


def try_out(settings: Settings) -> Settings:
    """The settings, after every source has been built with them once.

    Raises:
        SettingsError: as from `build_sources`.
    """
    clock = SystemClock()
    build_sources(settings, Health(clock), clock)
    recipes(settings)
    if faults := schedule_faults(settings.alerts.schedule):
        raise SettingsError(faults)
    return settings


def about(settings: Settings) -> Mapping[str, object]:
    """Which bridge this is, and by which settings it works; secrets are masked."""
    return {"version": __version__, "settings": masked(settings)}


def alert_plans(settings: Settings, board: Board, answer: Answer) -> Iterator[SinkPlan]:
    """The sink that tells of alerts, if there is to be one; requests, if they may come, are for `answer`."""
    mqtt, alerts = settings.mqtt, settings.alerts
    if mqtt.url and alerts.enabled:
        sink = AlertSink(mqtt, board, answer if alerts.commands else None)
        terms = (mqtt, files(mqtt), alerts.commands)
        part = Part("sink", BRIDGE, sink.name)
        yield SinkPlan(part, terms, Limits(alerts.buffer), sink, notices=True)


def watch(settings: Settings, calendars: Mapping[str, Calendar]) -> Watch:
    """What the settings ask to be watched."""
    alerts = settings.alerts
    return Watch(rules(alerts), calendars, tuple(settings.pbx), alerts.stale, alerts.limit)


def home_assistant(settings: Settings, watched: Callable[[], Iterable[Key]]) -> Home | None:
    """What Home Assistant is told, if the settings ask for it."""
    mqtt, alerts = settings.mqtt, settings.alerts
    if not mqtt.homeassistant:
        return None
    house = House(
        prefix=mqtt.prefix,
        version=__version__,
        discovery=mqtt.homeassistant_prefix,
        layout=mqtt.layout,
        alerts=alerts.enabled,
        commands=alerts.commands,
    )
    claimed = settings.statsd.enabled and settings.statsd.unknown_senders == "default"
    pbxs = {*settings.pbx, *(["default"] if claimed else [])}
    return Home(Discovery(house, CATALOG, pbxs), watched)


def sink_plans(
    settings: Settings,
    health: Health,
    info: Callable[[], Mapping[str, object]] | None = None,
    watched: Callable[[], Iterable[Key]] = tuple,
    local: Local | None = None,
) -> Iterator[SinkPlan]:
    """Every sink that the settings name; MQTT publishes what `info` gives, by default what is `about` them.

    Home Assistant is told of the alerts that are `watched`. Only with `local` is there a page and a store.

    What remembers values begins anew when they are veiled otherwise. What is fresh goes first where samples
    have times, or where an old one can be told from a new one; a stream keeps its order.
    """
    if settings.console.enabled:
        yield _sink((settings.console,), Limits(HTTP_BUFFER), ConsoleSink(print_line))
    yield from _own_plans(settings, health, local)
    graphite, mqtt = settings.graphite, settings.mqtt
    for each in graphite_sinks(graphite, CATALOG):
        limits = Limits(graphite.buffer, each.batch, each.hold, newest_first=True)
        yield replace(_sink((graphite, files(graphite)), limits, each), wants=each.wants)
    if mqtt.url:
        limits = Limits(mqtt.buffer, mqtt.batch, newest_first=mqtt.retain)
        home = home_assistant(settings, watched)
        publisher = MqttSink(mqtt, CATALOG, info or partial(about, settings), health.report, home)
        announced = ([*settings.pbx], settings.alerts.enabled, settings.alerts.commands) if home else ()
        yield _sink((mqtt, files(mqtt), settings.privacy, announced), limits, publisher)
    if mqtt.url and mqtt.sparkplug:
        node = edge_node(mqtt.sparkplug_group, mqtt.sparkplug_node)
        limits = Limits(mqtt.buffer, mqtt.batch, newest_first=True)
        yield _sink((mqtt, files(mqtt), settings.privacy), limits, SparkplugSink(mqtt, node, CATALOG))
    if settings.statsd_out.url:
        limits = Limits(settings.statsd_out.buffer)
        yield _sink((settings.statsd_out,), limits, StatsdSink(settings.statsd_out, CATALOG))


def _own_plans(settings: Settings, health: Health, local: Local | None) -> Iterator[SinkPlan]:
    """The sinks that are at the bridge itself: its HTTP port, and its store."""
    if settings.http.listen != "off":
        sites = [*local.sites(settings)] if local else []
        sink = HttpSink(settings.http, CATALOG, health, HISTOGRAMS, sites)
        yield _sink((settings.http, settings.privacy, len(sites)), Limits(HTTP_BUFFER, 5000), sink)
    if local and (store := local.store(settings, health)):
        terms = (settings.store, settings.pbx, settings.statsd, settings.self_interval)
        yield _sink(terms, Limits(HTTP_BUFFER), store)


def _sink(terms: tuple[object, ...], limits: Limits, sink: Sink) -> SinkPlan:
    return SinkPlan(Part("sink", BRIDGE, sink.name), terms, limits, sink)


def print_line(line: str) -> None:
    """Write a line of the console sink to standard output."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def build_buffer(settings: Settings, plan: SinkPlan, health: Health, folder: Path | None) -> Buffer:
    """Where samples wait for a sink.

    A spool on disk is for those that take what is fresh first, and for MQTT that is not retained, which is a
    stream: to the others old values are of no use. Notices of alerts are as few as they are precious: they
    keep their order, and follow as fast as they can.
    """
    ledger = Ledger(health, plan.sink.name)
    if plan.notices:
        return Buffer(plan.limits, ledger, build_spool(settings, plan.sink.name, folder))
    if not plan.limits.newest_first and plan.sink.name != MqttSink.name:
        return Buffer(plan.limits, ledger)
    pace = Pace(settings.spool.replay, REPLAY_LEAST)
    return Buffer(plan.limits, ledger, build_spool(settings, plan.sink.name, folder), pace)


def build_spool(settings: Settings, name: str, folder: Path | None) -> Store | None:
    """The place on disk for a sink; None where there shall be none."""
    if not (folder and settings.spool.enabled):
        return None
    return Spool(folder / name, settings.spool.size, settings.spool.age)


def files(section: Section) -> Sequence[object]:
    """When the files were written that a section names, and how long they are: whether they have changed."""
    return [_stamps(value) for _, value in section if isinstance(value, Path)]


def _stamps(path: Path) -> Sequence[object]:
    try:
        paths: Iterable[Path] = sorted(path.iterdir()) if path.is_dir() else [path]
        return [(each, each.stat().st_mtime_ns, each.stat().st_size) for each in paths]
    except OSError as error:
        return [str(error)]
