"""Departures: who was answered, hung up, or went on, whatever order the words for it come in."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.departures import MANY, SETTLED, Departure, Departures

QUEUE, CALLER = "support", "1.1"
HERE, BEHIND, ELSEWHERE = ("lab", "600", "3"), ("lab", "600", "4"), ("lab", "h", "1")

ANSWERED = Departure(QUEUE, 0, False, 0.0)
ABANDONED = Departure(QUEUE, 0, True, 7.0)
EXITED = Departure(QUEUE, 1, False, 0.0)


class Told:
    """Departures, and what they told."""

    def __init__(self) -> None:
        self.told: list[Departure] = []
        self.waiting: set[tuple[str, str]] = set()
        self.departures = Departures(self.told.append, lambda *key: key in self.waiting)

    def hear(self, word: str, now: float = 0) -> None:
        departures = self.departures
        match word:
            case "leave":
                departures.left(QUEUE, CALLER, now)
            case "connect":
                departures.connected(QUEUE, CALLER, now)
            case "abandon":
                departures.gave_up(QUEUE, CALLER, now, HERE, 7.0)
            case "end here":
                departures.ended(CALLER, HERE, now)
            case "end behind":
                departures.ended(CALLER, BEHIND, now)
            case "end elsewhere":
                departures.ended(CALLER, ELSEWHERE, now)


STORIES = [
    (["leave", "connect"], ANSWERED),
    (["leave", "connect", "end here"], ANSWERED),
    (["abandon", "leave", "end here"], ABANDONED),
    (["end here", "abandon", "leave", "end elsewhere"], ABANDONED),
    (["abandon", "leave", "end behind"], EXITED),
    (["abandon", "leave", "end elsewhere"], EXITED),
    (["abandon", "leave"], EXITED),
    (["leave"], EXITED),
    (["leave", "end behind"], EXITED),
]


@pytest.mark.parametrize(("words", "departure"), STORIES)
def test_how_a_caller_left(words: list[str], departure: Departure) -> None:
    told = Told()

    for word in words:
        told.hear(word)
    told.departures.settle(SETTLED + 1)

    assert told.told == [departure]


@pytest.mark.parametrize(("words", "departure"), STORIES)
@given(chance=st.randoms(use_true_random=False))
def test_the_order_of_words_does_not_matter(
    words: list[str], departure: Departure, chance: random.Random
) -> None:
    told = Told()
    times = sorted(chance.uniform(0, 4) for _ in words)

    for word, now in zip(chance.sample(words, len(words)), times, strict=True):
        told.hear(word, now)
        if chance.random() < 0.3 and "end elsewhere" not in words:
            told.departures.settle(now)
    told.departures.settle(20)

    assert told.told == [departure]


@pytest.mark.parametrize(
    "words", [["leave", "connect"], ["abandon", "leave", "end here"], ["abandon", "leave", "end behind"]]
)
def test_what_is_certain_is_told_at_once(words: list[str]) -> None:
    told = Told()

    for word in words:
        told.hear(word)
    told.departures.settle(0.1)

    assert len(told.told) == 1


@pytest.mark.parametrize("words", [["leave"], ["abandon", "leave"], ["abandon", "end here"], ["connect"]])
def test_while_a_word_may_come_nothing_is_told(words: list[str]) -> None:
    told = Told()

    for word in words:
        told.hear(word)
    told.departures.settle(SETTLED)

    assert told.told == []


def test_a_lost_leave_is_no_obstacle() -> None:
    told = Told()
    told.hear("connect")

    told.departures.settle(SETTLED + 1)

    assert told.told == [ANSWERED]


def test_who_goes_round_through_the_same_queue_hangs_up_once() -> None:
    """The dialplan sends a caller who waited too long into the queue again."""
    told = Told()
    for word in ("abandon", "leave"):
        told.hear(word, 10)
    told.waiting.add((QUEUE, CALLER))
    told.hear("end here", 12)
    told.departures.settle(12)
    told.waiting.clear()
    for word in ("abandon", "leave"):
        told.hear(word, 12)

    told.departures.settle(13)

    assert told.told == [EXITED, ABANDONED]


def test_two_visits_within_moments_are_told_together() -> None:
    told = Told()
    for word in ("abandon", "leave", "abandon", "leave", "end here"):
        told.hear(word)

    told.departures.settle(1)

    assert told.told == [Departure(QUEUE, 1, True, 7.0)]


def test_of_equal_visits_the_shortest_is_the_one_that_ended_by_hanging_up() -> None:
    told = Told()
    for waited in (20.0, 7.0, 20.0):
        told.departures.gave_up(QUEUE, CALLER, 0, HERE, waited)
        told.hear("leave")
    told.hear("end here")

    told.departures.settle(1)

    assert told.told == [Departure(QUEUE, 2, True, 7.0)]


def test_words_alone_drive_what_is_overdue_however_seldom_it_is_settled() -> None:
    told = Told()
    for word in ("end here", "abandon", "leave"):
        told.hear(word)

    told.departures.ended("other", HERE, 100)

    assert told.told == [ABANDONED]


def test_when_the_connection_is_lost_what_was_heard_decides() -> None:
    told = Told()
    told.hear("leave")

    told.departures.close()
    told.departures.settle(100)

    assert told.told == [EXITED]


def test_memory_is_bounded() -> None:
    told = Told()

    for caller in range(MANY + 10):
        told.departures.left(QUEUE, str(caller), 0)

    assert len(told.told) == 10
