"""Words: numbers, times and durations as people read them."""

from datetime import UTC, datetime

from bridge.core import number

UNKNOWN = "\N{EN DASH}"
"""What stands where nothing is known."""
LONGEST = 160
"""Characters of a name that are shown: one that is longer was not made for people."""
_STEPS = ((172_800.0, 86_400.0, "days"), (3600.0, 3600.0, "h"), (60.0, 60.0, "min"), (0.0, 1.0, "s"))
"""From how many seconds on which unit is used: 36 hours are not `1 days`."""
_SIZES = ("B", "kB", "MB", "GB", "TB")


_NAMES = {
    "ami": "AMI",
    "graphite": "Graphite",
    "http": "HTTP",
    "mqtt": "MQTT",
    "snmp": "SNMP",
    "sparkplug": "Sparkplug",
    "statsd": "StatsD",
}


def called(name: str) -> str:
    """What people call a source or a sink."""
    return _NAMES.get(name) or short(name)


def ago(seconds: float) -> str:
    """How long something is past, roughly, so that a page at which somebody looks stays calm."""
    if seconds < 10:
        return "just now"
    return f"{rough(seconds // 10 * 10 if seconds < 60 else seconds)} ago"


def rough(seconds: float) -> str:
    """A duration in one unit: `40 s`, `3 min`, `36 h`, `12 days`."""
    size, unit = next((size, unit) for least, size, unit in _STEPS if seconds >= least or not least)
    return f"{max(0.0, seconds) // size:.0f} {unit}"


def lasting(seconds: float) -> str:
    """A duration in two units: `45 s`, `1 min 20 s`, `2 h 5 min`."""
    whole = int(max(0.0, seconds))
    for size, unit, smaller, below in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {below}" if rest else "")
    return f"{whole} s"


def figure(value: float | None) -> str:
    """A number with its thousands apart: `1,204`, `0.25`; of a fraction three digits are enough."""
    if value is None:
        return UNKNOWN
    if float(value).is_integer() and abs(value) < number.WHOLE:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1000 <= abs(value) < number.WHOLE else f"{value:.3g}"


def measured(value: float, unit: str) -> str:
    """A number with its unit as the catalogue names it: seconds, bytes, ratio or none."""
    if unit == "seconds" and value >= 60:
        return lasting(value)
    if unit == "bytes":
        return size(value)
    return f"{figure(value)} s" if unit == "seconds" else figure(value)


def size(value: float) -> str:
    """Bytes: `512 B`, `3.2 MB`."""
    for unit in _SIZES:
        if abs(value) < 1000 or unit == _SIZES[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def amount(count: int, one: str, many: str = "") -> str:
    """`1 alert`, `2 alerts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def short(text: str, most: int = LONGEST) -> str:
    """Text of a bounded length."""
    return text if len(text) <= most else text[: most - 1] + "…"


def clock(time: float) -> str:
    """A time of day: `20:12:11`, in UTC as everything here."""
    return f"{_datetime(time):%H:%M:%S}"


def day(time: float) -> str:
    """A day and a time: `30 Nov 20:12`."""
    return f"{_datetime(time):%-d %b %H:%M}"


def machine(time: float) -> str:
    """A time for machines, as the element `time` has it."""
    return f"{_datetime(time):%Y-%m-%dT%H:%M:%SZ}"


def _datetime(time: float) -> datetime:
    """Whatever a clock says; what no calendar holds becomes its first second."""
    try:
        return datetime.fromtimestamp(time, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)
