"""A connection that breaks within a batch: lines are whole, and there once, or repeated with the same time.

`TEST_STRIDE=1` breaks it after every single byte of the batch.
"""

import asyncio
import os

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Sample, Series
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.settings import GraphiteSettings
from bridge.sinks.graphite import GraphiteSink
from tests.faults.oracle import Account
from tests.sinks.peer import Peer, eventually

STRIDE = int(os.environ.get("TEST_STRIDE", "61"))
BATCH = 100
SAMPLES = [
    Sample(Series(f"statsd.torn.{n:02}", (("pbx", "hq"),)), n / 7, 1_700_000_000) for n in range(BATCH)
]

pytestmark = pytest.mark.timeout(120 + 600 // STRIDE)


def whole_lines(received: bytes) -> list[bytes]:
    """As carbon reads them: what has no end yet when the connection breaks is not used."""
    return received.split(b"\n")[:-1]


async def write(peer: Peer, limit: int | None = None) -> Account:
    """Deliver the batch; the first connection is reset after `limit` bytes."""
    health, clock = Health(SystemClock()), SystemClock()
    settings = GraphiteSettings.model_validate({"url": f"tcp://127.0.0.1:{peer.port}"})
    sink = GraphiteSink(settings, CATALOG)
    buffer = Buffer(Limits(1000, BATCH, sink.hold), Ledger(health, sink.name))
    delivery = Delivery(sink, buffer, health, clock, backoff=Backoff(uniform=lambda _, __: 0.0))
    peer.received.clear()
    peer.limit = 1 << 30 if limit is None else limit
    running = asyncio.create_task(delivery.run())
    await eventually(lambda: delivery._up and peer.received)
    delivery.accept(SAMPLES)
    await eventually(lambda: not buffer.waiting)
    if limit is not None:
        await eventually(lambda: not sink.reached or len(peer.received) > 1)
        peer.limit = 1 << 30
        delivery.accept(SAMPLES[:1])
        await eventually(lambda: len(peer.received) > 1 and not buffer.waiting)
    await delivery.stop(5)
    await running
    return Account.of(health, sink.name)


def test_no_byte_at_which_it_breaks_costs_or_alters_a_line() -> None:
    async def scenario() -> int:
        async with Peer() as peer:
            await write(peer)
            await eventually(lambda: len(whole_lines(peer.everything)) == BATCH)
            batch = peer.everything
            lines = set(whole_lines(batch))
            for limit in range(1, len(batch) + 1, STRIDE):
                account = await write(peer, limit)
                await eventually(lambda: lines <= came(peer))
                assert came(peer) == lines
                assert account.delivered == account.accepted == BATCH + 1
        return len(batch)

    print(f"\nbatch of {asyncio.run(scenario())} bytes, broken at every {STRIDE}")


def came(peer: Peer) -> set[bytes]:
    return {line for received in peer.received for line in whole_lines(bytes(received))}
