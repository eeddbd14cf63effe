"""SIGTERM ends it within ten seconds and with code 0, whatever its peers do; a second one ends it at once."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.pipeline.health import GONE
from tests.live.load import Load
from tests.live.stage import section
from tests.servers.bridge import REPOSITORY, Bridge, bridge
from tests.servers.mosquitto import mosquitto
from tests.servers.process import free_port, wait_until
from tests.servers.process import running as process

LIMIT = 10.0
"""Seconds in which it must have ended."""

pytestmark = pytest.mark.live


class Deaf:
    """A peer that takes every connection, reads nothing and says nothing; no real one does so on demand."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.taken.append(self._listener.accept()[0])

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for connection in self.taken:
            connection.close()


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    peer = Deaf()
    yield peer
    peer.close()


def listening(port: int) -> dict[str, str]:
    return {
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{port}",
        "STATSD__FLUSH_INTERVAL": "500ms",
        "SELF_INTERVAL": "500ms",
    }


def ended(running: Bridge) -> tuple[int, bool]:
    """Its exit code after SIGTERM, and whether it was in time."""
    began = time.monotonic()
    running.send(signal.SIGTERM)
    code = running.process.wait(3 * LIMIT)
    return code, time.monotonic() - began <= LIMIT


def test_under_load_it_says_goodbye_and_keeps_what_waits(tmp_path: Path) -> None:
    """What carbon was not there for is on disk, and carbon has it from the next bridge."""
    port, carbon = free_port(socket.SOCK_DGRAM), free_port()
    (tmp_path / "mosquitto").mkdir()
    with mosquitto(tmp_path / "mosquitto") as broker:
        settings = listening(port) | {
            "GRAPHITE__URL": f"tcp://127.0.0.1:{carbon}",
            "MQTT__URL": f"mqtt://127.0.0.1:{broker.port}",
            "STATE_DIR": str(tmp_path / "state"),
        }
        with bridge(settings, tmp_path) as running, Load(port):
            up = ("asterisk_sink_up", "bridge", "mqtt")
            waiting = ("asterisk_sink_buffered", "bridge", "graphite")
            wait_until(lambda: running.metrics().get(up), "the broker")
            wait_until(lambda: running.metrics().get(waiting, 0) > 500, "samples to wait for carbon")
            outcome = ended(running)
        state = json.loads(broker.retained()["asterisk/bridge/state"])

    with bridge(settings | {"MQTT__URL": ""}, tmp_path) as following:
        accepted = ("asterisk_sink_accepted_total", "bridge", "graphite")
        wait_until(lambda: following.metrics().get(accepted, 0) > 500, "what the first one kept")

    assert outcome == (0, True)
    assert state == {"state": "offline"}
    assert not [line for line in running.log() if line["event"] == "not delivered before the end"]


def hung(port: int) -> dict[str, str]:
    return {
        "GRAPHITE__URL": f"tcp://127.0.0.1:{port}",
        "MQTT__URL": f"mqtt://127.0.0.1:{port}",
        "STATSD_OUT__URL": f"tcp://127.0.0.1:{port}",
        **section("hq", "ami", {"host": "127.0.0.1", "port": str(port), "username": "a", "secret": "b"}),
        **section("hq", "snmp", {"host": "127.0.0.1", "port": str(port)}),
    }


def test_peers_that_hang_do_not_hold_it(deaf: Deaf, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with bridge(listening(port) | hung(deaf.port), tmp_path) as running, Load(port):
        wait_until(lambda: len(deaf.taken) >= 4, "all connections")
        waiting = ("asterisk_sink_buffered", "bridge", "mqtt")
        wait_until(lambda: running.metrics().get(waiting, 0) > 500, "samples to wait")

        assert ended(running) == (0, True)


def test_a_second_signal_ends_it_at_once(deaf: Deaf, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    with bridge(listening(port) | hung(deaf.port), tmp_path) as running, Load(port):
        waiting = ("asterisk_sink_buffered", "bridge", "mqtt")
        wait_until(lambda: running.metrics().get(waiting, 0) > 500, "samples to wait")
        running.send(signal.SIGTERM)
        wait_until(lambda: any(line["event"] == "stopping" for line in running.log()), "the first signal")
        running.send(signal.SIGTERM)

        assert running.process.wait(2) == -signal.SIGTERM


def test_it_ends_while_it_takes_new_settings(deaf: Deaf, tmp_path: Path) -> None:
    """Also when those let sinks go that hang."""
    port = free_port(socket.SOCK_DGRAM)
    config = tmp_path / "bridge.toml"
    at = f"127.0.0.1:{deaf.port}"
    ami = f"pbx.hq.ami = {{ host = '127.0.0.1', port = {deaf.port}, username = 'a', secret = 'b' }}"
    config.write_text(f"graphite.url = 'tcp://{at}'\nmqtt.url = 'mqtt://{at}'\n{ami}")
    settings = listening(port) | {"CONFIG": str(config), "STOP_TIMEOUT": "1s"}
    with bridge(settings, tmp_path) as running, Load(port):
        waiting = ("asterisk_sink_buffered", "bridge", "mqtt")
        wait_until(lambda: running.metrics().get(waiting, 0) > 500, "samples to wait")
        config.write_text("")
        running.send(signal.SIGHUP)
        wait_until(lambda: any(line.get("reason") == GONE for line in running.log()), "a PBX to be gone")

        assert ended(running) == (0, True)


@pytest.mark.parametrize("moment", [0.0, 0.3, 0.6, 0.9, 1.2])
def test_it_ends_while_it_starts(deaf: Deaf, tmp_path: Path, moment: float) -> None:
    """Before it has begun anything the signal itself ends it; after that it ends in order."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    environment |= {f"BRIDGE_{name}": value for name, value in hung(deaf.port).items()}
    environment |= {"BRIDGE_STATE_DIR": str(tmp_path / "state"), "BRIDGE_HTTP__LISTEN": "off"}
    environment |= {"BRIDGE_STATSD__ENABLED": "false", "PYTHONPATH": str(REPOSITORY)}
    log = tmp_path / "log"

    with process([sys.executable, "-m", "bridge", "run"], log, environment, tmp_path) as starting:
        with contextlib.suppress(subprocess.TimeoutExpired):
            starting.wait(moment)
        starting.send_signal(signal.SIGTERM)

        assert starting.wait(LIMIT) == (0 if "stopping" in log.read_text() else -signal.SIGTERM)
