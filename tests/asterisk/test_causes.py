import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.causes import CAUSES, GROUPS, Result, cause_name, result_of


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("16", "normal_clearing"),
        ("17", "user_busy"),
        ("34", "normal_circuit_congestion"),
        ("0", "unknown"),
        ("", "unknown"),
        ("x", "unknown"),
        ("-1", "unknown"),
        ("128", "unknown"),
        ("99999999999", "unknown"),
        ("4", "cause_4"),
        ("004", "cause_4"),
    ],
)
def test_a_cause_has_a_name(number: str, name: str) -> None:
    assert cause_name(number) == name


@given(st.text())
def test_whatever_asterisk_says_there_are_few_names(number: str) -> None:
    assert cause_name(number) in {cause_name(str(known)) for known in range(128)}


@pytest.mark.parametrize(
    ("number", "result"),
    [
        ("1", "unallocated"),
        ("16", "cancelled"),
        ("17", "busy"),
        ("19", "no_answer"),
        ("21", "rejected"),
        ("34", "congestion"),
        ("38", "failed"),
        ("102", "failed"),
        ("0", "other"),
        ("4", "other"),
        ("", "other"),
        ("99999999999", "other"),
    ],
)
def test_a_cause_says_what_came_of_a_call(number: str, result: str) -> None:
    assert result_of(number) == result


def test_each_cause_says_one_thing() -> None:
    grouped = [cause for causes in GROUPS.values() for cause in causes]

    assert len(grouped) == len(set(grouped))


def test_no_cause_says_that_a_call_was_answered() -> None:
    assert Result.ANSWERED not in {result_of(str(cause)) for cause in CAUSES}
