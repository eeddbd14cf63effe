"""Names by which Home Assistant knows things, and the topics under which it looks for them.

    <discovery prefix>/<component>/<node>/<object>/config

Home Assistant allows letters, digits, `_` and `-` in node and object. So every other byte is written `-XX`,
and `--` stands between parts: two different things never share a name, and a name reads back. It is no
hash, since only by reading it back can be told what a topic that was found on the broker was about.
"""

import re
import string
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from bridge.core.naming import escaper

NODE = "asterisk-bridge--"
"""The begin of our node: nobody else's topics must look like ours, since what is not announced is deleted."""
BETWEEN = "--"
CONFIG = "config"
ENTITY_ID_LENGTH = 200
"""Characters of the id that is proposed; Home Assistant takes 255, and may have to append a number."""

_escape = escaper(string.ascii_letters + string.digits + "_")
_ESCAPED = re.compile(r"-([0-9A-F]{2})")
_PARTS = re.compile(r"(?:[A-Za-z0-9_]|-[0-9A-F]{2})*")


def join(parts: Iterable[str]) -> str:
    """One name of several parts; different parts give different names."""
    return BETWEEN.join(_escape(part).replace("%", "-") if part else "" for part in parts)


def split(name: str) -> tuple[str, ...] | None:
    """The parts of a name; None if `join` gives no such name."""
    escaped = name.split(BETWEEN)
    if not all(_PARTS.fullmatch(part) for part in escaped):
        return None
    try:
        parts = tuple(map(_plain, escaped))
    except UnicodeDecodeError:
        return None
    return parts if join(parts) == name else None


def _plain(escaped: str) -> str:
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), escaped)
    return text.encode("latin-1").decode("utf-8", "surrogatepass")


@lru_cache(16)
def node(prefix: str) -> str:
    """The node of the bridge that publishes below `prefix`."""
    return NODE + join([prefix])


def config_topic(discovery: str, component: str, prefix: str, parts: Iterable[str]) -> str:
    """Where an entity is announced."""
    return "/".join((discovery, component, node(prefix), join(parts), CONFIG))


def filters(discovery: str, prefix: str) -> tuple[str, str]:
    """What the bridge hears: its own announcements, and where Home Assistant says that it has started."""
    return f"{discovery}/+/{node(prefix)}/+/{CONFIG}", f"{discovery}/status"


def access(discovery: str, prefix: str) -> list[str]:
    """Lines for the access list of mosquitto (`acl_file`) that allow what discovery does."""
    announcements, birth = filters(discovery, prefix)
    return [f"topic readwrite {announcements}", f"topic read {birth}"]


class Found(NamedTuple):
    """What a topic of our node announces.

    Attributes:
        component: the kind of entity.
        parts: those of its name; empty if it is none that we would give.
    """

    component: str
    parts: tuple[str, ...]


def found(discovery: str, prefix: str, topic: str) -> Found | None:
    """What a topic announces; None if it is no topic of our node."""
    levels = topic.split("/")
    component, owner, name, last = ["", "", "", "", *levels][-4:]
    if (levels[:-4], owner, last) != (discovery.split("/"), node(prefix), CONFIG):
        return None
    return Found(component, split(name) or ())


def entity_id(component: str, words: Iterable[str]) -> str:
    """The entity id to propose, as `sensor.asterisk_hq_queue_support_waiting`; it need not be unique."""
    slug = re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower())[:ENTITY_ID_LENGTH].strip("_")
    return f"{component}.{slug or 'asterisk'}"
