"""Mapping rules: a file is taken or refused in words, and no rule that is taken fails on any name."""

from bridge.core.mapping import Mapper, read_rules
from bridge.core.sample import Series
from tests.fuzz.words import text

NAMES = ("", ".", "web.requests.GET", "a" * 256, ".".join("a" * 32), "a.b.c.d", "x-y_z.*.$1")


def one(data: bytes) -> None:
    """Take a file of rules, with names behind its first NUL."""
    rules, _, names = data.partition(b"\0")
    try:
        mapper = Mapper(read_rules(text(rules)))
    except ValueError:
        return
    for name in (*NAMES, *text(names).split("\n")):
        for labels in ((), (("method", "GET"),)):
            renamed = mapper(Series(name, labels))
            assert renamed is None or len(dict(renamed.labels)) == len(renamed.labels)
            assert renamed is None or renamed.name or not name
