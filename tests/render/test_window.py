"""Moving windows and shifts, which need other times than those asked for."""

from datetime import UTC, datetime
from math import fsum
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.evaluate import Query, render
from tests.render.lines import Store, evaluated, line


@pytest.mark.parametrize(
    ("size", "shown", "ahead"), [("3", "3", 30), ("'20s'", '"20s"', 20), ("'-1min'", '"-1min"', 60)]
)
def test_the_store_is_asked_for_the_time_before_too(size: str, shown: str, ahead: int) -> None:
    store = Store(line("a", *range(8)))

    (found,) = render(Query((f"movingAverage(a,{size})",), 100, 200), store)

    assert store.asked == [("a", 100, 200), ("a", 100 - ahead, 200)]
    assert found.name == f"movingAverage(a,{shown})"
    assert found.start == ahead


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("movingAverage(a,2)", [2.5, 4, 5, None, 8, 9]),
        ("movingMax(a,2)", [3, 5, 5, None, 8, 10]),
        ("movingMin(a,2)", [2, 3, 5, None, 8, 8]),
        ("movingSum(a,2)", [5, 8, 5, None, 8, 18]),
        ("movingMedian(a,3)", [3, 4, 5, 8, 9]),
        ("movingWindow(a,2,'last')", [3, 5, 5, None, 8, 10]),
        ("movingAverage(a,2,0.6)", [2.5, 4, None, None, None, 9]),
    ],
)
def test_what_is_made_of_each_window(call: str, wanted: list[float | None]) -> None:
    """As in graphite-web, the window that is full first is left out."""
    (found,) = evaluated(call, line("a", 1, 2, 3, 5, None, None, 8, 10))

    assert list(found.values) == wanted


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), max_size=30), st.integers(1, 10))
def test_the_sum_of_a_window_is_that_of_its_values(row: list[float | None], size: int) -> None:
    (found,) = evaluated(f"movingSum(a,{size})", line("a", *row))
    pieces = (row[at - size : at] for at in range(size + 1, len(row) + 1))
    wanted = [[value for value in piece if value is not None] for piece in pieces]

    assert list(found.values) == [fsum(piece) if piece else None for piece in wanted]


def test_what_is_infinite_is_no_hindrance() -> None:
    (found,) = evaluated("movingSum(a,2)", line("a", 1, 2, float("inf"), 4, 5))

    assert list(found.values) == [float("inf"), float("inf"), 9]


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=30), st.integers(1, 10))
def test_the_average_of_a_window_is_its_sum_by_its_size(row: list[int], size: int) -> None:
    (mean,), (total,) = (evaluated(f"moving{what}(a,{size})", line("a", *row)) for what in ("Average", "Sum"))

    assert len(mean.values) == max(len(row) - size, 0)
    assert [value * size for value in mean.values if value is not None] == pytest.approx(total.values)


def test_a_shift_shows_the_past_at_the_times_of_now() -> None:
    store = Store(line("a", 1, 2, 3, start=50))

    (found,) = render(Query(("timeShift(a,'1h')",), 10_000, 10_030), store)

    assert store.asked == [("a", 10_000, 10_030), ("a", 6_400, 6_430)]
    assert found.name == 'timeShift(a, "-1h")'
    assert found.tags["timeShift"] == "-1h"


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Berlin", 1), ("UTC", 0), ("America/New_York", 0)])
def test_a_shift_into_winter_may_keep_to_the_clock(zone: str, hours: int) -> None:
    """On 5 April Berlin had the time of summer, for a week; New York for four."""
    start = int(datetime(2026, 4, 5, 12, tzinfo=UTC).timestamp())
    store = Store(line("a", 1))

    render(Query(("timeShift(a,'14d',true,true)",), start, start + 60, ZoneInfo(zone)), store)

    assert store.asked[1][1] == start - 14 * 86_400 + hours * 3600


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("movingAverage(a,0)", "the window should be longer than 0"),
        ("movingAverage(a,-5)", "the window should be longer than -5"),
        ("movingAverage(a,'soon')", "windowSize should be a number of points, or a span of time"),
        ("movingMax(a,9000000)", "this is too much for one request"),
        ("timeShift(a,5)", "timeShift should be a span of time"),
    ],
)
def test_faults(call: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        evaluated(call, line("a", *range(100)))

    assert message in str(caught.value)


def test_windows_within_windows_end() -> None:
    """Each evaluates what it is of twice, so that the work doubles with each."""
    with pytest.raises(QueryError, match="needs more than"):
        evaluated("movingMax(" * 20 + "a" + ",2)" * 20, line("a", *range(100)))
