"""Sockets outlive their listeners while new settings come into force, and not otherwise."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.core.endpoint import Endpoint
from bridge.errors import SourceError
from bridge.sources.statsd.doors import Doors
from bridge.sources.statsd.listener import StreamListener
from tests.servers.process import free_port
from tests.sources.statsd.test_listener import Notebook

MODE = 0o660


def udp() -> Endpoint:
    return Endpoint("udp", "127.0.0.1", free_port(socket.SOCK_DGRAM))


@asynccontextmanager
async def kept(doors: Doors, endpoint: Endpoint, kind: socket.SocketKind) -> AsyncIterator[socket.socket]:
    """A socket that was closed while those were held that are closed."""
    opened = await doors.open(endpoint, kind, MODE)
    doors.held = True
    doors.shut(opened)
    doors.held = False
    yield opened
    doors.clear()


def test_what_comes_between_two_listeners_is_there_for_the_second() -> None:
    endpoint = udp()

    async def scenario() -> bytes:
        doors = Doors()
        async with kept(doors, endpoint, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"a:1|c", (endpoint.host, endpoint.port))
            again = await doors.open(endpoint, socket.SOCK_DGRAM, MODE)
            received = again.recv(100)
            doors.shut(again)
        return received

    assert asyncio.run(scenario()) == b"a:1|c"


def test_a_connection_made_between_two_listeners_is_accepted_by_the_second() -> None:
    endpoint = Endpoint("tcp", "127.0.0.1", free_port())

    async def scenario() -> list[bytes]:
        doors, notebook = Doors(), Notebook()
        first = StreamListener(
            "here", await doors.open(endpoint, socket.SOCK_STREAM, MODE), notebook, shut=doors.shut
        )
        await first.start()
        doors.held = True
        await first.close()
        doors.held = False
        with socket.create_connection((endpoint.host, endpoint.port)) as sender:
            sender.sendall(b"a:1|c\n")
            second = StreamListener(
                "here", await doors.open(endpoint, socket.SOCK_STREAM, MODE), notebook, shut=doors.shut
            )
            await second.start()
            while not notebook.packets:
                await asyncio.sleep(0.001)
        await second.close()
        return [data for data, _ in notebook.packets]

    assert asyncio.run(scenario()) == [b"a:1|c\n"]


def test_a_socket_that_is_kept_is_adjusted(tmp_path: Path) -> None:
    endpoint = Endpoint("unixgram", "", 0, str(tmp_path / "s"))

    async def scenario() -> tuple[int, int]:
        doors = Doors()
        async with kept(doors, endpoint, socket.SOCK_DGRAM) as before:
            small = before.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            again = await doors.open(endpoint, socket.SOCK_DGRAM, 0o600, small // 4)
            granted = again.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            mode = Path(endpoint.path).stat().st_mode & 0o777
            doors.shut(again)
        return mode, granted * 2 // small

    assert asyncio.run(scenario()) == (0o600, 1)


def test_what_nobody_takes_over_is_closed(tmp_path: Path) -> None:
    endpoint = Endpoint("unix", "", 0, str(tmp_path / "s"))

    async def scenario() -> int:
        async with kept(Doors(), endpoint, socket.SOCK_STREAM) as opened:
            pass
        return opened.fileno()

    assert asyncio.run(scenario()) == -1
    assert not Path(endpoint.path).exists()


def test_at_any_other_time_a_socket_is_closed_at_once() -> None:
    endpoint = udp()

    async def scenario() -> int:
        doors = Doors()
        opened = await doors.open(endpoint, socket.SOCK_DGRAM, MODE)
        doors.shut(opened)
        return opened.fileno()

    assert asyncio.run(scenario()) == -1


def test_an_address_that_is_taken_is_refused_as_ever() -> None:
    endpoint = udp()

    async def scenario() -> None:
        doors = Doors()
        opened = await doors.open(endpoint, socket.SOCK_DGRAM, MODE)
        try:
            await doors.open(endpoint, socket.SOCK_DGRAM, MODE)
        finally:
            doors.shut(opened)

    with pytest.raises(SourceError, match="another program listens there"):
        asyncio.run(scenario())
