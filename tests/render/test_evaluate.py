"""Targets over a store."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.render import evaluate
from bridge.render.errors import QueryError
from bridge.render.evaluate import MOST_SERIES, MOST_TARGETS, Query, render
from bridge.render.functions import FUNCTIONS
from bridge.render.series import TimeSeries
from tests.render.lines import Store, evaluated, line, names

A, B = line("a.one", 1, 2, 3), line("a.two", 4, None, 6)
TAGGED = line("calls;pbx=hq;x=y", 1)


def test_targets_are_answered_in_their_order_and_series_by_name() -> None:
    found = render(Query(("a.two", " ", "a.*"), 0, 60), Store(B, A))

    assert [each.name for each in found] == ["a.two", "a.one", "a.two"]


def test_what_is_asked_for_twice_is_read_once() -> None:
    store = Store(A)

    render(Query(("sum(a.*,a.*)", "a.*"), 0, 60), store)

    assert store.asked == [("a.*", 0, 60)]


def test_tags_are_asked_for_as_they_are_written() -> None:
    store = Store(TAGGED)

    found = render(Query(("seriesByTag( 'pbx=hq',  \"x=y\" )",), 0, 60), store)

    assert store.asked == [(("pbx=hq", "x=y"), 0, 60)]
    assert [each.path_expression for each in found] == ["seriesByTag( 'pbx=hq',  \"x=y\" )"]


def test_a_series_has_the_tags_in_its_name_unless_the_store_says_otherwise() -> None:
    told = TimeSeries("a.b", 0, 10, 10, [1], tags={"name": "a.b", "x": "y"})

    assert [each.tags for each in evaluated("*", TAGGED, told)] == [
        {"name": "a.b", "x": "y"},
        {"name": "calls", "pbx": "hq", "x": "y"},
    ]


def test_a_template_is_filled_in() -> None:
    assert names("template(a.$which,which='one')", A, B) == ["a.one"]
    assert names("template(scale(a.$1,$2),'two',3)", A, B) == ["scale(a.two,3)"]
    query = Query(("template(a.$which,which='one')",), 0, 60, templates={"which": "two"})
    assert [each.name for each in render(query, Store(A, B))] == ["a.two"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("randomWalk('x')", "unknown function randomWalk"),
        ("sum(scale(a.*))", "scale(): factor is missing: it should be a number"),
        ("sum(5)", "sum(): seriesLists should be series, not 5"),
        ("seriesByTag(a.*)", "seriesByTag() takes texts between quotes, such as 'name=calls.active'"),
        ('template($x,x="5")', "'template($x,x=\"5\")' is a value and not a series"),
        ("scale(a.*,'nan')", "scale(): factor should be a number, not 'nan'"),
        ("scaleToSeconds(a.*,inf)", "scaleToSeconds(): it cannot work with these numbers"),
    ],
)
def test_faults_name_the_function_and_what_is_wrong(target: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        evaluated(target, A, B)

    assert str(caught.value).startswith(message)


def test_a_template_cannot_make_a_path_without_end() -> None:
    with pytest.raises(QueryError, match=r"with \$x filled in, the path has more than"):
        evaluated(f"template({'$x' * 5000},x='{'long' * 50}')")


def test_the_range_must_not_be_empty() -> None:
    with pytest.raises(QueryError, match="the time range is empty"):
        render(Query(("a",), 60, 60), Store())


def test_what_is_too_much_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [line(f"a.{at}", 1) for at in range(MOST_SERIES + 1)]

    with pytest.raises(QueryError, match="targets"):
        render(Query(("a",) * (MOST_TARGETS + 1), 0, 60), Store())
    with pytest.raises(QueryError, match=r"a\.\* gives 5,001 series; 5,000 is the most"):
        evaluated("a.*", *many)
    monkeypatch.setattr(evaluate, "MOST_POINTS", 1000)
    with pytest.raises(QueryError, match="too much for one request"):
        evaluated(f"group({','.join(['a.*'] * 50)})", *many[:10])


values = st.none() | st.floats() | st.integers(-(10**20), 10**20)
arguments = st.sampled_from(
    (
        *("a.*", "a.one", "no.such", "1", "0", "-3", "2.5", "inf", "none", "true", "1e300", "1000000000000"),
        *("'sum'", "'1h'", "'-7s'", "'max'", "'>'", "'x'", "'name'", "'(.*)'", "''", "'hours'"),
    )
)


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(FUNCTIONS)),
    st.lists(arguments, max_size=3),
    st.lists(values, min_size=1, max_size=5),
    st.sampled_from((1, 7, 3600)),
)
def test_every_call_is_answered_or_a_fault(
    function: str, others: list[str], row: list[float | None], step: int
) -> None:
    target = f"{function}({','.join(['a.*', *others])})"

    with suppress(QueryError):
        evaluated(target, line("a.one", *row, step=step), line("a.two", 1, 2, step=10))
