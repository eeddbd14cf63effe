"""When a rule is watched: weekly hours in a time zone, and moments at which calendars open or close.

A schedule is open within its hours or an event of a calendar that opens, except within one of a calendar
that closes. A time of day is the first moment at which the clocks of the zone show it or a later one of that
date. So `08:00-18:00` lasts from 08:00 to 18:00 on a day of 23 or 25 hours too, and in a night in which the
clocks are changed

- a time that is skipped is the moment of the change: where 02:00 becomes 03:00, `01:30-02:30` ends after half
  an hour, `02:30-04:00` begins at 03:00, and there is no `02:15-02:45`;
- a time that comes twice is meant when it comes first: where 03:00 becomes 02:00, `01:30-02:30` ends after an
  hour, `02:30-03:30` lasts two, and `02:00-02:30` is not open again.

What ends when another begins on the same clock therefore neither overlaps it nor leaves a gap, on any night.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import chain
from typing import NamedTuple

Span = tuple[float, float]
"""From when, and until when (which is no part of it): Unix time in seconds."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TIME_RANGE = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")
MINUTES = 24 * 60
LONGEST = 1000
"""Characters of a text: one that is longer is a mistake."""
EXAMPLE = "write such as Mon-Fri 08:00-18:00, Sat 09:00-13:00"
ONE_DAY = timedelta(days=1)
WEEKS = timedelta(weeks=3)
"""Hours that do not change within this do not change at all: a week is like another, but for one that is
without what falls into a skipped hour."""


class Period(NamedTuple):
    """One opening of every week.

    Attributes:
        day: on which it begins; 0 is Monday.
        begin: minutes after midnight.
        end: minutes after the same midnight; more than a day of them if it is on the next day.
    """

    day: int
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly hours; periods may overlap."""

    periods: tuple[Period, ...]

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """Read `Mon-Fri 08:00-12:00 13:00-18:00, Sat,Sun 22:00-06:00`, in any case.

        Times hold for the days in front of them, and daily (which may be written) if there are none. What
        ends before it begins ends on the next day.

        Raises:
            ValueError: it is none; the message goes on after the value.
        """
        if len(text) > LONGEST:
            raise ValueError(f"is longer than {LONGEST} characters; {EXAMPLE}")
        periods: list[Period] = []
        days, timed = set(range(7)), True
        for word in re.sub(r"\s*[-\u2013]\s*", "-", text).replace(",", " ").split():
            if (named := _days(word)) is not None:
                days, timed = named if timed else days | named, False
            else:
                begin, end = _times(word)
                periods += [Period(day, begin, end) for day in sorted(days)]
                timed = True
        if not periods:
            raise ValueError(f"has no time of day; {EXAMPLE}")
        if not timed:
            raise ValueError("ends with a day that has no time; for a whole day write it as Sat 00:00-24:00")
        return cls(tuple(periods))

    def spans(self, first: date, last: date, zone: tzinfo) -> list[Span]:
        """The openings that begin on the dates from `first` to `last`, in order and apart."""
        dates = (first + timedelta(days) for days in range((last - first).days + 1))
        return merged(
            (moment(_local(day, period.begin), zone), moment(_local(day, period.end), zone))
            for day in dates
            for period in self.periods
            if period.day == day.weekday()
        )


def _days(word: str) -> set[int] | None:
    """The days that `Mon`, `Fri-Sunday` or `daily` names, 0 for Monday; None if it names no day."""
    if word.lower() == "daily":
        return set(range(7))
    name, dash, last_name = word.partition("-")
    first, last = _day(name), _day(last_name if dash else name)
    if first is None or last is None:
        return None
    return {(first + more) % 7 for more in range((last - first) % 7 + 1)}


def _day(name: str) -> int | None:
    """A day by the first letters of its name, three at least."""
    found = [day for day, full in enumerate(DAYS) if full.startswith(name.lower())]
    return found[0] if len(name) >= 3 and found else None


def _times(word: str) -> tuple[int, int]:
    """Begin and end of a range of times, in minutes after midnight."""
    match = TIME_RANGE.fullmatch(word)
    if not match:
        raise ValueError(f"has {word!r}, which is neither days nor times; {EXAMPLE}")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    begin, end = hour * 60 + minute, end_hour * 60 + end_minute
    if begin >= MINUTES or end > MINUTES or max(minute, end_minute) > 59:
        raise ValueError(f"has {word!r}, but a day has the times from 00:00 to 24:00, which is an end only")
    if begin == end:
        raise ValueError(f"has {word!r}, which is no time at all; for a whole day write 00:00-24:00")
    return begin, end if end > begin else end + MINUTES


def _local(day: date, minutes: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - wall clock


def moment(local: datetime, zone: tzinfo) -> float:
    """The first moment at which the clocks of the zone show `local` (without zone) or more, as Unix time."""
    early, late = sorted(local.replace(tzinfo=zone, fold=fold).timestamp() for fold in (1, 0))
    if early == late or _clock(early, zone) == local:
        return early
    before, after = int(early), int(late)  # `local` is skipped somewhere between
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _clock(middle, zone) < local else (before, middle)
    return float(after)


def _clock(now: float, zone: tzinfo) -> datetime:
    """What the clocks of the zone show."""
    return datetime.fromtimestamp(now, zone).replace(tzinfo=None, fold=0)


def merged(*lists: Iterable[Span]) -> list[Span]:
    """All the spans in order and apart: those that overlap or touch are one, and those of no length none."""
    union: list[Span] = []
    for begin, end in sorted(chain(*lists)):
        if union and begin <= union[-1][1]:
            union[-1] = union[-1][0], max(end, union[-1][1])
        elif begin < end:
            union.append((begin, end))
    return union


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to watch. With neither hours nor a calendar that opens it is open but for what closes it.

    Attributes:
        hours: the weekly hours, if there are any.
        zone: the time zone of the hours.
        opened: when it is open besides, in any order; None if no calendar opens it.
        closed: when it is closed in spite of all that, in any order.
    """

    hours: Hours | None
    zone: tzinfo
    opened: Sequence[Span] | None = None
    closed: Sequence[Span] = ()

    def __post_init__(self) -> None:
        if self.opened is not None:
            object.__setattr__(self, "opened", tuple(merged(self.opened)))
        object.__setattr__(self, "closed", tuple(merged(self.closed)))

    def is_open(self, now: float) -> bool:
        """Whether it is open at `now`, in Unix time. Takes some 0.1 ms: ask when it changes, and remember."""
        if _end(self.closed, now) is not None:
            return False
        if self.hours is None and self.opened is None:
            return True
        return _end(self.opened or (), now) is not None or _end(self._near(now, 0 * ONE_DAY), now) is not None

    def changes_after(self, now: float) -> float | None:
        """The next moment at which it opens or closes, in Unix time; None if it never does."""
        was_open = self.is_open(now)
        for edge in self._edges(now):
            if self.is_open(edge) != was_open:
                return edge
        return None

    def _edges(self, now: float) -> Iterator[float]:
        """Moments after `now`, in order, between which it surely stays as it is."""
        edge: float | None = now
        while edge is not None:
            over = _end(self.closed, edge)
            edge = over if over is not None else self._next(edge)
            if edge is not None:
                yield edge

    def _next(self, now: float) -> float | None:
        """The next moment at which it may change, if nothing closes it at `now`."""
        edges = [_after(self.closed, now), _after(self.opened or (), now)]
        if _end(self.opened or (), now) is None:
            edges.append(self._next_by_hours(now))
        return min((edge for edge in edges if edge is not None), default=None)

    def _next_by_hours(self, now: float) -> float | None:
        edge = _after(self._near(now, WEEKS), now)
        # What lasts until the end of what is looked at has no end: it is open all week.
        return edge if edge is not None and edge - now < (WEEKS - ONE_DAY).total_seconds() else None

    def _near(self, now: float, ahead: timedelta) -> list[Span]:
        """The openings by hours that are not over at `now`, as far as they begin soon."""
        if self.hours is None:
            return []
        today = _clock(now, self.zone).date()
        # Two days before: one over midnight, and one for a date that comes twice or not at all.
        return self.hours.spans(today - 2 * ONE_DAY, today + ONE_DAY + ahead, self.zone)


def _end(spans: Sequence[Span], now: float) -> float | None:
    """The end of the span in which `now` is, if there is one; they are in order and apart."""
    index = bisect_right(spans, (now, float("inf"))) - 1
    return spans[index][1] if index >= 0 and now < spans[index][1] else None


def _after(spans: Sequence[Span], now: float) -> float | None:
    """The first begin or end after `now`."""
    over = _end(spans, now)
    if over is not None:
        return over
    index = bisect_right(spans, (now, float("inf")))
    return spans[index][0] if index < len(spans) else None
