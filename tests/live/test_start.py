"""It starts with no peer reachable, and is ready when all of them have come, in whatever order.

`TEST_ORDERS` is the number of orders, of 120: some are drawn, always the same ones.
"""

import asyncio
import itertools
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.app import App
from bridge.demo.ami_server import AmiServer
from bridge.demo.snmp_agent import COMMUNITY, SnmpAgent
from bridge.demo.traffic import Traffic
from bridge.settings import Settings
from tests.faults.proxy import LOOPBACK, TcpProxy, UdpProxy
from tests.servers.mosquitto import mosquitto
from tests.servers.process import free_port
from tests.sinks.peer import Peer, eventually

ORDERS = int(os.environ.get("TEST_ORDERS", "6"))
AT_ONCE = 6
"""Bridges that are started at the same time."""
SPEED = 20
"""How much faster the time of the bridge passes, that of its back-off above all."""
PEERS = ("snmp", "ami", "graphite", "mqtt", "statsd_out")
PARTS = len(PEERS) + 1
"""A broker is the peer of two sinks: values and alerts have a connection each."""

pytestmark = [pytest.mark.live, pytest.mark.timeout(60 + 4 * ORDERS)]


class FastClock:
    """A clock that is ahead of time, and ever more so."""

    def __init__(self) -> None:
        self._started = time.time()
        self._begun = time.monotonic()

    def time(self) -> float:
        return self._started + self.monotonic()

    def monotonic(self) -> float:
        return (time.monotonic() - self._begun) * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class Ports(NamedTuple):
    """Where the real peers are, which serve all bridges at once."""

    snmp: int
    ami: int
    graphite: int
    mqtt: int
    statsd_out: int


@asynccontextmanager
async def peers(broker: int) -> AsyncIterator[Ports]:
    """A simulated PBX and two servers that listen; the broker is real."""
    traffic = Traffic(1, time.time() - 60)
    traffic.step(time.time())
    manager, agent = AmiServer(traffic.pbx, "bridge", "secret"), SnmpAgent(traffic.pbx)
    async with Peer() as graphite, Peer() as statsd:
        yield Ports(agent.start(), await manager.start(), graphite.port, broker, statsd.port)
        await manager.stop()
        agent.stop()


class Way:
    """The way of one bridge to the peers, on which each can be away.

    It has an address of its own: on another one, a port where nobody listens is soon the end of a connection.
    """

    def __init__(self, ports: Ports, number: int) -> None:
        self._ports = ports
        self.host = f"127.0.1.{number + 1}"
        self.tcp = {name: TcpProxy(getattr(ports, name), self.host) for name in PEERS if name != "snmp"}
        self.snmp = UdpProxy(free_port(socket.SOCK_DGRAM), seed=0)

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[dict[str, int]]:
        """No peer can be reached; gives where they are looked for."""
        async with self.snmp.running() as port:
            for proxy in self.tcp.values():
                await proxy.__aenter__()
            for proxy in self.tcp.values():
                await proxy.refuse()
            yield {"snmp": port} | {name: proxy.own_port for name, proxy in self.tcp.items()}
            for proxy in self.tcp.values():
                await proxy.refuse()

    async def open(self, name: str) -> None:
        """The peer of that name can be reached."""
        if name == "snmp":
            self.snmp.port = self._ports.snmp
        else:
            await self.tcp[name].accept()


def settings(host: str, at: dict[str, int], http: int) -> Settings:
    snmp = {"host": LOOPBACK, "port": at["snmp"], "community": COMMUNITY, "retries": 0, "timeout": "300ms"}
    ami = {"host": host, "port": at["ami"], "username": "bridge", "secret": "secret"}
    return Settings.model_validate(
        {
            "pbx": {"hq": {"snmp": snmp | {"interval": "1s"}, "ami": ami | {"interval": "1s"}}},
            "statsd": {"enabled": False},
            "graphite": {"url": f"tcp://{host}:{at['graphite']}"},
            "mqtt": {"url": f"mqtt://{host}:{at['mqtt']}", "client_id": host, "prefix": host},
            "statsd_out": {"url": f"tcp://{host}:{at['statsd_out']}"},
            "http": {"listen": f"{LOOPBACK}:{http}"},
            "self_interval": "1s",
            "stop_timeout": "1s",
        }
    )


async def ask(port: int, path: str) -> tuple[int, str]:
    """Status and body of a page; 0 while nothing answers."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return 0, ""
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


async def begin(ports: Ports, order: Sequence[str], number: int) -> tuple[int, int, list[str]]:
    """Start a bridge alone, and let the peers come one by one.

    Returns:
        What /livez and /readyz said as long as it was alone, and whom the second one missed.
    """
    way, http = Way(ports, number), free_port()
    async with way.closed() as at:
        chosen = settings(way.host, at, http)
        app = App(chosen, lambda: chosen, clock=FastClock())
        running = asyncio.create_task(app.run())
        await until(page(http, "/livez"), 200)
        await eventually(lambda: len(app._health.missing()) == PARTS)
        alive, (status, missing) = (await ask(http, "/livez"))[0], await ask(http, "/readyz")
        for peer in order:
            await way.open(peer)
        await until(page(http, "/readyz"), 200)
        app.signals.stop()
        await running
    return alive, status, [peer for peer in PEERS if f" {peer.removesuffix('_out')} of " in missing]


def page(port: int, path: str) -> Callable[[], Awaitable[int]]:
    """Asks for a page and gives its status."""

    async def status() -> int:
        return (await ask(port, path))[0]

    return status


async def until(asked: Callable[[], Awaitable[int]], wanted: int) -> None:
    async with asyncio.timeout(60):
        while await asked() != wanted:
            await asyncio.sleep(0.05)


def test_it_is_ready_in_the_end_in_whatever_order_its_peers_come(tmp_path: Path) -> None:
    """Alone it lives, is not ready, and names every peer."""
    orders = random.Random(8).sample([*itertools.permutations(PEERS)], ORDERS)

    async def scenario(broker: int) -> list[tuple[int, int, list[str]]]:
        outcomes = []
        async with peers(broker) as ports:
            for start in range(0, len(orders), AT_ONCE):
                group = orders[start : start + AT_ONCE]
                numbers = range(start, start + len(group))
                outcomes += await asyncio.gather(*map(begin, [ports] * len(group), group, numbers))
        return outcomes

    with mosquitto(tmp_path) as broker:
        outcomes = asyncio.run(scenario(broker.port))

    assert outcomes == [(200, 503, [*PEERS])] * len(orders)
