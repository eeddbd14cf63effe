"""Totals never go backwards and never jump by more than what happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.counter import RunningCounter, Tally
from bridge.core.sample import Sample, Series

TOP = 1 << 32


@pytest.mark.parametrize(
    ("readings", "total"),
    [
        pytest.param([10, 15, 15], 15, id="it goes on as the device does"),
        pytest.param([10, 3], 13, id="a fall is a restart"),
        pytest.param([TOP - 5, 5], TOP + 5, id="a fall at the top is a wrap"),
        pytest.param([1000, 0, 7], 1007, id="after a restart it counts from zero"),
    ],
)
def test_the_total_follows_the_device(readings: list[float], total: float) -> None:
    counter = RunningCounter()

    for reading in readings:
        counter.update(reading)

    assert counter.total == total


def test_a_known_restart_is_never_taken_for_a_wrap() -> None:
    counter = RunningCounter()
    counter.update(TOP - 5)

    assert counter.update(5, restarted=True) == TOP


def test_a_restart_that_has_already_counted_further_is_not_an_increase_of_the_old_run() -> None:
    counter = RunningCounter()
    counter.update(100)

    assert counter.update(150, restarted=True) == 250


@given(st.lists(st.integers(0, TOP - 1)))
def test_it_never_goes_backwards(readings: list[int]) -> None:
    counter = RunningCounter()

    totals = [counter.update(reading) for reading in readings]

    assert totals == sorted(totals)


@given(st.lists(st.integers(0, 1 << 20), min_size=1))
def test_it_counts_exactly_over_any_number_of_wraps(steps: list[int]) -> None:
    counter = RunningCounter()
    counter.update(TOP - 1)

    position = TOP - 1
    for step in steps:
        position += step
        counter.update(position % TOP)

    assert counter.total == position


def test_a_tally_adds_up_by_series() -> None:
    tally = Tally()
    joins = Series("queue.joins", (("pbx", "hq"), ("queue", "support")))

    tally.add(joins)
    tally.add(joins, 2)

    assert list(tally.samples(5)) == [Sample(joins, 3, 5)]
    assert tally[Series("queue.leaves")] == 0


def test_a_tally_follows_a_counter_of_a_device_over_its_restart() -> None:
    tally, faxes = Tally(), Series("fax.completed", (("pbx", "hq"),))

    for reading in (5, 7, 2):
        tally.follow(faxes, reading)

    assert tally[faxes] == 9
