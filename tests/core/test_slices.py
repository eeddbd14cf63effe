"""Slices: all of it, in its order, never too much at once."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.slices import SLICE, slices


@given(st.lists(st.integers()), st.integers(1, 9))
def test_slices_are_the_whole_in_its_order(whole: list[int], size: int) -> None:
    parts = list(slices(whole, size))

    assert [each for part in parts for each in part] == whole
    assert all(0 < len(part) <= size for part in parts)


def test_little_is_one_slice() -> None:
    assert [len(part) for part in slices(range(SLICE))] == [SLICE]
