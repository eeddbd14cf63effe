"""Series begin no faster than carbon makes files for them, and nothing of them is lost or holds others up."""

import asyncio
import contextlib
import json
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_INFO
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.state import Json
from bridge.parts import outlet
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.plans import build_buffer, sink_plans
from bridge.settings import Settings
from bridge.sinks.graphite import NewSeriesSink, graphite_sinks
from tests.servers.graphite import GraphiteServer, environment
from tests.servers.process import wait_until
from tests.sinks.peer import Peer, eventually

LIMIT = 300
"""MAX_CREATES_PER_MINUTE of the carbon of these tests: 5 a second, of which it saves up a minute's."""
SERIES = [QUEUE_WAITING.series("hq", f"q{number}") for number in range(25)]
ROUNDS = 5
READ = """
import json, sys, time, whisper
now = int(time.time())
found = [whisper.fetch(path, now - 110)[1] for path in json.load(sys.stdin)]
print(json.dumps([[value for value in values if value is not None] for values in found]))
"""


def settings(port: int, pace: int, **others: object) -> Settings:
    graphite = {"url": f"tcp://127.0.0.1:{port}", "new_series_per_minute": pace, **others}
    return Settings.model_validate(
        {"graphite": graphite, "http": {"listen": "off"}, "alerts": {"enabled": False}, "state_dir": "off"}
    )


class Bench:
    """The sinks of some settings, each behind its Delivery, as the bridge has them."""

    def __init__(self, one: Settings, folder: Path | None = None) -> None:
        self._clock = SystemClock()
        self.health = Health(self._clock)
        self.deliveries = []
        self._outlets: list[Callable[[Sequence[Sample]], None]] = []
        for plan in sink_plans(one, self.health):
            buffer = build_buffer(one, plan, self.health, folder)
            at_once = Backoff(uniform=lambda _, __: 0.05)
            delivery = Delivery(plan.sink, buffer, self.health, self._clock, backoff=at_once)
            self.deliveries.append(delivery)
            self._outlets.append(outlet(plan, delivery))

    def accept(self, samples: Sequence[Sample]) -> None:
        for accept in self._outlets:
            accept(samples)

    @property
    def waiting(self) -> int:
        return sum(delivery._buffer.waiting + delivery._buffer.stored for delivery in self.deliveries)

    def accepted(self, name: str) -> float:
        return self.health.counted(own.SINK_ACCEPTED.series(BRIDGE, name))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(delivery.run()) for delivery in self.deliveries]
        try:
            yield
        finally:
            for delivery in self.deliveries:
                await delivery.stop(0.1)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def carbon(tmp_path: Path) -> Iterator[GraphiteServer]:
    """A carbon that makes few files a minute, and has none saved up."""
    server = GraphiteServer(tmp_path)
    conf = tmp_path / "carbon.conf"
    conf.write_text(conf.read_text().replace("CREATES_PER_MINUTE = inf", f"CREATES_PER_MINUTE = {LIMIT}"))
    (tmp_path / "storage-schemas.conf").write_text("[all]\npattern = .*\nretentions = 1s:2m\n")
    server.start()
    try:
        exhaust(server, tmp_path)
        yield server
    finally:
        server.stop()


def exhaust(server: GraphiteServer, home: Path) -> None:
    others = [
        Sample(Series("statsd.other", (("pbx", str(number)),)), 1, time.time()) for number in range(LIMIT)
    ]

    async def main() -> None:
        bench = Bench(settings(server.line_port, 0, prefix="others"))
        async with bench.running():
            bench.accept(others)
            await eventually(lambda: not bench.waiting)

    asyncio.run(main())
    wait_until(lambda: len(list((home / "whisper/others").rglob("*.wsp"))) >= LIMIT, "the files of others")


async def write_others(port: int, value: float) -> None:
    bench = Bench(settings(port, 0, prefix="others"))
    async with bench.running():
        now = int(time.time())
        bench.accept([Sample(Series("statsd.x", (("pbx", str(at)),)), value, now) for at in range(LIMIT)])
        await eventually(lambda: not bench.waiting)


def settle(port: int, home: Path, value: float) -> None:
    """Wait until carbon writes what comes now; by the second time all that it held at the first is done."""
    asyncio.run(write_others(port, value))
    wait_until(lambda: [value] in [found[-1:] for found in kept(home, "others")], "the files of others")


async def deliver(one: Settings, begin: int) -> None:
    """Some rounds of values of all series, half a second apart."""
    bench = Bench(one)
    async with bench.running():
        for number in range(ROUNDS):
            bench.accept([Sample(series, number, begin + number) for series in SERIES])
            await asyncio.sleep(0.5)
        await eventually(lambda: not bench.waiting)


def kept(home: Path, prefix: str = "asterisk") -> list[list[float]]:
    """The values in the files of all series with a prefix."""
    files = [str(path) for path in (home / "whisper" / prefix).rglob("*.wsp")]
    argv = [str(environment() / "bin" / "python"), "-c", READ]
    answer = subprocess.run(argv, input=json.dumps(files), check=True, capture_output=True, text=True)
    found: list[list[float]] = json.loads(answer.stdout)
    return found


@pytest.mark.live
def test_carbon_throws_away_what_begins_too_fast(carbon: GraphiteServer, tmp_path: Path) -> None:
    """The reason for all this."""
    asyncio.run(deliver(settings(carbon.line_port, 0), int(time.time()) - 30))
    settle(carbon.line_port, tmp_path, 2)
    settle(carbon.line_port, tmp_path, 3)

    assert 0 < sum(map(len, kept(tmp_path))) < len(SERIES) * ROUNDS


@pytest.mark.live
def test_paced_every_value_of_every_series_is_kept(carbon: GraphiteServer, tmp_path: Path) -> None:
    asyncio.run(deliver(settings(carbon.line_port, LIMIT * 4 // 5), int(time.time()) - 30))

    wait_until(lambda: kept(tmp_path) == [[0.0, 1.0, 2.0, 3.0, 4.0]] * len(SERIES), "all values")


def samples(*names: str, value: float = 0.0) -> list[Sample]:
    return [Sample(QUEUE_WAITING.series("hq", name), value, 1_700_000_000 + value) for name in names]


def lines(*names: str, value: int = 0) -> set[bytes]:
    return {f"asterisk.hq.queue.{name}.waiting {value} {1_700_000_000 + value}".encode() for name in names}


def test_what_has_begun_is_not_held_up_by_what_has_not() -> None:
    async def main() -> None:
        async with Peer() as peer:
            bench = Bench(settings(peer.port, 60))
            async with bench.running():
                bench.accept(samples("a"))
                await eventually(lambda: set(peer.everything.splitlines()) == lines("a"))
                bench.accept(samples("a", "b", "c", "d", value=1))
                await eventually(lambda: lines("a", value=1) <= set(peer.everything.splitlines()))

                assert not lines("d", value=1) <= set(peer.everything.splitlines())
                assert bench.accepted("graphite") == 1
                assert bench.accepted("graphite-new") == 4

    asyncio.run(main())


def test_no_minute_has_more_beginnings_than_the_setting_says() -> None:
    pace, amount = 1200, 20

    async def main() -> None:
        async with Peer() as peer:
            bench = Bench(settings(peer.port, pace))
            async with bench.running():
                began = time.monotonic()
                bench.accept(samples(*map(str, range(amount))))
                await eventually(lambda: set(peer.everything.splitlines()) == lines(*map(str, range(amount))))

                assert time.monotonic() - began >= (amount - 1) * 60 / pace

    asyncio.run(main())


def test_what_waits_for_its_turn_comes_again_when_the_connection_breaks() -> None:
    async def main() -> None:
        async with Peer() as peer:
            bench = Bench(settings(peer.port, 600))
            async with bench.running():
                bench.accept(samples("a", "b", "c", "d"))
                await eventually(lambda: peer.everything)
                peer.reset()

                await eventually(lambda: lines("a", "b", "c", "d") <= set(peer.everything.splitlines()))

    asyncio.run(main())


def test_what_waits_for_its_turn_outlives_the_bridge(tmp_path: Path) -> None:
    async def main() -> None:
        async with Peer() as peer:
            before, after = (Bench(settings(peer.port, pace), tmp_path) for pace in (6, 6000))
            async with before.running():
                before.accept(samples("a", "b", "c"))
                await eventually(lambda: peer.everything)
            async with after.running():
                await eventually(lambda: lines("a", "b", "c") <= set(peer.everything.splitlines()))

    asyncio.run(main())


def test_a_series_without_a_name_takes_nobodys_turn() -> None:
    async def main() -> None:
        async with Peer() as peer:
            bench = Bench(settings(peer.port, 1))
            async with bench.running():
                bench.accept(
                    [*(Sample(SYSTEM_INFO.series("hq", str(at)), 1, 0) for at in range(9)), *samples("a")]
                )

                await eventually(lambda: set(peer.everything.splitlines()) == lines("a"))

    asyncio.run(main())


def test_each_carbon_has_a_pace_of_its_own_and_without_one_there_is_no_further_sink() -> None:
    two = ["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"]
    with_pace = settings(1, 40, url=two, spread="all").graphite
    without = settings(1, 0, url=two, spread="all").graphite

    names = ["graphite", "graphite-new", "graphite-2", "graphite-2-new"]
    assert [sink.name for sink in graphite_sinks(with_pace, CATALOG)] == names
    assert [sink.name for sink in graphite_sinks(without, CATALOG)] == ["graphite", "graphite-2"]


def newcomers(pace: int = 6000) -> NewSeriesSink:
    return NewSeriesSink(settings(1, pace).graphite, CATALOG, "graphite-new")


def test_what_has_begun_is_known_after_a_restart() -> None:
    async def main() -> None:
        async with Peer() as peer:
            before = NewSeriesSink(settings(peer.port, 6000).graphite, CATALOG, "graphite-new")
            await before.open()
            await before.write(samples("a", "b"))
            await before.close()
            after = newcomers()
            after.restore(json.loads(json.dumps(before.state())))

            assert [after.has_begun(each.series) for each in samples("a", "b", "c")] == [True, True, False]

    asyncio.run(main())


@pytest.mark.parametrize("state", [None, 1, "x", {"a": 1}, [1, None, "", ["a"]]])
def test_a_state_that_is_none_is_ignored(state: Json) -> None:
    sink = newcomers()

    sink.restore(state)

    assert sink.state() == []


def test_of_too_many_series_the_first_count_as_new_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.sinks.graphite.NAMES", 2)

    async def main() -> None:
        async with Peer() as peer:
            sink = NewSeriesSink(settings(peer.port, 6000).graphite, CATALOG, "graphite-new")
            await sink.open()
            await sink.write(samples("a", "b", "c"))
            await sink.close()

            assert [sink.has_begun(each.series) for each in samples("a", "b", "c")] == [False, True, True]

    asyncio.run(main())
