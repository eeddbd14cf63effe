"""Statistics of a timer are those of etsy's statsd; tests/test_etsy_parity.py compares with the real one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.timer import Timer


def timer(*values: float, limit: int = 1000) -> Timer:
    result = Timer(limit)
    for value in values:
        result.add(value)
    return result


def test_statistics_of_all_values() -> None:
    statistics = timer(450, 120, 553, 994, 334, 844, 675, 496).statistics((), interval=10)

    assert statistics == {
        "count": 8,
        "rate": 0.8,
        "lower": 120,
        "upper": 994,
        "sum": 4466,
        "sum_squares": 3036278,
        "mean": 558.25,
        "median": 524.5,
        "std": pytest.approx(260.5603, abs=1e-4),
    }


def test_a_percentile_is_of_the_lowest_values() -> None:
    statistics = timer(450, 120, 553, 994, 334, 844, 675, 496).statistics((90,), interval=10)

    assert {key: value for key, value in statistics.items() if key.endswith("_90")} == {
        "count_90": 7,
        "mean_90": 496,
        "upper_90": 844,
        "sum_90": 3472,
        "sum_squares_90": 2048242,
    }


def test_a_negative_percentile_is_of_the_highest_values() -> None:
    statistics = timer(1, 2, 3, 4).statistics((-50,), interval=10)

    assert {key: value for key, value in statistics.items() if key.endswith("_top50")} == {
        "count_top50": 2,
        "mean_top50": 3.5,
        "lower_top50": 3,
        "sum_top50": 7,
        "sum_squares_top50": 25,
    }


@pytest.mark.parametrize(("percent", "name"), [(99.9, "99_9"), (-99.9, "top99_9"), (90.0, "90")])
def test_percentiles_have_names_without_a_dot(percent: float, name: str) -> None:
    assert f"count_{name}" in timer(1, 2, 3).statistics((percent,), interval=10)


def test_a_percentile_of_no_value_is_left_out() -> None:
    assert "count_1" not in timer(1, 2, 3).statistics((1,), interval=10)


def test_all_values_from_the_top_are_all_values() -> None:
    assert timer(5, 7).statistics((-100,), interval=10)["sum_top100"] == 12


def test_a_sampled_value_counts_for_many_but_is_one_value() -> None:
    sampled = Timer(10)
    sampled.add(5, weight=10)
    sampled.add(7)

    statistics = sampled.statistics((), interval=10)

    assert (statistics["count"], statistics["mean"]) == (11, 6)


def test_beyond_the_limit_count_and_extremes_stay_exact_and_the_rest_is_of_an_even_sample() -> None:
    crowded = timer(*range(1, 100_001), limit=1000)

    statistics = crowded.statistics((90,), interval=10)

    assert (statistics["count"], statistics["lower"], statistics["upper"]) == (100_000, 1, 100_000)
    assert statistics["upper_90"] == pytest.approx(90_000, rel=0.01)
    assert statistics["sum"] == pytest.approx(5_000_050_000, rel=0.01)


@given(st.permutations([float(value) for value in range(20)]))
def test_the_order_of_values_does_not_matter(values: list[float]) -> None:
    assert timer(*values).statistics((90, -10), 10) == timer(*range(20)).statistics((90, -10), 10)
