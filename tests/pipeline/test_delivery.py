"""Delivery: nothing is lost without being counted, and nothing waits for a slow sink."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import TemporaryError
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health, Part
from bridge.pipeline.ledger import Ledger
from tests.fakes import FakeClock, MemorySink, MemoryStore


class Bench:
    """A Delivery on a fake clock, with its sink and its ledger."""

    def __init__(
        self, sink: MemorySink, capacity: int = 100, batch: int = 10, store: MemoryStore | None = None
    ) -> None:
        self.clock = FakeClock()
        self.health = Health(self.clock)
        self.sink = sink
        limits = Limits(capacity, batch, sink.hold)
        self.buffer = Buffer(limits, Ledger(self.health, sink.name), store)
        self.delivery = Delivery(sink, self.buffer, self.health, self.clock)

    def counted(self, metric: Metric, *labels: str) -> float:
        return self.health.counted(metric.series(BRIDGE, self.sink.name, *labels))

    def balance(self) -> float:
        dropped = sum(self.counted(own.SINK_DROPPED, why) for why in ("overflow", "rejected", "shutdown"))
        accounted = self.counted(own.SINK_DELIVERED) + dropped + len(self.buffer)
        return self.counted(own.SINK_ACCEPTED) - accounted

    async def deliver(self, *arrivals: Sequence[Sample]) -> None:
        """Hand in samples, each time until the buffer is empty, and stop."""
        running = asyncio.create_task(self.delivery.run())
        for samples in arrivals:
            self.delivery.accept(samples)
            while len(self.buffer):
                await asyncio.sleep(0)
        await self.delivery.stop(10)
        await running


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


def test_what_a_peer_may_have_lost_is_given_again_after_a_break() -> None:
    sink = MemorySink()
    sink.hold = 60.0
    bench = Bench(sink, batch=5)

    async def scenario() -> None:
        running = asyncio.create_task(bench.delivery.run())
        bench.delivery.accept(samples(5))
        await sink.wrote(5)
        sink.faults = [TemporaryError("broken pipe")]
        bench.delivery.accept(samples(2))
        await sink.wrote(12)
        await bench.delivery.stop(10)
        await running

    asyncio.run(scenario())

    assert sink.written == [*samples(5), *samples(5), *samples(2)]
    assert bench.counted(own.SINK_DELIVERED) == 7
    assert bench.balance() == 0


def test_samples_that_are_refused_for_good_are_counted_and_left() -> None:
    bench = Bench(MemorySink([3]), batch=5)

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


def test_without_a_store_what_is_left_at_the_end_is_dropped_and_counted() -> None:
    bench = Bench(MemorySink())
    bench.delivery.accept(samples(5))

    asyncio.run(bench.delivery.stop(0))

    assert bench.counted(own.SINK_DROPPED, "shutdown") == 5
    assert bench.balance() == 0


def test_one_that_was_stopped_does_not_run() -> None:
    bench = Bench(MemorySink())

    async def scenario() -> None:
        running = asyncio.create_task(bench.delivery.run())
        await bench.delivery.stop(0)
        await running

    asyncio.run(scenario())

    assert bench.sink.opened == 0


class TestWithAStore:
    def test_what_is_left_at_the_end_is_stored(self) -> None:
        store = MemoryStore()
        bench = Bench(MemorySink(), store=store)
        bench.delivery.accept(samples(5))

        asyncio.run(bench.delivery.stop(0))

        assert store.waiting() == samples(5)
        assert bench.counted(own.SINK_DROPPED, "shutdown") == 0

    def test_what_was_left_is_delivered_by_the_next(self) -> None:
        store = MemoryStore()
        store.write([samples(5)])
        store.give_back([0])
        bench = Bench(MemorySink(), store=store)

        async def scenario() -> None:
            running = asyncio.create_task(bench.delivery.run())
            await bench.sink.wrote(5)
            await bench.delivery.stop(10)
            await running

        asyncio.run(scenario())

        assert bench.sink.written == samples(5)
        assert bench.counted(own.SINK_ACCEPTED) == bench.counted(own.SINK_DELIVERED) == 5

    def test_a_store_that_fails_is_told_and_what_it_misses_stays_in_memory(self) -> None:
        store = MemoryStore([OSError(28, "No space left on device")] * 2)

        class Away(MemorySink):
            async def open(self) -> None:
                if store.faults:
                    raise TemporaryError("away")

        bench = Bench(Away(), store=store)
        spool = Part("spool", BRIDGE, "memory")
        told: list[str] = []
        bench.health.emit = lambda _: told.append(bench.health.missing().get(spool, ""))

        asyncio.run(bench.deliver(samples(5)))

        assert "No space left on device" in told
        assert bench.sink.written == samples(5)
        assert bench.balance() == 0


FAULTS = st.lists(st.sampled_from([TemporaryError("away"), 1, 100]), max_size=6)


@given(FAULTS, st.lists(st.integers(0, 30), max_size=5), st.integers(1, 40))
def test_the_ledger_always_balances(
    faults: list[TemporaryError | int], arrivals: list[int], capacity: int
) -> None:
    bench = Bench(MemorySink(faults), capacity=capacity, batch=7)

    asyncio.run(bench.deliver(*map(samples, arrivals)))

    assert bench.balance() == 0
    assert len(bench.buffer) == 0


@pytest.mark.parametrize("empty", [[], ()])
def test_nothing_is_not_a_batch(empty: Sequence[Sample]) -> None:
    bench = Bench(MemorySink())

    asyncio.run(bench.deliver(empty))

    assert bench.counted(own.SINK_ACCEPTED) == 0
