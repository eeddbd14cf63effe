"""Series knows its PBX; samples and measurements are plain values."""

import pytest

from bridge.core.sample import Kind, Measurement, Sample, Series

WAITING = Series("queue.waiting", (("pbx", "hq"), ("queue", "support")))


def test_a_series_tells_its_pbx() -> None:
    assert WAITING.pbx == "hq"
    assert Series("queue.waiting").pbx == ""


def test_equal_series_are_one_key() -> None:
    again = Series("queue.waiting", (("pbx", "hq"), ("queue", "support")))

    assert {WAITING: 1}[again] == 1


def test_what_travels_cannot_be_changed() -> None:
    sample = Sample(WAITING, 3, 1_700_000_000)

    with pytest.raises(AttributeError):
        sample.value = 4  # type: ignore[misc]


def test_a_measurement_stands_for_one_happening_unless_it_says_otherwise() -> None:
    assert Measurement(WAITING, Kind.COUNTER, 1).rate == 1.0
