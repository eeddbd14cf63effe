"""Other values of each series by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.series import Value
from tests.render.lines import evaluated, line, names, values

GAUGE = line("a", 1, -2, None, 4)
COUNTER = line("c", 10, 30, None, 40, 5, 25)


@pytest.mark.parametrize(
    ("call", "name", "wanted"),
    [
        ("scale(a,2.5)", "scale(a,2.5)", [2.5, -5, None, 10]),
        ("scaleToSeconds(a,60)", "scaleToSeconds(a,60)", [6, -12, None, 24]),
        ("offset(a,-1)", "offset(a,-1)", [0, -3, None, 3]),
        ("absolute(a)", "absolute(a)", [1, 2, None, 4]),
        ("round(scale(a,1.26),1)", "round(scale(a,1.26),1)", [1.3, -2.5, None, 5.0]),
        ("derivative(a)", "derivative(a)", [None, -3, None, None]),
        ("integral(a)", "integral(a)", [1, -1, None, 3]),
        ("isNonNull(a)", "isNonNull(a)", [1, 1, 0, 1]),
        ("transformNull(a)", "transformNull(a,0)", [1, -2, 0, 4]),
        ("transformNull(a,9)", "transformNull(a,9)", [1, -2, 9, 4]),
        ("keepLastValue(a)", "keepLastValue(a)", [1, -2, -2, 4]),
        ("nPercentile(a,50)", "nPercentile(a, 50)", [1, 1, 1, 1]),
        ("nonNegativeDerivative(c)", "nonNegativeDerivative(c)", [None, 20, None, None, None, 20]),
        ("nonNegativeDerivative(c,99)", "nonNegativeDerivative(c)", [None, 20, None, None, 65, 20]),
        ("nonNegativeDerivative(c,29)", "nonNegativeDerivative(c)", [None, None, None, None, None, 20]),
        ("nonNegativeDerivative(c,minValue=4)", "nonNegativeDerivative(c)", [None, 20, None, None, 1, 20]),
        ("perSecond(c)", "perSecond(c)", [None, 2, None, None, None, 2]),
    ],
)
def test_values_and_names(call: str, name: str, wanted: list[Value]) -> None:
    (found,) = evaluated(call, GAUGE, COUNTER)

    assert (found.name, list(found.values)) == (name, wanted)


def test_a_reference_says_where_nothing_is_nothing() -> None:
    other = line("b", 1, None, None, None)
    gaps = line("g", None, None, None, 5)

    assert values("transformNull(g,0,b)", gaps, other) == [[0, None, None, 5]]
    assert names("transformNull(g,0,b)", gaps, other) == ["transformNull(g,0,referenceSeries)"]


@pytest.mark.parametrize(
    ("longest", "wanted"),
    [("1", [None, 1, None, None, 2, 2]), ("2", [None, 1, 1, 1, 2, 2]), ("inf", [None, 1, 1, 1, 2, 2])],
)
def test_only_short_gaps_are_filled(longest: str, wanted: list[Value]) -> None:
    assert values(f"keepLastValue(a,{longest})", line("a", None, 1, None, None, 2, None)) == [wanted]


def test_what_was_done_is_among_the_tags() -> None:
    (found,) = evaluated("perSecond(scale(seriesByTag('pbx=hq'),2))", line("calls;pbx=hq", 1))

    assert found.tags == {"name": "calls", "pbx": "hq", "scale": "2.0", "perSecond": "1"}


rows = st.lists(st.none() | st.integers(-(10**6), 10**6), min_size=1, max_size=20)


@given(rows)
def test_the_integral_of_the_derivative_is_the_rise(row: list[Value]) -> None:
    known = [value or 0 for value in row]
    (found,) = values("integral(derivative(a))", line("a", *known))

    assert found[1:] == [value - known[0] for value in known[1:]]


@given(rows, st.integers(-100, 100))
def test_what_is_shifted_back_is_as_before(row: list[Value], amount: int) -> None:
    assert values(f"offset(offset(a,{amount}),{-amount})", line("a", *row)) == [row]


@given(rows)
def test_after_filling_only_what_comes_before_the_first_value_is_unknown(row: list[Value]) -> None:
    (found,) = values("keepLastValue(a)", line("a", *row))
    first = next((at for at, value in enumerate(row) if value is not None), len(row))

    assert found[:first] == [None] * first
    assert None not in found[first:]
