"""Search: the series whose name or labels hold all words that somebody looks for."""

from collections.abc import Iterable
from heapq import nsmallest
from typing import NamedTuple

from bridge.core.sample import Sample, Series

MOST = 100
"""Series that are shown of those found."""
LONGEST = 200
"""Characters of what is looked for."""


class Found(NamedTuple):
    """What a search has found.

    Attributes:
        query: what was looked for.
        amount: how many series there are.
        samples: the first of them, by name.
    """

    query: str = ""
    amount: int = 0
    samples: tuple[Sample, ...] = ()


NOTHING = Found()


def find(query: str, samples: Iterable[Sample]) -> Found:
    """The series that hold every word; upper and lower case are the same. No word: none are found."""
    words = query[:LONGEST].lower().split()
    if not words:
        return NOTHING
    found = [sample for sample in samples if _holds(written(sample.series).lower(), words)]
    first = nsmallest(MOST, found, key=lambda sample: sample.series)
    return Found(query[:LONGEST], len(found), tuple(first))


def written(series: Series) -> str:
    """A series as it is looked for: `queue.waiting pbx=hq queue=support`."""
    return " ".join([series.name, *(f"{name}={value}" for name, value in series.labels)])


def _holds(text: str, words: Iterable[str]) -> bool:
    return all(word in text for word in words)
