"""Where the dialects of StatsD put tags, and the two things in DogStatsD that are not metrics.

    plain       name:1|c
    Graphite    name;key=value;key=value:1|c
    InfluxDB    name,key=value,key=value:1|c
    SignalFX    name[key=value,key=value]:1|c
    DogStatsD   name:1|c|#key:value,flag

Asterisk puts `;`, `,` and `[` into names as well (`PJSIP.contacts.bob;@f3a2.rtt`): a name is one of the
middle three only if every part after the separator holds a `=`.
"""

import re

from bridge.core.sample import Labels

FLAG = "true"
"""The value of a DogStatsD tag that has none."""
BRACKETS = re.compile(r"([^\[\]]*)\[([^\[\]]*)\](.*)")
EVENT = re.compile(rb"_e\{([0-9]{1,5}),([0-9]{1,5})\}:")
CHECK = re.compile(r"_sc\|[^|]+\|[0-3](?:\|.*)?")


def split_name(name: str) -> tuple[str, Labels]:
    """The name without its tags, and the tags in the order in which they stand.

    A tag whose key or value is empty is returned as it is.
    """
    if "=" not in name:
        return name, ()
    if match := BRACKETS.fullmatch(name):
        front, inside, behind = match.groups()
        if tags := _pairs(inside.split(",")):
            return front + behind, tags
    for separator in ";,":
        base, *parts = name.split(separator)
        if tags := _pairs(parts):
            return base, tags
    return name, ()


def _pairs(parts: list[str]) -> Labels:
    """`key=value` of each part; nothing unless all parts are of that shape."""
    if not all("=" in part for part in parts):
        return ()
    cut = (part.partition("=") for part in parts)
    return tuple((key, value) for key, _, value in cut)


def dogstatsd_tags(text: str) -> Labels:
    """The tags of a section `#`, in their order. A flag without a colon has the value `true`."""
    cut = (part.partition(":") for part in text.split(",") if part)
    return tuple((key, value if colon else FLAG) for key, colon, value in cut)


def is_notice(line: str) -> bool | None:
    """Whether a line is a sound event or service check: None if it is neither of them, sound or not."""
    if line.startswith("_sc|"):
        return bool(CHECK.fullmatch(line))
    if line.startswith("_e{"):
        return _is_event(line.encode())
    return None


def _is_event(line: bytes) -> bool:
    """`_e{TITLE BYTES,TEXT BYTES}:TITLE|TEXT[|...]`: the lengths must be true."""
    match = EVENT.match(line)
    if not match:
        return False
    title, text = int(match[1]), int(match[2])
    body = line[match.end() :]
    rest = body[title + 1 :]
    return (
        title > 0 and body[title : title + 1] == b"|" and len(rest) >= text and rest[text:][:1] in (b"", b"|")
    )
