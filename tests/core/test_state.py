"""State is said in JSON and read back as it was; what a hand has made of it does no harm."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.sample import Series
from bridge.core.state import (
    Json,
    mapping,
    nothing,
    number,
    of_series,
    pbx_series_in,
    sequence,
    series_in,
    text,
)

NAMES = st.text(min_size=1)
LABELS = st.lists(st.tuples(st.text(), st.text())).map(tuple)


@given(NAMES, LABELS)
def test_a_series_is_read_back_as_it_was(name: str, labels: tuple[tuple[str, str], ...]) -> None:
    series = Series(name, labels)

    assert series_in(json.loads(json.dumps(of_series(series)))) == series


@pytest.mark.parametrize(
    "value", [None, 1, "calls.active", {}, [], [1], [""], ["a", "b"], ["a", "b", 1], [["a"]]]
)
def test_what_is_no_series_is_none(value: Json) -> None:
    assert series_in(value) is None


def test_a_series_of_no_pbx_is_none_where_a_pbx_is_needed() -> None:
    ours = Series("queue.joins", (("pbx", "hq"), ("queue", "support")))

    assert pbx_series_in(of_series(ours)) == ours
    assert pbx_series_in(["queue.joins"]) is None
    assert pbx_series_in(["queue.joins", "queue", "support", "pbx", "hq"]) is None


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 400])
def test_a_number_that_spoils_every_sum_is_none(text: str) -> None:
    assert number(json.loads(text)) is None


@pytest.mark.parametrize("value", [None, 1, True, "text", [1], {"a": 1}])
def test_everything_else_reads_as_nothing(value: Json) -> None:
    assert mapping(value) == (value if isinstance(value, dict) else {})
    assert list(sequence(value)) == (value if isinstance(value, list) else [])
    assert text(value) == (value if isinstance(value, str) else "")
    assert number(value) == (1 if type(value) is int else None)


def test_nothing_is_hidden_by_default() -> None:
    assert not nothing(Series("agent.calls", (("agent", "Ada"),)))
