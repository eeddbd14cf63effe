"""Erlang B against published tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.erlang import erlang_b


@pytest.mark.parametrize(
    ("traffic", "lines", "blocked"),
    [(1, 1, 0.5), (2, 2, 0.4), (5, 10, 0.0184), (10, 10, 0.2146), (100, 100, 0.0757), (20.337, 30, 0.01)],
)
def test_values_of_the_tables(traffic: float, lines: int, blocked: float) -> None:
    assert erlang_b(traffic, lines) == pytest.approx(blocked, abs=1e-4)


def test_without_traffic_nobody_is_turned_away_and_without_lines_everybody() -> None:
    assert erlang_b(0, 10) == 0
    assert erlang_b(5, 0) == 1


def test_lines_far_beyond_the_traffic_cost_no_time() -> None:
    assert erlang_b(3, 10**12) == 0


@given(st.floats(0, 200), st.integers(0, 200))
def test_one_line_more_never_turns_more_away(traffic: float, lines: int) -> None:
    assert 0 <= erlang_b(traffic, lines + 1) <= erlang_b(traffic, lines) <= 1
