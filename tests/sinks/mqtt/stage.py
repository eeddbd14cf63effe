"""A sink as Delivery would have it, and what a broker holds after it was given a batch."""

import asyncio
import contextlib
import gc
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_MEMBERS, QUEUE_WAITING
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, SYSTEM_INFO
from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import TemporaryError
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock, Sink
from bridge.pipeline.ledger import Ledger
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import MqttSink
from tests.servers.process import wait_until

Version = Literal["3.1.1", "5"]
VERSIONS: tuple[Version, ...] = ("3.1.1", "5")
ONLINE, OFFLINE = '{"state":"online"}', '{"state":"offline"}'
STATE = "asterisk/bridge/state"
PASSWORD = "s3cret-canary"
ACTIVE = DIALPLAN_ACTIVE.series("hq")
UP = own.SOURCE_UP.series("hq", "ami")


def at(series: Series, value: float) -> Sample:
    return Sample(series, value, 1_700_000_000.0)


BATCH = (
    at(ACTIVE, 3),
    at(QUEUE_WAITING.series("hq", "support"), 2),
    at(QUEUE_MEMBERS.series("hq", "support"), 5),
    at(SYSTEM_INFO.series("hq", "22.10.1"), 1),
    at(UP, 1),
)
RETAINED = {
    STATE: ONLINE,
    "asterisk/bridge/info": '{"version":"1"}',
    "asterisk/bridge/health": '{"states":{}}',
    "asterisk/hq/availability": ONLINE,
    "asterisk/hq/dialplan": '{"active":3}',
    "asterisk/hq/queue/support": '{"waiting":2,"members":5}',
    "asterisk/hq/source/ami": '{"up":1}',
    "asterisk/hq/system": '{"version":"22.10.1"}',
}
"""What the broker holds after BATCH."""


def sink(url: str, **settings: Any) -> MqttSink:
    return MqttSink(
        MqttSettings(url=url, **settings), CATALOG, lambda: {"version": "1"}, lambda: {"states": {}}
    )


@contextlib.asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[MqttSink]:
    """A sink that is open within the context, as Delivery would have it."""
    one = sink(url, **settings)
    try:
        await one.open()
        yield one
    finally:
        await one.close()


class Books:
    """A Delivery with what it counts.

    Attributes:
        health: where it is counted.
        buffer: where samples wait.
        delivery: itself.
    """

    def __init__(self, one: Sink, backoff: Backoff, clock: Clock, *, newest_first: bool) -> None:
        self.health = Health(clock)
        self.buffer = Buffer(Limits(100_000, newest_first=newest_first), Ledger(self.health, "mqtt"))
        self.delivery = Delivery(one, self.buffer, self.health, clock, backoff=backoff)

    @property
    def up(self) -> bool:
        """Whether the sink works."""
        return not self.health.missing()

    def count(self, metric: Metric, *labels: str) -> int:
        """What was counted for the sink so far."""
        return int(self.health.counted(metric.series(BRIDGE, "mqtt", *labels)))

    def errors(self) -> dict[str, int]:
        """Failures by reason."""
        return self._by_reason(own.SINK_ERRORS)

    def dropped(self) -> dict[str, int]:
        """Lost samples by reason."""
        return self._by_reason(own.SINK_DROPPED)

    def _by_reason(self, metric: Metric) -> dict[str, int]:
        return {
            sample.series.labels[-1][1]: int(sample.value)
            for sample in self.health.samples(0)
            if sample.series.name == metric.name
        }

    def balanced(self) -> bool:
        """accepted = delivered + dropped + buffered."""
        gone = self.count(own.SINK_DELIVERED) + sum(self.dropped().values())
        return self.count(own.SINK_ACCEPTED) == gone + len(self.buffer)


@contextlib.asynccontextmanager
async def delivering(
    one: Sink,
    backoff: Backoff | None = None,
    clock: Clock | None = None,
    *,
    newest_first: bool = True,
) -> AsyncIterator[Books]:
    """A Delivery that runs within the context; at the end its books balance."""
    pause = backoff or Backoff(first=0.01, longest=0.05)
    books = Books(one, pause, clock or SystemClock(), newest_first=newest_first)
    running = asyncio.create_task(books.delivery.run())
    try:
        yield books
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert books.balanced()


async def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition while the loop goes on."""
    await asyncio.to_thread(wait_until, condition, what)


async def write_on(one: MqttSink, batch: Sequence[Sample]) -> None:
    """Write until it fails; the news that a connection is lost may take its time."""
    for _ in range(3000):
        await one.write(batch)
        await asyncio.sleep(0.01)


def resident() -> int:
    """Bytes of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def reason_for_failing(url: str, **settings: Any) -> str:
    """The text of the error with which `open` fails."""

    async def attempt() -> str:
        try:
            async with opened(url, **settings):
                pytest.fail("it did not fail")
        except TemporaryError as error:  # pytest.raises would keep the error, and with it paho's socket
            return str(error)

    return asyncio.run(attempt())
