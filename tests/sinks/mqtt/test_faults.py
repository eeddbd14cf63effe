"""MqttSink and Delivery while a real mosquitto, or the way to it, fails and comes back.

TEST_MQTT_FAULTS is how often each kind of fault comes (default 1); the full number is 50.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pytest

from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core import own
from bridge.core.sample import Sample
from tests.faults.proxy import TcpProxy, no_pubacks
from tests.servers.mosquitto import Broker, Watcher, mosquitto
from tests.sinks.mqtt.stage import ONLINE, PASSWORD, STATE, Books, delivering, eventually, sink

pytestmark = pytest.mark.live

TURNS = int(os.environ.get("TEST_MQTT_FAULTS", "1"))
BACK = 30.0
"""Seconds after a fault within which the broker is served again."""
USER = "bridge"
QUEUES = 5


@dataclass
class Lab:
    """A broker behind a proxy, and what the sink was given."""

    broker: Broker
    proxy: TcpProxy
    books: Books
    sent: list[Sample] = field(default_factory=list)

    def give(self, amount: int) -> None:
        """Give the sink new numbers, one series after another."""
        for number in range(len(self.sent), len(self.sent) + amount):
            series = QUEUE_WAITING.series("hq", str(number % QUEUES))
            self.sent.append(Sample(series, number, 1_700_000_000.0 + number))
            self.books.delivery.accept(self.sent[-1:])

    async def failures(self) -> None:
        """Wait for the sink to fail once more."""
        before = sum(self.books.errors().values())
        loop = asyncio.get_running_loop()

        def failed() -> bool:
            loop.call_soon_threadsafe(self.give, 1)
            return sum(self.books.errors().values()) > before

        await eventually(failed, "a failure")


Fault = Callable[[Lab], AbstractAsyncContextManager[None]]


@contextlib.asynccontextmanager
async def refuses(lab: Lab) -> AsyncIterator[None]:
    await lab.proxy.refuse()
    await lab.failures()
    yield
    await lab.proxy.accept()


@contextlib.asynccontextmanager
async def restarts(lab: Lab) -> AsyncIterator[None]:
    await asyncio.to_thread(lab.broker.stop)
    await lab.failures()
    yield
    await asyncio.to_thread(lab.broker.start)


@contextlib.asynccontextmanager
async def forgets(lab: Lab) -> AsyncIterator[None]:
    await asyncio.to_thread(lab.broker.stop)
    await lab.failures()
    yield
    lab.broker.wipe()
    await asyncio.to_thread(lab.broker.start)


@contextlib.asynccontextmanager
async def is_slow(lab: Lab) -> AsyncIterator[None]:
    lab.proxy.rate = 5000
    yield
    before = lab.books.count(own.SINK_DELIVERED)
    await eventually(lambda: lab.books.count(own.SINK_DELIVERED) > before, "some to arrive, slowly")
    lab.proxy.rate = None


@contextlib.asynccontextmanager
async def is_half_open(lab: Lab) -> AsyncIterator[None]:
    lab.proxy.vanish()
    await lab.failures()
    yield
    lab.proxy.reappear()


@contextlib.asynccontextmanager
async def refuses_the_user(lab: Lab) -> AsyncIterator[None]:
    await asyncio.to_thread(lab.broker.let_in, {USER: "another"})
    await lab.proxy.reset()
    await lab.failures()
    yield
    await asyncio.to_thread(lab.broker.let_in, {USER: PASSWORD})


@contextlib.asynccontextmanager
async def acknowledges_nothing(lab: Lab) -> AsyncIterator[None]:
    lab.proxy.answers = no_pubacks
    await lab.proxy.reset()
    await lab.failures()
    yield
    lab.proxy.answers = None
    await lab.proxy.reset()


FAULTS = (refuses, restarts, forgets, is_slow, is_half_open, refuses_the_user, acknowledges_nothing)


@contextlib.asynccontextmanager
async def lab(broker: Broker, *, retain: bool) -> AsyncIterator[Lab]:
    """A sink that works, by way of a proxy."""
    async with TcpProxy(broker.port) as proxy:
        url = f"mqtt://127.0.0.1:{proxy.own_port}"
        one = sink(url, username=USER, password=PASSWORD, timeout=0.7, qos=1, retain=retain)
        async with delivering(one, newest_first=retain) as books:
            await eventually(lambda: books.up, "the sink to be up")
            yield Lab(broker, proxy, books)


async def endure(place: Lab, fault: Fault) -> float:
    """Give samples before, during and after a fault; return the seconds until all of them are delivered."""
    place.give(50)
    async with fault(place):
        place.give(100)
    healed = time.monotonic()
    place.give(50)
    await eventually(lambda: place.books.up and not len(place.books.buffer), "everything to be delivered")
    return time.monotonic() - healed


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
            async with lab(broker, retain=True) as place:
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
            async with lab(broker, retain=False) as place:
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
