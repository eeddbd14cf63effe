"""SparkplugSink against a real mosquitto, heard by a host that shares no code with it.

TEST_SPARKPLUG_HOSTILE is how many mutated commands are sent (default 500).
"""

import asyncio
import os
import socket
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.core import own
from bridge.errors import TemporaryError
from bridge.protocols.mqtt import escape
from bridge.protocols.sparkplug import EdgeNode, access
from bridge.sinks.mqtt.sparkplug import edge_node
from tests.servers.mosquitto import Broker, mosquitto
from tests.sinks.mqtt.sparkplug_stage import (
    NAME,
    NOW,
    QUEUE,
    UP,
    UPTIME,
    WAITING,
    at,
    hearing,
    kill,
    known,
    mutants,
    no_subscriptions,
    opened,
    sink,
)
from tests.sinks.mqtt.stage import PASSWORD, VERSIONS, Version, delivering, eventually
from tests.sparkplug_host import Host, Past

pytestmark = pytest.mark.live

HOSTILE = int(os.environ.get("TEST_SPARKPLUG_HOSTILE", "500"))


class TestSession:
    """From the birth of the node to its death."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_births_data_and_the_farewell(self, tmp_path: Path, version: Version) -> None:
        async def main(broker: Broker) -> Host:
            async with hearing(broker) as ear:
                async with opened(sink(broker.url, version)) as one:
                    assert await one.write([at(WAITING, 1), at(UPTIME, 5), at(UP, 1)]) == {}
                    assert await one.write([at(WAITING, 2, NOW + 1), at(WAITING, 9, NOW - 60)]) == {}
                    await known(ear, "hq", QUEUE, 2)
                await eventually(lambda: ear.host.dead, "the death of the node")
                return ear.host

        with mosquitto(tmp_path) as broker:
            host = asyncio.run(main(broker))
            retained = broker.retained()

        assert host.log == [
            ("NBIRTH", ""),
            ("NBIRTH", ""),
            ("DBIRTH", "hq"),
            ("DDATA", "hq"),
            ("NDEATH", ""),
        ]
        assert host.past == [Past("hq", QUEUE, 9, NOW - 60)]
        assert host.bd_seqs == [0, 0]
        assert host.dead == [0]
        assert retained == {}

    def test_operational_behavior_device_ddeath(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> list[tuple[str, str]]:
            async with hearing(broker) as ear, opened(sink(broker.url)) as one:
                await one.write([at(WAITING, 1), at(UP, 1)])
                await one.write([at(UP, 0, NOW + 1)])
                await eventually(lambda: ("DDEATH", "hq") in ear.host.log, "the death of the device")
                await one.write([at(UP, 1, NOW + 2), at(WAITING, 4, NOW + 2)])
                await known(ear, "hq", QUEUE, 4)
                return [*ear.host.log]

        with mosquitto(tmp_path) as broker:
            log = asyncio.run(main(broker))

        assert log[-2:] == [("DDEATH", "hq"), ("DBIRTH", "hq")]

    def test_payloads_ndeath_will_message(self, tmp_path: Path) -> None:
        """A connection that is killed is a death with the bdSeq of its birth; the next one has another."""

        async def main(broker: Broker) -> Host:
            async with hearing(broker) as ear:
                one = sink(broker.url)
                async with opened(one):
                    await one.write([at(WAITING, 1)])
                    kill(one)
                    await eventually(lambda: ear.host.dead, "the will")
                    assert ear.host.alive == set()
                    with pytest.raises(TemporaryError):
                        await one.write([at(WAITING, 2, NOW + 1)])
                async with opened(one):
                    await one.write([at(WAITING, 2, NOW + 1)])
                    await known(ear, "hq", QUEUE, 2)
                    return ear.host

        with mosquitto(tmp_path) as broker:
            host = asyncio.run(main(broker))

        assert host.bd_seqs == [0, 1]
        assert host.dead == [0, 1]

    def test_a_restart_of_the_broker_is_a_new_session_and_loses_nothing(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> Host:
            async with delivering(sink(broker.url)) as books:
                books.delivery.accept([at(WAITING, 1), at(UP, 1)])
                await eventually(lambda: books.count(own.SINK_DELIVERED) == 2, "the first samples")
                await asyncio.to_thread(broker.stop)
                books.delivery.accept([at(WAITING, 2, NOW + 1), at(WAITING, 3, NOW + 2)])
                await eventually(lambda: not books.up, "the loss")
                await asyncio.to_thread(broker.start)
                await eventually(lambda: books.up and not len(books.buffer), "the broker to be served again")
                async with hearing(broker) as ear:
                    await ear.ask()
                    await known(ear, "hq", QUEUE, 3)
                    books.delivery.accept([at(WAITING, 4, NOW + 3)])
                    await known(ear, "hq", QUEUE, 4)
                assert books.dropped() == {}
                return ear.host

        with mosquitto(tmp_path) as broker:
            host = asyncio.run(main(broker))

        assert set(host.bd_seqs) == {1}

    def test_a_restart_of_the_bridge_goes_on_behind_the_last_session(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> list[int]:
            async with hearing(broker) as ear:
                one, other = sink(broker.url), sink(broker.url)
                async with opened(one):
                    pass
                other.restore(one.state())
                async with opened(other):
                    await eventually(lambda: len(ear.host.bd_seqs) == 2, "both births")
                return ear.host.bd_seqs

        with mosquitto(tmp_path) as broker:
            assert asyncio.run(main(broker)) == [0, 1]

    def test_what_the_access_list_allows_is_enough(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with hearing(broker) as ear:
                async with opened(sink(broker.url, username="bridge", password=PASSWORD)) as one:
                    await one.write([at(WAITING, 1), at(UP, 1), at(UPTIME, 1)])
                    await one.write([at(WAITING, 2, NOW + 1), at(UPTIME, 2, NOW + 1)])
                    await one.write([at(UP, 0, NOW + 2)])
                    await eventually(lambda: ("DDEATH", "hq") in ear.host.log, "the death of the device")
                    before = len(ear.host.bd_seqs)
                    await ear.ask()
                    await eventually(lambda: len(ear.host.bd_seqs) > before, "births")
                await eventually(lambda: ear.host.dead, "the death of the node")

        rules = "\n".join(["user bridge", *access(NAME), ""])
        with mosquitto(tmp_path, users={"bridge": PASSWORD}, acl=rules) as broker, capture_logs() as logs:
            asyncio.run(main(broker))

        assert logs == []

    def test_commands_that_the_broker_does_not_allow_are_told_and_data_go_on(self) -> None:
        """A stand-in, since mosquitto's access lists refuse no subscription."""

        async def main() -> None:
            async with await asyncio.start_server(no_subscriptions, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                async with opened(sink(f"mqtt://127.0.0.1:{port}")) as one:
                    assert await one.write([at(WAITING, 1)]) == {}

        with capture_logs() as logs:
            asyncio.run(main())

        assert [line["event"] for line in logs] == ["broker does not allow"]


class TestCommands:
    """Chapter 5.17, and what else may come."""

    def test_operational_behavior_data_commands_rebirth_action(self, tmp_path: Path) -> None:
        """A host that comes late knows all after it has asked."""

        async def main(broker: Broker) -> Host:
            async with opened(sink(broker.url)) as one:
                await one.write([at(WAITING, 7), at(UPTIME, 5)])
                async with hearing(broker) as ear:
                    await ear.ask()
                    await known(ear, "hq", QUEUE, 7)
                    await one.write([at(WAITING, 8, NOW + 1)])
                    await known(ear, "hq", QUEUE, 8)
                    return ear.host

        with mosquitto(tmp_path) as broker:
            host = asyncio.run(main(broker))

        assert host.log == [("NBIRTH", ""), ("DBIRTH", "hq"), ("DDATA", "hq")]
        assert host.bd_seqs == [0]

    def test_who_asks_in_a_loop_is_answered_once_a_second(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> int:
            async with opened(sink(broker.url)), hearing(broker) as ear:
                for _ in range(100):
                    await ear.ask()
                await eventually(lambda: len(ear.host.bd_seqs) == 2, "the first answer and the last")
                return len(ear.host.bd_seqs)

        with mosquitto(tmp_path) as broker:
            assert asyncio.run(main(broker)) == 2

    def test_requests_amid_data_do_not_confuse_the_order(self, tmp_path: Path) -> None:
        """The host asserts the sequence."""

        async def main(broker: Broker) -> Host:
            one = sink(broker.url)
            async with opened(one), hearing(broker) as ear:
                await ear.ask()
                await eventually(lambda: ear.host.bd_seqs, "births")
                for number in range(300):
                    one._answered = float("-inf")
                    await ear.ask()
                    await one.write([at(WAITING, number, NOW + number), at(UPTIME, number, NOW + number)])
                await known(ear, "hq", QUEUE, 299)
                return ear.host

        with mosquitto(tmp_path) as broker:
            host = asyncio.run(main(broker))

        assert len(host.bd_seqs) > 20

    def test_a_command_that_the_broker_retained_is_none(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> list[tuple[str, str]]:
            async with hearing(broker) as ear:
                await ear.ask(retain=True)
                async with opened(sink(broker.url)) as one:
                    await one.write([at(WAITING, 1)])
                    await one.write([at(WAITING, 2, NOW + 1)])
                    await known(ear, "hq", QUEUE, 2)
                    return [*ear.host.log]

        with mosquitto(tmp_path) as broker, capture_logs() as logs:
            log = asyncio.run(main(broker))

        assert log == [("NBIRTH", ""), ("DBIRTH", "hq"), ("DDATA", "hq")]
        assert [line["reason"] for line in logs] == ["it is retained"]

    def test_hostile_commands_change_nothing_and_are_told_once_a_minute(self, tmp_path: Path) -> None:
        hostile = mutants(HOSTILE)

        async def main(broker: Broker) -> list[tuple[str, str]]:
            async with hearing(broker) as ear, opened(sink(broker.url)) as one:
                await one.write([at(WAITING, 1)])
                for payload in hostile:
                    await ear.ask(payload)
                await ear.ask()
                await eventually(lambda: len(ear.host.bd_seqs) == 2, "the answer to an honest request")
                await one.write([at(WAITING, 2, NOW + 1)])
                await known(ear, "hq", QUEUE, 2)
                return [*ear.host.log]

        with mosquitto(tmp_path) as broker, capture_logs() as logs:
            log = asyncio.run(main(broker))

        assert log == [("NBIRTH", ""), ("DBIRTH", "hq")] * 2 + [("DDATA", "hq")]
        assert [line["event"] for line in logs] == ["Sparkplug command not obeyed"]


class TestNames:
    """Who we are."""

    def test_without_a_setting_the_node_is_named_after_the_host(self) -> None:
        assert edge_node("asterisk", "") == EdgeNode("asterisk", escape(socket.gethostname()))
        assert edge_node("Plant 1", "gateway") == EdgeNode("Plant 1", "gateway")

    @pytest.mark.parametrize("state", [None, "x", [], True, {"bd_seq": 3}])
    def test_a_state_that_is_none_is_ignored(self, state: None) -> None:
        one = sink("mqtt://127.0.0.1")
        one.restore(state)

        assert one.state() == 0
