"""Ticks fall on round times and never pile up."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.pipeline.ticker import STEP, next_tick, ticks
from tests.fakes import FakeClock, SteppingClock


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


class Stepped(SteppingClock):
    """A clock that is set by so many seconds in its sleep number `at`."""

    def __init__(self, start: float, step: float, at: int) -> None:
        super().__init__(start)
        self.step = step
        self.at = at

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        if len(self.slept) == self.at:
            self.error += self.step


@pytest.mark.parametrize("interval", [0.1, 1, 10, 60])
@pytest.mark.parametrize("step", [-3600, -61, -1, -0.3, 0.3, 1, 61, 3600])
def test_ticks_go_on_whenever_the_clock_is_set(interval: float, step: float) -> None:
    """They neither stop nor pile up: one may come early, and one late by an interval and a small step."""
    for at in (1, 2, 3, 4):
        clock = Stepped(100_003.2, step, at)
        came: list[float] = []

        async def note(clock: Stepped = clock, came: list[float] = came) -> None:
            async for _ in ticks(clock, interval):
                came.append(clock.monotonic())
                if len(came) == 6:
                    break

        asyncio.run(note())

        gaps = [later - earlier for earlier, later in pairwise(came)]
        assert max(gaps) <= 2 * interval + STEP
        assert sum(gap > interval * 1.01 for gap in gaps) <= 1
        assert sum(gap < interval / 2 for gap in gaps) <= 1


@pytest.mark.parametrize("interval", [0.1, 1, 10])
@pytest.mark.parametrize("step", [-4.9, -1, -0.1])
def test_after_a_small_step_back_no_tick_is_told_twice(interval: float, step: float) -> None:
    for at in (1, 2, 3, 4):
        taken = asyncio.run(take(Stepped(100_003.2, step, at), 6, interval))

        assert [round(later - earlier, 6) for earlier, later in pairwise(taken)] == [interval] * 5


def test_ticks_follow_a_clock_that_was_wrong_by_far() -> None:
    taken = asyncio.run(take(Stepped(10_000, -3600, at=1), 2, interval=10))

    assert taken == [6420, 6430]


def test_a_leap_second_that_is_smeared_over_a_day_goes_unnoticed() -> None:
    class Smeared(FakeClock):
        def time(self) -> float:
            return 100_000 + (self.now - 100_000) * (1 - 1 / 86_400)

    clock = Smeared(100_000)
    taken = asyncio.run(take(clock, 1000, interval=10))

    assert taken == [100_010 + 10 * number for number in range(1000)]
