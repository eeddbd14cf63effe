"""MqttSink at an honest broker that strangers may write to as well.

TEST_STRANGERS is how many hostile messages come on all of our topics (default 500; the full number is 5,000),
TEST_STRANGER_FLOOD how many flood the one topic that we hear (default 500; the full number is 50,000).
"""

import asyncio
import os
import random
import re
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bridge.sinks.mqtt.link import CORRECTION
from tests.servers.mosquitto import Broker, mosquitto
from tests.sinks.mqtt.hostile import packet
from tests.sinks.mqtt.stage import (
    ACTIVE,
    BATCH,
    OFFLINE,
    ONLINE,
    RETAINED,
    STATE,
    VERSIONS,
    Version,
    at,
    eventually,
    opened,
    resident,
)

pytestmark = pytest.mark.live

STRANGERS = int(os.environ.get("TEST_STRANGERS", "500"))
FLOOD = int(os.environ.get("TEST_STRANGER_FLOOD", "500"))
MIB = 2**20
REQUESTS = ("asterisk/bridge/request/ack", "asterisk/bridge/request/restart", "asterisk/hq/set")


def publish(broker: Broker, messages: Iterable[tuple[str, bytes, bool]]) -> None:
    """Publish (topic, payload, retain) as a stranger, as fast as the broker takes them, up to the last."""
    with socket.create_connection(("127.0.0.1", broker.side), timeout=60) as stranger:
        stranger.sendall(packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00\x00\x00"))
        for topic, payload, retain in messages:
            name = topic.encode()
            stranger.sendall(packet(0x30 | retain, len(name).to_bytes(2) + name + payload))
        stranger.sendall(packet(0x32, b"\x00\x03end\x00\x01"))
        answers = b""
        while not answers.endswith(b"\x40\x02\x00\x01"):
            answers += stranger.recv(100)


def hostile(topics: list[str], amount: int) -> Iterator[tuple[str, bytes, bool]]:
    """Messages that a program could fall for, on each of the topics in turn."""
    chance = random.Random(24)
    shapes = (
        b"",
        OFFLINE.encode(),
        b'{"state":"restart"}',
        b'{"id":"' + b"x" * 4000 + b'"}',
        b"[" * 3000,
        b"\xff\xfe\x00\x1b[2J",
        b"Action: Command\r\nCommand: core stop now\r\n\r\n",
        b'{"__class__":"os.system"}',
    )
    for number in range(amount):
        payload = shapes[number % len(shapes)] if number % 3 else chance.randbytes(chance.randint(0, 500))
        yield topics[number % len(topics)], payload, bool(number % 2)


class TestStrangers:
    """The bridge takes no orders: it hears one topic, and that only to set it right."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_nothing_is_subscribed_but_our_own_state(self, tmp_path: Path, version: Version) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url, version=version) as one:
                await one.write(BATCH)

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

            asked = re.findall(r"Received SUBSCRIBE from (\S+)\n\d+: \t(.*)", broker.log)
            assert [topic for client, topic in asked if client.startswith("asterisk-bridge")] == [
                f"{STATE} (QoS 1)"
            ]

    def test_hostile_messages_on_all_of_our_topics_change_nothing(self, tmp_path: Path) -> None:
        topics = [*RETAINED, *REQUESTS]

        async def main(broker: Broker) -> None:
            async with opened(broker.url) as one:
                await one.write(BATCH)
                await asyncio.to_thread(publish, broker, hostile(topics, STRANGERS))

                await eventually(lambda: broker.retained()[STATE] == ONLINE, "our state to be set right")
                assert not await one.write([*BATCH, at(ACTIVE, 3)])

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

            assert len(re.findall(r"New client connected from \S+ as asterisk-bridge", broker.log)) == 1

    def test_whoever_says_offline_in_a_loop_is_contradicted_once_a_second(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> float:
            loop = asyncio.get_running_loop()
            with broker.watch(STATE) as watcher:
                async with opened(broker.url):
                    begun = loop.time()
                    lies = [(STATE, OFFLINE.encode(), True)] * 5000
                    for _ in range(2):
                        await asyncio.to_thread(publish, broker, lies)
                        await eventually(lambda: watcher.messages[-1].payload == ONLINE, "the truth")
                    spent = loop.time() - begun
                told = [message.payload for message in watcher.messages].count(ONLINE)
                assert told <= 2 + spent / CORRECTION
            return spent

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_flood_on_the_topic_that_we_hear_does_not_harm(self, tmp_path: Path, version: Version) -> None:
        """With MQTT 5 the broker keeps what is large back; before that it comes, and is let go of."""
        chance = random.Random(25)
        filler = chance.randbytes(256 * 1024)

        async def main(broker: Broker) -> int:
            flood = ((STATE, filler[: chance.randint(1, len(filler))], False) for _ in range(FLOOD))
            async with opened(broker.url, version=version) as one:
                await one.write(BATCH)
                await asyncio.to_thread(publish, broker, ((STATE, filler, False) for _ in range(50)))
                before = resident()
                most = 0
                flooding = asyncio.create_task(asyncio.to_thread(publish, broker, flood))
                number = 0
                while not flooding.done():
                    number += 1
                    assert not await one.write([at(ACTIVE, number)])
                    most = max(most, resident())
                    await asyncio.sleep(0.1)
                await flooding
                return most - before

        with mosquitto(tmp_path, log="error") as broker:
            assert asyncio.run(main(broker)) <= 16 * MIB
