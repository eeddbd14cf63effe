"""Ways to a peer that never answers, and how its end is noticed."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import uvloop

from bridge.core.endpoint import Endpoint
from bridge.sinks.wire import Wire, connect
from tests.servers.mosquitto import Authority
from tests.servers.process import free_port
from tests.sinks.peer import Peer, eventually

SECONDS = 20.0


def tcp(port: int, host: str = "127.0.0.1") -> Endpoint:
    return Endpoint("tcp", host, port)


async def until_it_fails(wire: Wire) -> None:
    """Send until the wire says that the peer has gone."""
    async with asyncio.timeout(SECONDS):
        while True:
            await wire.send(b"more\n")
            await asyncio.sleep(0.005)


LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


class Run:
    """What `asyncio.run` and `uvloop.run` have in common."""

    def __call__(self, main: Coroutine[object, object, None], /) -> None: ...


@LOOPS
def test_what_is_sent_arrives(run: Run) -> None:
    async def main() -> None:
        async with Peer() as peer:
            wire = await connect(tcp(peer.port), SECONDS)

            await wire.send(b"one\n")
            await wire.send(b"two\n" * 100_000)
            await wire.close()

            await eventually(lambda: len(peer.everything) == 400_004)
            assert peer.everything == b"one\n" + b"two\n" * 100_000

    run(main())


@LOOPS
@pytest.mark.parametrize("leave", [Peer.hang_up, Peer.reset])
def test_what_had_reached_a_peer_that_left_nobody_knows(run: Run, leave: Callable[[Peer], None]) -> None:
    async def main() -> None:
        async with Peer() as peer:
            wire = await connect(tcp(peer.port), SECONDS)
            await wire.send(b"one\n")
            await eventually(lambda: peer.everything and wire.reached)

            leave(peer)

            await eventually(lambda: not wire.reached)
            await wire.close()
            assert not wire.reached

    run(main())


@LOOPS
@pytest.mark.parametrize("leave", [Peer.hang_up, Peer.reset])
def test_a_peer_that_left_is_noticed(run: Run, leave: Callable[[Peer], None]) -> None:
    async def main() -> None:
        async with Peer() as peer:
            wire = await connect(tcp(peer.port), SECONDS)
            await wire.send(b"one\n")
            await eventually(lambda: peer.everything)

            leave(peer)

            with pytest.raises(ConnectionError):
                await until_it_fails(wire)
            await wire.close()

    run(main())


def test_a_peer_that_reads_nothing_is_given_up_in_time() -> None:
    async def main() -> None:
        async with Peer() as peer:
            wire = await connect(tcp(peer.port), 0.2)
            await eventually(lambda: peer.received)
            peer.pause()

            with pytest.raises(TimeoutError):
                await wire.send(bytes(50_000_000))
            await wire.close()

    asyncio.run(main())


def test_the_kernel_watches_the_peer() -> None:
    """A peer that vanishes without a word acknowledges nothing and answers no probe."""

    async def main() -> None:
        async with Peer() as peer:
            wire = await connect(tcp(peer.port), 9.0)
            connection = wire._writer.get_extra_info("socket")  # type: ignore[attr-defined]

            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 3
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 9000
            await wire.close()

    asyncio.run(main())


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(connect(tcp(free_port()), SECONDS))


@pytest.mark.parametrize("host", ["no..name", "x" * 64])
def test_what_cannot_be_a_name_is_an_error_too(host: str) -> None:
    with pytest.raises(OSError, match="is not a host name"):
        asyncio.run(connect(tcp(1, host), SECONDS))


def test_tls_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*authority.issue("127.0.0.1"))

    async def main() -> None:
        async with Peer(context=server) as peer:
            trusting = ssl.create_default_context(cafile=authority.file)
            wire = await connect(tcp(peer.port), SECONDS, trusting)
            await wire.send(b"secret\n")
            await eventually(lambda: peer.everything == b"secret\n")
            await wire.close()

            with pytest.raises(ssl.SSLCertVerificationError):
                await connect(tcp(peer.port), SECONDS, ssl.create_default_context())

    asyncio.run(main())


@LOOPS
def test_a_datagram_is_one_payload(run: Run) -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 0))
            wire = await connect(Endpoint("udp", "localhost", listener.getsockname()[1]), SECONDS)

            await wire.send(b"one\n")
            await wire.send(b"two\n")
            await wire.close()

            assert [listener.recv(100), listener.recv(100)] == [b"one\n", b"two\n"]

    run(main())


@LOOPS
def test_a_udp_port_where_nobody_listens_is_noticed(run: Run) -> None:
    async def main() -> None:
        wire = await connect(Endpoint("udp", "127.0.0.1", free_port(socket.SOCK_DGRAM)), SECONDS)

        with pytest.raises(ConnectionRefusedError):
            await until_it_fails(wire)
        await wire.close()

    run(main())
