"""The whole source on real sockets: what goes in as packets comes out as samples, and nothing vanishes."""

import asyncio
import contextlib
import socket
from math import inf
from pathlib import Path
from typing import Any, cast

import pytest

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.errors import SettingsError, SourceError
from bridge.pipeline.health import Health
from bridge.settings import StatsdSettings
from bridge.sources.statsd import StatsdSource
from tests.fakes import FakeClock
from tests.servers.process import free_port
from tests.sources.statsd.wired import LONG, Bench, until

pytestmark = pytest.mark.usefixtures("core")


def udp(port: int, *packets: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for packet in packets:
            sender.sendto(packet, ("127.0.0.1", port))


@pytest.fixture
def port() -> int:
    return free_port(socket.SOCK_DGRAM)


def settings(port: int, **changes: Any) -> StatsdSettings:
    return StatsdSettings(listen=(f"udp://127.0.0.1:{port}",), **{"flush_interval": LONG, **changes})


def test_packets_become_samples_of_the_pbx_that_sent_them(port: int) -> None:
    bench = Bench(settings(port), {"hq": ("127.0.0.1",)})

    async def work() -> None:
        udp(port, b"calls:1|c", b"calls:2|c|@0.5\n", b"wait:320|ms", b"level:+3|g", b"callers:alice|s")
        await until(lambda: bench.counted("listener.lines") == 5)

    bench.run(work)

    assert bench.value("calls.count", "hq") == 5
    assert bench.value("calls.rate", "hq") == 5 / LONG
    assert bench.value("wait.upper_90", "hq") == 320
    assert bench.value("level", "hq") == 3
    assert bench.value("callers.count", "hq") == 1


def test_flushes_are_aligned_and_stamped_with_their_moment(port: int) -> None:
    clock = FakeClock(1_700_000_003.0)
    health = Health(clock)
    source = StatsdSource(settings(port, flush_interval=10, idle="repeat"), {}, health, clock)
    samples: list[Sample] = []

    async def work() -> None:
        task = asyncio.create_task(source.run(samples.extend))
        await until(lambda: clock.slept)
        udp(port, b"calls:1|c")
        await until(lambda: len(samples) > 4)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(work())

    *ticked, _, _ = [sample.time for sample in samples]
    assert all(time % 10 == 0 for time in ticked)
    assert sum(sample.value for sample in samples if sample.series.name == "statsd.calls.count") == 1


def test_a_long_flush_is_emitted_in_slices_and_whole_even_when_cancelled(port: int) -> None:
    bench = Bench(settings(port))
    slices: list[int] = []

    async def work() -> None:
        lines = [b"n%d:1|c" % number for number in range(5000)]
        udp(port, *(b"\n".join(lines[at : at + 50]) for at in range(0, 5000, 50)))
        await until(lambda: bench.counted("listener.lines") == 5000)
        flush = asyncio.create_task(bench.source._flush(1700.0, lambda part: slices.append(len(part))))
        await asyncio.sleep(0)
        flush.cancel()

    bench.run(work)

    assert slices == [250]
    assert sum(sample.series.name.startswith("statsd.n") for sample in bench.samples) == 9750


class Busy:
    """A listener that is behind whenever it is asked, but for one time in so many; each time takes 0.25 s."""

    name, buffer = "busy", 0

    def __init__(self, clock: FakeClock, once_in: float) -> None:
        self.clock = clock
        self.once_in = once_in
        self.asked = 0

    def catch_up(self) -> None:
        """There is nothing that could be read."""

    @property
    def is_behind(self) -> bool:
        self.clock.now += 0.25
        self.asked += 1
        return self.asked % self.once_in != 0


@pytest.mark.parametrize(("once_in", "expected"), [(4, [0, 1, 2, 3, 4]), (inf, [0, 5, 5.25, 5.5, 5.75])])
def test_packets_that_wait_go_before_what_was_counted_for_half_an_interval(
    port: int, once_in: float, expected: list[float]
) -> None:
    """Sockets run over, what was counted can wait. `expected` is when each slice is told, in seconds."""
    clock = FakeClock(0)
    source = StatsdSource(settings(port, flush_interval=10), {}, Health(clock), clock)
    source._receiver.receive("udp", [(b"a%d:1|c" % number, "127.0.0.1") for number in range(600)])
    source._listeners = cast("Any", [Busy(clock, once_in)])
    told: list[float] = []

    asyncio.run(source._flush(0, lambda _: told.append(clock.now)))

    assert told == expected


def test_gauges_outlive_a_restart_of_the_source(port: int) -> None:
    bench = Bench(settings(port))

    async def send(packet: bytes, lines: int) -> None:
        udp(port, packet)
        await until(lambda: bench.counted("listener.lines") == lines)

    bench.run(lambda: send(b"level:5|g", 1))
    bench.samples.clear()
    bench.run(lambda: send(b"level:+1|g", 2))

    assert bench.value("level") == 6


def test_etsys_names_give_every_sample_its_exact_path(port: int) -> None:
    bench = Bench(settings(port, names="etsy-legacy"), {"hq": ("127.0.0.1",)})

    async def work() -> None:
        udp(port, b"lab calls:3|c")
        await until(lambda: bench.counted("listener.lines") == 1)

    bench.run(work)

    paths = {sample.series.path: sample.value for sample in bench.samples if sample.series.path}
    assert paths["stats_counts.lab_calls"] == 3
    assert paths["statsd.numStats"] == 4


def test_an_address_in_use_ends_the_source_and_leaves_nothing_open(port: int, tmp_path: Path) -> None:
    path = tmp_path / "statsd.sock"
    both = StatsdSettings(listen=(f"unixgram://{path}", f"udp://127.0.0.1:{port}"))
    bench = Bench(both)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
        with pytest.raises(SourceError, match="BRIDGE_STATSD__LISTEN"):
            asyncio.run(bench.source.run(bench.samples.extend))

    assert not path.exists()
    assert bench.samples == []


def test_the_kernel_drops_of_a_small_buffer_are_counted(port: int) -> None:
    bench = Bench(settings(port, receive_buffer=8192))

    async def work() -> None:
        udp(port, *(b"calls:1|c" for _ in range(1000)))

    bench.run(work)

    lost = bench.health.counted(own.LISTENER_KERNEL_DROPS.series(BRIDGE, "udp"))
    assert lost > 0
    assert bench.counted("listener.packets") + lost == 1000
    assert bench.value("calls.count") + lost == 1000


@pytest.mark.parametrize(
    ("listen", "changes", "warned"),
    [
        ("udp://127.0.0.1:0", {}, False),
        ("udp://[::1]:0", {}, False),
        ("udp://0.0.0.0:0", {}, True),
        ("tcp://[::]:0", {}, True),
        ("udp://0.0.0.0:0", {"allow": ("10.0.0.0/8",)}, False),
        ("udp://0.0.0.0:0", {"unknown_senders": "refuse"}, False),
    ],
)
def test_an_open_door_is_warned_about(
    listen: str, changes: dict[str, Any], warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(StatsdSettings(listen=(listen,), flush_interval=LONG, **changes))

    bench.run(lambda: asyncio.sleep(0))

    output = capsys.readouterr().out
    assert ("BRIDGE_STATSD__ALLOW" in output) is warned
    assert ("best effort" in output) is listen.startswith("udp")


def test_a_wrong_mapping_file_names_its_setting(tmp_path: Path, port: int) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[[rule]]\nname = 'x'\n")

    with pytest.raises(SettingsError, match=r"BRIDGE_STATSD__MAPPING: .*rules.toml: rule 1 has no `match`"):
        Bench(settings(port, mapping=path))


def test_rules_of_the_mapping_file_are_applied(tmp_path: Path, port: int) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[[rule]]\nmatch = 'lab.*.calls'\nname = 'calls'\nlabels = {site = '$1'}\n")
    bench = Bench(settings(port, mapping=path))

    async def work() -> None:
        udp(port, b"lab.a.calls:1|c", b"lab.b.calls:2|c")
        await until(lambda: bench.counted("listener.lines") == 2)

    bench.run(work)

    sites = {
        dict(s.series.labels)["site"]: s.value for s in bench.samples if s.series.name == "statsd.calls.count"
    }
    assert sites == {"a": 1, "b": 2}
