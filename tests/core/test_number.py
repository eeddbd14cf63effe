"""The text of a number is the shortest that reads back, written as JavaScript writes it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.number import text, texts


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, "3"),
        (3.0, "3"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-2.5, "-2.5"),
        (1 / 3, "0.3333333333333333"),
        (1e15, "1000000000000000"),
        (123456789012345680.0, "123456789012345680"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (0.0001, "0.0001"),
        (0.00001234, "0.00001234"),
        (0.000001, "0.000001"),
        (0.0000001, "1e-7"),
        (-1.25e-9, "-1.25e-9"),
        (2**63, "9223372036854776000"),
    ],
)
def test_numbers_are_written_as_javascript_does(value: float, expected: str) -> None:
    assert text(value) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_reads_back_as_the_same_number(value: float) -> None:
    assert math.isclose(float(text(value)), value, rel_tol=0, abs_tol=0)


SMALL = st.integers(-2, 1001) | st.integers(-2, 1001).map(float) | st.just(-0.0) | st.booleans()
PLAIN = st.integers(-(10**6), 10**6) | st.floats(0.001, 1e14) | st.integers().map(float) | st.booleans()
ODD = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([-0.0, 1e15, 1e16, 2**63, 1e-5])


@given(st.lists(SMALL) | st.lists(PLAIN) | st.lists(PLAIN | ODD))
def test_many_at_once_are_written_as_each_alone(values: list[float]) -> None:
    assert texts(values) == [text(value) for value in values]


def test_among_many_what_is_not_finite_has_no_text() -> None:
    assert texts([1.0, math.nan, 2.5, math.inf, -math.inf]) == ["1", "", "2.5", "", ""]
