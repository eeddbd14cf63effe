"""Delivery: nothing is lost without being counted, and nothing waits for a slow sink."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import PermanentError, TemporaryError
from bridge.pipeline.buffer import MemoryBuffer
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health, Part
from tests.fakes import FakeClock, MemorySink


class Bench:
    """A Delivery on a fake clock, with its sink and its ledger."""

    def __init__(self, sink: MemorySink, capacity: int = 100, batch: int = 10) -> None:
        self.clock = FakeClock()
        self.health = Health(self.clock)
        self.sink = sink
        self.buffer = MemoryBuffer(capacity)
        self.delivery = Delivery(sink, self.buffer, self.health, self.clock, batch=batch)

    def counted(self, metric: Metric, *labels: str) -> float:
        return self.health.counted(metric.series(BRIDGE, self.sink.name, *labels))

    def balance(self) -> float:
        dropped = sum(self.counted(own.SINK_DROPPED, why) for why in ("overflow", "rejected", "shutdown"))
        accounted = self.counted(own.SINK_DELIVERED) + dropped + len(self.buffer)
        return self.counted(own.SINK_ACCEPTED) - accounted

    async def deliver(self, samples: Sequence[Sample]) -> None:
        """Hand in samples and run until the buffer is empty."""
        self.delivery.accept(samples)
        task = asyncio.create_task(self.delivery.run())
        await self.delivery.drain(10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def samples(count: int) -> list[Sample]:
    return [Sample(Series("calls.active"), value, 0) for value in range(count)]


def test_everything_arrives_in_order_and_in_batches() -> None:
    bench = Bench(MemorySink(), batch=10)

    asyncio.run(bench.deliver(samples(25)))

    assert bench.sink.written == samples(25)
    assert bench.counted(own.SINK_DELIVERED) == 25


def test_accepting_never_waits_for_the_sink() -> None:
    bench = Bench(MemorySink(), capacity=10)

    bench.delivery.accept(samples(25))

    assert bench.counted(own.SINK_DROPPED, "overflow") == 15
    assert bench.balance() == 0


def test_a_batch_that_failed_is_given_again_after_a_new_connection() -> None:
    bench = Bench(MemorySink([TemporaryError("broken pipe"), TemporaryError("refused")]))

    asyncio.run(bench.deliver(samples(5)))

    assert bench.sink.written == samples(5)
    assert (bench.sink.opened, bench.sink.closed) == (3, 3)
    assert bench.counted(own.SINK_RETRIES) == 2


def test_a_batch_that_is_refused_for_good_is_counted_and_left() -> None:
    bench = Bench(MemorySink([PermanentError("not a metric")]), batch=3)

    asyncio.run(bench.deliver(samples(5)))

    assert bench.sink.written == samples(5)[3:]
    assert bench.counted(own.SINK_DROPPED, "rejected") == 3
    assert bench.balance() == 0


def test_a_defect_of_a_sink_does_not_end_the_process() -> None:
    class Defective(MemorySink):
        async def open(self) -> None:
            await super().open()
            if self.opened == 1:
                raise ZeroDivisionError

    bench = Bench(Defective())

    asyncio.run(bench.deliver(samples(1)))

    assert bench.sink.written == samples(1)


def test_the_state_of_the_sink_is_told() -> None:
    bench = Bench(MemorySink([TemporaryError("broken pipe")]))
    states: list[float] = []
    bench.health.emit = lambda told: states.extend(sample.value for sample in told)
    assert bench.health.missing() == {Part("sink", BRIDGE, "memory"): "not connected yet"}

    asyncio.run(bench.deliver(samples(1)))

    assert states == [1, 0, 1]
    assert bench.health.missing() == {}


def test_what_cannot_be_delivered_before_the_end_is_counted() -> None:
    bench = Bench(MemorySink())
    bench.delivery.accept(samples(5))

    assert bench.delivery.abandon() == 5
    assert bench.counted(own.SINK_DROPPED, "shutdown") == 5
    assert bench.balance() == 0


FAULTS = st.lists(st.sampled_from([TemporaryError("away"), PermanentError("no")]), max_size=6)


@given(FAULTS, st.lists(st.integers(0, 30), max_size=5), st.integers(1, 40))
def test_the_ledger_always_balances(
    faults: list[TemporaryError | PermanentError], arrivals: list[int], capacity: int
) -> None:
    bench = Bench(MemorySink(faults), capacity=capacity, batch=7)

    async def scenario() -> None:
        for count in arrivals:
            await bench.deliver(samples(count))

    asyncio.run(scenario())

    assert bench.balance() == 0
    assert len(bench.buffer) == 0


@pytest.mark.parametrize("empty", [[], ()])
def test_nothing_is_not_a_batch(empty: Sequence[Sample]) -> None:
    bench = Bench(MemorySink())

    asyncio.run(bench.deliver(empty))

    assert bench.counted(own.SINK_ACCEPTED) == 0
