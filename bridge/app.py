"""The composition root: settings become sources, a pipeline and sinks, and run until a signal.

    sources --emit--> Pipeline --accept--> Delivery --write--> sink

Sinks start first and stop last. SIGTERM and SIGINT stop, the second one at once; SIGHUP reads the settings
again: a bad reading changes nothing, and a good one only the parts whose settings are others than before.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_state_dir

from bridge import __version__, collecting
from bridge.asterisk.catalog import CATALOG
from bridge.control import CONTROL, ControlServer
from bridge.core import own
from bridge.core.privacy import Veil
from bridge.core.sample import BRIDGE
from bridge.core.trust import Trust
from bridge.errors import SettingsError
from bridge.local import Local, surroundings
from bridge.log import get_logger
from bridge.notify import keep_alive, notify, reloading
from bridge.parts import Ground, Sinks, Sources, Watching
from bridge.pipeline.alerts import Alerts
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock, Emit
from bridge.pipeline.memory import Memory, claimed
from bridge.pipeline.pipeline import Pipeline, overlook
from bridge.pipeline.requests import Requests
from bridge.pipeline.ticker import STEP, ticks
from bridge.plans import about, alert_plans, sink_plans
from bridge.process import process_gauges
from bridge.settings import Settings
from bridge.sinks.http import Page
from bridge.sinks.mqtt import Board
from bridge.sinks.store import Archive

STATE, SPOOL, STORE = "state.json", "spool", "store"
"""The file and the folder in the folder that `state_dir` names."""
PATIENCE = 2
"""Reports of the bridge's own numbers that may be late before its heart counts as standing still."""
FAREWELL = 3.5
"""Seconds beyond `stop_timeout` after which the process ends by force; sinks say goodbye within 3."""

Reload = Callable[[], Settings]
"""Reads the settings anew and tries them out; raises SettingsError. Called in a thread of its own."""

log = get_logger(component="app")


def _take_your_time() -> None:
    """Nobody waits for the end."""


class Signals:
    """What the outside wants: to stop, or to read the settings again.

    Attributes:
        stopped: when it was told to stop, in seconds of the event loop.
    """

    def __init__(self) -> None:
        self._wanted = asyncio.Event()
        self.stopped: float | None = None

    def listen(self, at_stop: Callable[[], None] = _take_your_time) -> None:
        """Take over SIGTERM, SIGINT and SIGHUP; the first that says to stop calls `at_stop` too."""
        loop = asyncio.get_running_loop()

        def stop() -> None:
            """A further signal ends the process at once."""
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            at_stop()
            self.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        loop.add_signal_handler(signal.SIGHUP, self.reload)

    def stop(self) -> None:
        """Stop."""
        self.stopped = asyncio.get_running_loop().time()
        self._wanted.set()

    def reload(self) -> None:
        """Read the settings again."""
        self._wanted.set()

    async def wait(self) -> bool:
        """Return True to reload, False to stop."""
        await self._wanted.wait()
        if self.stopped is None:
            self._wanted.clear()
        return self.stopped is None


class Parts(NamedTuple):
    """What runs by the settings, in the order in which it starts; it ends in reverse."""

    sinks: Sinks
    watching: Watching
    sources: Sources


class App:
    """The running bridge.

    Args:
        settings: what to start with; they have been tried out.
        reload: reads the settings again on SIGHUP.
        taps: further places that see every sample, as the sinks do; they must return at once.
        memory: what is known of the time before; none to remember over new settings only.
        spool: the folder for what waits for sinks; none to keep it in memory.
        control: the socket for requests of this machine; none for no such.
        store: the folder of the local store; none to keep nothing.
        clock: where time comes from.
    """

    def __init__(
        self,
        settings: Settings,
        reload: Reload,
        taps: Sequence[Emit] = (),
        memory: Memory | None = None,
        *,
        spool: Path | None = None,
        control: Path | None = None,
        store: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.signals = Signals()
        self._settings = settings
        self._reload = reload
        self._taps = taps
        self._memory = memory or Memory()
        self._spool = spool
        self._control = control
        self._store = store
        self._archive = Archive()
        self._page: Page | None = None
        self._clock = clock or SystemClock()
        self._health = Health(self._clock)
        self._status = ""
        self._beat = self._clock.monotonic()

    async def run(self) -> None:
        """Run until told to stop."""
        pipeline = self._pipeline()
        alerts = Alerts(self._health, self._clock, self._memory)
        requests = Requests(alerts, self._health, self._clock)
        pipeline.watch = alerts.observe
        self._health.emit = pipeline.emitter(BRIDGE)
        self._health.watch(process_gauges(self._clock, self._memory))
        for metric in (own.RELOADS, own.RELOAD_FAILURES):
            self._health.count(metric.series(BRIDGE), 0)
        async with asyncio.TaskGroup() as group:
            ground = Ground(group, pipeline, alerts, self._health, self._clock)
            parts = Parts(
                Sinks(ground, self._taps, self._memory, self._spool),
                Watching(ground),
                Sources(ground, self._memory),
            )
            await self._follow(parts, alerts, requests)
            tasks = [
                group.create_task(self._report(), name="own numbers"),
                group.create_task(self._memory.run(self._clock), name="state"),
                group.create_task(keep_alive(self._beats), name="watchdog"),
                group.create_task(alerts.run(), name="alerts"),
                group.create_task(collecting.run(self._clock), name="collector"),
                group.create_task(self._serve(requests), name="control socket"),
            ]
            collecting.settle()
            log.info("started", version=__version__, pbxs=sorted(self._settings.pbx))
            notify(f"READY=1\nMAINPID={os.getpid()}\n{self._tell()}")
            while await self.signals.wait():
                if await self._take_new_settings(pipeline):
                    await self._follow(parts, alerts, requests)
                    collecting.settle()
                    self._health.count(own.RELOADS.series(BRIDGE))
                    log.info("new settings taken")
                    tasks[0].cancel()
                    tasks[0] = group.create_task(self._report(), name="own numbers")
                notify("READY=1")
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._finish(parts, pipeline)

    def _pipeline(self) -> Pipeline:
        """The pipeline, whose counters go on."""
        self._memory.load()
        trust = Trust(CATALOG, self._settings.freshness)
        trust.restore(self._memory.recall("trust"), self._clock.monotonic())
        pipeline = Pipeline((), trust, _veil(self._settings), self._health, self._clock)
        self._memory.hides = pipeline.hides
        self._memory.keep("trust", lambda: trust.state(self._memory.hides))
        return pipeline

    async def _take_new_settings(self, pipeline: Pipeline) -> bool:
        """Read the settings again; return whether they can be used."""
        reloading()
        settings = await self._read()
        if settings is None:
            self._health.count(own.RELOAD_FAILURES.series(BRIDGE))
            return False
        if settings.privacy != self._settings.privacy:
            pipeline.veil = _veil(settings)
            self._page = None
        pipeline.trust.freshness = settings.freshness
        self._settings = settings
        return True

    async def _read(self) -> Settings | None:
        """The settings anew; None if they are of no use, for which the log has the reason."""
        try:
            return await asyncio.to_thread(self._reload)
        except SettingsError as error:
            log.error("new settings refused, the old ones stay", faults=[*map(str, error.faults)])
        except Exception:
            log.exception("new settings refused, the old ones stay: a defect in reading them")
        return None

    async def _follow(self, parts: Parts, alerts: Alerts, requests: Requests) -> None:
        """Run what the settings ask for."""
        board = Board(alerts.number, alerts.standing, alerts.everything, alerts.keys)
        local = Local(self._shown(alerts, requests), self._archive, self._store)
        plans = [
            *sink_plans(self._settings, self._health, self._about, alerts.keys, local),
            *alert_plans(self._settings, board, requests.hear),
        ]
        await parts.sinks.follow(self._settings, plans)
        alerts.outlets = [*alerts.outlets, local.page.notice]
        parts.watching.follow(self._settings)
        await parts.sources.follow(self._settings)
        await parts.sinks.dismiss()

    def _shown(self, alerts: Alerts, requests: Requests) -> Page:
        """The page, which remembers the last hour as long as names are hidden in the same way."""
        around = surroundings(self._settings, self._health, alerts, requests)
        self._page = self._page or Page(around, self._settings.http.stale)
        self._page.surroundings = around
        return self._page

    async def _serve(self, requests: Requests) -> None:
        """Take requests from this machine, if there is a place for the socket."""
        if self._control:
            await ControlServer(self._control, requests.answer).run()

    def _about(self) -> Mapping[str, object]:
        return about(self._settings)

    async def _report(self) -> None:
        """Emit the bridge's own numbers, aligned, and tell the service manager how it is."""
        async for now in ticks(self._clock, self._settings.self_interval):
            self._health.emit([*self._health.samples(now)])
            self._beat = self._clock.monotonic()
            before = self._status
            if self._tell() != before:
                notify(self._status)

    def _beats(self) -> bool:
        """Whether the bridge's own numbers come, through the pipeline, when they should."""
        return self._clock.monotonic() - self._beat < PATIENCE * self._settings.self_interval + STEP

    def _tell(self) -> str:
        """How the bridge is, in a line for people."""
        pbxs: dict[str, bool] = {}
        sinks: dict[str, bool] = {}
        for (kind, pbx, name), up in self._health.states().items():
            if kind == "sink":
                sinks[name] = up
            elif pbx != BRIDGE:
                pbxs[pbx] = up and pbxs.get(pbx, True)
        counts = [f"{sum(each.values())} of {len(each)}" for each in (pbxs, sinks)]
        self._status = f"STATUS={counts[0]} PBXs and {counts[1]} sinks work"
        return self._status

    async def _finish(self, parts: Parts, pipeline: Pipeline) -> None:
        """End the sources, and give the sinks what is left, the last own numbers included.

        That sources end now is no reason for an alert.
        """
        log.info("stopping")
        notify("STOPPING=1")
        pipeline.watch = overlook
        parts.watching.stop()
        await parts.sources.stop()
        self._memory.save()
        self._health.emit([*self._health.samples(self._clock.time())])
        told = self.signals.stopped or 0.0
        spent = asyncio.get_running_loop().time() - told
        await parts.sinks.stop(max(0.0, self._settings.stop_timeout - spent))

    def leave_anyway(self) -> None:
        """End the process some time from now, even if a peer or a name server lets a thread of ours wait."""
        timer = threading.Timer(self._settings.stop_timeout + FAREWELL, _leave)
        timer.daemon = True
        timer.start()


def _veil(settings: Settings) -> Veil:
    return Veil(settings.privacy.labels(), settings.privacy.key.get_secret_value())


def _leave() -> None:
    log.warning("ended although something still waits for a peer")
    os._exit(0)


def state_folder(settings: Settings) -> Path | None:
    """Where things are kept over a restart; None for nowhere."""
    if settings.state_dir == "off":
        return None
    systemd = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(settings.state_dir or systemd or user_state_dir("asterisk-bridge"))


async def run(settings: Settings, reload: Reload) -> None:
    """Run the bridge until a signal."""
    wanted = state_folder(settings)
    with claimed(wanted) as folder:
        memory = Memory(folder / STATE if folder else None)
        memory.failures += wanted != folder
        spool, control, store = (folder / name if folder else None for name in (SPOOL, CONTROL, STORE))
        app = App(settings, reload, memory=memory, spool=spool, control=control, store=store)
        app.signals.listen(app.leave_anyway)
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
