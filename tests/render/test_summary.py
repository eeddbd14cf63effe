"""One value of all in a longer step."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.evaluate import Query, render
from bridge.render.series import Value
from tests.render.lines import Store, evaluated, line


@pytest.mark.parametrize(
    ("call", "start", "step", "wanted"),
    [
        ("summarize(a,'30s')", 0, 30, [1, 9, 18, None]),
        ("summarize(a,'30s','max')", 0, 30, [1, 4, 7, None]),
        ("summarize(a,'30s','sum',true)", 20, 30, [6, 15, 7]),
        ("smartSummarize(a,'30s','last')", 20, 30, [3, 6, 7]),
        ("hitcount(a,'30s')", 0, 30, [10, 90, 180]),
    ],
)
def test_longer_steps(call: str, start: int, step: int, wanted: list[Value]) -> None:
    series = line("a", *range(1, 8), start=20)

    (found,) = evaluated(call, series)

    assert (found.start, found.step) == (start, step)
    assert list(found.values) == wanted


def test_what_is_unknown_in_all_of_a_step_stays_so() -> None:
    (found,) = evaluated("summarize(a,'30s')", line("a", None, None, None, 1, None, 2))

    assert list(found.values) == [None, 3, None]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(1, 200))
def test_nothing_is_lost_or_counted_twice(row: list[int], seconds: int) -> None:
    series = line("a", *row)
    (summed,) = evaluated(f"summarize(a,'{seconds}s')", series)
    (hits,) = evaluated(f"hitcount(a,'{seconds}s')", series)

    assert sum(filter(None, summed.values)) == sum(row)
    assert sum(filter(None, hits.values)) == sum(row) * series.step


def begun(function: str, zone: tzinfo) -> str:
    """From when on the store is asked, for a request from Thursday, 5 March 2026 14:23:45 in UTC on."""
    start = int(datetime(2026, 3, 5, 14, 23, 45, tzinfo=UTC).timestamp())
    store = Store(line("a", 1, 2, start=start))
    render(Query((function,), start, start + 3600, zone), store)
    return datetime.fromtimestamp(store.asked[-1][1], zone).strftime("%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        ("years", "01-01 00:00:00"),
        ("months", "03-01 00:00:00"),
        ("weeks", "03-02 00:00:00"),
        ("weeks3", "03-04 00:00:00"),
        ("days", "03-05 00:00:00"),
        ("hours", "03-05 14:00:00"),
        ("minutes", "03-05 14:23:00"),
    ],
)
def test_steps_begin_where_a_larger_unit_begins(unit: str, wanted: str) -> None:
    assert begun(f"smartSummarize(a,'1h','sum','{unit}')", UTC) == wanted


def test_days_and_hours_are_those_of_the_zone() -> None:
    assert begun("smartSummarize(a,'1h','sum','hours')", ZoneInfo("Asia/Kolkata")) == "03-05 19:00:00"
    assert begun("hitcount(a,'1d',true)", ZoneInfo("America/New_York")) == "03-05 00:00:00"


@pytest.mark.parametrize("span", ["0s", "-1h", "5", "soon"])
def test_a_step_that_is_none_is_a_fault(span: str) -> None:
    with pytest.raises(QueryError, match=r"summarize\(\): "):
        evaluated(f"summarize(a,'{span}')", line("a", 1))


def test_too_many_steps_are_a_fault() -> None:
    with pytest.raises(QueryError, match="too short for so long a time"):
        evaluated("summarize(a,'1s')", line("a", 1, step=10**8))
