"""Schedules: when rules are watched, from settings and from calendars that are kept up to date."""

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bridge.core import own
from bridge.core.sample import BRIDGE, Series
from bridge.core.schedule import Hours, Schedule, Span, merged
from bridge.errors import Fault
from bridge.log import get_logger
from bridge.pipeline.interfaces import Clock
from bridge.settings.alerts import ScheduleSettings
from bridge.settings.variables import spelled

if TYPE_CHECKING:
    from bridge.calendars import Calendars, Feed, Trouble

REFRESH = 60.0
"""Seconds between two looks at calendars; a file is read when it has changed, a server is asked each hour."""
NEEDED = "recurring_ical_events"
"""The package of the extra `calendars`: few need it, and it takes a while to import."""

log = get_logger(component="schedules")


def faults(settings: Mapping[str, ScheduleSettings]) -> list[Fault]:
    """What is wrong with schedules on this machine."""
    hint = "pip install 'asterisk-bridge[calendars]'"
    return [
        Fault(spelled(("alerts", "schedule", name)), "has calendars, for which a package is missing", hint)
        for name, each in settings.items()
        if (each.open or each.closed) and find_spec(NEEDED) is None
    ]


def schedule_of(settings: ScheduleSettings, opened: list[Span] | None, closed: list[Span] | None) -> Schedule:
    """The schedule that settings ask for, with what calendars say; None where nothing is known of that."""
    hours = Hours.parse(settings.hours) if settings.hours else None
    return Schedule(hours, ZoneInfo(settings.timezone), opened, closed or ())


class Schedules:
    """The schedules that rules name.

    Args:
        settings: what they are made of, by name.
        clock: where time comes from.
    """

    def __init__(self, settings: Mapping[str, ScheduleSettings], clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._feeds: dict[str, list[Feed]] = {
            name: _feeds(each, (*each.open, *each.closed)) for name, each in settings.items()
        }
        self._calendars: Calendars | None = None
        self._troubles: Mapping[Feed, Trouble] = {}

    def built(self) -> dict[str, Schedule]:
        """The schedules as they are known now.

        One that a calendar would open, of which nothing was ever read, goes by its hours, or is open: one
        alert too many is better than none.
        """
        return {name: self._build(each) for name, each in self._settings.items()}

    def _build(self, settings: ScheduleSettings) -> Schedule:
        opened, closed = (self._spans(_feeds(settings, each)) for each in (settings.open, settings.closed))
        return schedule_of(settings, opened, closed)

    def _spans(self, feeds: list["Feed"]) -> list[Span] | None:
        """When events of calendars take place; None if nothing is known of that."""
        read = [self._calendars.spans(feed) for feed in feeds] if self._calendars else []
        known = [each for each in read if each is not None]
        return merged(*known) if known else None

    async def run(self, changed: Callable[[], None]) -> None:
        """Look for news of calendars until cancelled; call `changed` when the schedules are others."""
        feeds = [feed for each in self._feeds.values() for feed in each]
        if not feeds:
            return
        from bridge.calendars import Calendars  # noqa: PLC0415 - of an extra

        self._calendars = Calendars(feeds, self._clock)
        while True:
            if await self._calendars.refresh():
                changed()
            self._tell(self._calendars.troubles())
            await self._clock.sleep(REFRESH)

    def _tell(self, troubles: Mapping["Feed", "Trouble"]) -> None:
        """One line for each change."""
        for feed, trouble in troubles.items():
            if self._troubles.get(feed) != trouble:
                log.warning("calendar cannot be used, what was known of it stays", reason=trouble.text)
        for feed in self._troubles.keys() - troubles.keys():
            log.info("calendar is used again", calendar=str(feed))
        self._troubles = dict(troubles)

    def gauges(self) -> Iterator[tuple[Series, float]]:
        """Of each schedule, how many of its calendars are of no use."""
        for name, feeds in self._feeds.items():
            faulty = sum(feed in self._troubles for feed in feeds)
            yield own.SCHEDULE_FAULTS.series(BRIDGE, name), faulty


def _feeds(settings: ScheduleSettings, sources: tuple[str, ...]) -> list["Feed"]:
    if not sources:
        return []
    from bridge.calendars import Feed  # noqa: PLC0415 - of an extra

    return [Feed(source, ZoneInfo(settings.timezone)) for source in sources]
