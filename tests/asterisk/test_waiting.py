"""Waiting: joins less leaves, whatever order they come in, and what a list says goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.waiting import LATE, MANY, Key, Waiting

ANN, BOB = ("support", "1.1"), ("support", "1.2")


def listed(*keys: Key, asked: float, waited: float = 10, first: bool = False, waiting: Waiting) -> int:
    return waiting.correct(dict.fromkeys(keys, waited), asked, first=first)


class TestWords:
    def test_who_has_joined_waits_since_then_until_leaving(self) -> None:
        waiting = Waiting()

        waiting.joined(*ANN, 5)
        assert [*waiting.living()] == [("support", 5)]

        waiting.left(*ANN, 9)
        assert len(waiting) == 0

    def test_a_caller_may_come_again(self) -> None:
        waiting = Waiting()
        waiting.joined(*ANN, 5)
        waiting.left(*ANN, 9)

        waiting.joined(*ANN, 10)

        assert [*waiting.living()] == [("support", 10)]

    def test_a_join_that_comes_after_its_leave_does_not_bring_the_caller_back(self) -> None:
        waiting = Waiting()

        waiting.left(*ANN, 5)
        waiting.joined(*ANN, 5 + LATE)

        assert not waiting.waits(*ANN)

    def test_a_leave_whose_join_was_lost_does_not_hide_the_next_visit(self) -> None:
        waiting = Waiting()

        waiting.left(*ANN, 5)
        waiting.joined(*ANN, 5.1 + LATE)

        assert waiting.waits(*ANN)

    @given(st.permutations(["join", "leave"] * 3 + ["join"]))
    def test_the_order_of_words_does_not_matter(self, words: list[str]) -> None:
        waiting = Waiting()

        for word in words:
            (waiting.joined if word == "join" else waiting.left)(*ANN, 1)

        assert waiting.waits(*ANN)

    def test_queues_are_apart(self) -> None:
        waiting = Waiting()
        waiting.joined("support", "1.1", 1)
        waiting.joined("sales", "1.1", 2)

        waiting.left("support", "1.1", 3)

        assert [*waiting.living()] == [("sales", 2)]

    def test_memory_is_bounded(self) -> None:
        waiting = Waiting()

        for caller in range(MANY + 10):
            waiting.joined("support", str(caller), 1)

        assert len(waiting) == MANY


class TestLists:
    def test_a_list_tells_who_waits_and_for_how_long(self) -> None:
        waiting = Waiting()
        waiting.joined(*ANN, 50)

        listed(BOB, asked=100, waited=30, waiting=waiting)

        assert [*waiting.living()] == [("support", 70)]

    def test_what_was_heard_after_the_question_is_newer_than_the_list(self) -> None:
        waiting = Waiting()
        waiting.joined(*ANN, 90)
        waiting.left(*ANN, 101)
        waiting.joined(*BOB, 102)

        listed(ANN, asked=100, waiting=waiting)

        assert [*waiting.living()] == [("support", 102)]

    def test_words_that_were_held_back_until_the_first_list_are_in_it(self) -> None:
        waiting = Waiting()
        listed(ANN, asked=100, first=True, waiting=waiting)

        waiting.joined(*ANN, 99)
        waiting.joined(*BOB, 99)
        waiting.left(*BOB, 99.5)
        waiting.left(*ANN, 101)

        assert len(waiting) == 0

    @pytest.mark.parametrize("first", [True, False])
    def test_a_join_that_comes_after_the_list_that_shows_it_counts_once(self, first: bool) -> None:
        waiting = Waiting()
        listed(ANN, asked=100, waited=1, first=first, waiting=waiting)

        waiting.joined(*ANN, 100.5)
        waiting.left(*ANN, 120)

        assert len(waiting) == 0

    def test_a_leave_that_comes_after_the_list_that_shows_it_hides_nothing(self) -> None:
        waiting = Waiting()
        waiting.joined(*ANN, 90)
        listed(asked=100, waiting=waiting)

        waiting.joined(*ANN, 100.3)
        waiting.left(*ANN, 100.5)

        assert waiting.waits(*ANN)

    def test_after_a_loss_of_the_connection_nobody_is_known(self) -> None:
        waiting = Waiting()
        waiting.joined(*ANN, 1)

        waiting.forget()

        assert len(waiting) == 0


class TestCorrections:
    """A word is overdue when it has not come by the list after the one that shows what it says."""

    def test_a_join_and_a_leave_that_never_came(self) -> None:
        waiting = Waiting()
        listed(asked=100, first=True, waiting=waiting)
        waiting.joined(*ANN, 101)

        counts = [listed(BOB, asked=asked, waited=asked - 105, waiting=waiting) for asked in (110, 120, 130)]

        assert counts == [0, 2, 0]

    def test_late_words_are_none_that_never_came(self) -> None:
        waiting = Waiting()
        listed(asked=100, first=True, waiting=waiting)
        waiting.joined(*ANN, 101)
        listed(BOB, asked=110, waited=1, waiting=waiting)

        waiting.left(*ANN, 111)
        waiting.joined(*BOB, 111)

        assert listed(BOB, asked=120, waiting=waiting) == 0

    def test_of_those_who_waited_before_the_connection_no_word_is_missing(self) -> None:
        waiting = Waiting()
        listed(ANN, asked=100, first=True, waiting=waiting)

        assert listed(ANN, asked=110, waiting=waiting) == 0
