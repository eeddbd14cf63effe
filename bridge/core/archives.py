"""How long values are kept, and what whisper makes of it."""

import re
from collections.abc import Iterable
from itertools import pairwise
from math import ceil
from typing import NamedTuple, Self

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
"""carbon's own; its year has 365 days."""
TIME = r"[1-9]\d{0,8}[smhdwy]"
GRAMMAR = re.compile(rf"{TIME}(?:,{TIME}:{TIME})*")
HEADER, ARCHIVE_HEADER, POINT = 16, 12, 12
"""Bytes of a whisper file: its head, that of each archive, and each point."""
MOST_POINTS = 2**28
"""A whisper file has room for offsets of 32 bits, that is for 4 GB."""


class Archive(NamedTuple):
    """A part of a whisper file: one value for each `step` seconds, kept for `span` seconds."""

    step: int
    span: int

    @property
    def points(self) -> int:
        """How many values it holds."""
        return self.span // self.step

    def __str__(self) -> str:
        return f"{_shown(self.step)}:{_shown(self.span)}"


class Retention(NamedTuple):
    """How long values are kept.

    Attributes:
        first: seconds for which every value is kept.
        others: what follows, each coarser and longer than the one before.
    """

    first: int
    others: tuple[Archive, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `SPAN[,STEP:SPAN...]`, such as `1d,1m:30d,15m:2y`.

        Raises:
            ValueError: it is not that; the message says what it is not.
        """
        if not GRAMMAR.fullmatch(text):
            raise ValueError("is not SPAN,STEP:SPAN,... with whole s, m, h, d, w or y")
        first, *others = text.split(",")
        archives = [Archive(*map(seconds, each.split(":"))) for each in others]
        for one, other in pairwise([Archive(0, seconds(first)), *archives]):
            if not (one.step < other.step and one.span < other.span):
                raise ValueError(f"has {other}, which is not coarser and longer than what stands before it")
        return cls(seconds(first), tuple(archives))

    @property
    def longest(self) -> int:
        """The seconds for which anything is kept."""
        return max([self.first, *(archive.span for archive in self.others)])

    def archives(self, step: int) -> list[Archive]:
        """What is kept of a series that has a value every `step` seconds, by the rules of whisper.

        Each step is a whole number of those before it; one that is not coarser than them only adds its span.

        Raises:
            ValueError: a span is too short for one step of what follows it, or they are too long for a file.
        """
        found = [Archive(step, max(self.first, step))]
        for wanted in self.others:
            last = found[-1]
            coarser = ceil(wanted.step / last.step) * last.step
            if coarser == last.step:
                found[-1] = Archive(last.step, max(last.span, wanted.span))
            else:
                found.append(Archive(coarser, wanted.span))
        for one, other in pairwise(found):
            if one.points < other.step // one.step or one.points * one.step >= other.points * other.step:
                raise ValueError(f"gives {one} and then {other}: the first must span one step of the second")
        if sum(archive.points for archive in found) > MOST_POINTS:
            raise ValueError(f"gives {', '.join(map(str, found))}: more than fits a file of whisper")
        return found


def size(archives: Iterable[Archive]) -> int:
    """Bytes of a whisper file."""
    return HEADER + sum(ARCHIVE_HEADER + POINT * archive.points for archive in archives)


def seconds(text: str) -> int:
    """Of a whole number with one of the units s, m, h, d, w, y."""
    return int(text[:-1]) * UNITS[text[-1]]


def _shown(seconds: int) -> str:
    """In the largest unit that leaves a whole number."""
    unit = next(unit for unit in reversed(UNITS) if seconds % UNITS[unit] == 0)
    return f"{seconds // UNITS[unit]}{unit}"
