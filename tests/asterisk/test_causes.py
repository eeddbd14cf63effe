import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.causes import cause_name


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
