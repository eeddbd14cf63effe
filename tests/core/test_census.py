"""Census: who lives, whatever order word of begins and ends comes in, and whatever never comes."""

from functools import partial
from itertools import islice
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.census import MEMORY, Census, Ended
from bridge.core.slices import slices


def keys(census: Census[str, str]) -> set[str]:
    return {key for key, _ in census.living()}


def test_a_thing_lives_from_its_begin_to_its_end() -> None:
    census = Census[str, str]()

    assert census.begin("a", "life", 1)
    assert keys(census) == {"a"}
    assert census.end("a", 2) == Ended(news=True, life="life")
    assert keys(census) == set()


def test_a_second_word_is_no_news() -> None:
    census = Census[str, str]()
    census.begin("a", "life", 1)

    assert not census.begin("a", "other", 2)
    assert census.find("a") == "life"
    census.end("a", 3)
    assert census.end("a", 4) == Ended(news=False, life=None)


def test_a_begin_after_the_end_is_news_but_nothing_lives() -> None:
    census = Census[str, str]()

    assert census.end("a", 1) == Ended(news=True, life=None)
    assert census.begin("a", "life", 2)
    assert keys(census) == set()
    assert census.notice("a", "life", 3) is None


def test_word_of_an_unknown_thing_makes_it_known() -> None:
    census = Census[str, str]()

    assert census.notice("a", "life", 1) == "life"
    assert keys(census) == {"a"}
    assert census.begin("a", "other", 2), "its begin is told only now"
    assert census.find("a") == "life"


def test_who_is_not_listed_lives_no_more_and_is_counted_if_no_word_comes() -> None:
    census = Census[str, str]()
    census.begin("a", "life", 1)

    assert census.correct({}, asked=5) == 0
    assert keys(census) == set()
    assert census.correct({}, asked=10) == 1
    assert census.correct({}, asked=15) == 0


def test_word_of_an_end_that_comes_after_the_list_is_no_correction() -> None:
    census = Census[str, str]()
    census.begin("a", "life", 1)
    census.correct({}, asked=5)

    assert census.end("a", 6) == Ended(news=True, life="life")
    assert census.correct({}, asked=10) == 0


def test_who_began_after_the_list_was_asked_for_need_not_be_in_it() -> None:
    census = Census[str, str]()
    census.begin("a", "life", 6)

    census.correct({}, asked=5)

    assert keys(census) == {"a"}


def test_who_is_listed_and_unknown_lives_and_is_counted_if_no_word_comes() -> None:
    census = Census[str, str]()

    assert census.correct({"a": "listed", "b": "listed"}, asked=5) == 0
    assert keys(census) == {"a", "b"}
    assert census.begin("b", "told", 6)
    assert census.correct({"a": "listed", "b": "listed"}, asked=10) == 1
    assert census.correct({"a": "listed", "b": "listed"}, asked=15) == 0


def test_who_has_ended_stays_so_although_an_old_list_has_it() -> None:
    census = Census[str, str]()
    census.begin("a", "life", 1)
    census.end("a", 2)

    census.correct({"a": "listed"}, asked=1.5)

    assert keys(census) == set()


def test_the_first_list_of_a_connection_is_believed_and_corrects_nothing() -> None:
    census = Census[str, str]()
    census.begin("gone", "life", 1)
    census.begin("stayed", "life", 1)

    assert census.correct({"stayed": "listed", "new": "listed"}, asked=5, first=True) == 0
    assert dict(census.living()) == {"stayed": "life", "new": "listed"}
    assert census.correct({"stayed": "listed", "new": "listed"}, asked=10) == 0


def test_ends_are_forgotten_in_time() -> None:
    census = Census[str, str]()
    census.end("a", 1)

    census.end("b", 2 + MEMORY)

    assert census.end("a", 3 + MEMORY).news


def test_what_has_ended_is_not_looked_at_by_who_asks_for_the_living() -> None:
    census = Census[str, str]()
    for key in "abc":
        census.begin(key, "life", 1)
        census.end(key, 2)

    assert census.begin("a", "late", 3) is False
    assert census.correct({"a": "listed"}, asked=1.5) == 0
    assert len(census) == 0


words = st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=12)


@given(words, st.sets(st.sampled_from("abc")), words)
def test_words_may_come_between_the_slices_of_a_list(
    told: list[tuple[bool, str]], listed: set[str], meanwhile: list[tuple[bool, str]]
) -> None:
    """None that has ended meanwhile lives, and all that are listed and have not do."""
    census = Census[str, str]()
    for moment, (begins, key) in enumerate(told):
        _hear(census, key, moment, begins=begins)

    later = iter(meanwhile)
    with mock.patch("bridge.core.census.slices", partial(slices, size=1)):
        for _ in census.corrections(dict.fromkeys(listed, "listed"), asked=100):
            for begins, key in islice(later, 1):
                _hear(census, key, 101, begins=begins)
    for begins, key in later:
        _hear(census, key, 102, begins=begins)

    ended = {key for begins, key in (*told, *meanwhile) if not begins}
    assert listed - ended <= keys(census)
    assert keys(census) <= (listed | {key for begins, key in meanwhile if begins}) - ended


def _hear(census: Census[str, str], key: str, moment: float, *, begins: bool) -> None:
    if begins:
        census.begin(key, "life", moment)
    else:
        census.end(key, moment)


@given(words, st.sets(st.sampled_from("abc")))
def test_after_a_list_only_its_things_and_later_ones_live(
    told: list[tuple[bool, str]], listed: set[str]
) -> None:
    """Whatever was told before: none is missing but those whose end was told, and none is too much."""
    census = Census[str, str]()
    for moment, (begins, key) in enumerate(told):
        if begins:
            census.begin(key, "life", moment)
        else:
            census.end(key, moment)

    census.correct(dict.fromkeys(listed, "listed"), asked=100)

    assert keys(census) == listed - {key for begins, key in told if not begins}
