"""Which schedules are open."""

import pytest

from bridge.core.alert import Moment
from bridge.core.opening import Opening
from bridge.core.state import Json


class Shop:
    """Open from one time to another."""

    def __init__(self, opens: float, closes: float) -> None:
        self._opens, self._closes = opens, closes

    def is_open(self, now: float) -> bool:
        return self._opens <= now < self._closes

    def changes_after(self, now: float) -> float | None:
        return next((each for each in (self._opens, self._closes) if each > now), None)


CALENDARS = {"day": Shop(100, 200), "late": Shop(150, 300)}


def at(time: float) -> Moment:
    """By the wall clock; the other one shows something else."""
    return Moment(time, 7.0)


def test_a_schedule_is_open_as_its_calendar_says() -> None:
    is_open = Opening(CALENDARS, at(0)).of("day")

    assert [is_open(time) for time in (99, 100, 199, 200)] == [False, True, True, False]


@pytest.mark.parametrize("name", ["", "unknown"])
def test_a_schedule_that_is_not_there_is_always_open(name: str) -> None:
    assert Opening(CALENDARS, at(0)).of(name)(0)


def test_it_is_known_when_schedules_turn_next() -> None:
    opening = Opening(CALENDARS, at(0))

    assert opening.changes(120) == [200, 150]
    assert opening.changes(250) == [300]


def test_schedules_turn_once() -> None:
    opening = Opening(CALENDARS, at(0))

    assert opening.turned(at(100)) == {"day"}
    assert opening.turned(at(101)) == set()
    assert opening.turned(at(200)) == {"day", "late"}


def test_what_turned_while_nobody_looked_is_told_after_a_restart() -> None:
    before = Opening(CALENDARS, at(120))

    opening = Opening(CALENDARS, at(250))
    opening.restore(before.state())

    assert opening.turned(at(250)) == {"day", "late"}


@pytest.mark.parametrize("state", [None, 5, "day", {"day": True}])
def test_what_is_no_state_is_left_out(state: Json) -> None:
    opening = Opening(CALENDARS, at(120))

    opening.restore(state)

    assert opening.turned(at(120)) == set()
