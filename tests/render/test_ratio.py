"""Series in proportion to others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from tests.render.lines import evaluated, line, names, values

A = line("a.hq.failed", 1, 0, None, 5)
B = line("a.hq.done", 3, 0, 4, 0)
C = line("a.lab.done", 4, 4, 4, 4)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (
            "divideSeries(a.hq.failed,a.hq.done)",
            {"divideSeries(a.hq.failed,a.hq.done)": [1 / 3, None, None, None]},
        ),
        ("divideSeries(a.hq.failed,no.such)", {"divideSeries(a.hq.failed,MISSING)": [None] * 4}),
        ("asPercent(a.hq.failed,50)", {"asPercent(a.hq.failed,50)": [2, 0, None, 10]}),
        ("asPercent(a.hq.failed,a.lab.done)", {"asPercent(a.hq.failed,a.lab.done)": [25, 0, None, 125]}),
        (
            "asPercent(a.hq.*)",
            {
                "asPercent(a.hq.done,sumSeries(a.hq.*))": [75, None, 100, 0],
                "asPercent(a.hq.failed,sumSeries(a.hq.*))": [25, None, None, 100],
            },
        ),
        (
            "asPercent(a.*.done,a.*.failed,1)",
            {
                "asPercent(a.hq.done,a.hq.failed)": [300, None, None, 0],
                "asPercent(a.lab.done,MISSING)": [None] * 4,
            },
        ),
    ],
)
def test_ratios(call: str, wanted: dict[str, list[float | None]]) -> None:
    found = evaluated(call, A, B, C)

    assert {each.name: list(each.values) for each in found} == wanted


def test_a_whole_that_has_no_part_is_shown_without_values() -> None:
    found = values("asPercent(a.*.failed,a.*.done,1)", A, B, C)

    assert names("asPercent(a.*.failed,a.*.done,1)", A, B, C)[-1] == "asPercent(MISSING,a.lab.done)"
    assert found[-1] == [None] * 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("divideSeries(a.hq.failed,a.*.done)", "divideSeries(): it divides by one series, not by 2"),
        (
            "asPercent(a.hq.failed,a.*.done)",
            "asPercent(): total should be one series, or as many as there are (1)",
        ),
        ("asPercent(a.*.*,5,1)", "asPercent(): with nodes, total should be none or series"),
    ],
)
def test_faults(call: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        evaluated(call, A, B, C)

    assert str(caught.value).startswith(message)


@given(st.lists(st.lists(st.integers(1, 1000), min_size=3, max_size=3), min_size=1, max_size=5))
def test_the_shares_of_a_whole_add_up_to_it(table: list[list[int]]) -> None:
    shares = values("asPercent(a.*)", *(line(f"a.{at}", *row) for at, row in enumerate(table)))

    for column in zip(*shares, strict=True):
        assert sum(filter(None, column)) == pytest.approx(100)
