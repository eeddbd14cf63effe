"""Ranges behave as a set of numbers, and take room for stretches only."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.ranges import Range, Ranges

EDGES = st.integers(0, 30)
STRETCHES = st.lists(st.tuples(EDGES, EDGES), max_size=12)


def numbers(ranges: list[Range]) -> set[int]:
    return {number for start, end in ranges for number in range(start, end)}


@given(STRETCHES)
def test_what_was_put_in_is_in_it_and_nothing_else(stretches: list[Range]) -> None:
    ranges, expected = Ranges(), set[int]()

    for start, end in stretches:
        new = set(range(start, end)) - expected
        expected |= new

        assert ranges.add(start, end) == len(new)

    assert numbers(list(ranges)) == expected
    assert len(ranges) == len(expected)
    assert {number for number in range(32) if number in ranges} == expected


@given(STRETCHES, EDGES, EDGES)
def test_gaps_are_the_rest(stretches: list[Range], start: int, end: int) -> None:
    ranges = Ranges(stretches)

    gaps = list(ranges.gaps(start, end))

    assert numbers(gaps) == set(range(start, end)) - numbers(stretches)
    assert all(low < high for low, high in gaps)


@given(STRETCHES)
def test_stretches_never_touch(stretches: list[Range]) -> None:
    found = list(Ranges(stretches))

    assert all(end < start for (_, end), (start, _) in pairwise(found))


def test_a_copy_is_equal() -> None:
    ranges = Ranges([(0, 5), (9, 12)])

    assert list(Ranges(ranges)) == [(0, 5), (9, 12)]
