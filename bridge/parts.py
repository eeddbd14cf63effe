"""The sources, rules and sinks that run. New settings end what they change, and let all else be."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from bridge.core.sample import BRIDGE
from bridge.errors import SettingsError
from bridge.log import get_logger
from bridge.pipeline.alerts import Alerts
from bridge.pipeline.buffer import Buffer
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import GONE, STOPPING, Health, Part
from bridge.pipeline.interfaces import Clock, Emit
from bridge.pipeline.memory import Memory
from bridge.pipeline.pipeline import Pipeline
from bridge.pipeline.supervisor import supervise
from bridge.plans import SinkPlan, SourcePlan, build_buffer, source_plans, watch
from bridge.schedules import Schedules
from bridge.settings import Settings
from bridge.sinks.graphite import NewSeriesSink
from bridge.sinks.mqtt import SparkplugSink
from bridge.sinks.store import StoreSink
from bridge.sources.ami import AmiSource
from bridge.sources.statsd import Doors, StatsdSource

LEAVE = 3.0
"""Seconds that a source has to end, and a sink that is gone to take what waits for it."""

log = get_logger(component="parts")


class Ground(NamedTuple):
    """What every part stands on.

    Attributes:
        group: where the tasks of parts are.
        pipeline: between sources and sinks.
        alerts: what is watched.
        health: where the state of each part is told.
        clock: where time comes from.
    """

    group: asyncio.TaskGroup
    pipeline: Pipeline
    alerts: Alerts
    health: Health
    clock: Clock


class _Source(NamedTuple):
    plan: SourcePlan
    task: asyncio.Task[None]


class Sources:
    """The sources that run.

    Args:
        ground: what they stand on.
        memory: from which they go on.
    """

    def __init__(self, ground: Ground, memory: Memory) -> None:
        self._group, self._pipeline, self._alerts, self._health, self._clock = ground
        self._memory = memory
        self._doors = Doors()
        self._running: dict[Part, _Source] = {}

    async def follow(self, settings: Settings) -> None:
        """Run what the settings ask for. What already runs by the same terms is not touched."""
        wanted = {plan.part: plan for plan in source_plans(settings, self._doors)}
        changed = [part for part, (plan, _) in self._running.items() if wanted.get(part) != plan]
        self._doors.held = settings.statsd.enabled
        await self._end(changed)
        self._doors.held = False
        for part in changed:
            if part not in wanted:
                with self._pipeline.unwatched():
                    self._health.down(part, GONE)
            self._health.forget(part)
        for plan in wanted.values():
            if plan.part not in self._running:
                self._start(plan)

    def _start(self, plan: SourcePlan) -> None:
        part = plan.part
        with self._health.building(part), self._memory.building(part):
            try:
                source = plan.build(self._health, self._clock, self._memory)
            except SettingsError as error:  # it could be built a moment ago: a file has gone since
                self._health.down(part, "; ".join(map(str, error.faults)))
                return
        if isinstance(source, StatsdSource):
            self._pipeline.observe(source.name, source.observe)
        if isinstance(source, AmiSource):
            source.offer, source.wanted = self._pipeline.offerer(source.name), self._alerts.metrics
        emit = self._pipeline.emitter(source.name)
        running = supervise(source, emit, self._health, self._clock)
        task = self._group.create_task(running, name=f"source {part.pbx} {part.name}")
        self._running[part] = _Source(plan, task)

    async def _end(self, parts: Sequence[Part]) -> None:
        """Cancel sources; what they emit last comes out, and what they know is kept."""
        ending = [self._running.pop(part).task for part in parts]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending, timeout=LEAVE)
        for part in parts:
            self._memory.turn_over(part)
            self._pipeline.overlook(part.name)

    async def stop(self) -> None:
        """End all of them: the bridge stops."""
        parts = [*self._running]
        await self._end(parts)
        for part in parts:
            self._health.down(part, STOPPING)


class Watching:
    """The rules that are watched, with their schedules.

    Args:
        ground: what they stand on.
    """

    PART = Part("rules", BRIDGE, "schedules")

    def __init__(self, ground: Ground) -> None:
        self._group, _, self._alerts, self._health, self._clock = ground
        self._followed: tuple[object, ...] = ()
        self._scheduled: object = {}
        self._schedules = Schedules({}, self._clock)
        self._refreshing: asyncio.Task[None] | None = None

    def follow(self, settings: Settings) -> None:
        """Watch what the settings ask for. What is watched by the same terms is not touched."""
        terms = (settings.alerts, [*settings.pbx])
        if terms == self._followed:
            return
        self._followed = terms
        if settings.alerts.schedule != self._scheduled:
            self.stop()
            self._scheduled = settings.alerts.schedule
            self._schedules = Schedules(self._scheduled, self._clock)
            with self._health.building(self.PART):
                self._health.watch(self._schedules.gauges)
            watching = self._schedules.run(lambda: self._watch(settings))
            self._refreshing = self._group.create_task(watching, name="calendars")
        self._watch(settings)

    def _watch(self, settings: Settings) -> None:
        self._alerts.follow(watch(settings, self._schedules.built()))

    def stop(self) -> None:
        """Look no more for news of calendars."""
        self._health.forget(self.PART)
        if self._refreshing:
            self._refreshing.cancel()


class _Sink(NamedTuple):
    plan: SinkPlan
    buffer: Buffer
    delivery: Delivery
    task: asyncio.Task[None]


def outlet(plan: SinkPlan, delivery: Delivery) -> Emit:
    """Where samples go in that the sink of a plan wants."""
    wants = plan.wants
    if not wants:
        return delivery.accept
    return lambda samples: delivery.accept([sample for sample in samples if wants(sample.series)])


class Sinks:
    """The sinks that run.

    Args:
        ground: what they stand on.
        taps: further places that see what they are given.
        memory: from which they go on.
        spool: the folder for what waits; none to keep it in memory.
    """

    def __init__(self, ground: Ground, taps: Sequence[Emit], memory: Memory, spool: Path | None) -> None:
        self._group, self._pipeline, self._alerts, self._health, self._clock = ground
        self._taps = taps
        self._memory = memory
        self._spool = spool
        self._running: dict[Part, _Sink] = {}
        self._gone: list[_Sink] = []

    async def follow(self, settings: Settings, plans: Iterable[SinkPlan]) -> None:
        """Run what the plans ask for. What already runs by the same terms is not touched.

        One whose terms have changed goes on with the buffer of the one before, which takes in what comes
        meanwhile: nothing is lost that waits.
        """
        wanted = {plan.part: plan for plan in plans}
        changed = {part for part, each in self._running.items() if wanted.get(part) != each.plan}
        self._gone += [self._running.pop(part) for part in changed - wanted.keys()]
        before = {part: self._running.pop(part) for part in changed & wanted.keys()}
        await asyncio.gather(*map(_pause, before.values()))
        for part, plan in wanted.items():
            if part in before:
                self._start(plan, before[part].buffer)
            elif part not in self._running:
                self._start(plan, build_buffer(settings, plan, self._health, self._spool))
        running = self._running.values()
        values = (outlet(each.plan, each.delivery) for each in running if not each.plan.notices)
        self._pipeline.outlets = [*self._taps, *values]
        self._alerts.outlets = [each.delivery.accept for each in running if each.plan.notices]

    def _start(self, plan: SinkPlan, buffer: Buffer) -> None:
        self._health.forget(plan.part)
        buffer.limits = plan.limits
        with self._health.building(plan.part):
            delivery = Delivery(plan.sink, buffer, self._health, self._clock)
            if isinstance(plan.sink, StoreSink):
                self._health.watch(plan.sink.gauges)
        if isinstance(plan.sink, SparkplugSink | NewSeriesSink):
            self._remember(plan.part, plan.sink)
        task = self._group.create_task(delivery.run(), name=f"sink {plan.part.name}")
        self._running[plan.part] = _Sink(plan, buffer, delivery, task)

    def _remember(self, part: Part, sink: SparkplugSink | NewSeriesSink) -> None:
        """Have the sink go on from the one before it."""
        self._memory.turn_over(part)
        with self._memory.building(part):
            sink.restore(self._memory.recall(sink.name))
            self._memory.keep(sink.name, sink.state)

    async def dismiss(self) -> None:
        """End the sinks that are wanted no more; they may have what waits for them."""
        gone, self._gone = self._gone, []
        await asyncio.gather(*(each.delivery.stop(LEAVE) for each in gone))
        for each in gone:
            if each.plan.part not in self._running:
                for kind in ("sink", "spool"):
                    self._health.forget(each.plan.part._replace(kind=kind))

    async def stop(self, seconds: float) -> None:
        """End all of them, after at most `seconds` in which they may have what waits for them."""
        await asyncio.gather(*(each.delivery.stop(seconds) for each in self._running.values()))


async def _pause(sink: _Sink) -> None:
    """End a sink that another one follows, and make ready for that what may not have arrived."""
    sink.task.cancel()
    await asyncio.wait({sink.task})
    sink.buffer.rewind()
