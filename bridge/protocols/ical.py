"""iCalendar (RFC 5545) before it is read: only what tells when events take place, and not too much of it.

Who meets whom, and what about, goes no further.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

BYTES = 4 * 1024 * 1024
"""Of a calendar: a decade of a busy team has less."""
MOST = {"line": 200_000, "event": 5_000, "single date": 20_000}
"""Of a calendar; single dates are RDATE and EXDATE."""
LENGTH = 1_000
"""Characters of a line that is kept; only lists of single dates are longer."""
DEPTH = 5
"""Parts within parts: an alarm of an event of a calendar is the third."""
TIMES = 24
"""Times of day of a rule."""

PARTS = frozenset(
    ["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYHOUR", "BYMINUTE", "BYSECOND"]
)
SPARSE = frozenset({"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"})
RULES = {"DAILY": PARTS, "WEEKLY": PARTS, "MONTHLY": PARTS | SPARSE, "YEARLY": PARTS | SPARSE}
"""The parts that a rule may have, by its FREQ.

With others it can be one that never comes true, and is followed to the year 9999 to find that out. That would
take up to 10 s; what these allow takes one at most.
"""

KEPT_PARTS = frozenset({"", "VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VEVENT"})
DATES = frozenset({"RDATE", "EXDATE"})
KEPT = DATES | {
    *("BEGIN", "END", "CALSCALE", "X-WR-TIMEZONE", "TZID", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO"),
    *("UID", "SEQUENCE", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "RRULE", "STATUS", "TRANSP"),
}
"""The parts and properties that tell when events take place."""

START = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\s", re.IGNORECASE)
FOLD = re.compile(r"(?:\r?\n)+[ \t]")
NEWLINE = re.compile(r"\r?\n")
INTERVAL = re.compile("0*[1-9][0-9]{0,3}")
"""That of a rule; with 0 it would be followed for ever."""


class CalendarError(ValueError):
    """A calendar cannot be used; the message says why.

    Attributes:
        reason: `malformed` or `limit`, or what is wrong with the file: `missing` or `unreadable`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def essence(content: bytes) -> bytes:
    """What of a calendar tells when its events take place; reading that takes neither long nor much memory.

    Raises:
        CalendarError: it is no calendar, or too much of one.
    """
    if len(content) > BYTES:
        raise CalendarError("limit", f"it has more than {BYTES} bytes")
    if not START.match(content):
        raise CalendarError("malformed", "it is no iCalendar file, which begins with BEGIN:VCALENDAR")
    counts = Counter(line=content.count(b"\n"))
    _examine_counts(counts)
    kept: list[str] = []
    for line, name, within in _properties(content.decode("utf-8-sig", "replace")):
        if name in DATES:
            counts["single date"] += line.count(",") + 1
        elif len(line) > LENGTH:
            raise CalendarError("limit", f"it has a {name} of more than {LENGTH} characters")
        elif name == "RRULE":
            _examine_rule(line.partition(":")[2].strip().upper(), yearly=within in {"STANDARD", "DAYLIGHT"})
        counts["event"] += name == "BEGIN" and within == "VEVENT"
        kept.append(line)
    _examine_counts(counts)
    return "\r\n".join([*kept, ""]).encode()


def _examine_counts(counts: Mapping[str, int]) -> None:
    for what, most in MOST.items():
        if counts[what] > most:
            raise CalendarError("limit", f"it has {counts[what]} {what}s; the most is {most}")


def _properties(text: str) -> Iterator[tuple[str, str, str]]:
    """Each line that is kept, its name, and the part within which it is; both in capitals."""
    inside = [""]
    for line in NEWLINE.split(FOLD.sub("", text)):
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            inside.append(line.partition(":")[2].strip().upper())
            if len(inside) > DEPTH + 1:
                raise CalendarError("malformed", f"it has parts within parts, more than {DEPTH} deep")
        if name in KEPT and KEPT_PARTS.issuperset(inside):
            yield line, name, inside[-1]
        if name == "END" and len(inside) > 1:
            inside.pop()


def _examine_rule(value: str, *, yearly: bool) -> None:
    """See that a rule is followed soon; only a yearly one is if it is a time zone's, which is asked often."""
    pairs = [part.partition("=")[::2] for part in value.split(";")]
    parts = dict(pairs)
    frequency = parts.get("FREQ", "")
    if (
        len(parts) < len(pairs)
        or not INTERVAL.fullmatch(parts.get("INTERVAL", "1"))
        or not parts.keys() <= RULES.get(frequency, frozenset())
        or (yearly and frequency != "YEARLY")
    ):
        raise CalendarError("limit", f"it has the rule {value[:100]!r}, which may take too long to follow")
    if times_of_day({name: each.split(",") for name, each in parts.items()}) > TIMES:
        raise CalendarError("limit", f"it has the rule {value[:100]!r}, with more than {TIMES} times of day")


def times_of_day(rule: Mapping[str, Sequence[object]]) -> int:
    """How often a rule may come true on one day."""
    return len(rule.get("BYHOUR", [0])) * len(rule.get("BYMINUTE", [0])) * len(rule.get("BYSECOND", [0]))
