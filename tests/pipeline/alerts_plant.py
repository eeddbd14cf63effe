"""Alerts with one outlet, and calendars that fail."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from bridge.core import own
from bridge.core.alert import Key, Notice, notice_in
from bridge.core.rule import Compare, Measure, Rule, Term, Test
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.pipeline.alerts import Alerts
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock
from bridge.pipeline.memory import Memory
from tests.fakes import FakeClock

TRUNK_DOWN = Rule("trunk_down", Term("trunk.up"), Test(Compare.EQUAL, 0), by=("trunk",))
BUSY = Rule("busy", Term("trunk.channels"), Test(Compare.ABOVE, 5), by=("trunk",))
SILENT = Rule("silent", Term("calls", measure=Measure.ABSENCE), Test(Compare.ABOVE, 0.05))
ACME = Key("trunk_down", (("pbx", "hq"), ("trunk", "acme")))


def sample(value: float, trunk: str = "acme", metric: str = "trunk.up") -> Sample:
    return Sample(Series(metric, (("pbx", "hq"), ("trunk", trunk))), value, 0)


class Faulty:
    """A calendar that cannot be read, as long as it is broken."""

    broken = True

    def is_open(self, now: float) -> bool:
        if self.broken:
            raise ZeroDivisionError(now)
        return True

    def changes_after(self, now: float) -> float | None:
        return None if self.is_open(now) else now


class FailingOnce(Faulty):
    """One that fails when it is asked for the third time: by the first alert that is looked at."""

    asked = 0

    def is_open(self, now: float) -> bool:
        self.asked += 1
        self.broken = self.asked == 3
        return super().is_open(now)


class Plant:
    """Alerts with one outlet."""

    def __init__(self, clock: Clock | None = None, memory: Memory | None = None) -> None:
        self.clock = clock or FakeClock()
        self.health = Health(self.clock)
        self.memory = memory or Memory()
        self.alerts = Alerts(self.health, self.clock, self.memory)
        self.came: list[Notice] = []
        self.batches: list[int] = []
        self.alerts.outlets = [self.accept]
        self.news = asyncio.Event()

    def accept(self, samples: Any) -> None:
        self.batches.append(len(samples))
        self.came += [notice_in(each) for each in samples]
        self.news.set()

    @property
    def told(self) -> list[str]:
        """What came since the last call."""
        told = [f"{notice.key.rule} {notice.happening.value}" for notice in self.came]
        self.came.clear()
        return told

    @property
    def faults(self) -> float:
        return self.health.counted(own.ALERTS_FAULTS.series(BRIDGE))

    def gauge(self, series: Series) -> float | None:
        found = {each.series: each.value for each in self.health.samples(0)}
        return found.get(series)

    async def until(self, *told: str) -> None:
        """Wait until this, and nothing else, has come."""
        found: list[str] = []
        async with asyncio.timeout(10):
            while len(found) < len(told):
                await self.news.wait()
                self.news.clear()
                found += self.told
        assert found == [*told]


@contextlib.asynccontextmanager
async def running(plant: Plant) -> AsyncIterator[None]:
    task = asyncio.create_task(plant.alerts.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
