"""MqttSink and Delivery while a real mosquitto, or the way to it, fails and comes back."""

import asyncio
import json
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core import own
from bridge.core.sample import Sample
from tests.servers.mosquitto import Broker, Watcher, mosquitto
from tests.sinks.mqtt.faults import BACK, FAULTS, TURNS, USER, Fault, endure, forgets, lab
from tests.sinks.mqtt.stage import ONLINE, PASSWORD, STATE, eventually, sink

pytestmark = pytest.mark.live

QUEUES = 5
ours = partial(sink, username=USER, password=PASSWORD, timeout=0.7, qos=1)


def numbered(number: int) -> Sample:
    """A new number of one series after another."""
    return Sample(QUEUE_WAITING.series("hq", str(number % QUEUES)), number, 1_700_000_000.0 + number)


def numbers(watcher: Watcher) -> dict[str, list[int]]:
    """What a watcher saw, by topic."""
    seen: dict[str, list[int]] = {}
    for message in watcher.messages:
        if "/queue/" in message.topic:
            seen.setdefault(message.topic, []).append(int(json.loads(message.payload)["waiting"]))
    return seen


class TestFaults:
    """A broker that fails gets everything once it is back, and each sample is accounted for."""

    @pytest.mark.parametrize("fault", FAULTS)
    def test_what_is_retained_is_the_newest_and_never_goes_back(self, tmp_path: Path, fault: Fault) -> None:
        async def main(broker: Broker) -> None:
            async with lab(broker, partial(ours, retain=True), numbered, newest_first=True) as place:
                for _ in range(TURNS):
                    with broker.watch("asterisk/hq/queue/#") as watcher:
                        seconds = await endure(place, fault)
                        seen = numbers(watcher)
                    retained = await asyncio.to_thread(broker.retained)

                    last = {sample.series.labels[-1][1]: int(sample.value) for sample in place.sent}
                    assert {
                        queue: json.loads(retained[f"asterisk/hq/queue/{queue}"])["waiting"] for queue in last
                    } == last
                    assert all(each == sorted(each) for each in seen.values())
                    assert retained[STATE] == ONLINE
                    assert seconds < BACK
                assert set(place.books.dropped()) <= {"superseded"}
                assert place.books.count(own.SINK_ACCEPTED) == len(place.sent)

        with mosquitto(tmp_path, users={USER: PASSWORD}, persistent=True) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("fault", [each for each in FAULTS if each is not forgets])
    def test_what_is_a_stream_arrives_whole_and_in_order(self, tmp_path: Path, fault: Fault) -> None:
        """A broker that forgets its subscribers is left out: it loses what comes before they are back."""

        async def main(broker: Broker) -> None:
            async with lab(broker, partial(ours, retain=False), numbered, newest_first=False) as place:
                with broker.watch("asterisk/hq/queue/#", patient=True) as watcher:
                    for _ in range(TURNS):
                        assert await endure(place, fault) < BACK
                    await eventually(
                        lambda: sum(map(len, numbers(watcher).values())) >= len(place.sent), "all"
                    )

                    first = [[*dict.fromkeys(each)] for each in numbers(watcher).values()]
                    assert sorted(chain.from_iterable(first)) == list(range(len(place.sent)))
                    assert all(each == sorted(each) for each in first)
                assert not place.books.dropped()

        with mosquitto(tmp_path, users={USER: PASSWORD}, persistent=True) as broker:
            asyncio.run(main(broker))
