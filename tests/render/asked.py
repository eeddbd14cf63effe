"""Requests for the side-by-side proof, and in what two answers differ."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Any
from urllib.parse import urlencode

from tests.render.tree import NOW

TOLERANCE = 1e-9
"""Relative difference of two values that count as the same: sums may be made in another order."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of both sides: the fields of a request to `/render`."""

    targets: tuple[str, ...]
    start: str = "-20min"
    end: str = "now"
    most: int | None = None
    zone: str = "UTC"
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The same as a query string."""
        pairs = [("target", target) for target in self.targets]
        pairs += [("from", self.start), ("until", self.end), ("now", str(NOW)), ("tz", self.zone)]
        pairs += [("format", "json"), ("noCache", "1"), *self.options.items()]
        return urlencode(pairs if self.most is None else [*pairs, ("maxDataPoints", str(self.most))])

    def __str__(self) -> str:
        return " ".join(filter(None, (*self.targets, self.start, self.end, str(self.most or ""), self.zone)))


def differences(one: str, other: str) -> Iterator[str]:
    """In what two JSON bodies differ: names, tags, times and values."""
    found, wanted = json.loads(one), json.loads(other)
    names = [[each["target"] for each in side] for side in (found, wanted)]
    if names[0] != names[1]:
        yield f"names: {names[0]} is not {names[1]}"
        return
    for mine, theirs in zip(found, wanted, strict=True):
        if mine["tags"] != theirs["tags"]:
            yield f"tags of {mine['target']}: {mine['tags']} is not {theirs['tags']}"
        yield from _different(mine["target"], mine["datapoints"], theirs["datapoints"])


def _different(name: str, mine: Sequence[Any], theirs: Sequence[Any]) -> Iterator[str]:
    if len(mine) != len(theirs):
        yield f"{name}: {len(mine)} points, not {len(theirs)}"
    for one, other in zip(mine, theirs, strict=False):
        if not _same_point(one, other):
            yield f"{name}: {one} is not {other}"
            return


def _same_point(mine: Any, theirs: Any) -> bool:
    (value, time), (wanted, due) = mine, theirs
    if value is None or wanted is None:
        return value is wanted and bool(time == due)
    return bool(time == due) and isclose(value, wanted, rel_tol=TOLERANCE)
