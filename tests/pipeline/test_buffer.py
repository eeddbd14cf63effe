"""The buffer: bounded, oldest first or newest first, and what is taken stays until it is confirmed."""

import asyncio
import threading
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bridge.core import own
from bridge.core.pace import Pace
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.pipeline.buffer import LIVE, OVERDUE, SENT, Buffer, Limits
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.store import Stored
from tests.fakes import FakeClock, MemoryStore


def samples(*values: float) -> list[Sample]:
    return [Sample(Series("calls.active"), value, 0) for value in values]


class Bench:
    """A buffer, and what its ledger says."""

    def __init__(self, limits: Limits, *, store: MemoryStore | None = None, pace: Pace | None = None) -> None:
        self.health = Health(FakeClock())
        self.buffer = Buffer(limits, Ledger(self.health, "memory"), store, pace)

    def append(self, *values: float, now: float = 0.0) -> None:
        self.buffer.append(samples(*values), now)

    def take(self, now: float = 0.0) -> list[float]:
        return [sample.value for sample in asyncio.run(self._take(now))]

    async def _take(self, now: float) -> Sequence[Sample]:
        return await self.buffer.take(now)

    def sync(self, now: float, *, reached: bool = True) -> None:
        asyncio.run(self.buffer.sync(now, reached=reached))

    def delivered(self) -> float:
        return self.health.counted(own.SINK_DELIVERED.series(BRIDGE, "memory"))

    def books(self) -> dict[str, float]:
        return {
            "delivered": self.delivered(),
            "unconfirmed": self.buffer.unconfirmed,
            "buffered": len(self.buffer),
        }

    def accepted(self) -> float:
        return self.health.counted(own.SINK_ACCEPTED.series(BRIDGE, "memory"))

    def dropped(self, reason: str = "overflow") -> float:
        return self.health.counted(own.SINK_DROPPED.series(BRIDGE, "memory", reason))


def test_the_same_is_given_again_until_it_is_confirmed() -> None:
    bench = Bench(Limits(10, batch=2))
    bench.append(1, 2, 3)

    first, again = bench.take(), bench.take()
    bench.buffer.commit(0.0)
    second = bench.take()

    assert first == again == [1, 2]
    assert second == [3]


def test_the_oldest_go_when_there_is_no_room() -> None:
    bench = Bench(Limits(3, batch=2))

    bench.append(1, 2, 3, 4, 5)

    assert bench.dropped() == 2
    assert bench.take() == [3, 4] or bench.take() == [3]
    assert len(bench.buffer) == 3


def test_what_is_in_flight_does_not_go() -> None:
    bench = Bench(Limits(2, batch=2))
    bench.append(1, 2)
    bench.take()

    bench.append(3, 4)

    assert bench.take() == [1, 2]
    assert bench.dropped() == 2


@given(st.integers(1, 30), st.integers(1, 9), st.lists(st.integers(0, 12)))
def test_in_memory_order_is_kept_and_nothing_vanishes(capacity: int, batch: int, arrivals: list[int]) -> None:
    bench = Bench(Limits(capacity, batch=batch))
    given_out: list[float] = []
    for number, count in enumerate(arrivals):
        bench.append(*range(number * 100, number * 100 + count))
        if number % 3 == 0 and (taken := bench.take()):
            bench.buffer.commit(0.0)
            given_out += taken

    assert given_out == sorted(given_out)
    assert len(given_out) + len(bench.buffer) + bench.dropped() == sum(arrivals)
    assert bench.delivered() == len(given_out)


class TestOrder:
    def test_oldest_first_unless_told_otherwise(self) -> None:
        bench = Bench(Limits(10, batch=1))
        bench.append(1, now=0.0)
        bench.sync(OVERDUE)
        bench.append(2, now=OVERDUE)

        assert bench.take() == [1]

    def test_newest_first_for_those_who_want_the_present(self) -> None:
        bench = Bench(Limits(10, batch=1, newest_first=True))
        bench.append(1, now=0.0)
        bench.sync(OVERDUE)
        bench.append(2, now=OVERDUE)

        assert bench.take() == [2]

    def test_the_backlog_waits_for_its_pace_and_what_is_fresh_does_not(self) -> None:
        bench = Bench(Limits(10, batch=2, newest_first=True), pace=Pace(2.0, least=1.0))
        bench.append(1, 2, 3, 4, now=-LIVE)
        bench.sync(0.0)
        assert bench.take(1.0) == [1, 2]
        bench.buffer.commit(1.0)

        too_early = bench.take(1.5)
        bench.append(5, now=1.5)
        fresh = bench.take(1.5)
        bench.buffer.commit(1.5)
        in_time = bench.take(3.0)

        assert (too_early, fresh, in_time) == ([], [5], [3, 4])


class TestHold:
    def test_what_was_sent_is_delivered_when_it_can_no_longer_be_lost(self) -> None:
        bench = Bench(Limits(10, hold=5.0))
        bench.append(1)
        bench.take()

        bench.buffer.commit(0.0)
        held = bench.books()
        bench.sync(5.0)

        assert held == {"delivered": 0, "unconfirmed": 1, "buffered": 1}
        assert bench.books() == {"delivered": 1, "unconfirmed": 0, "buffered": 0}

    def test_after_a_break_it_is_given_again_before_what_was_taken(self) -> None:
        bench = Bench(Limits(10, batch=1, hold=5.0))
        bench.append(1, 2)
        bench.take()
        bench.buffer.commit(0.0)
        bench.take()

        bench.buffer.rewind()

        assert bench.take() == [1]
        bench.buffer.commit(0.0)
        assert bench.take() == [2]

    def test_no_more_is_held_than_memory_allows(self) -> None:
        bench = Bench(Limits(2 * SENT, batch=SENT, hold=60.0))
        for _ in range(2):
            bench.append(*range(SENT))
            bench.take()
            bench.buffer.commit(0.0)

        assert bench.buffer.unconfirmed == bench.delivered() == SENT


class TestStore:
    def test_while_a_sink_keeps_up_nothing_is_stored(self) -> None:
        store = MemoryStore()
        bench = Bench(Limits(10), store=store)
        bench.append(1, now=0.0)
        bench.take(0.1)
        bench.buffer.commit(0.1)

        bench.sync(1.0)

        assert store.writes == 0

    def test_what_is_overdue_leaves_memory_for_the_store(self) -> None:
        bench = Bench(Limits(10), store=MemoryStore())
        bench.append(1, 2, now=0.0)

        bench.sync(OVERDUE)

        assert (bench.buffer.waiting, bench.buffer.stored) == (0, 2)
        assert bench.take(1.0) == [1, 2]

    def test_what_is_delivered_is_forgotten_by_the_store(self) -> None:
        store = MemoryStore()
        bench = Bench(Limits(10), store=store)
        bench.append(1, now=0.0)
        bench.sync(OVERDUE)
        bench.take(1.0)

        bench.buffer.commit(1.0)

        assert store.records == {}
        assert (bench.delivered(), len(bench.buffer)) == (1, 0)

    def test_what_is_in_flight_for_long_has_a_copy_there(self) -> None:
        store = MemoryStore()
        bench = Bench(Limits(10), store=store)
        bench.append(1, now=0.0)
        bench.take(0.0)

        bench.sync(OVERDUE)

        assert list(store.records.values()) == [samples(1)]
        assert len(bench.buffer) == 1

    def test_what_was_sent_and_has_not_reached_the_peer_has_a_copy_there(self) -> None:
        store = MemoryStore()
        bench = Bench(Limits(10, hold=5.0), store=store)
        bench.append(1, now=0.0)
        bench.take(0.0)
        bench.buffer.commit(0.0)

        bench.sync(OVERDUE, reached=True)
        confirmed = dict(store.records)
        bench.sync(OVERDUE, reached=False)

        assert confirmed == {}
        assert list(store.records.values()) == [samples(1)]

    def test_after_a_break_a_copy_in_the_store_is_what_is_given_again(self) -> None:
        store = MemoryStore()
        bench = Bench(Limits(10), store=store)
        bench.append(1, now=0.0)
        bench.take(0.0)
        bench.sync(OVERDUE)

        bench.buffer.rewind()

        assert (bench.buffer.waiting, bench.buffer.stored) == (0, 1)
        assert bench.take(1.0) == [1]

    def test_a_store_that_fails_leaves_everything_in_memory_and_is_tried_again(self) -> None:
        store = MemoryStore([OSError(28, "No space left on device")])
        bench = Bench(Limits(2), store=store)
        bench.append(1, now=0.0)

        bench.sync(1.0)
        fault = bench.buffer.fault
        bench.append(2, 3, now=1.0)
        bench.sync(10.0)

        assert fault == "No space left on device"
        assert bench.buffer.fault == ""
        assert store.waiting() == samples(2, 3)
        assert bench.dropped() == 1

    def test_what_was_found_counts_as_accepted(self) -> None:
        store = MemoryStore()
        store.give_back(store.write([samples(1, 2)]))
        bench = Bench(Limits(10), store=store)

        bench.sync(0.0)

        assert bench.accepted() == len(bench.buffer) == 2

    def test_at_the_end_everything_is_stored(self) -> None:
        store = MemoryStore()
        bench = Bench(Limits(10, batch=1), store=store)
        bench.append(1, 2, 3, now=0.0)
        bench.take(0.0)

        left = asyncio.run(bench.buffer.close())

        assert left == 0
        assert store.waiting() == samples(1, 2, 3)

    def test_a_read_that_is_given_up_leaves_everything_in_the_store(self) -> None:
        class Slow(MemoryStore):
            def __init__(self, fault: OSError | None) -> None:
                super().__init__()
                self.fault = fault
                self.begun, self.end = threading.Event(), threading.Event()

            def read(self, limit: int) -> Stored:
                self.begun.set()
                self.end.wait()
                if self.fault:
                    raise self.fault
                return super().read(limit)

        async def given_up(bench: Bench, store: Slow) -> bool:
            taking = asyncio.create_task(bench.buffer.take(1.0))
            await asyncio.to_thread(store.begun.wait)
            taking.cancel()
            await asyncio.sleep(0)
            store.end.set()
            await asyncio.wait({taking})
            return taking.cancelled()

        for fault in (None, OSError(5, "Input/output error")):
            store = Slow(fault)
            bench = Bench(Limits(10), store=store)
            bench.append(1, now=0.0)
            bench.sync(OVERDUE)

            assert asyncio.run(given_up(bench, store))
            assert store.waiting() == samples(1)
