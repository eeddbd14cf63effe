"""Opening: which of the schedules that rules name are open."""

from collections.abc import Callable, Mapping
from typing import Protocol

from bridge.core.alert import Moment
from bridge.core.state import Json, sequence

CHECKED = 60.0
"""Seconds after which the wall clock is looked at again at the latest: it may have been set."""


class Calendar(Protocol):
    """When a rule is watched; all times are Unix seconds."""

    def is_open(self, now: float) -> bool:
        """Whether it is watched now."""

    def changes_after(self, now: float) -> float | None:
        """The next moment at which that changes."""


class Opening:
    """Args:
    calendars: the schedules; one that is not there is always open.
    now: the present.
    """

    def __init__(self, calendars: Mapping[str, Calendar], now: Moment) -> None:
        self._calendars = calendars
        self._open = self._opened(now)

    def of(self, name: str) -> Callable[[float], bool]:
        """Whether the schedule of that name is open, at Unix time in seconds."""
        calendar = self._calendars.get(name)
        return calendar.is_open if calendar else _always

    def changes(self, now: float) -> list[float]:
        """When schedules open or close next, in Unix seconds."""
        moments = (calendar.changes_after(now) for calendar in self._calendars.values())
        return [each for each in moments if each is not None]

    def turned(self, now: Moment) -> set[str]:
        """The schedules that have opened or closed since the last call."""
        before, self._open = self._open, self._opened(now)
        return before ^ self._open

    def _opened(self, now: Moment) -> set[str]:
        return {name for name, calendar in self._calendars.items() if calendar.is_open(now.time)}

    def state(self) -> Json:
        """The schedules that were open when they were last looked at."""
        return sorted(self._open)

    def restore(self, state: Json) -> None:
        """Take what `state` gave for the last look; `turned` tells what is another since."""
        if isinstance(state, list):
            self._open = {name for name in sequence(state) if isinstance(name, str)}


def _always(_: float) -> bool:
    return True
