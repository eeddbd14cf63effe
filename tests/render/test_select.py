"""Which series, in which order, and with which values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.series import Value
from tests.render.lines import evaluated, line, names, values

LOW, HIGH, EMPTY = line("a.low", 1, 2, 3), line("a.high", 9, 1, None), line("a.none", None, None, None)
BELOW = line("a.below", -5, -4, 0)
EVERY = (BELOW, HIGH, LOW, EMPTY)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("maximumAbove(a.*,3)", ["high"]),
        ("maximumBelow(a.*,3)", ["below", "low", "none"]),
        ("minimumAbove(a.*,0)", ["high", "low"]),
        ("minimumBelow(a.*,0)", ["below", "none"]),
        ("averageAbove(a.*,2)", ["high"]),
        ("averageBelow(a.*,2)", ["below", "low", "none"]),
        ("currentAbove(a.*,1)", ["low"]),
        ("currentBelow(a.*,1)", ["below", "high", "none"]),
        ("filterSeries(a.*,'count','=',3)", ["below", "low"]),
        ("filterSeries(a.*,'max','!=',9)", ["below", "low", "none"]),
        ("highest(a.*,1,'sum')", ["high"]),
        ("highestMax(a.*,2)", ["high", "low"]),
        ("highestCurrent(a.*,2)", ["low", "high"]),
        ("highestAverage(a.*,1)", ["high"]),
        ("lowest(a.*,2,'max')", ["none", "below"]),
        ("lowestCurrent(a.*,2)", ["none", "below"]),
        ("lowestAverage(a.*,2)", ["none", "below"]),
        ("limit(a.*,2)", ["below", "high"]),
        ("sortBy(a.*,'max')", ["none", "below", "low", "high"]),
        ("sortBy(a.*,'max',true)", ["high", "low", "below", "none"]),
        ("sortByName(a.*,reverse=true)", ["none", "low", "high", "below"]),
        ("sortByMaxima(a.*)", ["high", "low", "below", "none"]),
        ("sortByMinima(a.*)", ["high", "low"]),
        ("sortByTotal(a.*)", ["high", "low", "below", "none"]),
        ("exclude(a.*,'o')", ["high"]),
        ("grep(a.*,'o(w|n)$')", ["below", "low"]),
        ("removeEmptySeries(a.*)", ["below", "high", "low"]),
        ("removeEmptySeries(a.*,0.9)", ["below", "low"]),
        ("unique(a.low,a.*)", ["low", "below", "high", "none"]),
        ("fallbackSeries(no.such,a.low)", ["low"]),
    ],
)
def test_choice_and_order(call: str, wanted: list[str]) -> None:
    assert names(call, *EVERY) == [f"a.{name}" for name in wanted]


def test_names_in_natural_order() -> None:
    trunks = [line(f"trunk{number}", 1) for number in (10, 9, 1)]

    assert names("sortByName(trunk*,true)", *trunks) == ["trunk1", "trunk9", "trunk10"]
    assert names("sortByName(trunk*)", *trunks) == ["trunk1", "trunk10", "trunk9"]


@pytest.mark.parametrize(
    ("call", "wanted"),
    [("removeAboveValue(a.high,5)", [None, 1, None]), ("removeBelowValue(a.high,5)", [9, None, None])],
)
def test_values_that_are_taken_out(call: str, wanted: list[Value]) -> None:
    assert values(call, HIGH) == [wanted]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("filterSeries(a.*,'max','~',1)", "filterSeries(): operator should be one of =, !=, >, >=, <, <="),
        ("filterSeries(a.*,'best','>',1)", "filterSeries(): func should be one of average, "),
        ("limit(a.*,1.5)", "limit(): n should be a whole number, not 1.5"),
        ("grep(a.*,'(')", "grep(): '(' is no regular expression: "),
    ],
)
def test_faults(call: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        evaluated(call, *EVERY)

    assert str(caught.value).startswith(message)


@given(
    st.lists(st.lists(st.none() | st.integers(-9, 9), min_size=2, max_size=4), max_size=6), st.integers(0, 7)
)
def test_what_is_kept_and_what_is_left_out_are_all(table: list[list[Value]], top: int) -> None:
    series = [line(f"a.{at}", *row) for at, row in enumerate(table)]
    above, below = (names(f"maximum{side}(a.*,{top})", *series) for side in ("Above", "Below"))

    assert sorted(above + below) == names("a.*", *series)
