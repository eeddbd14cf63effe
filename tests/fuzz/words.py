"""Bytes of a fuzzer as the texts and numbers that a law is about."""

import math
import struct

from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Labels, Series


def text(data: bytes) -> str:
    """Any text: also one with half characters, as names of files and variables may be."""
    return data.decode("utf-8", "surrogateescape")


def texts(data: bytes) -> list[str]:
    """Several texts, with a NUL between them."""
    return [text(part) for part in data.split(b"\0")]


def number(data: bytes) -> float:
    """A finite number; eight bytes give any there is."""
    value: float = struct.unpack("<d", data[:8].ljust(8, b"\0"))[0]
    return value if math.isfinite(value) else 0.0


def series(data: bytes) -> Series:
    """A series as sources make them: `pbx` first, then the labels of its metric, or any of different keys."""
    name, *rest = data.decode("utf-8", "replace").split("\x1e")
    if metric := CATALOG.get(name):
        return metric.series("hq", *(*rest, *metric.labels)[: len(metric.labels)])
    labels: dict[str, str] = {"pbx": "hq"}
    for pair in rest:
        key, _, value = pair.partition("=")
        labels.setdefault(key or "key", value)
    found: Labels = tuple(labels.items())
    return Series(f"statsd.{name.removeprefix('statsd.')}", found)
