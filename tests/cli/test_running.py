"""The bridge and the demo are run."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.calling import HQ, SECRET, piped
from tests.servers.process import free_port, running, wait_until


def test_the_demo_without_its_extra_says_what_to_install() -> None:
    """An import that is blocked stands for an installation without the extra."""
    code = "import sys; sys.modules['amqtt'] = None; from bridge.cli import main; main(['demo', '--plain'])"

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert "pip install 'asterisk-bridge[embedded]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_demo_makes_no_page_in_a_pipe_even_if_colours_are_forced() -> None:
    result = piped("demo", "--seconds", "1", FORCE_COLOR="1")

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(("Look: ", "Subscribe: "))
    assert not set("\x1b\r") & set(result.out)


class TestProcess:
    """As a process of its own, which signals end."""

    @pytest.fixture
    def log(self, tmp_path: Path) -> Path:
        return tmp_path / "log"

    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}

    def test_ctrl_c_ends_listen_quietly_with_130(self, log: Path, environ: dict[str, str]) -> None:
        port = free_port(socket.SOCK_DGRAM)
        argv = [sys.executable, "-m", "bridge", "listen", "--at", f"udp://127.0.0.1:{port}"]
        with (
            running(argv, log, environ) as process,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):

            def heard() -> bool:
                sender.sendto(b"shop.orders:2|c", ("127.0.0.1", port))
                return "counter  shop.orders  2" in log.read_text()

            wait_until(heard, "the datagram to be printed")
            process.send_signal(signal.SIGINT)

            assert process.wait(30) == 130
        assert "Traceback" not in log.read_text()

    def test_run_starts_with_every_peer_down_and_stops_when_asked(
        self, log: Path, environ: dict[str, str]
    ) -> None:
        settings = {
            **HQ,
            "BRIDGE_PBX__HQ__AMI__PORT": str(free_port()),
            "BRIDGE_STATSD__ENABLED": "no",
            "BRIDGE_HTTP__LISTEN": "off",
            "BRIDGE_LOG__FORMAT": "json",
        }
        with running([sys.executable, "-m", "bridge", "run"], log, {**environ, **settings}) as process:
            wait_until(lambda: '"event": "down"' in log.read_text(), "the bridge to miss its peer")
            process.send_signal(signal.SIGTERM)

            assert process.wait(30) == 0
        told = [json.loads(line) for line in log.read_text().splitlines()]
        assert [line["event"] for line in told if line["level"] == "warning"][:1] == ["down"]
        assert SECRET not in log.read_text()

    def test_run_with_bad_settings_does_not_start(self, log: Path, environ: dict[str, str]) -> None:
        argv = [sys.executable, "-m", "bridge", "run"]
        with running(argv, log, {**environ, "BRIDGE_LOG__LEVEL": "loud"}) as process:
            assert process.wait(30) == 2
        assert log.read_text().startswith("BRIDGE_LOG__LEVEL: 'loud' is not one of")
