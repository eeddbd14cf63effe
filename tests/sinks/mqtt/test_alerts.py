"""AlertSink: what a real mosquitto holds and passes on of alerts."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import aiomqtt
import pytest

from bridge.core.alert import Happening, Key, Notice, Severity, State, sample_of
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import AlertSink, Answer, Board
from tests.servers.mosquitto import Broker, mosquitto
from tests.sinks.mqtt.stage import VERSIONS, Version, delivering, eventually

pytestmark = pytest.mark.live

TOPIC = "asterisk/hq/alert/queue_waiting"
MARKER = "asterisk/hq/marker"


def key(queue: str) -> Key:
    return Key("queue_waiting", (("pbx", "hq"), ("queue", queue)))


def notice(queue: str, happening: Happening, number: int = 1, state: State = State.FIRING) -> Notice:
    return Notice(
        key=key(queue),
        happening=happening,
        time=1_700_000_000.0 + number,
        number=number,
        state=state,
        severity=Severity.WARNING,
        since=1_700_000_000.0,
        value=float(number),
        threshold=10.0,
        summary=f"{number} wait",
    )


class Known(dict[Key, Notice]):
    """How alerts stand, as the engine would know it."""

    def __init__(self, *notices: Notice) -> None:
        super().__init__({each.key: each for each in notices})

    def number(self, key: Key) -> int | None:
        return self[key].number if key in self else None

    @property
    def board(self) -> Board:
        return Board(self.number, self.get, lambda: list(self.values()), self.keys)


def sink(broker: Broker, known: Known, answer: Answer | None = None, version: Version = "5") -> AlertSink:
    return AlertSink(MqttSettings(url=broker.url, version=version), known.board, answer)


def tell(broker: Broker, one: AlertSink, notices: Iterable[Notice]) -> list[dict[str, object]]:
    """Give a sink notices; return the events that came of them."""

    async def main() -> None:
        async with delivering(one, newest_first=False) as books:
            books.delivery.accept([sample_of(each) for each in notices])
            await eventually(lambda: books.up and not len(books.buffer), "everything to be delivered")

    with broker.watch("asterisk/hq/#") as watcher:
        asyncio.run(main())
        broker.publish(MARKER, "the end")
        watcher.wait_for(MARKER, "the end")
        return [json.loads(message.payload) for message in watcher.messages if "/event/" in message.topic]


@pytest.mark.parametrize("version", VERSIONS)
def test_states_are_retained_and_events_are_told_in_order(tmp_path: Path, version: Version) -> None:
    story = [
        notice("a", Happening.WATCHED, 1, State.INACTIVE),
        notice("a", Happening.PENDING, 2, State.PENDING),
        notice("a", Happening.FIRING, 3),
        notice("b", Happening.FIRING, 1),
        notice("a", Happening.INACTIVE, 4, State.INACTIVE),
    ]
    with mosquitto(tmp_path) as broker:
        told = tell(broker, sink(broker, Known(story[-1], story[3]), version=version), story)
        retained = broker.retained()

    assert [(each["event_type"], each["id"]) for each in told] == [
        (each.happening.value, each.id) for each in story[1:]
    ]
    assert json.loads(retained[f"{TOPIC}/a"])["state"] == "inactive"
    assert json.loads(retained[f"{TOPIC}/b"])["state"] == "firing"
    assert not [topic for topic in retained if "/event/" in topic]


def test_who_hears_of_an_event_finds_the_topic_as_it_stands_after_it(tmp_path: Path) -> None:
    async def main(broker: Broker) -> None:
        known = Known()
        async with delivering(sink(broker, known), newest_first=False) as books:
            await eventually(lambda: books.up, "the connection")
            known[key("a")] = notice("a", Happening.FIRING)
            books.delivery.accept([sample_of(known[key("a")])])
            await eventually(lambda: not len(books.buffer), "everything to be delivered")

    with mosquitto(tmp_path) as broker, broker.watch("asterisk/hq/#") as watcher:
        asyncio.run(main(broker))
        broker.publish(MARKER, "the end")
        watcher.wait_for(MARKER, "the end")

    assert [each.topic for each in watcher.messages] == [f"{TOPIC}/a", "asterisk/hq/event/alert", MARKER]


def test_a_notice_that_waited_long_does_not_take_its_topic_back(tmp_path: Path) -> None:
    """The backlog of an outage tells of the past; the topic shows the present."""
    now = notice("a", Happening.INACTIVE, 9, State.INACTIVE)
    with mosquitto(tmp_path) as broker, broker.watch("asterisk/hq/#") as watcher:
        tell(broker, sink(broker, Known(now)), [notice("a", Happening.FIRING, 3)])
        watcher.wait_for(MARKER, "the end")
        seen = [json.loads(one.payload)["state"] for one in watcher.messages if one.topic == f"{TOPIC}/a"]

    assert set(seen) == {"inactive"}


def test_what_has_gone_leaves_the_broker(tmp_path: Path) -> None:
    known = Known(notice("a", Happening.FIRING))
    with mosquitto(tmp_path) as broker:
        one = sink(broker, known)
        tell(broker, one, [notice("a", Happening.FIRING)])
        assert f"{TOPIC}/a" in broker.retained()
        known.clear()
        told = tell(broker, one, [notice("a", Happening.GONE, 2, State.INACTIVE)])

        assert f"{TOPIC}/a" not in broker.retained()
        assert told == []


def test_every_connection_tells_anew_how_all_alerts_stand(tmp_path: Path) -> None:
    known = Known(*(notice(str(number), Happening.FIRING, number) for number in range(2500)))
    with mosquitto(tmp_path) as broker:
        tell(broker, sink(broker, known), [])

        assert len([topic for topic in broker.retained() if topic.startswith(TOPIC)]) == 2500


def test_what_the_broker_does_not_allow_is_counted(tmp_path: Path) -> None:
    """Of two notices one is an event, and the other only a state."""

    async def main(broker: Broker) -> None:
        known = Known(notice("a", Happening.FIRING))
        async with delivering(sink(broker, known), newest_first=False) as books:
            books.delivery.accept([sample_of(notice("a", Happening.FIRING))])
            books.delivery.accept([sample_of(notice("b", Happening.WATCHED, state=State.INACTIVE))])
            await eventually(lambda: books.up and not len(books.buffer), "everything to be delivered")
            assert books.dropped() == {"not_allowed": 1}

    acl = f"topic readwrite {TOPIC}/#\n"
    with mosquitto(tmp_path, acl=acl) as broker:
        asyncio.run(main(broker))


class TestRequests:
    """They are heard only if somebody answers them."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_an_answer_goes_to_the_topic_of_its_verb(self, tmp_path: Path, version: Version) -> None:
        asked: list[tuple[str, bytes, bool]] = []

        def answer(verb: str, payload: bytes, retained: bool) -> bytes | None:
            asked.append((verb, payload, retained))
            return None if verb == "unheard" else b'{"status":"ok"}'

        async def main(broker: Broker) -> None:
            one = sink(broker, Known(), answer, version)
            async with (
                delivering(one, newest_first=False) as books,
                aiomqtt.Client("127.0.0.1", broker.side) as client,
            ):
                await eventually(lambda: books.up, "the sink to be up")
                await client.subscribe("asterisk/bridge/response/#")
                for verb in ("unheard", "ack"):
                    await client.publish(f"asterisk/bridge/request/{verb}", b"{}", qos=1)
                message = await anext(aiter(client.messages))

            assert (str(message.topic), message.payload) == (
                "asterisk/bridge/response/ack",
                b'{"status":"ok"}',
            )
            assert asked == [("unheard", b"{}", False), ("ack", b"{}", False)]

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

    def test_one_that_the_broker_had_kept_is_told_as_such(self, tmp_path: Path) -> None:
        asked: list[tuple[str, bytes, bool]] = []

        def answer(verb: str, payload: bytes, retained: bool) -> bytes | None:
            asked.append((verb, payload, retained))
            return None

        async def main(broker: Broker) -> None:
            async with aiomqtt.Client("127.0.0.1", broker.side) as client:
                await client.publish("asterisk/bridge/request/ack", b"{}", qos=1, retain=True)
            async with delivering(sink(broker, Known(), answer), newest_first=False):
                await eventually(lambda: asked, "the request")

        with mosquitto(tmp_path) as broker:
            asyncio.run(main(broker))

        assert asked == [("ack", b"{}", True)]

    def test_without_who_answers_nothing_is_subscribed(self, tmp_path: Path) -> None:
        with mosquitto(tmp_path) as broker:
            tell(broker, sink(broker, Known()), [notice("a", Happening.FIRING)])
            subscriptions = [line for line in broker.log.splitlines() if "SUBSCRIBE from" in line]

        assert not [line for line in subscriptions if "-alerts" in line]
