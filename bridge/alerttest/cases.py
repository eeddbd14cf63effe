"""Cases: what a file of tests holds, and what is wrong with it."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Series
from bridge.environment import checked
from bridge.errors import Fault, SettingsError
from bridge.settings.rules import FREE, suggestion
from bridge.settings.types import Duration, Pause, Section, Words
from bridge.settings.values import show_duration
from bridge.settings.variables import KeyPath

PBX = "hq"
"""The PBX of a series whose labels name none."""
MOST = 100_000
"""Values of a series: two weeks of polls."""
LONGEST = 30 * 86_400.0
"""Seconds of a test."""
VALUES = re.compile(r"(_|[-+]?[0-9.]+(?:e[-+]?[0-9]+)?)(?:([-+][0-9.]+(?:e[-+]?[0-9]+)?))?(?:x([0-9]{1,6}))?")


def values(notation: str) -> list[float | None]:
    """The values of a series, None for none, in the notation of promtool.

    `1 2 _` are these and none; `1x3` is a 1 and three more; `0+2x3` is `0 2 4 6`, `9-1x2` is `9 8 7`; `_x3`
    is three times none.

    Raises:
        ValueError: it is something else.
    """
    found: list[float | None] = []
    for word in notation.split():
        found += _run(word)
        if len(found) > MOST:
            raise ValueError(f"has more than {MOST} values")
    return found


def _run(word: str) -> list[float | None]:
    """The values that one word stands for."""
    match = VALUES.fullmatch(word)
    if not match or (match[1] == "_" and match[2]) or (match[2] and not match[3]):
        raise ValueError(f"has {word[:40]!r}: write 5, 5x3, 0+1x10, 10-1x10, _ or _x4")
    times = min(int(match[3] or 0), MOST)
    if match[1] == "_":
        return [None] * max(1, times)
    try:
        first, step = float(match[1]), float(match[2] or 0)
    except ValueError:
        raise ValueError(f"has {word[:40]!r}, which is not a number") from None
    return [first + step * index for index in range(times + 1)]


class Told(Section):
    """Values of one series, one for each interval."""

    metric: str
    labels: dict[str, str] = {}  # noqa: RUF012 - the model copies it
    values: str

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """The series must be one that there can be."""
        metric = CATALOG.get(self.metric)
        if metric is None and self.metric.partition(".")[0] not in FREE:
            yield "metric", f"is {self.metric!r}, which is no metric{suggestion(self.metric, CATALOG)}"
        if metric is not None and set(self.labels) - {"pbx"} != set(metric.labels):
            yield "labels", f"must be {', '.join(metric.labels) or 'none'} (and pbx, if it is not {PBX})"
        try:
            values(self.values)
        except ValueError as error:
            yield "values", str(error)

    @property
    def series(self) -> Series:
        """The series, with its labels in their order."""
        metric = CATALOG.get(self.metric)
        names = metric.labels if metric else tuple(name for name in self.labels if name != "pbx")
        labels = ((name, self.labels[name]) for name in names)
        return Series(self.metric, (("pbx", self.labels.get("pbx", PBX)), *labels))


class Expected(Section):
    """An alert that there must be at a moment; without a rule there must be none."""

    at: Pause
    rule: str = ""
    labels: dict[str, str] = {}  # noqa: RUF012 - the model copies it
    state: Literal["inactive", "pending", "firing"] = "firing"
    severity: Literal["info", "warning", "critical"] | None = None
    summary: str | None = None
    value: float | None = None
    inhibited: bool | None = None
    flapping: bool | None = None


class Case(Section):
    """One test.

    Attributes:
        interval: from one value of a series to the next.
        start: when it begins, which matters to schedules alone.
        rules: whose alerts are looked at; by default those that `expect` names.
        exact: at each moment that `expect` names there is no other pending or firing alert of these rules.
    """

    name: str
    interval: Duration | None = None
    start: datetime | None = None
    rules: Words = ()
    exact: bool = True
    series: tuple[Told, ...] = ()
    expect: tuple[Expected, ...] = ()

    def conflicts(self) -> Iterator[tuple[str, str]]:
        """A test must be able to fail."""
        if not self.expect:
            yield "expect", "is missing: a test expects something"
        elif not self.looked_at:
            yield "rules", "is missing: no rule is named"
        if any(expected.at > LONGEST for expected in self.expect):
            yield "expect", f"has a moment after {show_duration(LONGEST)}"

    @property
    def looked_at(self) -> list[str]:
        """The rules whose alerts are looked at."""
        named = (expected.rule for expected in self.expect if expected.rule)
        return list(dict.fromkeys(self.rules or named))


class Cases(Section):
    """A file of tests: with rules and schedules of its own, which go over those of the settings."""

    interval: Duration = 15.0
    rule: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - the model copies it
    schedule: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - the model copies it
    test: tuple[Case, ...] = ()


def read(path: Path) -> Cases:
    """Read a file of tests.

    Raises:
        SettingsError: it cannot be understood, with every fault in it.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([Fault(str(path), f"cannot be read: {error.strerror}")]) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError([Fault(str(path), f"is not TOML: {error}")]) from error
    return checked(lambda: Cases(**table), lambda place: f"{path}: {_place(place, table)}")


def _place(place: KeyPath, table: Mapping[str, Any]) -> str:
    """A place in the file in words: `test 'a trunk that is down', expect 2, at`."""
    words: list[str] = []
    for part in place:
        if not part.isdecimal():
            words.append(part)
        elif words == ["test"]:
            name = table["test"][int(part)]
            name = name.get("name") if isinstance(name, dict) else None
            words[-1] += f" {name!r}" if isinstance(name, str) else f" {int(part) + 1}"
        else:
            words[-1] += f" {int(part) + 1}"
    return ", ".join(words)
