"""Its memory, its files and its tasks stay what they are under load, while peers come and go.

`TEST_SOAK` is for how many seconds that is watched. Over minutes and hours the slope counts, and is printed.
"""

import asyncio
import contextlib
import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import linear_regression, median
from typing import NamedTuple, Self

import pytest

from bridge.demo.ami_server import AmiServer
from bridge.demo.traffic import Traffic
from tests.live.stage import section
from tests.servers.bridge import Bridge, bridge
from tests.servers.mosquitto import mosquitto
from tests.servers.process import free_port, wait_until
from tests.servers.snmpd import COMMUNITY, recording, snmpd

SOAK = float(os.environ.get("TEST_SOAK", "12"))
WARM_UP = 0.4
"""The share of that time in which what is remembered fills: names, caches, the arenas of the allocator."""
RATE = 1000
"""Packets a second."""
PBXS = ("hq", "branch", "depot")
RECONNECT = 4.0 if SOAK < 60 else 22.0
"""Seconds between two losses of a PBX, each in its turn. Over minutes each works for longer than STABLE in
between: what is lost sooner waits longer each time, and is more and more seldom there."""
GROWTH = 8 * 1024 * 1024
"""Bytes by which memory may grow in minutes: caches that fill, and pages that the allocator keeps."""
SLOPE = 1024 * 1024
"""Bytes by which it may grow in an hour, when it was watched for one."""

pytestmark = [pytest.mark.live, pytest.mark.timeout(120 + 2 * SOAK)]

LINES = [
    *(b"shop.orders.%d:1|c" % number for number in range(100)),
    *(b"shop.time.%d:%d|ms" % (number, number) for number in range(50)),
    *(b"shop.load.%d:+1|g" % number for number in range(25)),
    *(b"shop.users:%d|s" % number for number in range(25)),
]


class Reading(NamedTuple):
    """What the bridge says of itself at a moment.

    Attributes:
        whole: whether all sources and sinks were there: one that is away has fewer files and tasks.
    """

    at: float
    whole: bool
    memory: float
    files: float
    tasks: float


class Pbxs(threading.Thread):
    """Simulated PBXs on AMI, with calls; one after the other is lost and comes back.

    Attributes:
        ports: where they listen.
    """

    def __init__(self) -> None:
        super().__init__(name="pbxs")
        self.ports: dict[str, int] = {}
        self._listening = threading.Event()
        self._over = threading.Event()

    def run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        traffics = {name: Traffic(number, time.time() - 60) for number, name in enumerate(PBXS)}
        servers = {name: AmiServer(traffic.pbx, "bridge", "secret") for name, traffic in traffics.items()}
        self.ports = {name: await server.start() for name, server in servers.items()}
        self._listening.set()
        for step, name in enumerate(itertools.cycle(PBXS)):
            for each, traffic in traffics.items():
                servers[each].publish(traffic.step(time.time()))
            if step % int(RECONNECT / 0.2) == 0:
                for session in [*servers[name].sessions]:
                    session.close()
            await asyncio.sleep(0.2)
            if self._over.is_set():
                break
        for server in servers.values():
            await server.stop()

    def __enter__(self) -> Self:
        self.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


class Void(threading.Thread):
    """A server in place of carbon, which takes everything and keeps nothing."""

    def __init__(self) -> None:
        super().__init__(name="void", daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    while connection.recv(1 << 16):
                        pass

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.join(5)


@contextlib.contextmanager
def load(port: int) -> Iterator[None]:
    """Packets of all kinds, at an even rate."""
    over = threading.Event()

    def send() -> None:
        began, lines = time.monotonic(), itertools.cycle(LINES)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for sent in itertools.count(1):
                sender.sendto(next(lines), ("127.0.0.1", port))
                if sent % 10 == 0 and over.wait(max(0.0, began + sent / RATE - time.monotonic())):
                    break

    thread = threading.Thread(target=send, name="load")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def read(running: Bridge) -> Reading:
    metrics = running.metrics()
    names = ("memory_bytes", "files", "tasks")
    states = {"asterisk_source_up", "asterisk_sink_up"}
    up = [value for (name, *_), value in metrics.items() if name in states]
    own = (metrics[f"asterisk_process_{name}", "bridge"] for name in names)
    return Reading(time.monotonic(), min(up) == 1, *own)


def watched(running: Bridge) -> list[Reading]:
    """A reading a second, the warm-up left out."""
    until = time.monotonic() + SOAK
    begin = time.monotonic() + SOAK * WARM_UP
    readings = []
    while time.monotonic() < until:
        readings.append(read(running))
        time.sleep(0.5 if SOAK < 60 else 2)
    return [reading for reading in readings if reading.at >= begin]


def settings(folder: Path, statsd: int, ami: dict[str, int], snmp: Sequence[int]) -> dict[str, str]:
    """Three PBXs over AMI and SNMP, and the listener; everything is asked and flushed every second."""
    chosen = {
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{statsd}",
        "STATSD__FLUSH_INTERVAL": "1s",
        "SELF_INTERVAL": "500ms",
        "STATE_DIR": str(folder / "state"),
    }
    for name, agent in zip(PBXS, snmp, strict=True):
        at = {"host": "127.0.0.1", "interval": "1s"}
        chosen |= section(name, "snmp", {**at, "port": str(agent), "community": COMMUNITY})
        account = {"username": "bridge", "secret": "secret"}
        chosen |= section(name, "ami", {**at, "port": str(ami[name]), **account})
    return chosen


def test_it_does_not_grow(tmp_path: Path) -> None:
    """Memory, files and tasks at the end are those after the warm-up."""
    statsd = free_port(socket.SOCK_DGRAM)
    with contextlib.ExitStack() as stack:
        agents = [stack.enter_context(snmpd(tmp_path / name, recording())) for name in PBXS]
        (tmp_path / "mosquitto").mkdir()
        broker = stack.enter_context(mosquitto(tmp_path / "mosquitto", log="none"))
        carbon, pbxs = stack.enter_context(Void()), stack.enter_context(Pbxs())
        chosen = settings(tmp_path, statsd, pbxs.ports, [agent.port for agent in agents])
        chosen |= {"GRAPHITE__URL": f"tcp://127.0.0.1:{carbon.port}", "MQTT__URL": broker.url}
        running = stack.enter_context(bridge(chosen, tmp_path))
        stack.enter_context(load(statsd))
        wait_until(lambda: ("asterisk_process_tasks", "bridge") in running.metrics(), "its own numbers")
        readings = watched(running)
        metrics = running.metrics()

    third = len(readings) // 3
    early, late = readings[:third], readings[-third:]
    slope = linear_regression([each.at for each in readings], [each.memory for each in readings]).slope * 3600
    grown = median(each.memory for each in late) - median(each.memory for each in early)
    print(
        f"{readings[-1].memory / 2**20:.1f} MiB, grown by {grown / 2**10:.0f} KiB, {slope / 2**20:.2f} MiB/h"
    )
    assert grown <= GROWTH
    assert SOAK < 3600 or slope <= SLOPE
    for what in ("files", "tasks"):
        # The most: the bridge counts them a moment before or after it says what is there.
        most_early, most_late = (
            max(getattr(each, what) for each in part if each.whole) for part in (early, late)
        )
        assert abs(most_late - most_early) <= 2, what
    assert metrics["asterisk_listener_kernel_drops_total", "udp", "bridge"] == 0
    restarts = [value for (name, *_), value in metrics.items() if name == "asterisk_source_restarts_total"]
    assert sum(restarts) >= SOAK / RECONNECT / 2
