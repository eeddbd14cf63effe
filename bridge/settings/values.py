"""How single values of settings are written, checked and shown: durations, lists, networks, files.

Every reader takes what the environment (text) or TOML (text, numbers, lists) gives, and raises ValueError
with a message that goes on after the value: `'10 apples' is not a duration; ...`.
"""

import ipaddress
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bridge.core.printable import printable

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LIST_LIMIT = 1000
"""Items of a list: one that is longer is a mistake, with a fault for each of its items."""
PLAIN_ITEM = re.compile(r"[\w.-]+=[^\s,]*")
"""An item of a table that reads back as it is written."""
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d)?")
PASSWORD_IN_URL = re.compile(r"^([\w+.-]*:?/+)?+([^:@/]*+).+@", re.DOTALL)
"""Also in what is only nearly a URL, with any character in the password: a fault repeats what is wrong."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What breaks a line, steers a terminal, or stands for a byte that is not UTF-8."""


@dataclass(frozen=True, slots=True)
class Form:
    """How values of a type are spoken of and written.

    Attributes:
        name: the type in documents, such as `duration`.
        show: writes a value as the environment would.
        empty: the empty text is a value; otherwise it is as if none were given.
        table: a TOML table is one value, and not further settings.
    """

    name: str
    show: Callable[[Any], str] = str
    empty: bool = False
    table: bool = False


def duration(value: object) -> object:
    """Seconds from `500ms`, `10s`, `5m`, `1h`, `2d` or plain seconds; what is not text passes."""
    if not isinstance(value, str):
        return value
    match = DURATION.fullmatch(value.strip())
    if not match:
        raise ValueError("is not a duration; write it as 500ms, 10s, 5m or 1h")
    return float(match[1]) * UNITS[match[2] or "s"]


def show_duration(seconds: float) -> str:
    """Seconds in the largest unit that leaves a whole number: 90 is `90s`, 3600 is `1h`."""
    for unit, size in reversed(UNITS.items()):
        if seconds >= size and (seconds / size).is_integer():
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def listed(value: object) -> object:
    """The items of `a,b` or of JSON `["a","b"]`; what is no list passes."""
    items = _items(value) if isinstance(value, str) else value
    if isinstance(items, list) and len(items) > LIST_LIMIT:
        raise ValueError(f"has {len(items)} items; the most is {LIST_LIMIT}")
    return items


def _items(value: str) -> object:
    if not value.lstrip().startswith("["):
        return [item.strip() for item in value.split(",") if item.strip()]
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"looks like JSON but is not ({error}); write a,b") from None


def show_list(items: Iterable[object]) -> str:
    """Items as the environment writes them: `a,b`."""
    return ",".join(f"{item:g}" if isinstance(item, float) else str(item) for item in items)


def table(value: object) -> object:
    """Lists by name from `a=1,b=2,a=3`, from JSON, or from pairs; what is no table passes."""
    found = _entries(value) if isinstance(value, str) else value
    found = dict(found) if isinstance(found, tuple) else found
    if not isinstance(found, Mapping):
        return found
    lists = {name: listed([each] if isinstance(each, str) else each) for name, each in found.items()}
    if any(CONTROL.search(text) for text in _texts(lists)):
        raise ValueError("holds a control character, or bytes that are not UTF-8")
    return lists


def _texts(lists: Mapping[Any, object]) -> Iterator[str]:
    """All that is text in a table."""
    for name, items in lists.items():
        yield from (
            each
            for each in (name, *(items if isinstance(items, list | tuple) else ()))
            if isinstance(each, str)
        )


def _entries(value: str) -> object:
    if value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"looks like JSON but is not ({error}); write a=1,b=2") from None
    lists: dict[str, list[str]] = {}
    for item in filter(None, map(str.strip, value.split(","))):
        name, equals, text = item.partition("=")
        if not equals:
            raise ValueError("is not a table; write a=1,b=2")
        lists.setdefault(name.strip(), []).append(text.strip())
    return lists


def show_table(lists: Mapping[str, Iterable[str]]) -> str:
    """Lists by name as the environment writes them: `a=1,b=2,a=3`, or JSON where that would not read back."""
    tables = {name: [*texts] for name, texts in lists.items()}
    items = [f"{name}={text}" for name, texts in tables.items() for text in texts]
    plain = all(tables.values()) and all(map(PLAIN_ITEM.fullmatch, items))
    if plain and not any("=" in name for name in tables):
        return ",".join(items)
    return json.dumps(tables)


def whole(value: object) -> object:
    """A whole number from text, for choices between numbers; anything else passes."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


def network(text: str) -> str:
    """Check one address or network, such as `10.0.0.5` or `10.0.0.0/8`."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("is not an address or a network; write 10.0.0.5 or 10.0.0.0/8") from None
    return text


def is_ipv6(text: str) -> bool:
    """Whether the text is an IPv6 address, without brackets; it may have a zone, such as `%eth0`."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def overlapping(one: str, other: str) -> bool:
    """Whether two addresses or networks share an address."""
    left, right = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return left.version == right.version and left.overlaps(right)


def time_zone(name: str) -> str:
    """Check the name of a time zone, such as `Europe/Berlin`."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("is not a time zone; write Europe/Berlin or UTC") from None
    return name


def calendar(source: str) -> str:
    """Check where a calendar is: a file, or a URL of a web server."""
    if "://" not in source:
        readable_file(Path(source))
        return source
    try:
        url = urlsplit(source)
        readable = bool(url.hostname) and url.port != 0
    except ValueError:
        readable = False
    if not readable:
        raise ValueError("is not a URL that can be read")
    if url.scheme not in {"http", "https"}:
        raise ValueError("must begin with https:// or http://, or be a file")
    return source


def without_path(source: str) -> str:
    """A calendar as others may see it: the path of a private one is as secret as a password."""
    url = urlsplit(source)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}/..." if "://" in source else source


def percentile(value: float) -> float:
    """Check one percentile of timers."""
    if not -100 <= value <= 100 or value == 0:
        raise ValueError("is not a percentile; it must lie in -100..100 and not be 0")
    return value


def readable_file(path: Path) -> Path:
    """Check that a file is there and may be read."""
    if not stat.S_ISREG(_mode(path)):
        raise ValueError("is not a file")
    if not os.access(path, os.R_OK):
        raise ValueError("may not be read by this user")
    return path


def readable_folder(path: Path) -> Path:
    """Check that a folder is there and may be read."""
    if not stat.S_ISDIR(_mode(path)):
        raise ValueError("is not a folder")
    if not os.access(path, os.R_OK | os.X_OK):
        raise ValueError("may not be read by this user")
    return path


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        raise ValueError("does not exist") from None
    except OSError as error:
        raise ValueError(f"cannot be used: {error.strerror}") from None


def without_password(text: str) -> str:
    """The text of a URL, or of several, with everything masked that may be a password."""
    return PASSWORD_IN_URL.sub(r"\1\2:***@", text)


def one_line(text: str, limit: int) -> str:
    """The text in at most `limit` characters, none of which does anything to a terminal."""
    shown = printable(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def is_local(host: str) -> bool:
    """Whether nothing sent there leaves this machine; a name may begin with 127. and be anywhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
