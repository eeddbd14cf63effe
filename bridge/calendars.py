"""iCalendar (RFC 5545): when the events of a calendar take place, read from files and from web servers."""

import asyncio
import stat
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import recurring_ical_events  # type: ignore[import-untyped] # it has no py.typed

from bridge.core.printable import printable
from bridge.core.schedule import Span, merged, moment
from bridge.fetch import FetchError, Validators, fetch, shown
from bridge.pipeline.interfaces import Clock
from bridge.protocols.ical import BYTES, CalendarError, essence, times_of_day

SPANS = 10_000
"""Times of all events within the horizon."""
STEPS = 250_000
"""Times of an event from its begin to the end of the horizon: daily for 680 years."""
MOVED = 1_000
"""Days by which a single time of an event may be moved: all between are looked at."""
SECONDS = 5.0
"""Of this thread, for all events of a calendar: a yearly one since 1970 takes 4 ms, a single one 0.2 ms."""

BACK = 2 * 86_400.0
AHEAD = 400 * 86_400.0
"""Seconds before and after now for which times of events are known, and found anew every DAY."""
DAY = 86_400.0
HOUR = 3_600.0
"""Seconds between two questions to a web server."""
RETRY = 300.0
"""The same after it did not answer."""
PATIENCE = 10.0
"""Seconds for an answer."""

_LOCK = threading.Lock()
"""icalendar keeps the time zones that a calendar brings for the whole process."""


def spans(text: bytes, zone: tzinfo, start: float, end: float) -> list[Span]:
    """When events of a calendar take place between `start` and `end`, cut to these, in order and apart.

    Days hold in `zone`, as do times that name no zone, or one that is neither known nor in the calendar.
    Events without length are none. Two kinds do not count:

    - those that are cancelled (STATUS:CANCELLED): they do not take place;
    - those with times of day that are transparent (TRANSP:TRANSPARENT): they are said to leave the time free.
      Whole days count in spite of it, since calendars of public holidays mark all of theirs so, lest they
      make people busy.

    It takes seconds in the worst case: call it in a thread.

    Raises:
        CalendarError: it is not a calendar, or too much of one.
    """
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of time zones that had to be guessed
        icalendar.use_zoneinfo()  # type: ignore[no-untyped-call] # it forgets the time zones of the calendar before
        try:
            return merged(_between(essence(text), zone, start, end))
        except CalendarError:
            raise
        except Exception as error:  # noqa: BLE001 - of many kinds, for an input can be wrong in many ways
            raise CalendarError("malformed", f"it cannot be read: {_told(error)}") from None


def _told(error: Exception) -> str:
    return printable(f"{type(error).__name__} {error}"[:200]).strip()


def _between(text: bytes, zone: tzinfo, start: float, end: float) -> Iterator[Span]:
    """The times of the events that count, unordered."""
    first, last = (datetime.fromtimestamp(each, zone) for each in (start - DAY, end + DAY))
    for event, began, ended in _taken(text, first, last):
        if _counts(event, began):
            yield max(_unix(began, zone), start), min(_unix(ended, zone), end)


def _taken(text: bytes, first: datetime, last: datetime) -> Iterator[tuple[Any, date, date]]:
    """Each time of each event, and the event as it is then."""
    deadline = time.thread_time() + SECONDS
    left = SPANS
    for series in _series(text, last):
        for each in series.between(first, last):
            left -= 1
            if left < 0:
                raise CalendarError("limit", f"its events take place more than {SPANS} times")
            yield each.as_component(keep_recurrence_attributes=False), each.start, each.end
        if time.thread_time() > deadline:
            raise CalendarError("limit", f"it takes longer than {SECONDS:g} s to tell when its events are")


def _series(text: bytes, last: datetime) -> Iterator[Any]:
    """The events, each with those that change it; what one takes of memory is free when the next comes."""
    for calendar in icalendar.Calendar.from_ical(text, multiple=True):
        for event in calendar.walk("VEVENT"):
            _examine_event(event, last)
        query = recurring_ical_events.of(calendar)
        while query.series:
            yield query.series.pop()


def _examine_event(event: Any, last: datetime) -> None:
    """See that an event needs not too many steps to the end of the horizon."""
    if "DTSTART" not in event:
        raise CalendarError("malformed", "it has an event without a DTSTART that can be read")
    began = event["DTSTART"].dt
    changes = event.get("RECURRENCE-ID")
    if changes is not None and abs(changes.dt.toordinal() - began.toordinal()) > MOVED:
        raise CalendarError("limit", f"it has an event that is moved by more than {MOVED} days")
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if (last.toordinal() - began.toordinal()) * times_of_day(rule) > STEPS:
            raise CalendarError("limit", f"it has an event that has taken place more than {STEPS} times")


def _counts(event: Any, start: date) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    return not isinstance(start, datetime) or str(event.get("TRANSP", "")).upper() != "TRANSPARENT"


def _unix(at: date, zone: tzinfo) -> float:
    if not isinstance(at, datetime):
        return moment(datetime(at.year, at.month, at.day), zone)  # noqa: DTZ001 - a day of the zone
    return at.timestamp() if at.tzinfo else moment(at, zone)


class Feed(NamedTuple):
    """A calendar that is wanted.

    Attributes:
        source: a path, or a URL that begins with http:// or https://.
        zone: where its days, and times without a zone, hold.
    """

    source: str
    zone: tzinfo

    @property
    def is_url(self) -> bool:
        """Whether it is read from a web server."""
        return self.source.lower().startswith(("http://", "https://"))

    def __str__(self) -> str:
        return shown(self.source) if self.is_url else printable(self.source)


class Trouble(NamedTuple):
    """Why a calendar is not what it should be: a word to count it by, and a text that names the calendar."""

    reason: str
    text: str


class Content(NamedTuple):
    """What was read of a calendar, and how it is known again."""

    text: bytes
    mark: Validators | tuple[int, int, int]


class Calendars:
    """Calendars that are kept up to date; what was good once is kept whatever happens to its source.

    Args:
        feeds: what is wanted.
        clock: where time comes from.
    """

    def __init__(self, feeds: Iterable[Feed], clock: Clock) -> None:
        self._clock = clock
        self._kept = {feed: _Kept(feed) for feed in feeds}

    def spans(self, feed: Feed) -> Sequence[Span] | None:
        """When its events take place, from two days ago until in 400; None if it was never read."""
        return self._kept[feed].spans

    def troubles(self) -> dict[Feed, Trouble]:
        """What is wrong, of those with which anything is."""
        return {feed: trouble for feed, kept in self._kept.items() if (trouble := kept.trouble())}

    async def refresh(self) -> bool:
        """Look for news; return whether any spans are others now. Never raises; one at a time.

        May be called at any time, such as each minute: a file is read when it has changed, a server is asked
        each hour.
        """
        now, monotonic = self._clock.time(), self._clock.monotonic()
        changed = await asyncio.gather(*(kept.refresh(now, monotonic) for kept in self._kept.values()))
        return any(changed)


class _Kept:
    """One calendar, and what is known of it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._mark: Validators | tuple[int, int, int] | None = None
        self._latest: bytes | None = None
        self._good: bytes | None = None
        self._expanded = 0.0
        self._due = float("-inf")
        self._unread: Trouble | None = None
        self._unusable: Trouble | None = None
        self.spans: list[Span] | None = None

    def trouble(self) -> Trouble | None:
        """What is wrong: first that it cannot be read, then with what was read."""
        return self._unread or self._unusable

    async def refresh(self, now: float, monotonic: float) -> bool:
        """Read it if it may have changed, and find the times of its events if need be."""
        read = await self._read(monotonic) if monotonic >= self._due else None
        if read is not None:
            self._latest, self._mark = read
            return await self._expand(read.text, now)
        if self._good is not None and not 0 <= now - self._expanded < DAY:
            return await self._expand(self._good, now)
        return False

    async def _read(self, monotonic: float) -> Content | None:
        try:
            content = await (self._ask() if self._feed.is_url else asyncio.to_thread(self._load))
        except (CalendarError, FetchError) as error:
            self._unread = Trouble(error.reason, f"{self._feed}: {error}")
            self._due = monotonic + RETRY if self._feed.is_url else monotonic
            return None
        self._unread = None
        self._due = monotonic + HOUR if self._feed.is_url else monotonic
        return content

    async def _ask(self) -> Content | None:
        known = self._mark if isinstance(self._mark, Validators) else Validators()
        document = await fetch(self._feed.source, known, BYTES, PATIENCE)
        return document and Content(document.content, document.validators)

    def _load(self) -> Content | None:
        """Read the file, if it is another than last time."""
        path = Path(self._feed.source)
        try:
            found = path.stat()
            mark = found.st_mtime_ns, found.st_size, found.st_ino
            if not stat.S_ISREG(found.st_mode):
                raise CalendarError("unreadable", "it is not a file")
            if mark == self._mark:
                return None
            with path.open("rb") as file:
                return Content(file.read(BYTES + 1), mark)
        except FileNotFoundError:
            raise CalendarError("missing", "it does not exist") from None
        except (OSError, ValueError) as error:
            if isinstance(error, CalendarError):
                raise
            raise CalendarError("unreadable", f"it cannot be read: {_told(error)}") from None

    async def _expand(self, text: bytes, now: float) -> bool:
        """Find the times of the events, and keep those of before if that fails."""
        self._expanded = now
        try:
            found = await asyncio.to_thread(spans, text, self._feed.zone, now - BACK, now + AHEAD)
        except CalendarError as error:
            self._unusable = Trouble(error.reason, f"{self._feed}: {error}")
            return False
        self._good = text
        if text is self._latest:
            self._unusable = None
        changed, self.spans = found != self.spans, found
        return changed
