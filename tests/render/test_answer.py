"""The JSON of an answer."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bridge.render.answer import Shape, as_json
from tests.render.lines import line


def test_names_tags_values_and_times() -> None:
    series = replace(line('a"b;x=ü', 1, None, 2.5), tags={"name": "a", "x": "ü"})

    assert json.loads(as_json([series], Shape())) == [
        {"target": 'a"b;x=ü', "tags": {"name": "a", "x": "ü"}, "datapoints": [[1, 0], [None, 10], [2.5, 20]]}
    ]


def test_what_is_no_number_of_json() -> None:
    body = as_json([line("NaN, Infinity,", float("inf"), float("-inf"), float("nan"))], Shape())

    assert "[1e9999, 0], [-1e9999, 10], [null, 20]" in body
    assert json.loads(body)[0]["target"] == "NaN, Infinity,"


def test_without_nulls_what_is_unknown_is_left_out() -> None:
    series = [line("a", 1, None, float("nan"), 4), line("b", None, None)]

    found = json.loads(as_json(series, Shape(no_nulls=True)))

    assert [(each["target"], each["datapoints"]) for each in found] == [("a", [[1, 0], [4, 30]])]


def test_nothing_is_an_empty_list() -> None:
    assert as_json([], Shape(most=5)) == "[]"
    assert as_json([line("a")], Shape(most=1)) == "[]"


@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.lists(st.none() | st.floats(), max_size=9)), min_size=1, max_size=4
    ),
    st.none() | st.integers(0, 9),
    st.booleans(),
)
def test_every_answer_is_json(
    table: list[tuple[str, list[float | None]]], most: int | None, sparse: bool
) -> None:
    found = json.loads(as_json([line(name, *row) for name, row in table], Shape(most, sparse)))

    assert all({"target", "tags", "datapoints"} == set(each) for each in found)
