"""Opening sockets, and what is said when that fails."""

import asyncio
import re
import socket
import stat
from pathlib import Path

import pytest

from bridge.core.endpoint import Endpoint
from bridge.errors import SourceError
from bridge.sources.statsd.sockets import (
    ALIVE,
    filled,
    granted_buffer,
    is_loopback,
    kernel_drops,
    open_network,
    open_unix,
)

DATAGRAM, STREAM = socket.SOCK_DGRAM, socket.SOCK_STREAM


def udp(host: str, port: int = 0) -> Endpoint:
    return Endpoint("udp", host, port)


def unix(path: Path) -> Endpoint:
    return Endpoint("unix", "", 0, str(path))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "0.0.0.0", "::"])
@pytest.mark.parametrize("kind", [DATAGRAM, STREAM])
def test_network_addresses_of_both_families(host: str, kind: socket.SocketKind) -> None:
    with asyncio.run(open_network(udp(host), kind)) as opened:
        assert opened.getsockname()[1] > 0
        assert not opened.getblocking()


def test_the_address_for_all_takes_both_families() -> None:
    with (
        asyncio.run(open_network(udp("::"), DATAGRAM)) as opened,
        socket.socket(socket.AF_INET, DATAGRAM) as sender,
    ):
        sender.sendto(b"x", ("127.0.0.1", opened.getsockname()[1]))
        opened.settimeout(10)

        data, address = opened.recvfrom(10)

    assert (data, address[0]) == (b"x", "::ffff:127.0.0.1")


def test_peers_that_are_gone_without_a_word_are_noticed() -> None:
    """They would take up room among the connections for ever."""
    with (
        asyncio.run(open_network(udp("127.0.0.1"), STREAM)) as opened,
        socket.create_connection(opened.getsockname()),
    ):
        connection, _ = opened.accept()

        with connection:
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == ALIVE


@pytest.mark.parametrize("kind", [DATAGRAM, STREAM])
def test_an_address_in_use_is_named_with_the_setting_and_the_remedy(kind: socket.SocketKind) -> None:
    with asyncio.run(open_network(udp("127.0.0.1"), kind)) as first:
        port = first.getsockname()[1]

        with pytest.raises(SourceError) as raised:
            asyncio.run(open_network(udp("127.0.0.1", port), kind))

    assert str(raised.value) == (
        f"cannot listen on udp://127.0.0.1:{port}: Address already in use; another program listens there: "
        "stop it, or choose another port (BRIDGE_STATSD__LISTEN)"
    )


@pytest.mark.parametrize(
    ("host", "message"),
    [("192.0.2.1", "no such address"), ("name.invalid", "cannot listen on udp://name.invalid:0")],
)
def test_an_address_that_is_not_ours_is_named(host: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        asyncio.run(open_network(udp(host), DATAGRAM))


def test_the_kernel_says_how_much_buffer_it_gave_uses_and_what_it_dropped() -> None:
    with (
        asyncio.run(open_network(udp("127.0.0.1"), DATAGRAM, buffer=4096)) as opened,
        socket.socket(socket.AF_INET, DATAGRAM) as sender,
    ):
        at_first = filled(opened)
        for _ in range(100):
            sender.sendto(b"x" * 1000, opened.getsockname())
        full = filled(opened)

        read = 0
        while True:
            try:
                opened.recv(2000)
            except BlockingIOError:
                break
            read += 1

        assert (at_first, filled(opened)) == (0, 0)
        assert full > 0.5
        assert granted_buffer(opened) == 4096
        assert read + kernel_drops(opened) == 100
        assert read < 100


class TestUnix:
    @pytest.mark.parametrize("mode", [0o660, 0o600, 0o666])
    @pytest.mark.parametrize("kind", [DATAGRAM, STREAM])
    def test_the_file_has_the_mode_that_was_set(
        self, tmp_path: Path, kind: socket.SocketKind, mode: int
    ) -> None:
        path = tmp_path / "statsd.sock"

        with open_unix(unix(path), kind, mode):
            assert stat.S_IMODE(path.stat().st_mode) == mode

    @pytest.mark.parametrize("kind", [DATAGRAM, STREAM])
    def test_a_socket_that_nobody_listens_on_is_replaced(
        self, tmp_path: Path, kind: socket.SocketKind
    ) -> None:
        path = tmp_path / "statsd.sock"
        open_unix(unix(path), kind, 0o660).close()
        assert path.exists()

        with open_unix(unix(path), kind, 0o660):
            assert path.exists()

    @pytest.mark.parametrize("kind", [DATAGRAM, STREAM])
    def test_a_socket_in_use_is_left_alone(self, tmp_path: Path, kind: socket.SocketKind) -> None:
        path = tmp_path / "statsd.sock"

        with open_unix(unix(path), kind, 0o660), pytest.raises(SourceError, match="another program listens"):
            open_unix(unix(path), kind, 0o660)

        assert path.exists()

    def test_a_file_that_is_no_socket_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "statsd.sock"
        path.write_text("precious")

        with pytest.raises(SourceError, match="not a socket"):
            open_unix(unix(path), DATAGRAM, 0o660)

        assert path.read_text() == "precious"

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "none" / "statsd.sock"

        with pytest.raises(SourceError, match=re.escape(f"{path}: No such file or directory; the folder")):
            open_unix(unix(path), DATAGRAM, 0o660)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.3.4.5", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.5", False),
        ("pbx.example", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
