"""Fewer values out of many."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.consolidation import WAYS, consolidated, thinned
from bridge.render.series import Value
from tests.render.lines import line


@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        ("average", [2, 5, 7]),
        ("avg", [2, 5, 7]),
        ("avg_zero", [4 / 3, 5, 7]),
        ("sum", [4, 15, 7]),
        ("max", [3, 6, 7]),
        ("min", [1, 4, 7]),
        ("first", [1, 4, 7]),
        ("last", [3, 6, 7]),
    ],
)
def test_ways(way: str, wanted: list[Value]) -> None:
    series = replace(line("a", 1, None, 3, 4, 5, 6, 7), consolidate=way)

    assert consolidated(series, 3) == wanted


def test_enough_must_be_known() -> None:
    series = replace(line("a", 1, None, None, 4, 5, None, 7), x_files_factor=0.5)

    assert consolidated(series, 3) == [None, 4.5, None]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_known_nowhere_stays_unknown(way: str) -> None:
    series = replace(line("a", None, None, 1), consolidate=way)

    assert consolidated(series, 2) == [None, 1]


def test_bands_begin_at_round_times() -> None:
    """A plot that moves on does not flicker: the same values are in the same band."""
    early, later = (line("a", *range(at, at + 60), start=at * 10) for at in (3, 5))

    (one,), (other,) = thinned([early], 10), thinned([later], 10)

    assert (one.start % one.step, one.step) == (0, 60)
    shared = set(zip(range(one.start, 10_000, 60), one.values, strict=False))
    assert len(shared & set(zip(range(other.start, 10_000, 60), other.values, strict=False))) >= 7


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.integers(1, 50))
def test_there_are_no_more_values_than_asked_for(row: list[int], most: int) -> None:
    (shown,) = thinned([line("a", *row)], most)

    assert len(shown.values) <= most


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_with_room_for_all_nothing_changes(row: list[int]) -> None:
    assert [each.values for each in thinned([line("a", *row)], len(row))] == [tuple(row)]
    assert [each.values for each in thinned([line("a", *row)], None)] == [tuple(row)]
