"""Spans: what goes on, and for how long, whatever order word of it comes in."""

import random

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.spans import MOST, SLACK, Spans


def test_a_span_goes_on_from_its_begin_to_its_end() -> None:
    spans = Spans[str, str]()

    assert spans.begin("a", "hold", 1) is None
    assert spans.active() == {"hold": 1}
    assert spans.end("a", "hold", 4) == 3
    assert spans.active() == {}


def test_the_same_owner_begins_again_and_may_have_several_at_once() -> None:
    spans = Spans[str, str]()
    for now in (1, 2):
        spans.begin("a", "recording", now)

    assert [spans.end("a", "recording", 5), spans.end("a", "recording", 5)] == [4, 3]
    assert spans.begin("a", "recording", 6) is None


def test_an_end_that_came_before_its_begin_makes_a_span_of_no_length() -> None:
    spans = Spans[str, str]()

    assert spans.end("a", "hold", 1) is None
    assert spans.begin("a", "hold", 2) == 0
    assert spans.active() == {}


def test_an_end_whose_begin_never_came_waits_only_so_long() -> None:
    spans = Spans[str, str]()
    spans.end("a", "hold", 1)

    assert spans.begin("a", "hold", 1.1 + SLACK) is None
    assert spans.active() == {"hold": 1}


def test_ends_that_wait_do_not_pile_up() -> None:
    spans = Spans[int, str]()

    for second in range(100):
        spans.end(second, "hold", second)

    assert len(spans._early) <= SLACK + 1


def test_all_spans_of_an_owner_end_with_it() -> None:
    spans = Spans[str, str]()
    spans.begin("a", "hold", 1)
    spans.begin("a", "recording", 2)
    spans.begin("b", "hold", 3)

    assert spans.over("a", 5) == [("hold", 4), ("recording", 3)]
    assert spans.active() == {"hold": 1}


def test_a_begin_or_an_end_that_comes_after_the_owner_is_late() -> None:
    spans = Spans[str, str]()
    spans.over("a", 1)

    assert spans.begin("a", "hold", 2) == 0
    assert spans.end("a", "hold", 2) is None
    assert spans.active() == {}


def test_spans_of_owners_that_a_list_misses_are_dropped() -> None:
    spans = Spans[str, str]()
    for owner, now in (("gone", 1), ("listed", 1), ("new", 6)):
        spans.begin(owner, "hold", now)

    assert spans.keep({"listed"}, asked=5) == 1
    assert spans.active() == {"hold": 2}


def test_one_owner_cannot_fill_the_memory() -> None:
    spans = Spans[str, str]()

    for _ in range(2 * MOST):
        spans.begin("a", "hold", 1)

    assert spans.active() == {"hold": MOST}


def test_what_is_forgotten_does_not_go_on() -> None:
    spans = Spans[str, str]()
    spans.begin("a", "hold", 1)

    spans.clear()

    assert spans.active() == {}
    assert spans.end("a", "hold", 2) is None


@given(st.integers(1, 5), st.booleans(), st.randoms(use_true_random=False))
def test_order_changes_neither_what_goes_on_nor_how_many_have_ended(
    times: int, over: bool, chance: random.Random
) -> None:
    words = [*["begin", "end"] * times, *(["begin", "over"] if over else ["begin"])]
    chance.shuffle(words)
    spans = Spans[str, str]()

    ended = 0
    for word in words:
        if word == "over":
            ended += len(spans.over("a", 1))
        else:
            ended += (spans.begin if word == "begin" else spans.end)("a", "hold", 1) is not None

    assert ended == times + over
    assert spans.active()["hold"] == (not over)
