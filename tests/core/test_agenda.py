"""What is to be looked at again, and when."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.agenda import SPARE, Agenda


def test_what_is_due_comes_the_earliest_first() -> None:
    agenda = Agenda[str]()
    agenda.plan("late", 3)
    agenda.plan("early", 1)
    agenda.plan("later", 5)

    assert list(agenda.take(4)) == ["early", "late"]
    assert agenda.first == 5


def test_of_what_is_due_at_once_that_of_the_lower_order_comes_first() -> None:
    agenda = Agenda[str]()
    agenda.plan("effect", 1, 7)
    agenda.plan("cause", 1, 2)
    agenda.plan("other", 1, 7)

    assert list(agenda.take(1)) == ["cause", "effect", "other"]


def test_what_was_taken_does_not_come_again() -> None:
    agenda = Agenda[str]()
    agenda.plan("once", 1)

    assert list(agenda.take(1)) == ["once"]
    assert list(agenda.take(9)) == []
    assert agenda.first == inf


def test_an_item_has_one_time_that_may_be_put_forward_put_off_or_given_up() -> None:
    agenda = Agenda[str]()
    for item in ("forward", "off", "up"):
        agenda.plan(item, 5)
    agenda.plan("forward", 1)
    agenda.plan("off", 9)
    agenda.plan("up", inf)

    assert list(agenda.take(1)) == ["forward"]
    assert list(agenda.take(8)) == []
    assert list(agenda.take(9)) == ["off"]


def test_what_is_given_up_while_others_are_taken_does_not_come() -> None:
    agenda = Agenda[str]()
    agenda.plan("cause", 1)
    agenda.plan("effect", 1)

    taken = []
    for item in agenda.take(1):
        taken.append(item)
        agenda.plan("effect", inf)

    assert taken == ["cause"]


def test_what_is_planned_for_the_past_while_it_is_taken_waits_for_the_next_call() -> None:
    """Else whoever plans that again and again would never come back."""
    agenda = Agenda[str]()
    agenda.plan("hasty", 1)

    for item in agenda.take(2):
        agenda.plan(item, 1)

    assert agenda.first == 1
    assert list(agenda.take(2)) == ["hasty"]


def test_what_is_put_off_without_end_takes_no_room() -> None:
    agenda = Agenda[int]()

    for now in range(100_000):
        agenda.plan(now % 7, now + 3600)

    assert len(agenda) <= SPARE + 14


def test_what_is_given_up_takes_no_room() -> None:
    agenda = Agenda[int]()

    for item in range(100_000):
        agenda.plan(item, 1e9 + item)
        agenda.plan(item, inf)

    assert len(agenda) <= SPARE + 1


plans = st.tuples(st.just("plan"), st.integers(0, 5), st.integers(0, 30) | st.just(inf))
takes = st.tuples(st.just("take"), st.integers(0, 5), st.integers(0, 10))


@given(st.lists(plans | takes, max_size=60))
def test_it_is_what_a_table_of_times_would_be(steps: list[tuple[str, int, float]]) -> None:
    agenda, table, now = Agenda[int](), dict[int, float](), 0.0
    for verb, item, amount in steps:
        if verb == "plan":
            agenda.plan(item, now + amount)
            table[item] = now + amount
        else:
            now += amount
            due = sorted((at, item) for item, at in table.items() if at <= now)

            assert sorted(agenda.take(now)) == sorted(item for _, item in due)
            table = {item: at for item, at in table.items() if at > now}
        assert agenda.first <= min(table.values(), default=inf)
