"""Retention: how long values are kept, as people write it and as whisper demands it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.archives import Retention
from bridge.errors import SettingsError
from bridge.retention import DEFAULT, graphite_schemas
from bridge.settings import Settings


@given(
    st.integers(1, 400 * 86_400),
    st.sampled_from(["1d,1m:30d,15m:2y", "1s", "10y", "1h,1m:2h,1h:1y", "3w,7m:5w"]),
)
def test_archives_of_any_interval_are_as_whisper_demands_them(step: int, text: str) -> None:
    try:
        archives = Retention.parse(text).archives(step)
    except ValueError:
        return

    assert archives[0].step == step
    assert all(archive.points > 0 for archive in archives)
    for one, other in pairwise(archives):
        assert other.step % one.step == 0
        assert other.step > one.step
        assert one.points >= other.step // one.step
        assert other.points * other.step > one.points * one.step


def test_the_default_fits_every_interval_that_settings_allow() -> None:
    for step in (*range(1, 4000), 86_400, 86_401, 7 * 86_400, 31 * 86_400, 365 * 86_400):
        assert Retention.parse(DEFAULT).archives(step)


def test_a_step_that_is_no_multiple_becomes_one() -> None:
    found = Retention.parse(DEFAULT).archives(7)

    assert list(map(str, found)) == ["7s:1d", "63s:30d", "945s:2y"]


def test_a_step_that_is_finer_than_the_interval_only_makes_values_stay_longer() -> None:
    assert list(map(str, Retention.parse(DEFAULT).archives(300))) == ["5m:30d", "15m:2y"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is not SPAN,STEP:SPAN"),
        ("1d,", "is not SPAN,STEP:SPAN"),
        ("10s:1d", "is not SPAN,STEP:SPAN"),
        ("1d,1m", "is not SPAN,STEP:SPAN"),
        ("0d", "is not SPAN,STEP:SPAN"),
        ("1.5d", "is not SPAN,STEP:SPAN"),
        ("1d\n", "is not SPAN,STEP:SPAN"),
        ("1d,1m:1h", "has 1m:1h, which is not coarser and longer"),
        ("1d,5m:2d,1m:3d", "has 1m:3d, which is not coarser and longer"),
        ("30s,1m:1d", "the first must span one step of the second"),
        ("999999999y", "more than fits a file of whisper"),
    ],
)
def test_a_retention_that_cannot_be_is_told_with_the_option(text: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        graphite_schemas(Settings(), "schemas", text)

    (told,) = caught.value.faults
    assert str(told).startswith(f"--retention: {text!r} ")
    assert fault in str(told)
