"""MqttSink against a real mosquitto: what arrives, when, and who may see to it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.errors import TemporaryError
from bridge.protocols.mqtt import acl
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import MqttSink
from bridge.sinks.mqtt.outbox import WINDOW
from tests.servers.mosquitto import Broker, mosquitto
from tests.sinks.mqtt.stage import (
    ACTIVE,
    BATCH,
    OFFLINE,
    ONLINE,
    PASSWORD,
    RETAINED,
    STATE,
    UP,
    VERSIONS,
    Version,
    at,
    delivering,
    eventually,
    opened,
    sink,
    write_on,
)

pytestmark = pytest.mark.live


class TestWhatArrives:
    """Topics, payloads, retain and QoS as a subscriber sees them."""

    @pytest.mark.parametrize("websockets", [False, True])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_both_versions_over_both_transports(
        self, tmp_path: Path, version: Version, websockets: bool
    ) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url, version=version) as one:
                await one.write(BATCH)

                assert broker.retained() == RETAINED

        with mosquitto(tmp_path, websockets=websockets) as broker:
            asyncio.run(main(broker))

    def test_uvloop_does_as_well(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url) as one:
                await one.write(BATCH)

                assert broker.retained() == RETAINED

        with mosquitto(tmp_path) as broker, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main(broker))

            assert broker.retained()[STATE] == OFFLINE

    def test_layout_metric_has_a_plain_number_per_topic(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url, layout="metric", prefix="site/pbx") as one:
                await one.write(BATCH)

                assert (
                    broker.retained().items()
                    >= {
                        "site/pbx/bridge/state": ONLINE,
                        "site/pbx/hq/availability": ONLINE,
                        "site/pbx/hq/dialplan/active": "3",
                        "site/pbx/hq/queue/support/waiting": "2",
                        "site/pbx/hq/system/version": "22.10.1",
                    }.items()
                )

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("retain", [True, False])
    @pytest.mark.parametrize("qos", [0, 1])
    def test_values_have_the_qos_and_retain_of_the_settings_and_states_always_1(
        self, tmp_path: Path, qos: int, retain: bool
    ) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url, qos=qos, retain=retain) as one:
                await one.write(BATCH)

        with mosquitto(tmp_path) as broker, broker.watch() as watcher:
            asyncio.run(main(broker))
            watcher.wait_for(STATE, OFFLINE)

            manners = {message.topic: (message.qos, message.retain) for message in watcher.messages}
            assert manners == dict.fromkeys(RETAINED, (qos, retain)) | dict.fromkeys(
                (STATE, "asterisk/bridge/info", "asterisk/bridge/health", "asterisk/hq/availability"),
                (1, True),
            )

    def test_health_is_told_again_with_the_numbers_of_the_bridge(self, tmp_path: Path) -> None:
        counts = iter(range(10))
        one: MqttSink

        async def main(broker: Broker) -> None:
            nonlocal one
            one = MqttSink(MqttSettings(url=broker.url), CATALOG, dict, lambda: {"told": next(counts)})
            await one.open()
            await one.write([at(ACTIVE, 1)])
            await one.write([at(own.SINK_UP.series(BRIDGE, "mqtt"), 1)])
            await one.close()

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

            assert broker.retained()["asterisk/bridge/health"] == '{"told":1}'

    @pytest.mark.parametrize("qos", [0, 1])
    def test_more_messages_than_go_out_at_once_all_arrive(self, tmp_path: Path, qos: int) -> None:
        numbers = range(WINDOW + 500)

        async def main(broker: Broker) -> None:
            async with opened(broker.url, qos=qos, layout="metric") as one:
                await one.write([at(QUEUE_WAITING.series("hq", str(n)), n) for n in numbers])

                assert (
                    broker.retained().items()
                    >= {f"asterisk/hq/queue/{n}/waiting": str(n) for n in numbers}.items()
                )

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))


class TestBirthAndDeath:
    """`offline` is never the last word while we are connected, and always after."""

    def test_birth_comes_after_everything_that_is_retained(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            one = sink(broker.url)
            await one.open()
            await one.write(BATCH)
            await one.close()
            broker.stop()
            broker.start()
            with broker.watch() as watcher:
                await one.open()
                await eventually(lambda: len(watcher.messages) >= len(RETAINED), "everything")

                assert {message.topic: message.payload for message in watcher.messages} == RETAINED
                assert watcher.messages[-1].topic == STATE
                await one.close()

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_a_clean_stop_says_offline(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url) as one:
                await one.write(BATCH)

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

            assert broker.retained() == RETAINED | {STATE: OFFLINE}

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_killed_process_is_declared_offline_by_its_last_will(
        self, tmp_path: Path, version: Version
    ) -> None:
        program = f"""
import asyncio
from tests.sinks.mqtt.stage import opened

async def main(url):
    async with opened(url, version={version!r}):
        await asyncio.Event().wait()

asyncio.run(main("URL"))
"""
        with mosquitto(tmp_path) as broker, broker.watch() as watcher:
            victim = subprocess.Popen([sys.executable, "-c", program.replace("URL", broker.url)])
            try:
                watcher.wait_for(STATE, ONLINE)
                os.kill(victim.pid, signal.SIGKILL)

                watcher.wait_for(STATE, OFFLINE)
            finally:
                victim.kill()
                victim.wait()

            (last,) = [message for message in watcher.messages if message.payload == OFFLINE]
            assert (last.qos, last.retain) == (1, True)

    def test_a_last_will_that_comes_late_is_contradicted(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            with broker.watch(STATE) as watcher:
                async with opened(broker.url):
                    await eventually(lambda: watcher.messages, "the birth")
                    await asyncio.to_thread(broker.publish, STATE, OFFLINE, retain=True)

                    await eventually(
                        lambda: [one.payload for one in watcher.messages] == [ONLINE, OFFLINE, ONLINE],
                        "online again",
                    )

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

            assert broker.retained()[STATE] == OFFLINE

    def test_a_broker_that_is_frozen_does_not_hold_up_the_stop(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url):
                broker.freeze()

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_availability_follows_the_sources(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url) as one:
                for up in (1, 0):
                    await one.write([at(UP, up)])

                    state = broker.retained()["asterisk/hq/availability"]
                    assert state == (ONLINE if up else OFFLINE)

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))


class TestOutage:
    """A broker that goes and comes back, with or without its memory."""

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        "batch", [[at(ACTIVE, 4)], [at(ACTIVE, 3)], []], ids=["news", "no news", "empty"]
    )
    def test_the_next_write_after_a_lost_connection_fails(
        self, tmp_path: Path, version: Version, batch: list[Sample]
    ) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url, version=version) as one:
                await one.write([at(ACTIVE, 3)])
                await asyncio.to_thread(broker.stop)
                with pytest.raises(TemporaryError, match="the connection was lost"):
                    await write_on(one, batch)

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_delivery_brings_everything_back_to_a_broker_that_forgot(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with delivering(sink(broker.url)) as books:
                loop = asyncio.get_running_loop()

                def noticed() -> bool:
                    loop.call_soon_threadsafe(books.delivery.accept, [at(ACTIVE, 3)])
                    return not books.up

                await asyncio.to_thread(broker.stop)
                books.delivery.accept(BATCH)
                for _ in range(2):
                    await asyncio.to_thread(broker.start)
                    await eventually(lambda: books.up and not len(books.buffer), "delivery")
                    assert await asyncio.to_thread(broker.retained) == RETAINED
                    await asyncio.to_thread(broker.stop)
                    await eventually(noticed, "the loss to be noticed")

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("qos", [0, 1])
    def test_a_broker_that_only_seems_to_be_there_is_found_out_by_the_next_write(
        self, tmp_path: Path, qos: int
    ) -> None:
        """The last message of a batch is acknowledged, whatever the QoS of values."""

        async def main(broker: Broker) -> None:
            async with opened(broker.url, qos=qos, timeout=0.5) as one:
                broker.freeze()
                with pytest.raises(TemporaryError, match=r"no answer within 0\.5 s"):
                    await one.write([at(ACTIVE, 3)])

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))


class TestAccess:
    """The access list that we print is enough; with less, the user is told."""

    USERS = {"bridge": PASSWORD}  # noqa: RUF012 - a constant

    @pytest.mark.parametrize("version", VERSIONS)
    def test_our_access_list_refuses_nothing_that_we_do(self, tmp_path: Path, version: Version) -> None:
        allowed = acl("asterisk", "bridge")

        async def main(broker: Broker) -> None:
            url = broker.url.replace("://", "://bridge@")
            async with opened(url, password=PASSWORD, version=version, qos=1) as one:
                await one.write(BATCH)
                await eventually(lambda: "Received PUBACK" in broker.log, "our own birth, heard by us")

                assert broker.retained() == RETAINED

        with mosquitto(tmp_path, users=self.USERS, acl=allowed) as broker:
            asyncio.run(main(broker))

            assert broker.retained() == RETAINED | {STATE: OFFLINE}
            assert "Denied" not in broker.log

    def test_a_topic_that_is_not_allowed_is_told_once_and_counted(self, tmp_path: Path) -> None:
        """With MQTT 5 and QoS 1; before that a broker has no way to say so."""
        narrow = "user bridge\ntopic write asterisk/bridge/#\ntopic write asterisk/hq/availability\n"

        async def main(broker: Broker) -> None:
            async with opened(broker.url, username="bridge", password=PASSWORD, qos=1) as one:
                assert await one.write(BATCH) == {"not_allowed": 5}
                for value in (7, 8, 8):
                    lost = await one.write([at(ACTIVE, value), at(UP, 1)])
                    assert lost == {"not_allowed": 2}

        with mosquitto(tmp_path, users=self.USERS, acl=narrow) as broker, capture_logs() as lines:
            asyncio.run(main(broker))

        told = [line for line in lines if line["event"] == "broker does not allow"]
        assert [(line["access"], line["topic"], line["topics"]) for line in told] == [
            ("write", "asterisk/hq/dialplan", 4)
        ]
        assert "asterisk-bridge mqtt-acl" in told[0]["hint"]
        assert PASSWORD not in str(lines)
