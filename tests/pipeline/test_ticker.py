"""Ticks fall on round times and never pile up."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.pipeline.ticker import next_tick, ticks
from tests.fakes import FakeClock


async def take(clock: FakeClock, count: int, interval: float, busy: float = 0) -> list[float]:
    taken: list[float] = []
    async for tick in ticks(clock, interval):
        taken.append(tick)
        clock.now += busy
        if len(taken) == count:
            break
    return taken


def test_ticks_are_whole_multiples_of_the_interval() -> None:
    taken = asyncio.run(take(FakeClock(1003.2), 3, interval=10))

    assert taken == [1010, 1020, 1030]


def test_a_tick_that_is_due_now_is_the_next_one() -> None:
    assert next_tick(1010, 10) == 1020


@given(st.floats(0, 2e9), st.sampled_from([0.5, 1, 10, 15, 60]), st.floats(0, 1))
def test_the_next_tick_is_ahead_by_at_most_an_interval(now: float, interval: float, share: float) -> None:
    ahead = next_tick(now, interval, offset=share * interval) - now

    assert -1e-6 * interval < ahead <= interval * 1.000001


def test_a_slow_consumer_misses_ticks_instead_of_being_flooded() -> None:
    taken = asyncio.run(take(FakeClock(1000), 3, interval=10, busy=25))

    assert taken == [1010, 1040, 1070]
    assert all(later - earlier >= 10 for earlier, later in pairwise(taken))


def test_ticks_follow_a_clock_that_is_set_back() -> None:
    class SetBack(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if len(self.slept) == 1:
                self.now -= 3600

    taken = asyncio.run(take(SetBack(10_000), 1, interval=10))

    assert taken == [6420]
