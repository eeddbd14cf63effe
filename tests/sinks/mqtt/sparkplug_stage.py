"""A Sparkplug sink as Delivery would have it, a host that hears it at a real broker, and hostile commands."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Callable

import aiomqtt

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols.sparkplug import EdgeNode
from bridge.settings import MqttSettings
from bridge.sinks.mqtt.sparkplug import SparkplugSink
from tests.servers.mosquitto import Broker
from tests.sinks.mqtt.hostile import GREETING, PUBLISH, SUBSCRIBE, _packet
from tests.sinks.mqtt.stage import Version, eventually
from tests.sparkplug_host import Host, asks_for_rebirth, command, rebirth_request

NOW = 1_700_000_000.0
NAME = EdgeNode("asterisk", "gateway")
COMMANDS = "spBv1.0/asterisk/NCMD/gateway"
WAITING = QUEUE_WAITING.series("hq", "support")
UP = own.SOURCE_UP.series("hq", "ami")
UPTIME = own.PROCESS_UPTIME.series(BRIDGE)
QUEUE = "queue/support/waiting"


def at(series: Series, value: float, time: float = NOW) -> Sample:
    return Sample(series, value, time)


def sink(url: str, version: Version = "5", username: str = "", password: str = "") -> SparkplugSink:
    settings = MqttSettings(url=url, version=version, username=username, password=password)
    return SparkplugSink(settings, NAME, CATALOG)


@contextlib.asynccontextmanager
async def opened(one: SparkplugSink) -> AsyncIterator[SparkplugSink]:
    """A sink that is open within the context, as Delivery would have it."""
    try:
        await one.open()
        yield one
    finally:
        await one.close()


class Ear:
    """A host at a broker.

    Attributes:
        host: what it knows.
    """

    def __init__(self, client: aiomqtt.Client) -> None:
        self.host = Host()
        self._client = client

    async def listen(self) -> None:
        """Hear all there is; a fault of the node ends it."""
        async for message in self._client.messages:
            if "/NCMD/" not in str(message.topic):
                self.host.hear(message)

    async def ask(self, payload: bytes = b"", *, retain: bool = False) -> None:
        """Send a command, or ask for births."""
        await self._client.publish(COMMANDS, payload or rebirth_request(), qos=0, retain=retain)


@contextlib.asynccontextmanager
async def hearing(broker: Broker) -> AsyncIterator[Ear]:
    """A host; what it hears within the context must be according to the specification."""
    async with aiomqtt.Client("127.0.0.1", broker.side) as client:
        ear = Ear(client)
        await client.subscribe("spBv1.0/#", qos=1)
        listening = asyncio.create_task(ear.listen())
        try:
            yield ear
        finally:
            fault = listening.done() and listening.exception()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    if fault:
        raise fault


async def known(ear: Ear, device: str, name: str, value: float) -> None:
    """Wait until the host knows a value."""

    def is_known() -> bool:
        metric = ear.host.known.get((device, name))
        return bool(metric and not metric.stale and metric.value == value)

    await eventually(is_known, f"{name} = {value}")


def kill(one: SparkplugSink) -> None:
    """Break the connection, without a word to the broker."""
    assert one._link
    one._link._paho.socket.shutdown(socket.SHUT_RDWR)


async def no_subscriptions(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A broker that takes whatever is published, and refuses whatever is asked for."""
    writer.write(GREETING)
    with contextlib.suppress(asyncio.IncompleteReadError):
        while True:
            first, body = await _packet(reader)
            end = 2 + int.from_bytes(body[:2])
            if first >> 4 == PUBLISH and first & 2:
                writer.write(b"\x40\x02" + body[end : end + 2])
            elif first >> 4 == SUBSCRIBE:
                writer.write(b"\x90\x04" + body[:2] + b"\0\x87")
    writer.close()


def mutants(amount: int) -> list[bytes]:
    """Commands that ask for no births by what Google's protobuf reads in them: most are torn."""
    chance = random.Random(5)
    seeds = [rebirth_request(), command(**{"Node Control/Rebirth": False, "x": 1, "y": "z"}), b"\x12" * 40]
    changes: list[Callable[[bytearray, int], None]] = [
        lambda data, place: data.__setitem__(place, chance.randrange(256)),
        lambda data, place: data.__delitem__(slice(place, place + chance.randint(1, 9))),
        lambda data, place: data.extend(data[place:] * chance.randint(1, 60)),
    ]
    found: list[bytes] = []
    while len(found) < amount:
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            if data:
                chance.choice(changes)(data, chance.randrange(len(data)))
        if data and len(data) < 6000 and not asks_for_rebirth(bytes(data)):
            found.append(bytes(data))
    return found
