"""What is made of the values of one series."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.meter import PARTS, Meter
from bridge.core.recall import recall_from
from bridge.core.rule import Measure
from bridge.core.state import Json

INCREASE, RATE, CHANGE, VALUE = Measure.INCREASE, Measure.RATE, Measure.CHANGE, Measure.VALUE


def fed(measure: Measure, over: float, *points: tuple[float, float], whole: bool = False) -> Meter:
    """A meter that was given values: (when, what)."""
    meter = Meter(measure, over, whole=whole)
    for at, value in points:
        meter.take(value, at)
    return meter


def test_a_value_is_the_last_one() -> None:
    meter = fed(VALUE, 0, (0, 3), (15, 4))

    assert meter.read(999) == 4
    assert meter.heard == 15


class TestWindow:
    """By how much it moved."""

    def test_an_increase_is_what_was_added_since_the_window_began(self) -> None:
        meter = fed(INCREASE, 60, (0, 100), (30, 105), (60, 107), (90, 120))

        assert meter.read(90) == 15

    def test_a_rate_is_that_for_each_second(self) -> None:
        assert fed(RATE, 60, (0, 100), (60, 130)).read(60) == 0.5

    def test_a_change_goes_up_or_down(self) -> None:
        assert fed(CHANGE, 60, (0, 20), (30, 16)).read(30) == 4
        assert fed(CHANGE, 60, (0, 16), (30, 20)).read(30) == 4

    def test_what_begins_in_the_window_is_held_against_its_first_value(self) -> None:
        assert fed(INCREASE, 60, (0, 100), (10, 103)).read(10) == 3

    def test_of_one_value_nothing_is_known_until_the_window_has_passed(self) -> None:
        meter = fed(INCREASE, 60, (0, 100))

        assert meter.read(59) is None
        assert meter.read(60) == 0

    def test_the_window_goes_on_without_values(self) -> None:
        meter = fed(INCREASE, 60, (0, 100), (30, 105))

        assert [meter.read(at) for at in (30, 89, 90)] == [5, 5, 0]

    def test_a_count_that_falls_is_no_increase(self) -> None:
        assert fed(INCREASE, 60, (0, 100), (30, 2)).read(30) == 0

    def test_a_whole_window_must_be_full_before_anything_is_known(self) -> None:
        meter = fed(INCREASE, 60, (0, 100), (30, 105), whole=True)

        assert meter.read(59) is None
        assert meter.read(60) == 5


class TestBegin:
    """It is known that there was nothing before."""

    @pytest.mark.parametrize("whole", [False, True])
    def test_a_counter_counts_from_0_at_once(self, whole: bool) -> None:
        meter = Meter(INCREASE, 60, whole=whole)

        meter.begin(1000)
        meter.take(5, 1000)

        assert meter.read(1000) == 5
        assert meter.read(1060) == 0

    def test_a_gauge_was_not_0_before(self) -> None:
        meter = Meter(CHANGE, 60)

        meter.begin(1000)
        meter.take(5, 1000)

        assert meter.read(1000) is None


def test_the_points_of_a_window_are_few_however_many_values_come() -> None:
    meter = Meter(INCREASE, 60)

    for step in range(50_000):
        meter.take(step, step / 100)

    (_, _, points) = meter.state()
    assert isinstance(points, list)
    assert len(points) <= 2 * PARTS + 2


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 9)), min_size=2, max_size=200))
def test_it_is_exact_to_a_part_of_the_window(steps: list[tuple[float, int]]) -> None:
    """It lies between the increase of a window that is a little shorter, and of one a little longer."""
    over, now, total = 30.0, 0.0, 0.0
    meter, history = Meter(INCREASE, over), list[tuple[float, float]]()
    for wait, more in steps:
        now, total = now + wait, total + more
        meter.take(total, now)
        history.append((now, total))

    found = meter.read(now)

    least, most = (total - value_at(history, now - over + part) for part in (2 * over / PARTS, 0))
    assert found is not None
    assert least <= found <= most


def value_at(history: list[tuple[float, float]], when: float) -> float:
    """The last value until then, or the first of all."""
    return next((value for at, value in reversed(history) if at <= when), history[0][1])


class TestRestart:
    """It goes on."""

    @given(
        st.sampled_from([VALUE, INCREASE, RATE, CHANGE]),
        st.booleans(),
        st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=30),
        st.integers(0, 40),
    )
    def test_what_it_knew_it_knows_again(
        self, measure: Measure, whole: bool, steps: list[tuple[int, int]], wait: int
    ) -> None:
        now, meter = 0, Meter(measure, 30, whole=whole)
        for seconds, value in steps:
            now += seconds
            meter.take(value, now)

        other = Meter(measure, 30, whole=whole)

        assert other.restore(json.loads(json.dumps(meter.state())), recall_from(now, 5000 + now))
        assert other.heard == meter.heard + 5000
        assert other.read(5000 + now + wait) == meter.read(now + wait)

    def test_a_window_that_new_rules_ask_for_begins_with_the_next_value(self) -> None:
        meter = Meter(INCREASE, 60)
        meter.restore(fed(VALUE, 0, (0, 100)).state(), recall_from(0, 0))

        meter.take(105, 15)
        meter.take(107, 30)

        assert meter.read(30) == 2

    @pytest.mark.parametrize("state", [None, [], [1], ["a", 2], [1, "b", []], {}, [None, None]])
    def test_what_is_no_state_is_refused(self, state: Json) -> None:
        assert not Meter(INCREASE, 60).restore(state, recall_from(0, 0))

    def test_points_that_are_none_are_left_out_and_the_others_put_in_order(self) -> None:
        meter = Meter(INCREASE, 60)

        assert meter.restore([9, 50, [[50, 9], None, [10], [20, "x"], [0, 2]]], recall_from(60, 60))
        assert meter.read(60) == 7
