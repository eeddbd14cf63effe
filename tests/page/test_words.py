"""Words: numbers and times as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.page import words

anything = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "just now"),
        (0, "just now"),
        (9.9, "just now"),
        (19, "10 s ago"),
        (61, "1 min ago"),
        (7300, "2 h ago"),
        (172_800, "2 days ago"),
    ],
)
def test_how_long_ago(seconds: float, said: str) -> None:
    assert words.ago(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (41.9, "41 s"), (60, "1 min"), (80, "1 min 20 s"), (7500, "2 h 5 min"), (90_000, "1 d 1 h")],
)
def test_how_long(seconds: float, said: str) -> None:
    assert words.lasting(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0"),
        (1204.0, "1,204"),
        (0.25, "0.25"),
        (1234.5, "1,234"),
        (1e21, "1e+21"),
    ],
)
def test_numbers(value: float | None, said: str) -> None:
    assert words.figure(value) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(41.0, "seconds", "41 s"), (80.0, "seconds", "1 min 20 s"), (3.2e6, "bytes", "3.2 MB"), (3.0, "", "3")],
)
def test_numbers_with_their_unit(value: float, unit: str, said: str) -> None:
    assert words.measured(value, unit) == said


@given(anything)
def test_no_number_is_too_strange(value: float) -> None:
    said = [
        words.ago(value),
        words.lasting(value),
        words.figure(value),
        words.size(value),
        words.clock(value),
    ]

    assert all(0 < len(each) < 400 for each in said)


def test_what_is_long_is_cut() -> None:
    assert words.short("x" * 1000, 10) == "xxxxxxxxx…"
    assert words.short("x" * 10, 10) == "x" * 10


def test_times_are_utc() -> None:
    assert words.clock(1_700_000_000) == "22:13:20"
    assert words.day(1_700_000_000) == "14 Nov 22:13"
    assert words.machine(1_700_000_000) == "2023-11-14T22:13:20Z"
