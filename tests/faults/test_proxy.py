"""The proxy does what the fault tests rely on."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.proxy import LOOPBACK, Names, TcpProxy, UdpProxy, no_pubacks
from tests.sinks.peer import Peer, eventually


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[TcpProxy, Peer]]:
    async with Peer() as peer, TcpProxy(peer.port) as proxy:
        yield proxy, peer


async def dial(proxy: TcpProxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(LOOPBACK, proxy.own_port)


def test_it_passes_on_what_is_sent() -> None:
    async def scenario() -> bytes:
        async with proxied() as (proxy, peer):
            _, writer = await dial(proxy)
            writer.write(b"abc" * 100_000)
            await eventually(lambda: len(peer.everything) == 300_000)
            writer.close()
            return peer.everything

    assert asyncio.run(scenario()) == b"abc" * 100_000


def test_it_refuses_and_takes_connections_again() -> None:
    async def scenario() -> None:
        async with proxied() as (proxy, _):
            reader, _ = await dial(proxy)
            await proxy.refuse()
            with pytest.raises(ConnectionResetError):
                await reader.read()
            with pytest.raises(ConnectionRefusedError):
                await dial(proxy)
            await proxy.accept()
            _, writer = await dial(proxy)
            writer.close()

    asyncio.run(scenario())


def test_it_resets_after_so_many_bytes() -> None:
    async def scenario() -> bytes:
        async with proxied() as (proxy, peer):
            proxy.limit = 1000
            reader, writer = await dial(proxy)
            writer.write(b"x" * 5000)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            await eventually(lambda: peer.received)
            return peer.everything

    assert asyncio.run(scenario()) == b"x" * 1000


def test_it_stops_to_read_and_goes_on_without_loss() -> None:
    async def scenario() -> bytes:
        async with proxied() as (proxy, peer):
            _, writer = await dial(proxy)
            await eventually(lambda: peer.received)
            proxy.stall()
            writer.write(b"x" * 30_000_000)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await writer.drain()
            assert not peer.everything
            proxy.go_on()
            await eventually(lambda: len(peer.everything) == 30_000_000)
            writer.close()
            return peer.everything

    asyncio.run(scenario())


def test_it_vanishes_without_a_word() -> None:
    """Nothing is acknowledged, so the sender's kernel gives up by itself; a new connection hangs."""

    async def scenario() -> bytes:
        async with proxied() as (proxy, peer):
            reader, writer = await dial(proxy)
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300)
            writer.write(b"before ")
            await eventually(lambda: peer.everything)
            proxy.vanish()
            writer.write(b"lost")
            with pytest.raises(TimeoutError):
                await reader.read()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await dial(proxy)
            proxy.reappear()
            _, writer = await dial(proxy)
            writer.write(b"after")
            await eventually(lambda: peer.everything.endswith(b"after"))
            writer.close()
            return peer.everything

    assert asyncio.run(scenario()) == b"before after"


def test_it_is_slow() -> None:
    async def scenario() -> float:
        async with proxied() as (proxy, peer):
            proxy.rate = 10_000
            began = time.monotonic()
            _, writer = await dial(proxy)
            writer.write(b"x" * 3000)
            await eventually(lambda: len(peer.everything) == 3000)
            writer.close()
            return time.monotonic() - began

    assert asyncio.run(scenario()) >= 0.25


def test_it_closes_what_it_takes() -> None:
    async def scenario() -> bytes:
        async with proxied() as (proxy, _):
            proxy.closes = True
            reader, writer = await dial(proxy)
            writer.close()
            return await reader.read()

    assert asyncio.run(scenario()) == b""


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_pubacks_are_left_out_however_the_stream_is_cut(size: int) -> None:
    connack, puback, publish = b"\x20\x02\x00\x00", b"\x40\x02\x00\x07", b"\x30\xc8\x01" + b"p" * 200
    said = connack + puback + publish + puback + connack
    alter = no_pubacks()

    heard = b"".join(alter(said[start : start + size]) for start in range(0, len(said), size))

    assert heard == connack + publish + connack


def test_every_datagram_is_passed_on_or_lost_by_name() -> None:
    heard: list[bytes] = []

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            heard.append(data)

    async def scenario() -> UdpProxy:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Listener, local_addr=(LOOPBACK, 0))
        port = transport.get_extra_info("sockname")[1]
        proxy = UdpProxy(port, seed=1, loss=0.1, doubling=0.05, reordering=0.05)
        async with proxy.running() as own_port:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for number in range(1000):
                    sender.sendto(b"%d" % number, (LOOPBACK, own_port))
                    await asyncio.sleep(0)
            await eventually(lambda: proxy.received == 1000)
            proxy.release()
            await eventually(lambda: len(heard) == 1000 - len(proxy.lost) + len(proxy.doubled))
        transport.close()
        return proxy

    proxy = asyncio.run(scenario())
    everything = {b"%d" % number for number in range(1000)}
    assert set(heard) == everything - set(proxy.lost)
    assert heard != sorted(heard, key=int)
    assert 50 < len(proxy.lost) < 150
    assert 20 < len(proxy.doubled) < 80
    assert 20 < proxy.late < 80


def test_names_change_and_fail_as_they_are_told() -> None:
    names = Names(socket.getaddrinfo)
    names.table["graphite.test"] = "127.0.0.2"
    assert names.getaddrinfo("graphite.test", 2003)[0][4] == ("127.0.0.2", 2003)

    names.table["graphite.test"] = None
    with pytest.raises(socket.gaierror):
        names.getaddrinfo("graphite.test", 2003)

    assert names.getaddrinfo("127.0.0.1", 1)[0][4] == ("127.0.0.1", 1)
