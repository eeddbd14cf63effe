"""AlertSink and Delivery while a real mosquitto, or the way to it, fails and comes back.

At TEST_MQTT_FAULTS=50 some 10,000 alerts go through each kind of fault.
"""

import asyncio
import json
from pathlib import Path

import pytest

from bridge.core import own
from bridge.core.alert import Happening, Key, Notice, Severity, State, notice_in, sample_of
from bridge.core.sample import Sample
from bridge.settings import MqttSettings
from bridge.sinks.mqtt import AlertSink, Board
from tests.servers.mosquitto import Broker, Watcher, mosquitto
from tests.sinks.mqtt.faults import BACK, FAULTS, TURNS, USER, Fault, endure, forgets, lab
from tests.sinks.mqtt.stage import PASSWORD, eventually

pytestmark = pytest.mark.live

QUEUES = 5


class Story:
    """Alerts that fire and end in turn, and how each of them stands."""

    def __init__(self) -> None:
        self.standing: dict[Key, Notice] = {}

    def next(self, number: int) -> Sample:
        """What happens next."""
        state = State.INACTIVE if number // QUEUES % 2 else State.FIRING
        notice = Notice(
            key=Key("queue_waiting", (("pbx", "hq"), ("queue", str(number % QUEUES)))),
            happening=Happening(state.value),
            time=1_700_000_000.0 + number,
            number=number,
            state=state,
            severity=Severity.WARNING,
            since=1_700_000_000.0 + number,
            summary=f"story {number}",
        )
        self.standing[notice.key] = notice
        return sample_of(notice)

    def number(self, key: Key) -> int | None:
        return self.standing[key].number if key in self.standing else None

    def sink(self, url: str) -> AlertSink:
        """A sink that knows how alerts stand."""
        settings = MqttSettings.model_validate(
            {"url": url, "username": USER, "password": PASSWORD, "timeout": 0.7}
        )
        return AlertSink(
            settings, Board(self.number, self.standing.get, self.standing.values, self.standing.keys)
        )


def told(watcher: Watcher) -> list[str]:
    """The ids of the events that a watcher saw."""
    return [json.loads(one.payload)["id"] for one in watcher.messages if "/event/" in one.topic]


class TestFaults:
    """A broker that fails hears of every alert once it is back."""

    @pytest.mark.parametrize("fault", [each for each in FAULTS if each is not forgets])
    def test_every_event_arrives_in_order_and_one_that_comes_twice_has_the_same_id(
        self, tmp_path: Path, fault: Fault
    ) -> None:
        """A broker that forgets its subscribers is left out: it loses what comes before they are back."""

        async def main(broker: Broker) -> None:
            story = Story()
            async with lab(broker, story.sink, story.next, newest_first=False) as place:
                with broker.watch("asterisk/hq/event/#", patient=True) as watcher:
                    for _ in range(TURNS):
                        assert await endure(place, fault) < BACK
                    sent = [notice_in(sample).id for sample in place.sent]
                    await eventually(lambda: set(told(watcher)) == set(sent), "all events")

                assert list(dict.fromkeys(told(watcher))) == sent
                assert not place.books.dropped()
                assert place.books.count(own.SINK_ACCEPTED) == len(sent)

        with mosquitto(tmp_path, users={USER: PASSWORD}, persistent=True) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("fault", FAULTS)
    def test_what_is_retained_is_how_alerts_stand_and_never_goes_back(
        self, tmp_path: Path, fault: Fault
    ) -> None:
        async def main(broker: Broker) -> None:
            story = Story()
            async with lab(broker, story.sink, story.next, newest_first=False) as place:
                for _ in range(TURNS):
                    with broker.watch("asterisk/hq/alert/#") as watcher:
                        assert await endure(place, fault) < BACK
                        seen: dict[str, list[float]] = {}
                        for one in watcher.messages:
                            seen.setdefault(one.topic, []).append(json.loads(one.payload)["since"])
                    retained = await asyncio.to_thread(broker.retained)

                    assert {
                        json.loads(payload)["id"] for topic, payload in retained.items() if "/alert/" in topic
                    } == {notice.id for notice in story.standing.values()}
                    assert all(each == sorted(each) for each in seen.values())

        with mosquitto(tmp_path, users={USER: PASSWORD}, persistent=True) as broker:
            asyncio.run(main(broker))
