"""The tags that stand in the name of a series: `calls.active;pbx=hq`."""

import re
from collections.abc import Iterator

_CALL = re.compile(r"[a-z]+[(].+[)]", re.IGNORECASE)
"""A name that a function made; graphite-web looks for no tags in it."""
_FORBIDDEN = frozenset(";!^=")


def tags_of(name: str) -> dict[str, str]:
    """The tags of a series, `name` among them; only that one if a function made the name."""
    return {"name": name} if _CALL.fullmatch(name) else tags_in(name)


def tags_in(name: str) -> dict[str, str]:
    """The tags that a name holds, whatever made it; only `name` where the others cannot be read."""
    metric, *segments = name.split(";")
    tags = list(_pairs(segments))
    plain = metric.lstrip("~")
    return {**dict(tags), "name": plain} if plain and len(tags) == len(segments) else {"name": name}


def _pairs(segments: list[str]) -> Iterator[tuple[str, str]]:
    for segment in segments:
        key, _, value = segment.partition("=")
        if key and not _FORBIDDEN & set(key) and value and not value.startswith("~"):
            yield key, value
