"""StatsD: a datagram becomes measurements and named complaints.

The grammar of a line is `NAME:VALUE|TYPE[|@RATE]`, one or several lines to a datagram, with or without a
line feed at the end. Some dialects put tags into it (dialects.py). Where they and Asterisk want different
things, the line itself decides:

- A name ends at the LAST colon before the first pipe, since Asterisk lets colons through: `a:b:1|c` is
  `a:b`. Only a line that bears a mark of DogStatsD (a section `#`, `T`, `c:`, `e:` or `card:`, or one of
  the types h and d, which Asterisk never sends) is cut at the first colon and may pack several values.
- The name of a set ends at the first colon: its members are free text (`seen:sip:100|s`), and text must
  not become a name.
- `a:1|c:2|c` is etsy's way to pack values: each counts as if it came in a line of its own.
"""

import math
import re
from hashlib import sha256
from typing import NamedTuple, TypeVar

from bridge.core.sample import Kind, Labels, Measurement, Series
from bridge.protocols.dialects import dogstatsd_tags, is_notice, split_name
from bridge.protocols.refusal import NOTHING, BadLine, Reason, RefusedError

LINE_LIMIT = 8192
"""Bytes of a line: what the buffer of a DogStatsD agent holds, so no client sends more."""
NAME_LIMIT, SEGMENT_LIMIT = 256, 32
"""Characters and dotted parts of a name: in Graphite these are the length and depth of a path."""
TAGS_LIMIT, TAG_LIMIT = 20, 128
"""How many tags a line may bear, and the characters of a tag's key or value."""
MEMBER_LIMIT = 256
"""Characters of a member of a set. Each is kept until the flush, of a longer one only a digest."""
REMEMBERED, REMEMBERED_LIMIT = 8192, 256
"""How many good lines are remembered, up to which length: a PBX says the same ones again and again."""
SERIES_REMEMBERED = 20_000
"""How many names are remembered, with their series: as many as there may be buckets, by default."""
SHORT = 3
"""Characters of a value that is, with its colon: `:1`, `:+1`."""

KINDS = {
    "c": Kind.COUNTER,
    "m": Kind.COUNTER,  # Asterisk's meter
    "g": Kind.GAUGE,
    "ms": Kind.TIMER,
    "h": Kind.TIMER,
    "d": Kind.TIMER,
    "s": Kind.SET,
}
PLAIN_KINDS = {code.encode(): kind for code, kind in KINDS.items()}
DOGSTATSD_TYPES = ("h", "d")
NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?(?:nan|inf(?:inity)?)", re.IGNORECASE)
TIMESTAMP = re.compile(r"[0-9]{1,10}")
CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
PLAIN = re.compile(rb"([A-Za-z0-9_.\-/@ ]{1,256}):([-+]?[0-9]{1,15})\|(c|g|ms|m)")
"""The line without tags, packing or rate, which is nearly all that a PBX sends."""


class Parsed(NamedTuple):
    """What a datagram holds.

    Attributes:
        measurements: the values of all lines that are good.
        bad: what is refused, one entry per line or packed value.
        lines: how many lines there are, good and bad, blank ones left out.
        accepted: how many lines gave a measurement.
        notices: how many lines are events or service checks of DogStatsD: understood, but no metrics.
    """

    measurements: tuple[Measurement, ...] = ()
    bad: tuple[BadLine, ...] = ()
    lines: int = 0
    accepted: int = 0
    notices: int = 0


def parse_datagram(data: bytes) -> Parsed:
    """All that a datagram holds; every input has an answer.

    A blank line is a bad line with a reason of its own, so that nothing arrives uncounted.
    """
    parsed = _remembered.get(data)
    if parsed is None:
        parsed = _parse_lines(data) if b"\n" in data else _parse_line(data)
        if _is_worth_remembering(data, parsed):
            _remember(_remembered, data, parsed)
    return parsed


def _is_worth_remembering(data: bytes, parsed: Parsed) -> bool:
    """Whether it is one good value: what is remembered must be small, and rubbish must not push it out.

    The same duration, or a number of several digits, hardly ever comes twice.
    """
    return (
        len(parsed.measurements) == 1
        and not parsed.bad
        and len(data) <= REMEMBERED_LIMIT
        and not data.endswith(b"|ms")
        and data.find(b"|") - data.find(b":") <= SHORT
    )


_remembered: dict[bytes, Parsed] = {}
_series_remembered: dict[bytes, Series] = {}
Value = TypeVar("Value")


def _remember(memory: dict[bytes, Value], key: bytes, value: Value, limit: int = REMEMBERED) -> None:
    """Forgets all when it is full: to keep an order of use would cost more than to parse again."""
    if len(memory) >= limit:
        memory.clear()
    memory[key] = value


def _parse_lines(data: bytes) -> Parsed:
    return joined([parse_line(line) for line in data.removesuffix(b"\n").split(b"\n")])


def parse_line(line: bytes) -> Parsed:
    """As `parse_datagram`, of one line among others, without its line feed."""
    return parse_datagram(line) if line else BLANK


def joined(parts: list[Parsed]) -> Parsed:
    """What several lines hold together."""
    if len(parts) == 1:
        return parts[0]
    return Parsed(
        tuple(measurement for part in parts for measurement in part.measurements),
        tuple(bad for part in parts for bad in part.bad),
        sum(part.lines for part in parts),
        sum(part.accepted for part in parts),
        sum(part.notices for part in parts),
    )


def _parse_line(raw: bytes) -> Parsed:
    plain = PLAIN.fullmatch(raw)
    return _parse_plain(raw, *plain.groups()) if plain else _parse_any(raw)


def _parse_plain(raw: bytes, name: bytes, digits: bytes, code: bytes) -> Parsed:
    """A shorter way to what `_parse_any` finds; it takes a third of the time."""
    series = _series_remembered.get(name)
    if series is None:
        parsed = _parse_any(raw)
        for measurement in parsed.measurements:
            _remember(_series_remembered, name, measurement.series, SERIES_REMEMBERED)
        return parsed
    kind = PLAIN_KINDS[code]
    if kind is Kind.GAUGE and digits[0] in b"+-":
        kind = Kind.DELTA
    return Parsed((Measurement(series, kind, float(digits)),), (), 1, 1)


def _parse_any(raw: bytes) -> Parsed:
    try:
        line = _text(raw)
        if (sound := is_notice(line)) is not None:
            return Parsed(lines=1, notices=1) if sound else _bad(raw, Reason.BAD_NOTICE)
        if (pack := _unpacked(line)) is not None:
            return _parse_pack(raw, pack)
        return Parsed(_measurements(line), lines=1, accepted=1)
    except RefusedError as refused:
        return _bad(raw, refused.reason)


def _bad(line: bytes, reason: Reason) -> Parsed:
    return Parsed(bad=(BadLine(line, reason),), lines=0 if reason in NOTHING else 1)


BLANK = _bad(b"", Reason.BLANK)


def _text(raw: bytes) -> str:
    if len(raw) > LINE_LIMIT:
        raise RefusedError(Reason.LONG_NAME if raw.find(b":") > LINE_LIMIT else Reason.LONG_LINE)
    line = raw.rstrip(b" \t\r")
    if not line:
        raise RefusedError(Reason.BLANK if raw else Reason.EMPTY)
    is_clean = not CONTROL.search(line)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise RefusedError(Reason.ENCODING if is_clean else Reason.BINARY) from None
    if not is_clean:
        raise RefusedError(Reason.CONTROL)
    return text


class _Pack(NamedTuple):
    """What etsy's packing puts into one line: `a:1|c:2|c|#k:v` is `a:1|c|#k:v` and `a:2|c|#k:v`."""

    name: str
    values: list[str]
    tail: list[str]


def _unpacked(line: str) -> _Pack | None:
    """The parts of a line that packs; None if it does not."""
    if line.count(":") < 2:
        return None
    body, mark, tags = line.partition("|#")
    _, *sections = body.split("|")
    if not any(":" in text for at, text in enumerate(sections) if at == 0 or text.startswith("@")):
        return None
    name, *values = body.split(":")
    return _Pack(name, values, f"#{tags}".split("|") if mark else [])


def _parse_pack(raw: bytes, pack: _Pack) -> Parsed:
    """All values of a pack. What they share is read once: a line of 8 KiB would else take a second."""
    shared = _sections(pack.tail)
    series = _series(pack.name, shared.tags)
    measurements: list[Measurement] = []
    bad: list[BadLine] = []
    for value in pack.values:
        try:
            text, _, kind, texts = _typed(value)
            measurements.append(_measurement(series, kind, text, _sections(texts, shared)))
        except RefusedError as refused:
            bad.append(BadLine(raw, refused.reason))
    return Parsed(tuple(measurements), tuple(bad), lines=1, accepted=1 if measurements else 0)


def _measurements(line: str) -> tuple[Measurement, ...]:
    if ":" not in line.partition("|")[0]:
        raise RefusedError(Reason.NO_VALUE)
    head, code, kind, texts = _typed(line)
    sections = _sections(texts)
    packs = code in DOGSTATSD_TYPES or sections.is_dogstatsd
    name, values = _cut(head, kind, packs=packs)
    series = _series(name, sections.tags)
    return tuple([_measurement(series, kind, value, sections) for value in values])


def _typed(text: str) -> tuple[str, str, Kind, list[str]]:
    """What stands before the type; the type, as it is written and as it is meant; the sections behind it."""
    head, pipe, rest = text.partition("|")
    if not pipe:
        raise RefusedError(Reason.NO_TYPE)
    code, *sections = rest.split("|")
    kind = KINDS.get(code.rstrip())
    if kind is None:
        raise RefusedError(Reason.BAD_TYPE)
    return head, code, kind, sections


class _Sections(NamedTuple):
    """What stands behind the type."""

    rate: float = 1.0
    tags: Labels = ()
    time: float | None = None
    is_dogstatsd: bool = False


NONE = _Sections()


def _measurement(series: Series, kind: Kind, text: str, sections: _Sections) -> Measurement:
    """One value. Asterisk prints two decimals of a rate: 0.004 arrives as 0.00 (and 0.01 is 0.005 to 0.015).

    A gauge that is set, or a member of a set, is what it is at any rate; to take a count or a duration once
    would be wrong by a factor of 200 or more, and would look right.
    """
    kind, value = _valued(kind, text)
    if not sections.rate and kind is not Kind.GAUGE and kind is not Kind.SET:
        raise RefusedError(Reason.ZERO_RATE)
    return Measurement(series, kind, value, sections.rate or 1.0, sections.time)


def _sections(texts: list[str], result: _Sections = NONE) -> _Sections:
    for text in texts:
        if text.startswith("@"):
            result = result._replace(rate=_rate(text[1:]))
        elif text.startswith("#"):
            result = result._replace(tags=dogstatsd_tags(text[1:]), is_dogstatsd=True)
        elif text.startswith("T") and TIMESTAMP.fullmatch(text, 1):
            result = result._replace(time=float(text[1:]), is_dogstatsd=True)
        elif text.startswith(("c:", "e:", "card:")):
            # Whose container it is, and how many tags the agent shall add: of no use outside Datadog.
            result = result._replace(is_dogstatsd=True)
        else:
            raise RefusedError(Reason.BAD_SECTION)
    return result


def _rate(text: str) -> float:
    if not NUMBER.fullmatch(text):
        raise RefusedError(Reason.BAD_RATE)
    rate = float(text)
    if rate != 0 and (not 0 < rate <= 1 or math.isinf(1 / rate)):
        raise RefusedError(Reason.RATE_RANGE)
    return rate


def _cut(head: str, kind: Kind, *, packs: bool) -> tuple[str, list[str]]:
    """The name, and the values that follow it."""
    if kind is Kind.SET:
        name, _, member = head.partition(":")
        return name, [member]
    if packs:
        name, *values = head.split(":")
        return name, values
    name, _, value = head.rpartition(":")
    return name, [value]


def _series(text: str, tags: Labels) -> Series:
    name, own_tags = split_name(text)
    if not name:
        raise RefusedError(Reason.NO_NAME)
    if len(name) > NAME_LIMIT or name.count(".") >= SEGMENT_LIMIT:
        raise RefusedError(Reason.LONG_NAME)
    if own_tags and tags:
        raise RefusedError(Reason.MIXED_TAGS)
    return Series(name, _ordered(own_tags or tags) if own_tags or tags else ())


def _ordered(tags: Labels) -> Labels:
    """Tags in one order, each key once with its first value: two ways to write them are one series."""
    if len(tags) > TAGS_LIMIT:
        raise RefusedError(Reason.MANY_TAGS)
    if not all(0 < len(part) <= TAG_LIMIT for tag in tags for part in tag):
        raise RefusedError(Reason.BAD_TAG)
    return tuple(sorted(dict(reversed(tags)).items()))


def _valued(kind: Kind, text: str) -> tuple[Kind, float | str]:
    if not text:
        raise RefusedError(Reason.EMPTY_VALUE)
    if kind is Kind.SET:
        return kind, text if len(text) <= MEMBER_LIMIT else sha256(text.encode()).hexdigest()
    if not NUMBER.fullmatch(text):
        raise RefusedError(Reason.NOT_FINITE if NOT_FINITE.fullmatch(text) else Reason.BAD_VALUE)
    value = float(text)
    if math.isinf(value):
        raise RefusedError(Reason.OVERFLOW)
    if kind is Kind.GAUGE and text[0] in "+-":
        return Kind.DELTA, value
    return kind, value
