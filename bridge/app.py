"""The composition root: settings become sources, a pipeline and sinks, and run until a signal.

    sources --emit--> Pipeline --accept--> Delivery --write--> sink

Sinks start first and stop last. SIGTERM and SIGINT stop, the second one at once; SIGHUP reads the settings
again, and a bad reading changes nothing.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from platformdirs import user_state_dir

from bridge import __version__
from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.core import own
from bridge.core.privacy import Veil
from bridge.core.sample import BRIDGE, Series
from bridge.core.trust import Trust
from bridge.environment import masked
from bridge.errors import Fault, SettingsError
from bridge.log import get_logger
from bridge.notify import notify
from bridge.pipeline.buffer import MemoryBuffer
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import STOPPING, Health, Part
from bridge.pipeline.interfaces import Clock, Emit, Sink, Source
from bridge.pipeline.memory import Memory
from bridge.pipeline.pipeline import Pipeline
from bridge.pipeline.supervisor import supervise
from bridge.pipeline.ticker import ticks
from bridge.settings import Settings
from bridge.sinks.console import ConsoleSink
from bridge.sinks.graphite import graphite_sinks
from bridge.sinks.http import HttpSink
from bridge.sinks.mqtt import MqttSink
from bridge.sinks.statsd import StatsdSink
from bridge.sources.ami import AmiSource
from bridge.sources.snmp import SnmpSource
from bridge.sources.statsd import StatsdSource

HTTP_BUFFER = 100_000
"""Samples that may wait for our own HTTP port: it only remembers them, so they never do for long."""

STATE = "state.json"
"""The file in the folder that `state_dir` names."""

Reload = Callable[[], Settings]
"""Reads the settings anew and tries them out; raises SettingsError."""

log = get_logger(component="app")


def build_sources(
    settings: Settings, health: Health, clock: Clock, memory: Memory | None = None
) -> list[Source]:
    """Everything that the settings say to poll or to listen to, which goes on from what the memory holds.

    Raises:
        SettingsError: with all that only the sources can judge, such as names of MIB objects.
    """
    sources: list[Source] = []
    faults: list[Fault] = []
    for build in _plans(settings):
        try:
            sources.append(build(health, clock, memory or Memory()))
        except SettingsError as error:
            faults += error.faults
    if faults:
        raise SettingsError(faults)
    return sources


def _plans(settings: Settings) -> Iterator[Callable[[Health, Clock, Memory], Source]]:
    for name, pbx in settings.pbx.items():
        if pbx.snmp:
            yield partial(SnmpSource, name, pbx.snmp)
        if pbx.ami:
            yield partial(AmiSource, name, pbx.ami)
    if settings.statsd.enabled:
        senders = {name: pbx.statsd.senders for name, pbx in settings.pbx.items() if pbx.statsd}
        prefixes = {name: pbx.statsd.prefix for name, pbx in settings.pbx.items() if pbx.statsd}
        show = settings.privacy.statsd_line == "show"
        yield partial(StatsdSource, settings.statsd, senders, prefixes=prefixes, show_lines=show)


def try_out(settings: Settings) -> Settings:
    """The settings, after every source has been built with them once.

    Raises:
        SettingsError: as from `build_sources`.
    """
    clock = SystemClock()
    build_sources(settings, Health(clock), clock)
    return settings


def build_sinks(settings: Settings, health: Health) -> Iterator[tuple[Sink, int, int]]:
    """Every sink that the settings name, with the size of its buffer and of its batches in samples."""
    if settings.console.enabled:
        yield ConsoleSink(print_line), HTTP_BUFFER, 500
    if settings.http.listen != "off":
        yield HttpSink(settings.http, CATALOG, health, HISTOGRAMS), HTTP_BUFFER, 5000
    for sink in graphite_sinks(settings.graphite, CATALOG):
        yield sink, settings.graphite.buffer, settings.graphite.batch
    if settings.mqtt.url:
        info = {"version": __version__, "settings": masked(settings)}
        yield (
            MqttSink(settings.mqtt, CATALOG, lambda: info, health.report),
            settings.mqtt.buffer,
            settings.mqtt.batch,
        )
    if settings.statsd_out.url:
        yield StatsdSink(settings.statsd_out, CATALOG), settings.statsd_out.buffer, 500


def print_line(line: str) -> None:
    """Write a line of the console sink to standard output."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Signals:
    """What the outside wants: to stop, or to read the settings again."""

    def __init__(self) -> None:
        self._wanted: asyncio.Queue[bool] = asyncio.Queue()

    def listen(self) -> None:
        """Take over SIGTERM, SIGINT and SIGHUP."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)

    def stop(self) -> None:
        """Stop; a further signal then ends the process at once."""
        self._wanted.put_nowait(False)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    def reload(self) -> None:
        """Read the settings again."""
        self._wanted.put_nowait(True)

    async def wait(self) -> bool:
        """Return True to reload, False to stop."""
        return await self._wanted.get()


class App:
    """The running bridge.

    Args:
        settings: what to start with; they have been tried out.
        reload: reads the settings again on SIGHUP.
        taps: further places that see every sample, as the sinks do; they must return at once.
        memory: what is known of the time before; none to remember over new settings only.
    """

    def __init__(
        self,
        settings: Settings,
        reload: Reload,
        taps: Sequence[Emit] = (),
        memory: Memory | None = None,
    ) -> None:
        self.signals = Signals()
        self._settings = settings
        self._reload = reload
        self._taps = taps
        self._memory = memory or Memory()
        self._clock: Clock = SystemClock()
        self._health = Health(self._clock)
        self._started = self._clock.monotonic()

    async def run(self) -> None:
        """Run until told to stop. New settings start everything anew; counts go on."""
        settings: Settings | None = self._settings
        self._memory.load()
        while settings:
            self._health.forget()
            self._health.watch(self._process)
            settings = await self._serve(settings)
            self._memory.turn_over()

    async def _serve(self, settings: Settings) -> Settings | None:
        """Run with these settings; return those to go on with, or None."""
        deliveries = [
            Delivery(sink, MemoryBuffer(buffer), self._health, self._clock, batch=batch)
            for sink, buffer, batch in build_sinks(settings, self._health)
        ]
        outlets = [*self._taps, *(delivery.accept for delivery in deliveries)]
        pipeline = self._pipeline(settings, outlets)
        self._health.emit = pipeline.emitter(BRIDGE)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run(), name=f"sink {each.name}") for each in deliveries]
            following = await self._read(settings, pipeline)
            await self._finish(deliveries, settings.stop_timeout)
            for task in tasks:
                task.cancel()
        return following

    def _pipeline(self, settings: Settings, outlets: Sequence[Emit]) -> Pipeline:
        """The pipeline; its counters go on."""
        trust = Trust(CATALOG, settings.freshness)
        trust.restore(self._memory.recall("trust"), self._clock.monotonic())
        veil = Veil(settings.privacy.labels(), settings.privacy.key.get_secret_value())
        self._memory.hides = veil.hides
        self._memory.keep("trust", lambda: trust.state(veil.hides))
        return Pipeline(outlets, trust, veil, self._health, self._clock)

    async def _read(self, settings: Settings, pipeline: Pipeline) -> Settings | None:
        """Run the sources until a signal; return the settings to go on with, or None."""
        sources = build_sources(settings, self._health, self._clock, self._memory)
        for source in sources:
            if isinstance(source, StatsdSource):
                pipeline.observe(source.name, source.observe)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    supervise(source, pipeline.emitter(source.name), self._health, self._clock),
                    name=f"source {source.pbx} {source.name}",
                )
                for source in sources
            ]
            tasks.append(group.create_task(self._report(settings.self_interval), name="own numbers"))
            tasks.append(group.create_task(self._memory.run(self._clock), name="state"))
            log.info("started", version=__version__, pbxs=sorted(settings.pbx), sources=len(sources))
            notify(f"READY=1\nMAINPID={os.getpid()}")
            following = await self._until_signal()
            for task in tasks:
                task.cancel()
        self._memory.save()
        if following is None:
            for source in sources:
                self._health.down(Part("source", source.pbx, source.name), STOPPING)
        return following

    async def _until_signal(self) -> Settings | None:
        while await self.signals.wait():
            try:
                settings = self._reload()
            except SettingsError as error:
                log.error("new settings refused, the old ones stay", faults=[*map(str, error.faults)])
            else:
                log.info("new settings taken")
                return settings
        log.info("stopping")
        notify("STOPPING=1")
        return None

    async def _report(self, interval: float) -> None:
        """Emit the bridge's own numbers, aligned."""
        async for now in ticks(self._clock, interval):
            self._health.emit([*self._health.samples(now)])

    async def _finish(self, deliveries: Sequence[Delivery], seconds: float) -> None:
        """Give the sinks what is left, the last own numbers included."""
        self._health.emit([*self._health.samples(self._clock.time())])
        await asyncio.gather(*(delivery.drain(seconds) for delivery in deliveries))
        for delivery in deliveries:
            if left := delivery.abandon():
                log.warning("not delivered before the end", sink=delivery.name, samples=left)

    def _process(self) -> Iterator[tuple[Series, float]]:
        yield own.BRIDGE_INFO.series(BRIDGE, __version__), 1
        yield own.PROCESS_UPTIME.series(BRIDGE), self._clock.monotonic() - self._started
        yield own.PROCESS_CPU.series(BRIDGE), time.process_time()
        yield own.STATE_FAILURES.series(BRIDGE), self._memory.failures
        if memory := resident_bytes():
            yield own.PROCESS_MEMORY.series(BRIDGE), memory


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def state_file(settings: Settings) -> Path | None:
    """Where counters are remembered over a restart; None for nowhere."""
    if settings.state_dir == "off":
        return None
    systemd = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(settings.state_dir or systemd or user_state_dir("asterisk-bridge")) / STATE


async def run(settings: Settings, reload: Reload) -> None:
    """Run the bridge until a signal."""
    app = App(settings, reload, memory=Memory(state_file(settings)))
    app.signals.listen()
    await app.run()


def run_forever(settings: Settings, reload: Reload) -> None:
    """Run the bridge until a signal, on the fastest event loop there is."""
    with asyncio.Runner(loop_factory=_event_loop) as runner:
        runner.run(run(settings, reload))


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
