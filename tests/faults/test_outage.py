"""An outage of Graphite, and its end: then everything arrives, at a pace that floods nobody.

`TEST_POINTS=1800000` simulates fifteen minutes at 2,000 points a second; the figures stand in the README.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.core.pace import BURST, MEMORY, Pace
from bridge.core.sample import Sample, Series
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import OVERDUE, Buffer, Limits
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.spool import Spool
from bridge.settings import GraphiteSettings
from bridge.sinks.graphite import GraphiteSink
from tests.faults.clock import SimulatedClock
from tests.faults.oracle import Account
from tests.faults.proxy import TcpProxy
from tests.faults.recorder import Recorder
from tests.sinks.peer import eventually

POINTS = int(os.environ.get("TEST_POINTS", "40000"))
"""Points that come while Graphite is away."""
BATCH = 1000
RATE = 2000
"""Points a second."""
REPLAY, LEAST = 2.0, 500.0
"""How fast a backlog follows: so many times the live rate, or so many a second."""
DRAINED = 2 / 3
"""Of the time of the outage: ten minutes after fifteen. After a short one the live rate is not known yet."""
SERIES = [Series(f"statsd.load.{number}", (("pbx", "hq"),)) for number in range(RATE)]

pytestmark = pytest.mark.timeout(120 + POINTS / 2000)


def value(moment: int, place: int) -> float:
    """A number with a fraction, which does not repeat soon."""
    return (moment * 7919 + place * 104_729) % 100_003 / 7


class Outage(NamedTuple):
    """What is measured.

    Attributes:
        away: simulated seconds for which Graphite was away.
        drained: simulated seconds from its return until nothing waited.
        fastest: the most points of a simulated second after the return.
        disk: the most bytes used on disk.
        accepted: how many points there were.
        recorder: what came.
        account: the ledger at the end.
        seconds: how long all that took.
    """

    away: float
    drained: float
    fastest: int
    disk: int
    accepted: int
    recorder: Recorder
    account: Account
    seconds: float


class Simulation:
    """A Delivery with its spool on disk, a real connection, and time that the test moves on."""

    def __init__(self, delivery: Delivery, buffer: Buffer, clock: SimulatedClock, recorder: Recorder) -> None:
        self.delivery = delivery
        self.buffer = buffer
        self.clock = clock
        self.recorder = recorder
        self.accepted = 0

    async def second(self) -> None:
        """One second of live points, each series once, in four parts."""
        moment = int(self.clock.time())
        for part in range(4):
            places = range(part, RATE, 4)
            now = [Sample(SERIES[place], value(moment, place), moment) for place in places]
            self.accepted += len(now)
            self.delivery.accept(now)
            await self.step()

    @property
    def waiting(self) -> int:
        """Points that were not sent yet."""
        return self.buffer.waiting + self.buffer.stored

    async def step(self) -> None:
        """Let a quarter of a second pass, and all that must happen then."""
        await self.clock.advance(OVERDUE)
        await eventually(lambda: self.clock.sleeps(self.clock.now + OVERDUE))
        self.delivery._moved.clear()
        self.delivery._arrived.set()
        if self.delivery._up:
            await eventually(lambda: self.delivery._moved.is_set() or not self.delivery._up)


@asynccontextmanager
async def simulated(folder: Path, proxy: TcpProxy, recorder: Recorder) -> AsyncIterator[Simulation]:
    clock = SimulatedClock()
    health = Health(clock)
    settings = GraphiteSettings.model_validate({"url": f"tcp://127.0.0.1:{proxy.own_port}"})
    sink = GraphiteSink(settings, CATALOG)
    limits = Limits(settings.buffer, BATCH, sink.hold, newest_first=True)
    spool = Spool(folder / "spool", 256 * 1024 * 1024, 7 * 86400.0, time=clock.time)
    buffer = Buffer(limits, Ledger(health, "graphite"), spool, Pace(REPLAY, LEAST))
    delivery = Delivery(sink, buffer, health, clock, backoff=Backoff(uniform=lambda _, __: 1.0))
    task = asyncio.create_task(delivery.run())
    await eventually(lambda: delivery._up)
    yield Simulation(delivery, buffer, clock, recorder)
    await delivery.stop(5)
    await task


async def outage(folder: Path) -> Outage:
    began = time.monotonic()
    async with Recorder() as recorder, TcpProxy(recorder.port) as proxy:
        async with simulated(folder, proxy, recorder) as one:
            await one.second()
            await proxy.refuse()
            left = one.clock.now
            disk = 0
            while one.accepted < POINTS:
                await one.second()
                disk = max(disk, one.buffer.store.bytes if one.buffer.store else 0)
            await proxy.accept()
            back, fastest = one.clock.now, 0
            while one.waiting > RATE // 2:
                before = recorder.lines.total()
                await one.second()
                fastest = max(fastest, recorder.lines.total() - before)
            drained = one.clock.now - back
            while one.waiting:
                await one.step()
        account = Account.of(one.delivery._health, "graphite")
        await eventually(lambda: len(recorder.lines) == one.accepted)
    measures = (back - left, drained, fastest, disk, one.accepted)
    return Outage(*measures, recorder, account, time.monotonic() - began)


def test_after_an_outage_every_point_is_there_in_good_time(tmp_path: Path) -> None:
    """No gap, no other point; the backlog follows at no more than twice the live rate."""
    found = asyncio.run(outage(tmp_path))

    copies = found.recorder.lines.total() - len(found.recorder.lines)
    print(
        f"\n{found.accepted} points, away {found.away:.0f} s, drained in {found.drained:.0f} s, at most "
        f"{found.fastest} a second, {found.disk / 2**20:.1f} MiB on disk ({found.disk / POINTS:.1f} bytes a "
        f"point), {copies} came twice; took {found.seconds:.0f} s"
    )
    assert len(found.recorder.lines) == found.accepted
    assert found.account.accepted == found.account.delivered == found.accepted
    assert not found.account.dropped
    moments = Counter(line.rpartition(b" ")[2] for line in found.recorder.lines)
    assert set(moments.values()) == {RATE}
    assert found.drained <= (found.away * DRAINED if found.away > 3 * MEMORY else POINTS / LEAST)
    assert found.fastest <= RATE * (1 + REPLAY) + BURST * REPLAY * RATE + BATCH


SETTINGS = {"timeout": "200ms", "resend": "200ms"}
ALONE = Sample(SERIES[0], 1, 1_700_000_000)


@asynccontextmanager
async def delivering(proxy: TcpProxy) -> AsyncIterator[Delivery]:
    """A Delivery that believes after 0.4 s that what it sent has arrived, and keeps nothing on disk."""
    url = {"url": f"tcp://127.0.0.1:{proxy.own_port}"}
    sink = GraphiteSink(GraphiteSettings.model_validate(url | SETTINGS), CATALOG)
    clock = SystemClock()
    health = Health(clock)
    buffer = Buffer(Limits(1000, BATCH, sink.hold), Ledger(health, "graphite"))
    delivery = Delivery(sink, buffer, health, clock, backoff=Backoff(uniform=lambda _, __: 0.05))
    running = asyncio.create_task(delivery.run())
    await eventually(lambda: delivery._up)
    yield delivery
    await delivery.stop(5)
    await running


async def lose_what_was_sent(delivery: Delivery, proxy: TcpProxy) -> None:
    """The peer's machine takes a sample, but the peer dies before it has read it; then nothing is sent."""
    proxy.stall()
    delivery.accept([ALONE])
    await eventually(lambda: delivery._buffer.unconfirmed)
    await proxy.refuse()
    await eventually(lambda: not delivery._sink.reached)


def test_a_break_while_nothing_is_sent_costs_nothing() -> None:
    """However long it is until the break is noticed, by the next write."""

    async def scenario() -> tuple[Recorder, Account]:
        async with Recorder() as recorder, TcpProxy(recorder.port) as proxy:
            async with delivering(proxy) as delivery:
                await lose_what_was_sent(delivery, proxy)
                await asyncio.sleep(2 * delivery._sink.hold)
                proxy.go_on()
                await proxy.accept()
                delivery.accept([ALONE._replace(value=2)])
                await eventually(lambda: len(recorder.lines) == 2)
            return recorder, Account.of(delivery._health, "graphite")

    recorder, account = asyncio.run(scenario())
    assert set(recorder.lines) == {f"asterisk.hq.statsd.load.0 {n} 1700000000".encode() for n in (1, 2)}
    assert account.delivered == account.accepted == 2


def test_what_a_dead_peer_had_not_read_at_the_end_is_not_called_delivered() -> None:
    async def scenario() -> Account:
        async with Recorder() as recorder, TcpProxy(recorder.port) as proxy:
            async with delivering(proxy) as delivery:
                await lose_what_was_sent(delivery, proxy)
            return Account.of(delivery._health, "graphite")

    assert asyncio.run(scenario()).dropped == {"shutdown": 1}
