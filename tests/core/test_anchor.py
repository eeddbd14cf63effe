"""An anchored gauge equals what is counted elsewhere, at the moment of the count, and is never negative."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.anchor import REMEMBERED, AnchoredGauge

changes = st.lists(st.tuples(st.integers(0, 20), st.sampled_from((-1.0, 1.0))), max_size=30).map(sorted)
"""(time, amount) of changes, in the order in which they come."""


def test_changes_add_up() -> None:
    gauge = AnchoredGauge()

    for now, amount in enumerate((1, 1, 1, -1)):
        gauge.move(amount, now)

    assert gauge.value == 2


def test_it_is_never_negative() -> None:
    gauge = AnchoredGauge(-3)
    gauge.move(-1, 1)
    gauge.move(-1, 2)
    assert gauge.value == 0

    gauge.move(1, 3)

    assert gauge.value == 1


def test_a_count_corrects_it_and_a_correction_is_told() -> None:
    gauge = AnchoredGauge()
    gauge.move(1, 1)

    assert gauge.anchor(12, 2, 2)
    assert gauge.value == 12
    assert not gauge.anchor(12, 3, 3)


def test_a_change_while_the_answer_is_on_its_way_counts_once() -> None:
    """The poll asks at 10 and counts 5; a channel begins at 10.2; the answer is here at 10.5."""
    gauge = AnchoredGauge(5)
    gauge.move(1, 10.2)

    corrected = gauge.anchor(5, 10, 10.5)

    assert not corrected
    assert gauge.value == 6


def test_a_change_before_the_question_is_in_the_count() -> None:
    gauge = AnchoredGauge(5)
    gauge.move(1, 9.9)

    assert not gauge.anchor(6, 10, 10.5)
    assert gauge.value == 6


def test_an_older_count_than_the_last_says_nothing() -> None:
    gauge = AnchoredGauge()
    gauge.anchor(7, 10, 10)

    assert not gauge.anchor(3, 9, 11)
    assert gauge.value == 7


def test_a_value_told_whole_is_known_from_its_moment_on() -> None:
    gauge = AnchoredGauge(40)
    gauge.put(0, 10)
    gauge.move(1, 11)

    assert not gauge.anchor(40, 9, 12)
    assert gauge.value == 1


def test_a_clock_that_is_set_back_does_not_stop_corrections() -> None:
    gauge = AnchoredGauge()
    gauge.anchor(7, 5000, 5000)

    assert gauge.anchor(3, 10, 11)
    assert gauge.value == 3


def test_more_changes_than_are_remembered_are_still_in_the_value() -> None:
    gauge = AnchoredGauge()
    for now in range(REMEMBERED + 500):
        gauge.move(1, now)

    assert gauge.value == REMEMBERED + 500
    assert not gauge.anchor(REMEMBERED + 500, REMEMBERED + 500, REMEMBERED + 500)


@given(changes, st.integers(0, 20), st.integers(0, 50))
def test_what_was_heard_whole_needs_no_correction(
    heard: list[tuple[int, float]], asked: int, start: int
) -> None:
    """If nothing is lost and nothing falls below zero, a count of any moment agrees."""
    gauge = AnchoredGauge(start + 30)
    for now, amount in heard:
        gauge.move(amount, now)
    truth = start + 30 + sum(amount for now, amount in heard if now <= asked)

    assert not gauge.anchor(truth, asked, 21)
    assert gauge.value == start + 30 + sum(amount for _, amount in heard)


@given(changes, st.integers(0, 20), st.integers(0, 50))
def test_after_a_count_only_later_changes_matter(
    heard: list[tuple[int, float]], asked: int, counted: int
) -> None:
    gauge = AnchoredGauge()
    for now, amount in heard:
        gauge.move(amount, now)

    gauge.anchor(counted, asked, 21)

    fresh = AnchoredGauge(counted)
    for now, amount in heard:
        if now > asked:
            fresh.move(amount, now)
    assert gauge.value == fresh.value >= 0
