"""A sink as Delivery would have it, and what a broker holds after it was given a batch."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_MEMBERS, QUEUE_WAITING
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, SYSTEM_INFO
from bridge.core import own
from bridge.core.sample import Sample, Series
from bridge.errors import TemporaryError
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


async def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition while the loop goes on."""
    await asyncio.to_thread(wait_until, condition, what)


async def write_on(one: MqttSink, batch: Sequence[Sample]) -> None:
    """Write until it fails; the news that a connection is lost may take its time."""
    for _ in range(3000):
        await one.write(batch)
        await asyncio.sleep(0.01)


def reason_for_failing(url: str, **settings: Any) -> str:
    """The text of the error with which `open` fails."""

    async def attempt() -> str:
        try:
            async with opened(url, **settings):
                pytest.fail("it did not fail")
        except TemporaryError as error:  # pytest.raises would keep the error, and with it paho's socket
            return str(error)

    return asyncio.run(attempt())
