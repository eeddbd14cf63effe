"""Search: every word must be in the name or the labels."""

import pytest

from bridge.core.sample import Sample
from bridge.page.search import MOST, NOTHING, find, written
from tests.page.scene import NOW, series

SAMPLES = [
    Sample(series("queue.waiting", queue="Support"), 3, NOW),
    Sample(series("queue.waiting", queue="sales"), 1, NOW),
    Sample(series("trunk.up", trunk="acme"), 1, NOW),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [("queue", 2), ("QUEUE sup", 1), ("hq", 3), ("trunk=acme", 1), ("queue acme", 0), ("", 0), ("  ", 0)],
)
def test_words(query: str, found: int) -> None:
    assert find(query, SAMPLES).amount == found


def test_no_word_finds_nothing() -> None:
    assert find(" ", SAMPLES) == NOTHING


def test_of_many_the_first_are_shown_by_name() -> None:
    many = [Sample(series("x.y", n=f"{number:04}"), 1, NOW) for number in range(500, 0, -1)]

    found = find("x.y", many)

    assert found.amount == 500
    assert len(found.samples) == MOST
    assert written(found.samples[0].series) == "x.y pbx=hq n=0001"


def test_what_is_looked_for_is_bounded() -> None:
    assert len(find("a" * 10_000, SAMPLES).query) == 200
