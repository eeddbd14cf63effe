"""The last seconds go before an outage where the present is wanted first, and are on disk all the same."""

import asyncio
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.pace import Pace
from bridge.pipeline.buffer import LIVE, OVERDUE, Limits
from tests.fakes import MemoryStore
from tests.pipeline.test_buffer import Bench, samples

NOW = 100.0
FACT = 1e9
PRESENT = Limits(10, batch=2, newest_first=True)
ORDER = Limits(10, batch=2)


def behind(limits: Limits, store: MemoryStore | None = None, pace: Pace | None = None) -> Bench:
    """A buffer in which 1, 2, 3, 4 are from long ago, and 5, 6, 7, 8 from just now, but overdue."""
    bench = Bench(limits, store=store, pace=pace)
    bench.append(1, 2, 3, 4, now=NOW - LIVE)
    bench.append(5, 6, 7, 8, now=NOW - OVERDUE)
    bench.sync(NOW)
    return bench


def everything(bench: Bench, now: float = NOW) -> list[list[float]]:
    """All that is given, batch by batch."""
    given_out = []
    while taken := bench.take(now):
        bench.buffer.commit(now)
        given_out.append(taken)
    return given_out


@pytest.mark.parametrize("store", [None, MemoryStore()])
def test_what_is_recent_goes_first_with_the_newest_and_then_the_backlog_in_order(
    store: MemoryStore | None,
) -> None:
    bench = behind(PRESENT, store)

    assert everything(bench)[:2] == [[7, 8], [5, 6]]
    assert bench.delivered() == 8


def test_for_those_who_want_order_the_oldest_goes_first() -> None:
    bench = behind(ORDER)

    assert everything(bench) == [[1, 2], [3, 4], [5, 6], [7, 8]]


def test_what_the_sink_takes_within_a_moment_keeps_its_order() -> None:
    bench = Bench(PRESENT)
    bench.append(1, 2, 3, 4, now=0.0)
    bench.sync(OVERDUE / 2)

    assert everything(bench) == [[1, 2], [3, 4]]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from([0.0, OVERDUE, 3.0, LIVE]))),
    st.floats(0.0, LIVE - 0.01),
    st.booleans(),
    st.booleans(),
)
def test_a_fresh_fact_goes_first_whatever_waits(
    before: list[tuple[int, float]], away: float, stored: bool, taken: bool
) -> None:
    """Though the sink is away for a while after it came, and breaks once more with the fact in flight."""
    bench = Bench(Limits(1000, batch=3, newest_first=True), store=MemoryStore() if stored else None)
    now = 0.0
    for amount, pause in before:
        bench.append(*range(amount), now=now)
        now += pause
        bench.sync(now)
    now += OVERDUE
    bench.sync(now)
    bench.append(FACT, now=now)
    bench.sync(now + away)
    if taken:
        bench.take(now + away)
        bench.buffer.rewind()

    assert FACT in bench.take(now + away)


def test_it_waits_for_the_pace_of_the_backlog() -> None:
    """So that a peer that is back is not flooded; it is the next to go."""
    bench = behind(PRESENT, pace=Pace(2.0, least=1.0))
    assert bench.take(NOW) == [7, 8]
    bench.buffer.commit(NOW)

    assert bench.take(NOW + 0.5) == []
    assert bench.take(NOW + 1.5) == [5, 6]


class TestStore:
    def test_what_is_recent_has_a_copy_there_as_soon_as_it_is_overdue(self) -> None:
        store = MemoryStore()
        bench = Bench(PRESENT, store=store)
        bench.append(1, now=0.0)

        bench.sync(OVERDUE)
        store.owned.clear()
        after_a_crash = Bench(PRESENT, store=store)
        after_a_crash.sync(0.0)

        assert (bench.buffer.waiting, bench.buffer.stored) == (1, 0)
        assert bench.take(1.0) == after_a_crash.take() == [1]

    def test_it_is_written_once(self) -> None:
        store = MemoryStore()
        bench = Bench(PRESENT, store=store)
        bench.append(1, now=0.0)

        bench.sync(OVERDUE)
        bench.sync(2 * OVERDUE)
        bench.sync(LIVE)

        assert list(store.records.values()) == [samples(1)]

    def test_what_is_delivered_is_forgotten_there(self) -> None:
        store = MemoryStore()
        bench = Bench(PRESENT, store=store)
        bench.append(1, now=0.0)
        bench.sync(OVERDUE)

        assert everything(bench, 1.0) == [[1]]
        assert store.records == {}

    def test_what_is_recent_no_more_is_left_to_it(self) -> None:
        store = MemoryStore()
        bench = Bench(PRESENT, store=store)
        bench.append(1, 2, now=0.0)
        bench.sync(OVERDUE)

        bench.sync(LIVE)

        assert (bench.buffer.waiting, bench.buffer.stored) == (0, 2)
        assert store.waiting() == samples(1, 2)

    def test_where_there_is_no_room_in_memory_it_is_left_to_the_store_and_the_oldest_go_first(self) -> None:
        store = MemoryStore()
        bench = Bench(Limits(4, batch=2, newest_first=True), store=store)
        bench.append(1, 2, 3, 4, now=0.0)
        bench.sync(OVERDUE)

        bench.append(5, now=OVERDUE)

        assert bench.dropped() == 0
        assert (bench.buffer.waiting, bench.buffer.stored) == (3, 2)
        assert store.waiting() == samples(1, 2)
        assert everything(bench) == [[5], [3, 4], [1, 2]]

    def test_where_there_is_neither_room_nor_a_copy_the_oldest_go(self) -> None:
        full = MemoryStore([OSError(28, "No space left on device")])
        bench = Bench(Limits(4, batch=2, newest_first=True), store=full)
        bench.append(1, 2, 3, 4, now=0.0)
        bench.sync(OVERDUE)

        bench.append(5, now=OVERDUE)

        assert bench.dropped() == 1
        assert everything(bench) == [[5], [3, 4], [2]]

    def test_a_break_leaves_what_is_old_to_the_store_and_keeps_what_is_recent(self) -> None:
        bench = behind(Limits(10, batch=4, hold=5.0, newest_first=True), MemoryStore())
        everything(bench)

        bench.buffer.rewind()

        assert (bench.buffer.waiting, bench.buffer.stored, bench.buffer.unconfirmed) == (4, 4, 0)
        assert everything(bench) == [[5, 6, 7, 8], [1, 2, 3, 4]]

    def test_at_the_end_everything_is_there(self) -> None:
        store = MemoryStore()
        bench = behind(PRESENT, store)
        bench.append(9, now=NOW)
        bench.take(NOW)

        assert asyncio.run(bench.buffer.close()) == 0
        assert sorted(sample.value for sample in store.waiting()) == [*range(1, 10)]
        assert bench.dropped("shutdown") == 0


def test_without_a_store_what_is_recent_is_dropped_at_the_end_and_counted() -> None:
    bench = behind(PRESENT)

    assert asyncio.run(bench.buffer.close()) == 8
    assert bench.dropped("shutdown") == 8
    assert len(bench.buffer) == 0


def test_one_who_wants_order_from_now_on_gets_it() -> None:
    """As when new settings make a stream of what was retained."""
    bench = behind(PRESENT)
    bench.buffer.limits = ORDER
    bench.append(9, now=NOW)

    bench.sync(NOW)

    assert everything(bench) == [[1, 2], [3, 4], [5, 6], [7, 8], [9]]


STEPS = st.lists(
    st.one_of(
        st.integers(1, 7), st.sampled_from(["take", "commit", "rewind", "sync", "later", "much later"])
    ),
    max_size=40,
)


@given(STEPS, st.booleans())
def test_for_those_who_want_order_nothing_overtakes_anything(steps: list[int | str], stored: bool) -> None:
    """Whatever happens, and whether there is a store or not."""
    bench = Bench(Limits(1000, batch=3), store=MemoryStore() if stored else None)
    given_out: list[float] = []
    now, number = 0.0, 0
    for step in [*steps, "rewind"]:
        if isinstance(step, int):
            bench.append(*range(number, number + step), now=now)
            number += step
        elif step in {"take", "commit"}:
            taken = bench.take(now)
            if taken and step == "commit":
                bench.buffer.commit(now)
                given_out += taken
        elif step == "rewind":
            bench.buffer.rewind()
        else:
            now += {"sync": 0.0, "later": OVERDUE, "much later": LIVE}[step]
            bench.sync(now)
    given_out += chain.from_iterable(everything(bench, now))

    assert given_out == [*range(number)]
