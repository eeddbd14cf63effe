"""Slices: long work in pieces, between which something else may be done."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

SLICE = 1_000
"""Things that are done at once: some milliseconds, if each takes some microseconds."""


def slices(whole: Sequence[T], size: int = SLICE) -> Iterator[Sequence[T]]:
    """The whole in its order, `size` at a time."""
    return (whole[start : start + size] for start in range(0, len(whole), size))
