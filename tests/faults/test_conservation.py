"""Nothing vanishes unexplained: numbered facts through a whole bridge while each fault in turn is on.

All the time the ledger of each sink balances. After every scenario what the pipeline accepted is at Graphite
with its value, and nothing else is there; at the broker the last of each topic is shown, and never was an
older one after a newer one.

`TEST_FACTS=200000` sends so many in each scenario; the figures stand in the README.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.system import DIALPLAN_PROCESSED
from bridge.core.metric import MetricKind
from bridge.pipeline import delivery, supervisor
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Part
from tests.faults.oracle import PACKET
from tests.faults.proxy import Names, TcpProxy, UdpProxy, no_pubacks
from tests.faults.recorder import subscriber
from tests.faults.stage import FACTS, PATIENCE, SINKS, House, Stage, running
from tests.pipeline.test_spool_disk import Disk
from tests.servers.mosquitto import mosquitto

Act = Callable[[Stage], Awaitable[None]]

pytestmark = pytest.mark.timeout(60 + PATIENCE)


class QuickBackoff(Backoff):
    """Waits a short while, and always as long: the tests of Backoff hold the rest."""

    def __init__(self, **_: float) -> None:
        super().__init__(uniform=lambda _, __: 0.1)


class SteppedClock(SystemClock):
    """A wall clock that somebody sets; `offset` is in seconds."""

    offset = 0.0

    def time(self) -> float:
        return time.time() + self.offset


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(delivery, "Backoff", QuickBackoff)
    monkeypatch.setattr(supervisor, "Backoff", QuickBackoff)
    with (
        mosquitto(tmp_path, log="error") as broker,
        subscriber(broker, tmp_path / "heard", "asterisk/hq/statsd/#") as heard,
    ):
        yield House(broker, heard)


@pytest.fixture
def disk() -> Iterator[Disk]:
    small = Disk()
    try:
        if not small.mount():
            pytest.skip("a small disk of its own needs the right to `unshare -rm mount`")
        yield small
    finally:
        small.close()


def play(house: House, act: Act) -> Stage:
    """A third of the facts before the fault, a third during the act, a third after it; then the judge."""

    async def scenario() -> Stage:
        async with running(house) as stage:
            await stage.send(FACTS // 3)
            await act(stage)
            await stage.try_fresh()
            await stage.send(max(0, FACTS - stage.sent))
            await stage.accepted()
            await stage.settled()
        return stage

    stage = asyncio.run(scenario())
    judge(stage)
    return stage


def judge(stage: Stage) -> None:
    """Hold the promise."""
    accounts, verdicts = stage.accounts, stage.verdicts()
    print(f"\n{len(stage.obligations.samples)} samples accepted, fresh after {stage.fresh:.2f} s")
    for sink in SINKS:
        print(f"{sink}: {accounts[sink]} {verdicts[sink]}")
    assert stage.imbalance == 0
    for sink in SINKS:
        account = accounts[sink]
        assert account.imbalance == account.buffered == 0
        assert account.accepted == len(stage.obligations.samples)
        assert verdicts[sink].is_clean
    assert not accounts["graphite"].dropped
    assert accounts["mqtt"].dropped.keys() <= {"superseded"}
    assert verdicts["graphite"].facts == stage.sent - stage.lost >= FACTS * 4 // 5
    assert stage.fresh <= 10


def test_graphite_refuses(house: House) -> None:
    async def act(stage: Stage) -> None:
        await stage.graphite.refuse()
        await stage.until(lambda: stage.is_down("graphite"), "the loss to be noticed")
        await stage.send(FACTS // 3)
        await stage.accepted()
        await stage.graphite.accept()

    play(house, act)


def test_graphite_resets_after_every_64_kib(house: House) -> None:
    async def act(stage: Stage) -> None:
        before = stage.graphite.accepted
        stage.graphite.limit = 65_536
        await stage.send(FACTS // 3)
        await stage.accepted()
        await stage.until(lambda: stage.graphite.accepted > before + 5, "some resets")
        stage.graphite.limit = None

    play(house, act)


def test_graphite_stops_reading(house: House) -> None:
    async def act(stage: Stage) -> None:
        stage.graphite.stall()
        await stage.send(FACTS // 3)
        await stage.accepted()
        await stage.until(lambda: stage.is_down("graphite"), "the loss to be noticed")
        stage.graphite.go_on()

    play(house, act)


def test_graphite_is_gone_without_a_word(house: House) -> None:
    async def act(stage: Stage) -> None:
        stage.graphite.vanish()
        await stage.send(FACTS // 3)
        await stage.accepted()
        await stage.until(lambda: stage.is_down("graphite"), "the loss to be noticed")
        stage.graphite.reappear()

    play(house, act)


def test_the_name_server_fails_and_then_gives_another_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(socket.getaddrinfo)
    names.table["graphite.test"] = "127.0.0.1"
    monkeypatch.setattr(socket, "getaddrinfo", names.getaddrinfo)

    async def act(stage: Stage) -> None:
        names.table["graphite.test"] = None
        await stage.graphite.refuse()
        await stage.until(lambda: stage.is_down("graphite"), "the loss to be noticed")
        await stage.send(FACTS // 3)
        await stage.accepted()
        elsewhere = TcpProxy(stage.recorder.port, "127.0.0.2", stage.graphite.own_port)
        await stage.stack.enter_async_context(elsewhere)
        names.table["graphite.test"] = "127.0.0.2"

    play(replace(house, graphite="graphite.test"), act)


def test_the_broker_confirms_nothing_for_a_while(house: House) -> None:
    """It takes the connection, and messages, but keeps each PUBACK to itself."""

    async def act(stage: Stage) -> None:
        stage.mqtt.answers = no_pubacks
        await stage.mqtt.reset()
        before = stage.mqtt.accepted
        await stage.send(FACTS // 3)
        await stage.accepted()
        await stage.until(lambda: stage.mqtt.accepted > before + 2, "some tries")
        assert stage.is_down("mqtt")
        stage.mqtt.answers = None
        await stage.mqtt.reset()

    play(house, act)


def test_the_broker_comes_back_with_an_empty_memory(house: House) -> None:
    async def act(stage: Stage) -> None:
        await asyncio.to_thread(stage.broker.stop)
        await stage.until(lambda: stage.is_down("mqtt"), "the loss to be noticed")
        await stage.send(FACTS // 3)
        await stage.accepted()
        await asyncio.to_thread(stage.broker.start)
        await asyncio.to_thread(stage.subscriber.wait_subscribed)

    play(house, act)


def test_the_disk_is_full(house: House, disk: Disk) -> None:
    """While Graphite is away and the spool cannot be written, what waits is kept in memory."""

    async def act(stage: Stage) -> None:
        disk.fill()
        await stage.graphite.refuse()
        await stage.send(FACTS // 3)
        await stage.accepted()
        spool = Part("spool", "bridge", "graphite")
        await stage.until(lambda: spool in stage.app._health.missing(), "the full disk to be told")
        disk.empty()
        await stage.until(lambda: spool not in stage.app._health.missing(), "the disk to be used again")
        await stage.graphite.accept()

    play(replace(house, spool=disk.path), act)


def test_the_pbx_restarts(house: House) -> None:
    """AMI breaks, the SNMP agent is gone, and then all counters of the PBX begin at 0: ours do not."""

    async def act(stage: Stage) -> None:
        await stage.pbx.stop()
        lost = {Part("source", "hq", "ami"), Part("source", "hq", "snmp")}
        await stage.until(lambda: lost <= stage.app._health.missing().keys(), "the loss to be noticed")
        await stage.send(FACTS // 3)
        await stage.accepted()
        await stage.pbx.start()
        await stage.until(stage.works, "the PBX to be back")

    stage = play(house, act)
    counters: dict[object, list[float]] = {}
    for series, value, _ in stage.obligations.samples:
        metric = CATALOG.get(series.name)
        if metric and metric.kind is MetricKind.COUNTER:
            counters.setdefault(series, []).append(value)
    assert DIALPLAN_PROCESSED.series("hq") in counters
    assert all(values == sorted(values) for values in counters.values())


def test_the_network_loses_doubles_and_reorders_datagrams(house: House) -> None:
    """What reaches the socket is the obligation, and it is all that was sent but what the network lost."""

    async def act(stage: Stage) -> None:
        proxy = UdpProxy(stage.statsd, seed=11, loss=0.1, doubling=0.05, reordering=0.05)
        async with proxy.running() as port:
            stage.statsd, direct = port, stage.statsd
            await stage.send(FACTS - stage.sent)
            stage.statsd = direct
            await stage.until(lambda: proxy.received >= FACTS * 2 // 3 // PACKET, "the datagrams")
        stage.lost = sum(data.count(b"|g") for data in proxy.lost)
        assert stage.lost
        assert proxy.doubled
        assert proxy.late
        await stage.accepted()

    play(house, act)


def test_the_clock_steps(house: House) -> None:
    """By a second and by an hour, forwards and backwards, while facts come in."""
    clock = SteppedClock()

    async def act(stage: Stage) -> None:
        for step in (1, -1, 3600, -3600):
            clock.offset += step
            await stage.send(FACTS // 12)
            await stage.accepted()

    play(replace(house, clock=clock), act)
