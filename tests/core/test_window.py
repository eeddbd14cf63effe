"""A sliding sum holds what was added of late, and never more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.window import SlidingSum

START = 1_000.0


def test_what_was_added_stays_for_the_window_less_a_step_and_goes_with_its_step() -> None:
    total = SlidingSum(60, 4)
    total.add(5, START)

    assert [total.total(START + seconds) for seconds in (0, 44, 60)] == [5, 5, 0]


def test_after_a_long_silence_nothing_is_left() -> None:
    total = SlidingSum(60, 4)
    total.add(5, START)

    total.add(2, START + 86_400)

    assert total.total(START + 86_400) == 2


def test_parts_are_told_oldest_first() -> None:
    total = SlidingSum(40, 4)
    for number in range(6):
        total.add(number, START + 10 * number)

    assert total.parts(START + 55) == [2, 3, 4, 5]


def test_without_anything_it_is_0() -> None:
    assert SlidingSum(60, 4).total(START) == 0


def test_time_that_stands_still_or_falls_behind_loses_nothing() -> None:
    total = SlidingSum(60, 4)
    total.add(1, START)
    total.add(1, START)

    assert total.total(START) == 2


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(0, 1000)), max_size=40), st.integers(1, 9))
def test_it_holds_all_of_the_last_steps_and_nothing_older(
    happenings: list[tuple[float, int]], steps: int
) -> None:
    total, now, known = SlidingSum(steps * 10, steps), START, []
    for passed, amount in happenings:
        now += passed
        known.append((now // 10, amount))
        total.add(amount, now)

    kept = sum(amount for step, amount in known if step > now // 10 - steps)
    assert total.total(now) == pytest.approx(kept)
