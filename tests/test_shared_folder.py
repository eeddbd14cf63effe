"""Two bridges with one folder for their state: the second says so, works, and writes nothing there."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

from tests.in_process import send
from tests.servers.bridge import Bridge, bridge
from tests.servers.process import free_port, wait_until

KEPT = ("asterisk_memory_failures_total", "bridge")


@contextlib.contextmanager
def counting(folder: Path, gauge: str) -> Iterator[Bridge]:
    """A bridge that has seen a gauge move, which it would keep over a restart."""
    port = free_port(socket.SOCK_DGRAM)
    settings = {
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{port}",
        "STATSD__FLUSH_INTERVAL": "200ms",
        "SELF_INTERVAL": "200ms",
        "STATE_DIR": str(folder / "state"),
    }
    with bridge(settings, folder) as running:
        running.wait_ready()
        send(port, f"{gauge}:+1|g".encode())
        wait_until(lambda: any(gauge in name for key in running.metrics() for name in key), "the gauge")
        wait_until(lambda: KEPT in running.metrics(), "its own numbers")
        yield running


def test_the_second_one_leaves_the_folder_to_the_first(tmp_path: Path) -> None:
    with counting(tmp_path, "first") as first:
        with counting(tmp_path, "second") as second:
            errors = [line for line in second.log() if line["level"] == "error"]
            failures = first.metrics()[KEPT], second.metrics()[KEPT]
        second_is_over = second.process.returncode

    state = json.dumps(json.loads((tmp_path / "state" / "state.json").read_text()))
    assert [line["folder"] for line in errors] == [str(tmp_path / "state")]
    assert (failures, second_is_over) == ((0, 1), 0)
    assert "first" in state
    assert "second" not in state
