"""What the recorder of the other tests stands in for: a real carbon, torn lines and `kill -9` included."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.bridge import Bridge, bridge
from tests.servers.graphite import GraphiteServer, carbon
from tests.servers.process import free_port, wait_until

POINTS = 120
"""Facts, one for each second of the past two minutes."""
STEP = 0.05
"""Seconds between two of them."""
GAUGE = "asterisk.hq.statsd.fact"

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphiteServer]:
    with carbon(tmp_path_factory.mktemp("graphite")) as running:
        yield running


def test_carbon_does_not_use_a_line_that_was_torn(server: GraphiteServer) -> None:
    now = int(time.time())

    with socket.create_connection(("127.0.0.1", server.line_port)) as connection:
        connection.sendall(f"torn.one 1 {now}\ntorn.two 23 {now}".encode())
    with socket.create_connection(("127.0.0.1", server.line_port)) as connection:
        connection.sendall(f"torn.three 3 {now}\n".encode())
    wait_until(lambda: server.render("torn.three"), "the line behind")

    assert server.render("torn.one") == [(1.0, now)]
    assert not server.find("torn.two")


class Stream:
    """Facts in real time, one datagram each."""

    def __init__(self, port: int) -> None:
        self.begin = int(time.time()) - 2 * POINTS
        self.sent = 0
        self.port = port

    def send(self, until: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(self.sent, until):
                line = f"fact:{number}|g|T{self.begin + number}"
                sender.sendto(line.encode(), ("127.0.0.1", self.port))
                time.sleep(STEP)
        self.sent = until

    @property
    def expected(self) -> list[tuple[float, int]]:
        return [(float(number), self.begin + number) for number in range(self.sent)]


def test_no_gap_although_carbon_is_killed_and_the_bridge_restarted_meanwhile(
    server: GraphiteServer, tmp_path: Path
) -> None:
    """carbon loses what it had not written to its files; the bridge sends its last seconds again."""
    stream = Stream(free_port(socket.SOCK_DGRAM))
    settings = {
        "STATE_DIR": str(tmp_path / "state"),
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{stream.port}",
        "STATSD__FLUSH_INTERVAL": "200ms",
        "PBX__HQ__STATSD__SENDERS": "127.0.0.1",
        "GRAPHITE__URL": f"tcp://127.0.0.1:{server.line_port}",
    }

    with bridge(settings, tmp_path) as first:
        first.wait_ready()
        stream.send(POINTS // 3)
        server.kill()
        stream.send(2 * POINTS // 3)
        wait_until(lambda: "sink graphite of bridge" in first.get("/readyz")[1], "the loss to be noticed")
    with bridge(settings, tmp_path) as second:
        wait_until(lambda: listens(second), "the listener")
        stream.send(POINTS)
        server.start()
        second.wait_ready(60)

        wait_until(lambda: len(server.render(GAUGE)) == POINTS, "all points", 60)
        assert server.render(GAUGE) == stream.expected


def listens(one: Bridge) -> bool:
    status, missing = one.get("/readyz")
    return status != 0 and "source statsd of bridge" not in missing
