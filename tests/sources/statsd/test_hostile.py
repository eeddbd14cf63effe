"""Whoever sends rubbish is counted, packet by packet, and is in nobody's way.

TEST_BAD_LINES=500      bad lines of each of the 24 kinds, and as many good ones, for each kind of socket
TEST_BAD_PACKETS=20000  bad packets after which the log is weighed; the full run takes 1,000,000
"""

import os
import random
import socket
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from bridge.settings import StatsdSettings
from tests.hostile.statsd import KINDS
from tests.servers.process import free_port
from tests.sources.statsd.wired import LONG, MIB, Bench, Feeder, resident

pytestmark = pytest.mark.usefixtures("core")
SCHEMES = ("udp", "tcp", "unixgram", "unix")
EACH = int(os.environ.get("TEST_BAD_LINES", "200"))
PACKETS = int(os.environ.get("TEST_BAD_PACKETS", "20000"))
GOOD = (b"good.calls:1|c", b"good.level:+1|g", b"good.wait:20|ms", b"good.meter:1|m")


@pytest.fixture
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Bench, Feeder]:
    """A source that listens on the kind of socket that the test names, and one who sends to it."""
    scheme = request.param
    address: Any = str(tmp_path / "s")
    url = f"{scheme}://{address}"
    if not scheme.startswith("unix"):
        address = ("127.0.0.1", free_port(socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM))
        url = f"{scheme}://127.0.0.1:{address[1]}"
    bench = Bench(StatsdSettings(listen=(url,), flush_interval=LONG))
    return bench, Feeder(bench, scheme, address)


def mixture(each: int, seed: int) -> Iterator[tuple[bytes, bool]]:
    """So many packets of each kind and as many good ones, mixed, with whether a stream ends with them."""
    chance = random.Random(seed)
    kinds = [*KINDS, *[None] * len(KINDS)] * each
    chance.shuffle(kinds)
    good = 0
    for kind in kinds:
        if kind:
            yield kind.make(chance), kind.ends
        else:
            yield GOOD[good % len(GOOD)], False
            good += 1


def expected(scheme: str) -> Counter[str]:
    """How many bad lines there must be of each reason."""
    is_stream = scheme in {"tcp", "unix"}
    total: Counter[str] = Counter()
    for kind in KINDS:
        total[(is_stream and kind.streamed) or kind.reason] += EACH
    return total


@pytest.mark.parametrize(("wire", "scheme"), [(scheme, scheme) for scheme in SCHEMES], indirect=["wire"])
def test_24_kinds_of_bad_lines_are_counted_by_kind_and_the_good_ones_between_them_too(
    wire: tuple[Bench, Feeder], scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """500 of each kind, 12,000 in all, among 12,000 good ones: none more and none less.

    A lag of 50 ms is wanted; it is printed, and ten times that is held, since the machine may be busy.
    """
    wired, feeder = wire
    grown: list[int] = []
    before = Counter[str]()

    async def work() -> None:
        await feeder.feed(mixture(20, seed=1))  # what is imported and allocated once is not growth
        before.update(wired.bad())
        at_first = resident()
        await feeder.feed(mixture(EACH, seed=2))
        grown.append(resident() - at_first)

    wired.run(work)

    assert wired.bad() - before == expected(scheme)
    good = (EACH + 20) * len(KINDS)
    assert wired.counted("listener.lines") == good
    found = [wired.value(f"good.{name}") for name in ("calls.count", "level", "wait.count", "meter.count")]
    assert found == [good / 4] * 4
    assert grown[0] <= 8 * MIB
    assert wired.lag() <= 0.5
    assert len(capsys.readouterr().out.splitlines()) <= 100
    print(f"\n{scheme}: lag {wired.lag() * 1000:.1f} ms, memory {grown[0] / MIB:+.1f} MiB")


@pytest.mark.parametrize("wire", ["unixgram"], indirect=True)
def test_the_log_stays_short_however_many_packets_are_bad(
    wire: tuple[Bench, Feeder], capsys: pytest.CaptureFixture[str]
) -> None:
    wired, feeder = wire
    chance = random.Random(4)
    kinds = [kind for kind in KINDS for _ in range(20)]
    packets = [(kind.make(chance), False) for kind in kinds]

    wired.run(lambda: feeder.feed(islice(cycle(packets), PACKETS)), patience=3600)

    assert wired.bad().total() == PACKETS
    assert wired.counted("listener.lines") == 0
    log = capsys.readouterr()
    assert len((log.out + log.err).encode()) <= 64 * 1024
