"""Turn: all come in turn."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.turn import Turn


def test_each_comes_in_turn_and_then_again() -> None:
    turn = Turn(2)

    assert [turn.take("abc") for _ in range(4)] == [["a", "b"], ["c", "a"], ["b", "c"], ["a", "b"]]


def test_few_come_once_each_time() -> None:
    turn = Turn(5)

    assert [turn.take("ab"), turn.take("ab")] == [["a", "b"], ["a", "b"]]
    assert turn.take("") == []


@given(st.integers(1, 7), st.lists(st.integers(0, 30), max_size=20))
def test_what_stays_comes_within_one_round_whatever_comes_and_goes(share: int, sizes: list[int]) -> None:
    turn = Turn(share)
    for size in sizes:
        taken = turn.take(range(size))
        assert len(taken) == len(set(taken)) == min(size, share)

    round_ = [thing for _ in range(31) for thing in turn.take(range(10))]

    assert set(round_) == set(range(10))
