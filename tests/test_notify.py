"""The service manager is told, where there is one."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.notify import keep_alive, notify, reloading, watchdog_period
from tests.servers.bridge import REPOSITORY
from tests.servers.process import free_port, running, wait_until


def test_the_state_is_one_datagram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))

        notify("READY=1")

        assert manager.recv(100) == b"READY=1"


def test_an_abstract_socket_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")  # Linux chooses a free abstract name
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + manager.getsockname()[1:].decode())

        notify("STOPPING=1")

        assert manager.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_without_a_manager_nothing_happens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    notify("READY=1")


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's socket, as $NOTIFY_SOCKET says."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(path))
        opened.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield opened


def test_new_settings_are_told_with_the_time_since_the_machine_started(manager: socket.socket) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    reloading()

    told = dict(line.split("=") for line in manager.recv(1000).decode().splitlines())
    assert told["RELOADING"] == "1"
    assert before <= int(told["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


@pytest.mark.parametrize(
    ("asked", "process", "period"),
    [
        ("30000000", "", 30),
        ("30000000", "own", 30),
        ("30000000", "1", 0),
        ("", "", 0),
        ("0", "", 0),
        ("soon", "", 0),
    ],
)
def test_the_watchdog_is_ours_when_its_variables_say_so(
    monkeypatch: pytest.MonkeyPatch, asked: str, process: str, period: float
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", asked)
    monkeypatch.setenv("WATCHDOG_PID", process.replace("own", str(os.getpid())))

    assert watchdog_period() == period


def test_the_manager_hears_of_us_only_while_the_heart_beats(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    beats = [True, False, True]

    async def scenario() -> None:
        heard = asyncio.create_task(keep_alive(lambda: beats.pop(0)))
        while beats:
            await asyncio.sleep(0.001)
        heard.cancel()

    asyncio.run(scenario())

    manager.setblocking(False)
    assert [manager.recv(100), manager.recv(100)] == [b"WATCHDOG=1"] * 2
    with pytest.raises(BlockingIOError):
        manager.recv(100)


def test_without_a_watchdog_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)

    asyncio.run(keep_alive(lambda: True))


class Service(NamedTuple):
    """A bridge, and the socket on which it tells how it is."""

    process: subprocess.Popen[bytes]
    manager: socket.socket

    def tells(self, start: str, patience: float = 30) -> list[str]:
        """The lines of the next message that begins so."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self.manager.settimeout(max(0.001, deadline - time.monotonic()))
            lines = self.manager.recv(1000).decode().splitlines()
            if lines[0].startswith(start):
                return lines
        raise TimeoutError(f"no {start}")

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing more is heard for so long, but for what has been said already."""
        self.manager.settimeout(seconds)
        try:
            for _ in range(3):
                self.manager.recv(1000)
        except TimeoutError:
            return True
        return False


@contextlib.contextmanager
def service(folder: Path, port: int, program: Sequence[str], **environment: str) -> Iterator[Service]:
    """A bridge as a service of a manager that watches it; it listens to StatsD on the port."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(folder / "notify"))
        env = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": "400000",
            "BRIDGE_STATSD__LISTEN": f"udp://127.0.0.1:{port}",
            "BRIDGE_STATSD__FLUSH_INTERVAL": "200ms",
            "BRIDGE_HTTP__LISTEN": "off",
            "BRIDGE_SELF_INTERVAL": "100ms",
            "BRIDGE_STATE_DIR": "off",
            **environment,
        }
        with running([sys.executable, *program], folder / "log", env, folder) as started:
            yield Service(started, opened)


def test_a_service_manager_can_follow_the_life_of_the_bridge(tmp_path: Path) -> None:
    port, nowhere = free_port(socket.SOCK_DGRAM), free_port()
    config = tmp_path / "bridge.toml"
    config.write_text("")

    with service(tmp_path, port, ["-m", "bridge", "run"], BRIDGE_CONFIG=str(config)) as bridge:
        ready = bridge.tells("READY=1")
        watched = bridge.tells("WATCHDOG=1")
        config.write_text(f"[pbx.hq.ami]\nhost = '127.0.0.1'\nport = {nowhere}\nusername = 'a'\nsecret = 'b'")
        bridge.process.send_signal(signal.SIGHUP)
        reload = [bridge.tells("RELOADING=1"), bridge.tells("READY=1")]
        status = bridge.tells("STATUS=")
        bridge.process.send_signal(signal.SIGTERM)
        stopping = bridge.tells("STOPPING=1")
        code = bridge.process.wait(10)

    assert ready[1:] == [f"MAINPID={bridge.process.pid}", "STATUS=0 of 0 PBXs and 0 of 0 sinks work"]
    assert watched == ["WATCHDOG=1"]
    assert reload[0][1].startswith("MONOTONIC_USEC=")
    assert status == ["STATUS=0 of 1 PBXs and 0 of 0 sinks work"]
    assert (stopping, code) == (["STOPPING=1"], 0)


BLOCKED = """
import asyncio, os, time
from bridge import app, environment

def tap(samples):
    if any("block" in sample.series.name for sample in samples):
        time.sleep(60)

settings = environment.load(os.environ)
asyncio.run(app.App(settings, lambda: settings, [tap]).run())
"""
"""A bridge whose event loop stands still as soon as the bucket `block` comes out."""


def test_a_loop_that_is_blocked_is_not_kept_alive(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)

    with service(tmp_path, port, ["-c", BLOCKED]) as bridge:
        bridge.tells("READY=1")
        for _ in range(3):
            bridge.tells("WATCHDOG=1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"block:1|c", ("127.0.0.1", port))

        wait_until(lambda: bridge.is_silent(1.5), "silence")
        bridge.process.kill()
