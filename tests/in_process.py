"""The app in the process of the test, and all that it has emitted."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bridge.app import App
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.pipeline.interfaces import Clock
from bridge.pipeline.memory import Memory
from bridge.settings import Settings

CALLS = Series("statsd.calls.count", (("pbx", "default"),))
LISTENS = own.SOURCE_UP.series(BRIDGE, "statsd")
RELOADS = own.RELOADS.series(BRIDGE)


def settings(port: int, flush: str = "100ms", **more: Any) -> Settings:
    """Settings that listen to StatsD on the port, and are impatient."""
    return Settings.model_validate(
        {
            "statsd": {"listen": f"udp://127.0.0.1:{port}", "flush_interval": flush},
            "http": {"listen": "off"},
            "self_interval": "100ms",
            **more,
        }
    )


class Running:
    """An app that runs.

    Attributes:
        app: itself.
        seen: all that it has emitted.
        following: the settings that a reload brings.
    """

    def __init__(self, first: Settings, memory: Memory | None, clock: Clock | None) -> None:
        self.seen: list[Sample] = []
        self.following: Callable[[], Settings] = lambda: first
        self.app = App(first, self._reload, [self.seen.extend], memory, clock=clock)

    def _reload(self) -> Settings:
        return self.following()

    async def sees(self, condition: Callable[[Sample], bool]) -> Sample:
        """The first sample, from now on, for which the condition holds."""
        start = len(self.seen)
        async with asyncio.timeout(30):
            while True:
                for sample in self.seen[start:]:
                    if condition(sample):
                        return sample
                await asyncio.sleep(0.01)

    async def listens(self) -> None:
        """Return when packets are taken."""
        await self.sees(lambda sample: sample.series == LISTENS and sample.value == 1)

    async def takes(self, following: Settings) -> None:
        """Give it new settings; return when they are in force."""
        before = max(values(self.seen, RELOADS), default=0)
        self.following = lambda: following
        self.app.signals.reload()
        await self.sees(lambda sample: sample.series == RELOADS and sample.value == before + 1)


@asynccontextmanager
async def running(
    first: Settings, memory: Memory | None = None, clock: Clock | None = None
) -> AsyncIterator[Running]:
    """An app with these settings, until the block ends."""
    bridge = Running(first, memory, clock)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(bridge.app.run())
        yield bridge
        bridge.app.signals.stop()


def send(port: int, line: bytes) -> None:
    """Send one datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(line, ("127.0.0.1", port))


def values(seen: list[Sample], series: Series) -> list[float]:
    """The values of a series, the first one first."""
    return [sample.value for sample in seen if sample.series == series]


def counts_calls(sample: Sample) -> bool:
    """Whether it is the count of the bucket `calls`."""
    return sample.series == CALLS
