"""Times and spans as Graphite writes them; test_graphite_web.py compares them with the original."""

from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.render.times import moment, span, unit

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 20, 15, 7, tzinfo=UTC).timestamp() + 0.9
"""A Monday evening."""


def shown(text: str, zone: tzinfo = UTC) -> str:
    return datetime.fromtimestamp(moment(text, NOW, zone), zone).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-11-30 20:15:07"),
        ("-1h", "2026-11-30 19:15:07"),
        ("now-1d12h", "2026-11-29 08:15:07"),
        ("-5min", "2026-11-30 20:10:07"),
        ("-1mon", "2026-10-31 20:15:07"),
        ("today", "2026-11-30 00:00:00"),
        ("yesterday", "2026-11-29 00:00:00"),
        ("midnight+1h", "2026-11-30 01:00:00"),
        ("noon", "2026-11-30 12:00:00"),
        ("noon yesterday", "2026-11-29 12:00:00"),
        ("teatime", "2026-11-30 16:00:00"),
        ("08:30_20261103", "2026-11-03 08:30:00"),
        ("20261103", "2026-11-03 00:00:00"),
        ("8pm 11/03/26", "2026-11-03 20:00:00"),
        ("monday", "2026-11-30 00:00:00"),
        ("friday", "2026-11-27 00:00:00"),
        ("january 5", "2026-01-05 00:00:00"),
        ("1700000000", "2023-11-14 22:13:20"),
    ],
)
def test_what_a_time_means(text: str, meant: str) -> None:
    assert shown(text) == meant


def test_days_are_those_of_the_zone() -> None:
    assert shown("midnight", BERLIN) == "2026-11-30 00:00:00"
    assert moment("midnight", NOW, UTC) - moment("midnight", NOW, BERLIN) == 3600


def test_a_reading_that_comes_twice_or_never_is_that_of_normal_time() -> None:
    assert moment("02:30_20261025", NOW, BERLIN) == moment("01:30_20261025", NOW, UTC)
    assert moment("02:30_20260329", NOW, BERLIN) == moment("01:30_20260329", NOW, UTC)


@given(st.text(max_size=70) | st.from_regex(r"[0-9a-z:/_]{0,9}[+-][0-9]{1,20}[a-z]{1,4}"))
def test_every_text_is_a_time_or_a_fault(text: str) -> None:
    with suppress(QueryError):
        datetime.fromtimestamp(moment(text, NOW, BERLIN), BERLIN)


@given(st.integers(0, 5000), st.sampled_from(("s", "seconds", "min", "h", "hours", "d", "w", "mon", "y")))
def test_a_span_is_its_number_times_its_unit(number: int, word: str) -> None:
    assert span(f"{number}{word}") == -span(f"-{number}{word}") == number * unit(word)[1]


@given(st.lists(st.tuples(st.integers(0, 999), st.sampled_from(("s", "min", "h", "d"))), max_size=4))
def test_the_parts_of_a_span_add_up(parts: list[tuple[int, str]]) -> None:
    texts = [f"{number}{word}" for number, word in parts]

    assert span("".join(texts)) == sum(map(span, texts))


@pytest.mark.parametrize("text", ["5", "h", "5m", "5 fortnights", "1h-1h", "999999999999y", "--1h", "x" * 99])
def test_what_is_no_span_is_a_fault(text: str) -> None:
    with pytest.raises(QueryError):
        span(text)
