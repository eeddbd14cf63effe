"""Standing: the newest word is right, whatever it comes from, and what was never told is counted."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.standing import Standing


def stands() -> Standing[str, str]:
    return Standing(limit=100)


def test_the_last_event_is_right() -> None:
    doors = stands()

    doors.hear("front", "open", 1)
    doors.hear("front", "closed", 2)

    assert dict(doors.items()) == {"front": "closed"}
    assert doors.get("front") == "closed"
    assert doors.get("back") is None


def test_one_that_is_gone_is_not_there() -> None:
    doors = stands()
    doors.hear("front", "open", 1)

    doors.hear("front", None, 2)

    assert len(doors) == 0


def test_a_list_corrects_and_is_counted_when_no_event_has_come_by_the_next_one() -> None:
    doors = stands()
    doors.hear("front", "open", 1)

    assert doors.correct({"front": "closed"}, asked=5) == 0
    assert doors.get("front") == "closed"
    assert doors.correct({"front": "closed"}, asked=10) == 1
    assert doors.correct({"front": "closed"}, asked=15) == 0


def test_an_event_that_comes_after_the_list_is_no_correction() -> None:
    doors = stands()
    doors.hear("front", "open", 1)

    doors.correct({"front": "closed"}, asked=5)
    doors.hear("front", "closed", 6)

    assert doors.correct({"front": "closed"}, asked=10) == 0


def test_what_came_while_the_list_was_made_is_newer_than_it() -> None:
    doors = stands()
    doors.hear("front", "open", 6)
    doors.hear("back", None, 6)

    doors.correct({"front": "closed", "back": "open"}, asked=5)

    assert dict(doors.items()) == {"front": "open"}


def test_what_is_not_listed_is_gone_unless_word_of_it_came_since() -> None:
    doors = stands()
    doors.hear("front", "open", 1)
    doors.hear("back", "open", 6)

    doors.correct({}, asked=5)

    assert dict(doors.items()) == {"back": "open"}


def test_the_first_list_of_a_connection_corrects_nothing() -> None:
    doors = stands()

    doors.correct({"front": "open"}, asked=5, first=True)

    assert doors.correct({"front": "open"}, asked=10) == 0


def test_a_new_thing_of_which_no_event_told_is_counted() -> None:
    doors = stands()

    doors.correct({"front": "open"}, asked=5)

    assert doors.correct({"front": "open"}, asked=10) == 1


def test_after_forgetting_nothing_is_known() -> None:
    doors = stands()
    doors.hear("front", "open", 1)

    doors.forget()

    assert len(doors) == 0


def test_memory_is_bounded_by_the_limit() -> None:
    doors = Standing[int, str](limit=3)

    for door in range(10):
        doors.hear(door, "open", 1)
    doors.correct(dict.fromkeys(range(100, 110), "open"), asked=0)

    assert len(doors) == 3


words = st.tuples(st.sampled_from("abc"), st.sampled_from(["open", "closed", None]))


@given(st.lists(words, max_size=20), st.dictionaries(st.sampled_from("abc"), st.just("open")))
def test_a_list_that_is_newer_than_all_events_is_right(
    told: list[tuple[str, str | None]], listed: dict[str, str]
) -> None:
    doors = stands()
    for now, (door, state) in enumerate(told):
        doors.hear(door, state, now)

    doors.correct(listed, asked=100)

    assert dict(doors.items()) == listed
