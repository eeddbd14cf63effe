"""One series of many."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.combine import LONGEST_NAME
from bridge.render.errors import QueryError
from bridge.render.series import TimeSeries, Value
from tests.render.lines import evaluated, line, names, values

A = line("a.one", 1, 2, None, 4)
B = line("a.two", 10, None, None, 40)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("sum(a.*)", [11, 2, None, 44]),
        ("avg(a.*)", [5.5, 2, None, 22]),
        ("maxSeries(a.*)", [10, 2, None, 40]),
        ("minSeries(a.*)", [1, 2, None, 4]),
        ("diffSeries(a.two,a.one)", [9, 2, None, 36]),
        ("multiplySeries(a.*)", [10, None, None, 160]),
        ("rangeOfSeries(a.*)", [9, 0, None, 36]),
        ("stddevSeries(a.*)", [4.5, 0, None, 18]),
        ("countSeries(a.*)", [2, 2, 2, 2]),
        ("aggregate(a.*,'sum',0.9)", [11, None, None, 44]),
        ("aggregate(a.*,'last')", [10, 2, None, 40]),
        ("percentileOfSeries(a.*,50)", [10, 2, None, 40]),
    ],
)
def test_what_is_made_at_each_time(call: str, wanted: list[Value]) -> None:
    assert values(call, A, B) == [wanted]


def test_a_result_is_named_after_what_was_asked_for_and_has_the_tags_that_all_have() -> None:
    series = [line(f"calls;pbx={pbx};site=x", 1) for pbx in ("hq", "lab")]

    (result,) = evaluated("sumSeries(seriesByTag('site=x'))", *series)

    assert result.name == "sumSeries(seriesByTag('site=x'))"
    assert result.tags == {"name": "calls", "site": "x", "aggregatedBy": "sum"}


def test_series_of_different_steps_meet_at_their_common_multiple() -> None:
    fine, coarse = line("a.fine", *range(6), step=10), line("a.coarse", 100, 200, step=30)

    (result,) = evaluated("sum(a.*)", fine, coarse)

    assert (result.start, result.end, result.step) == (0, 60, 30)
    assert list(result.values) == [101, 204]


def test_steps_without_a_common_multiple_in_reach_are_a_fault() -> None:
    series = [line(f"a.{step}", 1, step=step) for step in (7919, 7907, 7901)]

    with pytest.raises(QueryError, match="no step in common"):
        evaluated("sum(a.*)", *series)


def test_nothing_makes_nothing() -> None:
    assert evaluated("sum(no.such)") == []
    assert names("countSeries()") == ["0"]


def test_a_name_does_not_grow_without_end() -> None:
    series = [line(f"a.{at:050}", 1) for at in range(1000)]

    (name,) = names("sum(absolute(a.*))", *series)

    assert len(name) < LONGEST_NAME + 20


tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.none() | st.integers(-1000, 1000), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


@given(tables)
def test_the_sum_is_the_average_times_how_many_are_known(table: list[list[Value]]) -> None:
    series = [line(f"a.{at}", *row) for at, row in enumerate(table)]
    (total,), (mean,) = values("sum(a.*)", *series), values("avg(a.*)", *series)

    for at, column in enumerate(zip(*table, strict=True)):
        known = sum(value is not None for value in column)
        one, other = total[at], mean[at]
        assert (one is None) == (other is None) == (known == 0)
        assert one is None or other is None or isclose(one, other * known, abs_tol=1e-6)


@given(tables, st.sampled_from(("sum", "average", "min", "max", "count", "median")))
def test_the_order_of_series_does_not_matter(table: list[list[Value]], func: str) -> None:
    def made(series: list[TimeSeries]) -> list[Value]:
        return values(f"aggregate(group({','.join(each.name for each in series)}),'{func}')", *series)[0]

    series = [line(f"a.{at}", *row) for at, row in enumerate(table)]
    for one, other in zip(made(series), made(series[::-1]), strict=True):
        assert one == other or (one is not None and other is not None and isclose(one, other))
