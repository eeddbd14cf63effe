"""Arguments are checked before a function is called."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.parameters import KINDS, Parameter, bound
from tests.render.lines import line

FIRST = Parameter("n", "integer", required=True)
SECOND = Parameter("func", "aggFunc", default="average")
MANY = Parameter("nodes", "nodeOrTag", multiple=True)


@pytest.mark.parametrize(
    ("given", "named", "wanted"),
    [
        ([1], {}, [1, "average"]),
        ([1, "max"], {}, [1, "max"]),
        ([1, None], {}, [1, "average"]),
        (["5"], {"func": "sumSeries"}, [5, "sum"]),
        ([], {"n": 3}, [3, "average"]),
        ([1, "max", 2, "pbx"], {}, [1, "max", 2, "pbx"]),
        ([1], {"nodes": 7}, [1, "average", 7]),
    ],
)
def test_one_argument_for_each_parameter(given: list[Any], named: dict[str, Any], wanted: list[Any]) -> None:
    assert bound((FIRST, SECOND, MANY), given, named) == wanted


@pytest.mark.parametrize(
    ("given", "named", "message"),
    [
        ([], {}, "n is missing: it should be a whole number"),
        ([1, "max", 3], {}, "it takes 2 arguments, not 3"),
        ([1], {"x": 2}, "it has no argument 'x' to be given by name; left are func"),
        ([1], {"n": 2}, "it has no argument 'n' to be given by name; left are func"),
        ([1.5], {}, "n should be a whole number, not 1.5"),
        ([True], {}, "n should be a whole number, not True"),
        ([[line("a", 1)]], {}, "n should be a whole number, not 1 series"),
        ([1, "best"], {}, "func should be one of average, avg_zero"),
    ],
)
def test_faults_are_told(given: list[Any], named: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        bound((FIRST, SECOND), given, named)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("boolean", "True", True),
        ("boolean", 0, False),
        ("float", "2.5", 2.5),
        ("intOrInf", float("inf"), float("inf")),
        ("intOrInterval", "5min", "5min"),
        ("nodeOrTag", "pbx", "pbx"),
        ("unit", True, None),
        ("unit", "weeks3", "weeks3"),
    ],
)
def test_values_are_turned_into_what_is_needed(kind: str, value: object, wanted: object) -> None:
    assert Parameter("x", kind).checked(value) == wanted


anything = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just([line("a", 1)])
)


@given(st.sampled_from(sorted(KINDS)), anything)
def test_every_value_is_taken_or_a_fault(kind: str, value: object) -> None:
    try:
        Parameter("x", kind, required=True).checked(value)
    except QueryError as error:
        assert "x " in str(error)  # noqa: PT017
