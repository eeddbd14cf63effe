"""What is known of series that come again is what was found for each."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.runs import Runs
from bridge.core.sample import Series


def learned(*runs: str, limit: int = 100) -> Runs[str]:
    """A memory that has learned runs, in which each letter stands for its series and belongs to it."""
    found = Runs[str](limit)
    for run in runs:
        found.learn(named(run), run)
    return found


def named(letters: str) -> tuple[Series, ...]:
    return tuple(Series(f"statsd.{letter}", (("pbx", "hq"),)) for letter in letters)


def known(runs: Runs[str], letters: str) -> str | None:
    found = runs.get(named(letters))
    return None if found is None else "".join(found)


def test_a_run_that_comes_again_is_known() -> None:
    assert known(learned("abc"), "abc") == "abc"


def test_so_is_its_beginning_and_what_is_put_together_of_several() -> None:
    runs = learned("abc", "def", "g")

    assert known(runs, "ab") == "ab"
    assert known(runs, "defgab") == "defgab"


def test_what_is_in_another_order_or_new_is_not() -> None:
    runs = learned("abc", "def")

    assert known(runs, "acb") is None
    assert known(runs, "abcx") is None
    assert known(runs, "bc") is None


def test_of_runs_that_begin_alike_the_last_is_known() -> None:
    runs = learned("abc", "abd")

    assert known(runs, "abd") == "abd"
    assert known(runs, "abc") is None


def test_beyond_the_limit_it_begins_anew() -> None:
    runs = learned("abc", "def", "gh", limit=6)

    assert known(runs, "gh") == "gh"
    assert known(runs, "abc") is None


def test_a_run_that_is_replaced_leaves_its_room() -> None:
    runs = learned("abc", "abd", "abe", "fgh", limit=6)

    assert known(runs, "abefgh") == "abefgh"


@given(st.lists(st.text("abcd", max_size=4)), st.text("abcd", max_size=8))
def test_whatever_was_learned_nothing_is_known_that_is_not_so(runs: list[str], letters: str) -> None:
    assert known(learned(*runs, limit=9), letters) in {None, letters}
