"""Home: what a real mosquitto holds for Home Assistant, by which it knows our entities.

TEST_STRANGER_TOPICS is how many topics of our node strangers make up (default 2,000; full: 50,000).
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from pathlib import Path

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.endpoints import TRUNK_UP
from bridge.core import own
from bridge.core.alert import Key
from bridge.core.sample import BRIDGE, Sample
from bridge.protocols.homeassistant import GONE, Discovery
from bridge.protocols.homeassistant_entities import House
from bridge.protocols.mqtt import Message
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import Home, MqttSink
from tests.homeassistant.documented import faults
from tests.servers.bridge import bridge
from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import PATIENCE, wait_until
from tests.sinks.mqtt.house import ENTITIES, EVERYTHING, NODE, a_broker, a_pbx, entities, kept, settled
from tests.sinks.mqtt.stage import BATCH, UP, VERSIONS, Version, at, resident
from tests.sinks.mqtt.test_strangers import publish

pytestmark = pytest.mark.live

STRANGERS = int(os.environ.get("TEST_STRANGER_TOPICS", "2000"))
BACK = 10.0
"""Seconds within which new settings must be seen at the broker."""
MIB = 2**20
BIRTH = "homeassistant/status"
WAITING = "sensor hq--queue--waiting--support"
ALERT = Key("trunk_down", (("pbx", "hq"), ("trunk", "berlin")))


class Stage:
    """A sink that announces, at a broker.

    Args:
        broker: where.
        gone: seconds of silence after which a thing has gone.
        pbxs: those that are served.
        version: of MQTT.

    Attributes:
        alerts: which there are.
    """

    def __init__(
        self,
        broker: Broker,
        gone: float = GONE,
        pbxs: Collection[str] = ("hq", "lab"),
        version: Version = "5",
    ) -> None:
        self.alerts: list[Key] = []
        house = House("asterisk", "1.2.3", alerts=True, commands=True)
        home = Home(Discovery(house, CATALOG, pbxs, gone), lambda: self.alerts)
        settings = MqttSettings(url=broker.url, version=version, homeassistant=True)
        self._sink = MqttSink(settings, CATALOG, dict, dict, home)
        self._broker = broker
        self._beats = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Stage"]:
        """A connection."""
        try:
            await self._sink.open()
            yield self
        finally:
            await self._sink.close()

    async def tell(self, *samples: Sample) -> None:
        """Give the sink these samples, and the bridge's own numbers, as they come again and again."""
        self._beats += 1
        await self._sink.write([*samples, at(own.PROCESS_UPTIME.series(BRIDGE), self._beats)])

    async def until(self, condition: Callable[[], object], *samples: Sample) -> None:
        """Tell the same until something holds at the broker."""
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(condition):
                await self.tell(*samples)

    async def somebody_publishes(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish as somebody else."""
        await asyncio.to_thread(self._broker.publish, topic, payload, retain=retain)


def config(name: str, component: str = "sensor") -> str:
    return f"homeassistant/{component}/{NODE}/{name}/config"


def ours(broker: Broker) -> dict[str, str]:
    return {topic: payload for topic, payload in kept(broker).items() if topic.startswith(ENTITIES)}


class TestEntities:
    """They come with the values that they are of."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_they_are_there_with_the_first_batch(self, tmp_path: Path, version: Version) -> None:
        async def main(broker: Broker) -> None:
            async with Stage(broker, version=version).open() as stage:
                await stage.tell(*BATCH)

                announced = ours(broker)
                assert config("hq--queue--waiting--support") in announced
                for topic, payload in announced.items():
                    assert faults(Message(topic, payload.encode())) == []

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_every_connection_says_all_of_them_again(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            stage = Stage(broker)
            async with stage.open():
                await stage.tell(*BATCH)
                before = ours(broker)
            broker.stop()
            broker.start()
            assert ours(broker) == {}

            async with stage.open():
                assert ours(broker) == before

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_they_are_announced_again_when_home_assistant_starts_but_not_in_a_loop(
        self, tmp_path: Path
    ) -> None:
        topic = config("hq--queue--waiting--support")

        async def main(broker: Broker) -> None:
            with broker.watch(topic) as watcher:
                async with Stage(broker).open() as stage:
                    await stage.tell(*BATCH)
                    await stage.somebody_publishes(BIRTH, "offline")
                    await stage.somebody_publishes(BIRTH, "online")

                    await stage.until(lambda: len(watcher.messages) == 2, *BATCH)
                    for _ in range(20):
                        await stage.somebody_publishes(BIRTH, "online")
                        await stage.tell(*BATCH)

                    assert len(watcher.messages) <= 3

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("version", VERSIONS)
    def test_one_that_somebody_deletes_is_back(self, tmp_path: Path, version: Version) -> None:
        async def main(broker: Broker) -> None:
            async with Stage(broker, version=version).open() as stage:
                await stage.tell(*BATCH)
                await stage.somebody_publishes(config("hq--queue--waiting--support"), "", retain=True)
                assert not entities(broker, WAITING)

                await stage.until(lambda: entities(broker, WAITING))

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_a_queue_of_which_nobody_tells_any_more_goes(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with Stage(broker, gone=0.3).open() as stage:
                await stage.tell(*BATCH)
                await stage.until(
                    lambda: not entities(broker, "queue"), at(UP, 1), at(TRUNK_UP.series("hq", "t"), 1)
                )

                assert entities(broker, "trunk") == {"binary_sensor hq--trunk--up--t"}
                await stage.tell()
                assert "asterisk/hq/queue/support" not in kept(broker)
                assert "asterisk/hq/trunk/t" in kept(broker)
                await stage.tell(*BATCH)
                assert entities(broker, WAITING)

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_alerts_come_and_go(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with Stage(broker).open() as stage:
                stage.alerts = [ALERT]
                await stage.tell(*BATCH)
                assert entities(broker, "trunk_down") == {"binary_sensor hq--alert--trunk_down--berlin"}
                stage.alerts = []
                await stage.tell(*BATCH)
                assert not entities(broker, "trunk_down")

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))


class TestOrphans:
    """What is kept below our node, and nobody announces."""

    NOBODY = ("old--queue--waiting--support", "hq--queue--nonsense--x", "no-name")

    @pytest.mark.parametrize("version", VERSIONS)
    def test_what_an_earlier_bridge_left_is_deleted(self, tmp_path: Path, version: Version) -> None:
        """At once if nobody could announce it; a thing that may come back, only after a while."""

        async def main(broker: Broker) -> None:
            async with Stage(broker, gone=2.0, version=version).open() as stage:
                await stage.until(lambda: not entities(broker, "old", "nonsense", "no-name"), *BATCH)
                assert entities(broker, "sales") == {"sensor hq--queue--waiting--sales"}
                await stage.until(lambda: not entities(broker, "sales"), *BATCH)

                assert entities(broker, WAITING)
                assert "homeassistant/sensor/others/x/config" in kept(broker)

        with mosquitto(tmp_path) as broker:
            for name in (*self.NOBODY, "hq--queue--waiting--sales", "hq--queue--waiting--support"):
                broker.publish(config(name), "{}", retain=True)
            broker.publish("homeassistant/sensor/others/x/config", "{}", retain=True)
            asyncio.run(main(broker))

    def test_what_is_heard_of_a_pbx_that_is_not_served_announces_nothing(self, tmp_path: Path) -> None:
        """As the last words of a source that new settings have ended."""

        async def main(broker: Broker) -> None:
            async with Stage(broker, pbxs=("lab",)).open() as stage:
                stage.alerts = [ALERT]
                await stage.tell(*BATCH)
                assert not entities(broker, " hq--")

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("version", VERSIONS)
    def test_whoever_makes_them_up_without_end_does_no_harm(self, tmp_path: Path, version: Version) -> None:
        def flood(kind: str) -> Iterable[tuple[str, bytes, bool]]:
            for number in range(STRANGERS):
                long = "x" * (number % 8000)
                yield config(f"hq--queue--{kind}--{number}{long}"), b"{" * (number % 5000), False

        async def main(broker: Broker) -> int:
            async with Stage(broker, version=version).open() as stage:
                await stage.tell(*BATCH)
                await asyncio.to_thread(publish, broker, list(flood("waiting"))[:100])
                before = most = resident()
                for kind in ("waiting", "nonsense"):
                    flooding = asyncio.create_task(asyncio.to_thread(publish, broker, flood(kind)))
                    while not flooding.done():
                        await stage.tell(*BATCH)
                        most = max(most, resident())
                        await asyncio.sleep(0.05)
                    await flooding
                await stage.until(lambda: entities(broker, WAITING), *BATCH)
            return most - before

        with mosquitto(tmp_path, log="error") as broker:
            assert asyncio.run(main(broker)) <= 16 * MIB


class TestWholeBridge:
    """As a process, by its settings."""

    def test_alerts_and_trunks_come_and_go(self, tmp_path: Path) -> None:
        quick = {"ALERTS__STALE": "1s"}
        lost = "binary_sensor hq--alert--line_lost--paris"
        with a_broker(tmp_path) as broker, a_pbx() as pbx:
            settings = EVERYTHING | pbx.settings() | quick | {"MQTT__URL": broker.url}
            with bridge(settings, tmp_path):
                wait_until(lambda: lost in entities(broker, "line_lost"), "the entity of an alert")
                pbx.lines(berlin="Registered")

                wait_until(lambda: lost not in entities(broker, "line_lost"), "it to go with its alert")
                assert "asterisk/hq/alert/line_lost/paris" not in kept(broker)
                assert entities(broker, "alert--line_lost") == {"binary_sensor hq--alert--line_lost--berlin"}

    def test_a_pbx_that_new_settings_leave_out_goes_at_once(self, tmp_path: Path) -> None:
        file = tmp_path / "bridge.toml"
        file.write_text("")
        with a_broker(tmp_path) as broker, a_pbx() as pbx:
            file.write_text(as_toml(pbx.settings("hq") | pbx.settings("lab")))
            with bridge(EVERYTHING | {"MQTT__URL": broker.url, "CONFIG": str(file)}, tmp_path) as running:
                wait_until(lambda: entities(broker, " lab--trunk--up--berlin"), "both PBXs")
                wait_until(lambda: entities(broker, " hq--trunk--up--berlin"), "both PBXs")
                file.write_text(as_toml(pbx.settings("hq")))
                running.send(signal.SIGHUP)

                wait_until(lambda: not entities(broker, " lab--"), "one of them to go", BACK)
                settled(broker)
                assert not entities(broker, " lab--")
                assert entities(broker, " hq--trunk--up--berlin")


def as_toml(settings: dict[str, str]) -> str:
    return "".join(f'{name.lower().replace("__", ".")} = "{value}"\n' for name, value in settings.items())
