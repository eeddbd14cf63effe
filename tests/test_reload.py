"""New settings on SIGHUP, in a real process: no packet is lost over them, and wrong ones change nothing.

`TEST_RELOAD` is the number of packets, sent at 2,000 a second, during which settings change ten times: here
some, in full 100,000.
"""

import contextlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.servers.bridge import Bridge, bridge
from tests.servers.process import free_port, wait_until

PACKETS = int(os.environ.get("TEST_RELOAD", "4000"))
RATE = 2000
"""Packets a second."""
ROUNDS = 10
BROKEN = 50

COUNT = re.compile(r" statsd\.calls\.count{.*} (\d+)$", re.MULTILINE)

VARIANTS = (
    "freshness = '61s'",
    "[statsd]\nflush_interval = '500ms'",
    "[statsd]\npercentiles = [99.0]\nreceive_buffer = 8000000",
    "[http]\nstale = '99s'",
    "",
    "[pbx.hq.ami]\nhost = '127.0.0.1'\nport = 1\nusername = 'a'\nsecret = 'b'",
    "[statsd_out]\nurl = 'udp://127.0.0.1:1'\n[statsd]\nmax_set = 9",
    "[privacy]\nagent = 'show'",
    "[pbx.hq.statsd]\nsenders = '192.0.2.1'",
    "self_interval = '100ms'\n[statsd]\nallow = '127.0.0.0/8'",
)
"""Settings that are right: of other parts, of no part, and of the listener itself."""

MISTAKES = (
    "freshness = 'soon'",
    "[statsd]\nttl = '-1s'",
    "[statsd\n",
    "[graphit]\nurl = 'tcp://127.0.0.1:1'",
    "[pbx.hq.ami]\nport = 0",
)


class Flood:
    """Packets to a port, at an even rate, while the block runs."""

    def __init__(self, port: int, amount: int) -> None:
        self._port = port
        self._amount = amount
        self.sent = 0
        self.refused = 0

    def done(self) -> bool:
        return self.sent == self._amount

    def _run(self) -> None:
        start = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", self._port))
            while not self.done():
                due = min(self._amount, int((time.monotonic() - start) * RATE))
                for _ in range(due - self.sent):
                    try:
                        sender.send(b"calls:1|c")
                    except ConnectionRefusedError:
                        self.refused += 1
                    self.sent += 1
                time.sleep(0.002)

    @contextlib.contextmanager
    def running(self) -> Iterator["Flood"]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            thread.join()


@contextlib.contextmanager
def started(folder: Path, port: int, **settings: str) -> Iterator[tuple[Bridge, Path]]:
    """A bridge that listens to StatsD on the port, and the file with the settings that may change."""
    config = folder / "bridge.toml"
    config.write_text("")
    own = {
        "CONFIG": str(config),
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{port}",
        "SELF_INTERVAL": "200ms",
        **settings,
    }
    with bridge(own, folder) as running:
        running.wait_ready()
        yield running, config


def total(running: Bridge, name: str, *labels: str) -> float:
    return running.metrics().get((f"asterisk_{name}_total", *labels, "bridge"), 0)


def said(running: Bridge, start: str) -> int:
    """How many lines of its log begin so."""
    return running.output.read_text().count(f'"event": "{start}')


def test_no_packet_is_lost_over_new_settings(tmp_path: Path) -> None:
    """Not even over new settings of the listener that takes them."""
    port = free_port(socket.SOCK_DGRAM)

    with started(tmp_path, port, CONSOLE__ENABLED="true") as (running, config):
        with Flood(port, PACKETS).running() as flood:
            for number in range(ROUNDS):
                wait_until(lambda n=number: flood.sent > n * PACKETS / (ROUNDS + 1), "packets", 600)  # type: ignore[misc]
                config.write_text(VARIANTS[number])
                running.send(signal.SIGHUP)
                wait_until(lambda n=number: said(running, "new settings taken") > n, "new settings")  # type: ignore[misc]
            wait_until(flood.done, "the last packet", 600)
        wait_until(lambda: total(running, "listener_packets", "udp") == PACKETS, "all packets")
        dropped = total(running, "listener_kernel_drops", "udp")

    counts = COUNT.findall(running.output.read_text())
    assert (flood.refused, dropped, sum(map(float, counts))) == (0, 0, PACKETS)


def test_settings_that_are_wrong_change_nothing_and_are_counted(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)

    with started(tmp_path, port) as (running, config):
        for number in range(BROKEN):
            config.write_text(MISTAKES[number % len(MISTAKES)] + f"  # {number}")
            running.send(signal.SIGHUP)
            wait_until(lambda n=number: said(running, "new settings refused") > n, "the refusal")  # type: ignore[misc]
        with Flood(port, 100).running():
            wait_until(lambda: total(running, "listener_packets", "udp") == 100, "packets")

        assert total(running, "config_reload_failures") == BROKEN
        assert total(running, "config_reloads") == 0
        assert running.get("/readyz")[0] == 200
