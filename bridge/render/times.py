"""Times and spans as Graphite writes them: `-1h`, `noon+2d`, `14:30_20261130`, `monday`, `1700000000`."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from bridge.render.errors import QueryError

LONGEST = 60
"""Characters; the longest sensible time has about half of that."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {
    "s": ("seconds", 1),
    "min": ("minutes", 60),
    "h": ("hours", 3600),
    "d": ("days", 86_400),
    "w": ("weeks", 604_800),
    "mon": ("months", 30 * 86_400),
    "y": ("years", 365 * 86_400),
}
"""Beginnings of the words for a unit, what it is called, and its seconds."""
HOURS = {"noon": 12, "midnight": 0, "teatime": 16}
EARLIEST, LATEST = -61_800_000_000, 253_370_000_000
"""Unix times, in seconds, that a calendar knows in every zone: the years 10 to 9998."""

_SPAN = re.compile(r"([+-]?)((?:[0-9]{1,12}[a-z]+)*)")
_PART = re.compile(r"([0-9]+)([a-z]+)")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{1,2})(am|pm)?")
_HOUR = re.compile(r"([0-9]{1,2})(am|pm)")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{1,4})")
_MONTH = re.compile(r"[a-z]*?([0-9]{1,2})")


def unit(word: str) -> tuple[str, int]:
    """What a unit is called, and its seconds.

    Raises:
        QueryError: there is no such unit.
    """
    for beginning, found in UNITS.items():
        if word.startswith(beginning):
            return found
    raise QueryError(f"{word!r} is no unit of time; write s, min, h, d, w, mon or y")


def span(text: str) -> int:
    """The seconds of `1h`, `-5min` or `1d12h`; below 0 with a minus.

    Raises:
        QueryError: it is no span.
    """
    match = _SPAN.fullmatch(text) if len(text) <= LONGEST else None
    if not match:
        raise QueryError(
            f"{text[:LONGEST]!r} is no span of time; write a number and a unit, such as 10min or 1h"
        )
    total = sum(int(number) * unit(word)[1] for number, word in _PART.findall(match[2]))
    if total > LATEST:
        raise QueryError(f"{text!r} is too long a time")
    return -total if match[1] == "-" else total


def moment(text: str, now: float, zone: tzinfo) -> int:
    """The Unix time in seconds that is meant.

    Args:
        text: a time, or a time and a span from there; a span alone counts from `now`.
        now: Unix time in seconds.
        zone: of days and of times of the day.

    Raises:
        QueryError: it is no time.
    """
    plain = re.sub(r"[_, ]", "", text.strip().lower())
    if len(plain) > LONGEST:
        raise QueryError(f"{text[:LONGEST]!r}... is too long for a time")
    try:
        if plain.isascii() and plain.isdigit() and not _is_date(plain):
            return _bounded(int(plain))
        reference, shift = _split(plain)
        return _bounded(_reference(reference, now, zone) + span(shift))
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{text!r} is no time: {error}") from error


def _bounded(seconds: int) -> int:
    if not EARLIEST <= seconds <= LATEST:
        raise ValueError("it must be between the years 10 and 9998")
    return seconds


def _is_date(digits: str) -> bool:
    date = _DATE.fullmatch(digits)
    return bool(date) and int(digits[:4]) > 1900 and int(digits[4:6]) < 13 and int(digits[6:]) < 32


def _split(text: str) -> tuple[str, str]:
    """The time, and the span from there with its sign: the first plus, or else the first minus."""
    sign = "+" if "+" in text else "-"
    reference, found, rest = text.partition(sign)
    return reference, found + rest


def _reference(text: str, now: float, zone: tzinfo) -> int:
    if text in {"", "now"}:
        return int(now)
    local = datetime.fromtimestamp(int(now), zone).replace(tzinfo=None)
    hour, minute, rest = _time_of_day(text)
    at = local.replace(hour=hour, minute=minute, second=0)
    return _seconds(_day(rest, at), zone)


def _time_of_day(text: str) -> tuple[int, int, str]:
    """Hour, minute, and what of the text is the day. As with graphite-web, 12pm is midnight."""
    hour = minute = 0
    if match := _CLOCK.match(text):
        hour, minute, text = int(match[1]), int(match[2]), text[match.end() :]
        hour = (hour + 12) % 24 if match[3] == "pm" else hour
    if match := _HOUR.match(text):
        hour, text = int(match[1]), text[match.end() :]
        hour = (hour + 12) % 24 if match[2] == "pm" else hour
    for word, fixed in HOURS.items():
        if text.startswith(word):
            return fixed, 0, text.removeprefix(word)
    return hour, minute, text


def _day(text: str, at: datetime) -> datetime:
    """The same time of the day that is meant."""
    if text in {"", "today"}:
        return at
    if text in {"yesterday", "tomorrow"}:
        return at + timedelta(days=1 if text == "tomorrow" else -1)
    for pattern, meaning in _DAYS:
        if match := pattern.fullmatch(text):
            return meaning(match, at)
    if text[:3] in MONTHS and (match := _MONTH.fullmatch(text)):
        return at.replace(month=MONTHS.index(text[:3]) + 1, day=int(match[1]))
    if text[:3] in WEEKDAYS:
        return at - timedelta(days=(at.weekday() - WEEKDAYS.index(text[:3])) % 7)
    raise ValueError(f"{text!r} is no day")


def _dated(match: re.Match[str], at: datetime) -> datetime:
    return at.replace(year=int(match[1]), month=int(match[2]), day=int(match[3]))


def _slashed(match: re.Match[str], at: datetime) -> datetime:
    """Month, day and year, of which the century may be left out."""
    year = int(match[3])
    year += 1900 if year < 1900 else 0
    year += 100 if year < 1970 else 0
    return at.replace(year=year, month=int(match[1]), day=int(match[2]))


_DAYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], datetime]], ...] = (
    (_DATE, _dated),
    (_SLASHED, _slashed),
)


def _seconds(local: datetime, zone: tzinfo) -> int:
    """Unix time of a local one; where the clocks are changed, the reading of normal time counts."""
    offsets = (local.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return int((local - datetime(1970, 1, 1) - min(offsets)).total_seconds())  # noqa: DTZ001
