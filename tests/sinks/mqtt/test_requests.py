"""Requests that come through a real mosquitto: what is answered, and what nobody can do by them.

TEST_HOSTILE_REQUESTS is how many hostile requests come (default 300; the full number is 5,000),
TEST_REQUEST_FLOOD how many messages flood the topics of requests (default 1,000; the full number is 50,000).
"""

import asyncio
import json
import os
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.core.alert import Key, Notice
from bridge.pipeline.requests import BURST, RATE
from bridge.protocols.mqtt_inbound import LARGEST
from bridge.protocols.request_fields import NAME_LIMIT
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import AlertSink, Board
from tests.pipeline.asked import World
from tests.pipeline.test_hostile_requests import GOOD, MUTATIONS
from tests.servers.bridge import Bridge, bridge
from tests.servers.mosquitto import Broker
from tests.servers.process import wait_until
from tests.sinks.mqtt.house import EVERYTHING, Asker, Pbx, a_broker, a_pbx, asking, kept, state
from tests.sinks.mqtt.stage import VERSIONS, Version
from tests.sinks.mqtt.test_strangers import publish

pytestmark = pytest.mark.live

HOSTILE = int(os.environ.get("TEST_HOSTILE_REQUESTS", "300"))
FLOOD = int(os.environ.get("TEST_REQUEST_FLOOD", "1000"))
MIB = 2**20
LOST = "asterisk/hq/alert/line_lost/berlin"
STRANGE = ("restart", "", "Ack", "ack ", "../ack", "__class__", "x" * 300)


@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_may_be_asked_of_a_whole_bridge(tmp_path: Path, version: Version) -> None:
    """Each answer bears the transaction of its request; what is done is seen in the state of the alert."""

    async def main(broker: Broker) -> None:
        def shown(name: str) -> object:
            return state(kept(broker), LOST)[name]

        async with asking(broker) as asker:
            listed = await asker.ask("list")
            (lost,) = [each for each in listed["data"]["alerts"] if each["rule"] == "line_lost"]
            acknowledged = await asker.ask("ack", id=lost["id"])
            assert (acknowledged["status"], acknowledged["data"]["acknowledged"]) == ("ok", 1)
            await asyncio.to_thread(wait_until, lambda: shown("acknowledged"), "it to be acknowledged")

            silenced = await asker.ask("silence", rule="line_*", pbx="hq", duration="2h", comment="works")
            assert (silenced["status"], silenced["data"]["alerts"]) == ("ok", 2)
            until = silenced["data"]["until"]
            await asyncio.to_thread(wait_until, lambda: shown("silenced_until") == until, "it to be silenced")
            (silence,) = (await asker.ask("list"))["data"]["silences"]
            assert (silence["id"], silence["comment"]) == (silenced["data"]["id"], "works")

            ended = await asker.ask("unsilence", id=silence["id"])
            assert ended["status"] == "ok"
            await asyncio.to_thread(wait_until, lambda: shown("silenced_until") is None, "it to be over")
            again = await asker.ask("unsilence", id=silence["id"])
            assert (again["status"], again["data"]) == ("error", {})
            assert silence["id"] in again["error"]

            health = await asker.ask("health")
            assert health["data"]["states"]["sink bridge/alerts"] == {"up": True}

    with a_broker(tmp_path) as broker, running_at(broker, tmp_path, version) as (_, pbx):
        pbx.lines(berlin="Rejected", paris="Registered")
        wait_until(lambda: state(kept(broker), LOST).get("state") == "firing", "an alert")
        asyncio.run(main(broker))


def test_one_that_the_broker_had_kept_does_nothing_whenever_it_comes(tmp_path: Path) -> None:
    async def main(broker: Broker) -> None:
        async with asking(broker) as asker:
            for verb, given in (("silence", {"all": True, "duration": "1d"}), ("ack", {"all": True})):
                await asker.send(verb, json.dumps(given).encode(), retain=True)
                while (await asker.next())[0] != verb:
                    pass
            (silence,) = (await asker.ask("list"))["data"]["silences"]
            await asker.ask("unsilence", id=silence["id"])

    async def replayed(broker: Broker) -> None:
        async with asking(broker) as asker:
            listed = (await asker.ask("list", state="all"))["data"]
            counts = (await asker.ask("health"))["data"]["counts"]
            assert counts["requests.refused bridge retained"] == 2
            assert listed["silences"] == []
            assert not any(each["acknowledged"] for each in listed["alerts"])

    with a_broker(tmp_path) as broker:
        with running_at(broker, tmp_path):
            asyncio.run(main(broker))
        with running_at(broker, tmp_path) as (_, pbx):
            pbx.lines(berlin="Rejected", paris="Registered")
            wait_until(lambda: state(kept(broker), LOST).get("state") == "firing", "an alert")
            asyncio.run(replayed(broker))


@pytest.mark.timeout(120 + HOSTILE)
@pytest.mark.parametrize("version", VERSIONS)
def test_hostile_requests_change_nothing_and_are_told_why(tmp_path: Path, version: Version) -> None:
    """What errs is answered with a reason; what is retained, or beyond measure, is not answered at all."""
    chance = random.Random(24)
    seen = {"refused": 0, "unanswered": 0, "obeyed": 0}

    async def main(broker: Broker, world: World) -> None:
        stage = Hearing(broker, version, world)
        async with stage.open(), asking(broker) as asker:
            for number in range(HOSTILE):
                if number % 20 == 0:
                    stage.world = await asyncio.to_thread(World)
                verb, given = chance.choice(GOOD)
                verb = chance.choice(STRANGE) if chance.random() < 0.1 else verb
                payload = MUTATIONS[number % len(MUTATIONS)](chance, given)
                before = stage.state()

                answers = await stage.answers(asker, verb, payload)

                unheard = version == "5" and len(payload) + len(verb) > LARGEST["5"] - 50
                silent = unheard or len(verb) > NAME_LIMIT or "/" in verb
                assert len(answers) == (0 if silent else 1), (verb, payload[:200], answers)
                for answer in answers:
                    if answer["status"] == "error":
                        assert answer["error"].isprintable()
                        assert (answer["data"], stage.state()) == ({}, before)
                    seen["refused" if answer["status"] == "error" else "obeyed"] += 1
                if not answers:
                    assert stage.state() == before
                    seen["unanswered"] += 1
                if number % 10 == 0:
                    await retained_is_ignored(stage, asker, verb, payload)

    with a_broker(tmp_path) as broker, capture_logs():
        asyncio.run(main(broker, World()))
    print(f"\nof {HOSTILE} hostile requests with MQTT {version}: {seen}")
    assert seen["refused"] > HOSTILE / 2


async def retained_is_ignored(stage: "Hearing", asker: Asker, verb: str, payload: bytes) -> None:
    """What the broker keeps comes to a bridge that connects anew, and does nothing there."""
    before = stage.state()
    await stage.close()
    await asker.send(verb, payload, retain=True)
    await stage.reopen()
    assert await stage.answers(asker) == []
    assert stage.state() == before
    await stage.close()
    await asker.send(verb, b"", retain=True)
    await stage.reopen()


class Hearing:
    """A sink that hears requests to a world, which may be put in the place of another.

    Attributes:
        world: the present one; a second goes by with every request.
    """

    def __init__(self, broker: Broker, version: Version, world: World) -> None:
        self.world = world
        board = Board(lambda _: None, self._standing, self._everything, tuple)
        self._sink = AlertSink(MqttSettings(url=broker.url, version=version), board, self._answer)

    def _standing(self, key: Key) -> Notice | None:
        return self.world.alerts.standing(key)

    def _everything(self) -> list[Notice]:
        return self.world.alerts.everything()

    def _answer(self, verb: str, payload: bytes, retained: bool) -> bytes | None:
        self.world.clock.now += 1.0
        return self.world.requests.hear(verb, payload, retained)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        try:
            await self.reopen()
            yield
        finally:
            await self.close()

    async def reopen(self) -> None:
        await self._sink.open()

    async def close(self) -> None:
        await self._sink.close()

    def state(self) -> object:
        """All that a request could change."""
        return self.world.state()

    async def answers(
        self, asker: Asker, verb: str | None = None, payload: bytes = b""
    ) -> list[dict[str, Any]]:
        """What is answered to a request, before one that was made after it."""
        if verb is not None:
            await asker.send(verb, payload)
        await asker.send("health", b'{"transaction":"the end"}')
        found = []
        while (answer := (await asker.next())[1]).get("transaction") != "the end":
            found.append(answer)
        return found


@pytest.mark.timeout(300 + FLOOD // 50)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_flood_of_them_does_not_harm(tmp_path: Path, version: Version) -> None:
    """Alerts go on to come, and none of it stays in memory.

    With MQTT 5 the broker keeps back what is large. Before that it all comes, and what the broker has to say
    to the bridge stands behind it, so that a connection may be given up, and an alert be late.
    """
    filler = random.Random(25).randbytes(256 * 1024)

    with a_broker(tmp_path) as broker, running_at(broker, tmp_path, version) as (running, pbx):
        took = [change(broker, pbx, 0)]
        publish(broker, flood(filler, 200))
        before = most = resident(running)
        flooding = threading.Thread(target=publish, args=(broker, flood(filler, FLOOD)))
        flooding.start()
        while flooding.is_alive() or len(took) < 5:
            took.append(change(broker, pbx, len(took)))
            most = max(most, resident(running))
        flooding.join()
        answer = asyncio.run(asked_until_answered(broker))
        ups = [line for line in running.log() if (line["event"], line.get("name")) == ("up", "alerts")]

    grown = (most - before) / MIB
    print(
        f"\nMQTT {version}: {FLOOD} messages, memory {grown:+.1f} MiB, {len(took) - 1} alerts meanwhile, "
        f"after {max(took):.1f} s at most, {len(ups)} connections"
    )
    assert answer["data"]["counts"]["requests.refused bridge limited"] > 0
    assert grown <= 16
    assert version == "3.1.1" or len(ups) == 1


def flood(filler: bytes, amount: int) -> Iterator[tuple[str, bytes, bool]]:
    """Requests of 1 to 256 KiB, and among them those that would be answered."""
    chance = random.Random(26)
    for number in range(amount):
        verb = ("ack", "silence", "list", "health", "x" * chance.randint(1, 2000))[number % 5]
        size = chance.randint(1024, len(filler))
        small = b'{"state":"all"}' if verb == "list" else b"{}"
        yield f"asterisk/bridge/request/{verb}", small if number % 7 == 0 else filler[:size], False


def change(broker: Broker, pbx: Pbx, number: int) -> float:
    """Have an alert fire, or be over; return the seconds until the broker says so."""
    pbx.lines(berlin="Registered" if number % 2 else "Rejected")
    expected = "inactive" if number % 2 else "firing"
    began = time.monotonic()
    wait_until(lambda: state(kept(broker), LOST).get("state") == expected, f"{expected} as no. {number}", 90)
    return time.monotonic() - began


async def asked_until_answered(broker: Broker) -> dict[str, dict[str, dict[str, float]]]:
    """Ask for health until there is an answer: too many may have asked before."""
    async with asking(broker) as asker:
        while True:
            await asyncio.sleep(BURST / RATE)
            answer = await asker.ask("health")
            if answer["status"] == "ok":
                return answer


def resident(running: Bridge) -> int:
    """Bytes of memory that the bridge has."""
    pages = Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def running_at(broker: Broker, folder: Path, version: Version = "5") -> Iterator[tuple[Bridge, Pbx]]:
    """A whole bridge, and its PBX."""
    with a_pbx() as pbx:
        settings = EVERYTHING | pbx.settings() | {"MQTT__URL": broker.url, "MQTT__VERSION": version}
        with bridge(settings, folder) as running:
            running.wait_ready()
            yield running, pbx
