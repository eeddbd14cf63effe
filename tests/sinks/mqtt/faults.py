"""Faults of a real mosquitto, or of the way to it, while a sink is given samples.

TEST_MQTT_FAULTS is how often each kind of fault comes (default 1); the full number is 50.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from bridge.core import own
from bridge.core.sample import Sample
from bridge.pipeline.interfaces import Sink
from tests.faults.proxy import TcpProxy, no_pubacks
from tests.servers.mosquitto import Broker
from tests.sinks.mqtt.stage import PASSWORD, Books, delivering, eventually

TURNS = int(os.environ.get("TEST_MQTT_FAULTS", "1"))
BACK = 30.0
"""Seconds after a fault within which the broker is served again."""
USER = "bridge"


@dataclass
class Lab:
    """A broker behind a proxy, and what the sink was given.

    Attributes:
        broker, proxy: as they are.
        books: the sink's Delivery and what it counts.
        make: makes the sample of a number.
        sent: all samples so far.
    """

    broker: Broker
    proxy: TcpProxy
    books: Books
    make: Callable[[int], Sample]
    sent: list[Sample] = field(default_factory=list)

    def give(self, amount: int) -> None:
        """Give the sink that many new samples."""
        for number in range(len(self.sent), len(self.sent) + amount):
            self.sent.append(self.make(number))
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
async def lab(
    broker: Broker, make_sink: Callable[[str], Sink], make: Callable[[int], Sample], *, newest_first: bool
) -> AsyncIterator[Lab]:
    """A sink that works, by way of a proxy."""
    async with TcpProxy(broker.port) as proxy:
        one = make_sink(f"mqtt://127.0.0.1:{proxy.own_port}")
        async with delivering(one, newest_first=newest_first) as books:
            await eventually(lambda: books.up, "the sink to be up")
            yield Lab(broker, proxy, books, make)


async def endure(place: Lab, fault: Fault, during: int = 100) -> float:
    """Give samples before, during and after a fault; return the seconds until all of them are delivered."""
    place.give(50)
    async with fault(place):
        place.give(during)
    healed = time.monotonic()
    place.give(50)
    await eventually(lambda: place.books.up and not len(place.books.buffer), "everything to be delivered")
    return time.monotonic() - healed
