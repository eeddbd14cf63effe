"""The one rule that lays a series out as a path: `<pbx>/<group>[/<label values>]/<what>`.

Graphite, MQTT and Prometheus differ only in the separator and in which characters are safe. Every other
byte is written `%XX`, so two different series never share a path, and any URL decoder reads one back.
"""

from collections.abc import Callable
from typing import NamedTuple

from bridge.core.sample import Series

STATSD = "statsd"
"""The group of the user's own buckets: its labels are free, so paths carry their keys too."""

Escape = Callable[[str], str]


def escaper(safe: str) -> Escape:
    """A function that keeps the characters of `safe` and writes every other byte as %XX.

    The empty text becomes a lone `%`, which no other text does: a path never has an empty component.
    """
    kept = frozenset(safe) - {"%"}
    table = {chr(code): chr(code) if chr(code) in kept else f"%{code:02X}" for code in range(128)}

    def escape(text: str) -> str:
        if kept.issuperset(text):
            return text or "%"
        return "".join(table.get(char) or _hex(char) for char in text)

    return escape


def _hex(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


class Place(NamedTuple):
    """Where a series lives: `entity` is what it belongs to, `what` is the number of that entity."""

    entity: tuple[str, ...]
    what: str


def place(series: Series, escape: Escape, bucket: Escape | None = None) -> Place:
    """The escaped components of a series: entity = (pbx, group, label values ...), and what.

    Args:
        series: the series to place.
        escape: makes one component safe; it must escape `=`.
        bucket: makes the dotted name of a StatsD bucket safe; default is `escape`.
    """
    group, _, what = series.name.partition(".")
    (_, pbx), *labels = series.labels
    if group == STATSD:
        values = [f"{escape(key)}={escape(value)}" for key, value in labels]
        return Place((escape(pbx), group, *values), (bucket or escape)(what))
    return Place((escape(pbx), escape(group), *(escape(value) for _, value in labels)), escape(what))
