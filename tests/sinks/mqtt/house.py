"""A whole bridge as a process: its PBX says what it is told to, and its broker is asked what it holds."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiomqtt

from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import PATIENCE
from tests.sources.ami.scripted import ScriptedAmi

QUICK = "300ms"
EVERYTHING = {
    "SELF_INTERVAL": QUICK,
    "MQTT__HOMEASSISTANT": "true",
    "MQTT__SPARKPLUG": "true",
    "MQTT__SPARKPLUG_NODE": "gateway",
    "ALERTS__COMMANDS": "true",
    "ALERTS__RULE__LINE_LOST__METRIC": "trunk.up",
    "ALERTS__RULE__LINE_LOST__BELOW": "1",
    "ALERTS__RULE__LINE_LOST__FLAPS": "0",
}
"""Settings that switch on whatever MQTT has, and a rule that fires at once."""
NODE = "asterisk-bridge--asterisk"
ENTITIES = "homeassistant/"


class Pbx:
    """A PBX of which a test has a hold.

    Attributes:
        ami: the server, which runs in a thread of its own.
    """

    def __init__(self) -> None:
        self.ami = ScriptedAmi()
        self.lines(berlin="Registered", paris="Registered")

    def lines(self, **states: str) -> None:
        """Have these trunks from now on, each in a state such as `Registered` or `Rejected`."""
        start = "Response: Success\r\nActionID: ?\r\nEventList: start\r\n\r\n"
        details = (
            f"Event: OutboundRegistrationDetail\r\nActionID: ?\r\nObjectType: registration\r\n"
            f"ObjectName: {name}\r\nServerUri: sip:127.0.0.1\r\nStatus: {state}\r\nNextReg: 0\r\n\r\n"
            for name, state in states.items()
        )
        end = (
            "Event: OutboundRegistrationDetailComplete\r\nActionID: ?\r\nEventList: Complete\r\n"
            f"ListItems: {len(states)}\r\nRegistered: 0\r\nNotRegistered: 0\r\n\r\n"
        )
        self.ami.replies["PJSIPShowRegistrationsOutbound"] = "".join([start, *details, end]).encode()

    def settings(self, name: str = "hq") -> dict[str, str]:
        """Those by which a bridge serves it."""
        values = {"HOST": "127.0.0.1", "PORT": str(self.ami.port), "USERNAME": "bridge", "SECRET": "s3cret"}
        values |= {"INTERVAL": QUICK}
        return {f"PBX__{name.upper()}__AMI__{key}": value for key, value in values.items()}


@contextlib.contextmanager
def a_pbx() -> Iterator[Pbx]:
    """One that answers until the context ends."""
    pbx = Pbx()
    loop = asyncio.new_event_loop()
    began, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with pbx.ami.running():
            began.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="pbx")
    thread.start()
    try:
        assert began.wait(PATIENCE)
        yield pbx
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE)
        loop.close()


def kept(broker: Broker) -> dict[str, str]:
    """Topic and payload of all that a broker retains, however much it is; from within a loop, too."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _kept(broker.side)).result()


async def _kept(port: int) -> dict[str, str]:
    found: dict[str, str] = {}
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("#", qos=1)
        await client.publish("marker", "the end", qos=1)
        async for message in client.messages:
            if str(message.topic) == "marker":
                break
            if message.retain:
                found[str(message.topic)] = bytes(message.payload).decode(errors="replace")
    return found


def entities(broker: Broker, *words: str) -> set[str]:
    """What is announced with one of these words in its name: `binary_sensor hq--trunk--up--berlin`."""
    topics = (topic.split("/") for topic in kept(broker) if topic.startswith(ENTITIES))
    names = (f"{parts[1]} {parts[3]}" for parts in topics if len(parts) == 5 and parts[2] == NODE)
    return {name for name in names if any(word in name for word in words)}


class Asker:
    """Somebody who asks the bridge over the broker.

    Args:
        client: his own connection, which has subscribed to the responses.
    """

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._asked = 0

    async def ask(self, verb: str, **given: object) -> dict[str, Any]:
        """Ask for something, and return what is answered to just that."""
        self._asked += 1
        payload = json.dumps({**given, "transaction": self._asked})
        await self._client.publish(f"asterisk/bridge/request/{verb}", payload, qos=1)
        while True:
            topic, answer = await self.next()
            if topic == verb and answer.pop("transaction", None) == self._asked:
                return answer

    async def send(self, verb: str, payload: bytes, *, retain: bool = False) -> None:
        """Send anything."""
        await self._client.publish(f"asterisk/bridge/request/{verb}", payload, qos=1, retain=retain)

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next response: its verb, and what it says."""
        async with asyncio.timeout(PATIENCE):
            message = await anext(aiter(self._client.messages))
        answer: dict[str, Any] = json.loads(bytes(message.payload))
        return str(message.topic).rpartition("/")[2], answer


@contextlib.asynccontextmanager
async def asking(broker: Broker) -> AsyncIterator[Asker]:
    """Somebody who asks."""
    at_once = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    async with aiomqtt.Client("127.0.0.1", broker.side, socket_options=at_once) as client:
        await client.subscribe("asterisk/bridge/response/#", qos=1)
        yield Asker(client)


def state(retained: Mapping[str, str], topic: str) -> dict[str, Any]:
    """What a topic says; nothing, if the broker does not retain it."""
    found: dict[str, Any] = json.loads(retained.get(topic) or "{}")
    return found


@contextlib.contextmanager
def a_broker(folder: Path, *, persistent: bool = False) -> Iterator[Broker]:
    """One that tells little of what it does, and is the faster for that."""
    place = folder / "mosquitto"
    place.mkdir()
    with mosquitto(place, log="error", persistent=persistent) as broker:
        yield broker


def settled(broker: Broker) -> set[str]:
    """The topics that are retained, once no more have come or gone for a second."""
    topics, since = set(kept(broker)), time.monotonic()
    while time.monotonic() - since < 1:
        now = set(kept(broker))
        if now != topics:
            topics, since = now, time.monotonic()
        time.sleep(0.1)
    return topics
