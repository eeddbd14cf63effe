"""Totals never go backwards and never jump by more than what happened."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.counter import RunningCounter, Tally
from bridge.core.sample import Sample, Series
from bridge.core.state import Json

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
    counter.update(TOP - 5, run="monday")

    assert counter.update(5, run="tuesday") == TOP


def test_a_restart_that_has_already_counted_further_is_not_an_increase_of_the_old_run() -> None:
    counter = RunningCounter()
    counter.update(100, run="monday")

    assert counter.update(150, run="tuesday") == 250


def test_a_run_that_is_not_known_is_no_restart() -> None:
    counter = RunningCounter()

    totals = [counter.update(reading, run) for reading, run in ((1, "a"), (2, ""), (3, "b"), (4, "b"))]

    assert totals == [1, 2, 3, 4]


def test_a_counter_that_is_printed_as_a_signed_number_goes_on_beyond_the_largest() -> None:
    counter = RunningCounter()
    counter.update(TOP // 2 - 1)

    assert counter.update(-TOP // 2) == TOP // 2


def test_a_counter_goes_on_after_a_restart_of_the_bridge() -> None:
    before, after = RunningCounter(), RunningCounter()
    for reading in (10, 3):
        before.update(reading, run="monday")

    after.restore(json.loads(json.dumps(before.state())))

    assert after.total == 13
    assert after.update(5, run="monday") == 15


@pytest.mark.parametrize("state", [None, 7, "x", [], {}, [True], [None, 1], [[1]]])
def test_a_state_that_is_none_is_ignored(state: Json) -> None:
    counter, tally = RunningCounter(), Tally()
    counter.restore(state)
    tally.restore([state, [state, 1], [["queue.joins"], state]])

    assert counter.update(5) == 5
    assert [sample.series.name for sample in tally.samples(0)] in ([], ["queue.joins"])


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


def test_a_tally_goes_on_after_a_restart_of_the_bridge() -> None:
    before, after = Tally(), Tally()
    joins = Series("queue.joins", (("pbx", "hq"), ("queue", "a:b c")))
    faxes = Series("fax.completed", (("pbx", "hq"),))
    before.add(joins, 3)
    before.run = "monday"
    before.follow(faxes, 7)

    after.add(joins, 2)
    after.restore(json.loads(json.dumps(before.state())))
    after.run = "tuesday"
    after.follow(faxes, 9)

    assert after[joins] == 5
    assert after[faxes] == 16


def test_what_names_people_is_not_written_down() -> None:
    tally = Tally()
    tally.add(Series("agent.calls", (("agent", "Ada"),)))
    tally.add(Series("queue.joins"))

    assert "Ada" not in json.dumps(tally.state(lambda series: series.name.startswith("agent.")))
    assert "queue.joins" in json.dumps(tally.state(lambda series: series.name.startswith("agent.")))
