"""What measurements come to between two flushes."""

import random
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.aggregate import Aggregator, Terms
from bridge.core.sample import Kind, Measurement, Series
from bridge.core.state import Json
from tests.strategies import counters, measurements, members, timers

CALLS = Series("calls")


def count(value: float = 1, rate: float = 1.0, name: str = "calls") -> Measurement:
    return Measurement(Series(name), Kind.COUNTER, value, rate)


def gauge(value: float, name: str = "calls") -> Measurement:
    return Measurement(Series(name), Kind.GAUGE, value)


def move(value: float, name: str = "calls") -> Measurement:
    return Measurement(Series(name), Kind.DELTA, value)


def flushed(aggregator: Aggregator, now: float = 0.0) -> dict[tuple[str, Kind], dict[str, float]]:
    return {(series.name, kind): values for series, kind, values, _ in aggregator.flush(now)}


class TestCounter:
    def test_values_add_up_and_start_again(self) -> None:
        aggregator = Aggregator(Terms(interval=10))
        aggregator.add([count(2), count(-0.5), count(3, rate=0.1)])

        assert flushed(aggregator) == {("calls", Kind.COUNTER): {"count": 31.5, "rate": 3.15}}
        assert flushed(aggregator) == {}

    @given(st.lists(counters, max_size=50))
    def test_whole_numbers_add_up_exactly(self, values: list[Measurement]) -> None:
        aggregator = Aggregator(Terms())
        aggregator.add(values)

        expected: Counter[str] = Counter()
        for measurement in values:
            expected[measurement.series.name] += int(measurement.value)
        assert {name: result["count"] for (name, _), result in flushed(aggregator).items()} == expected


class TestGauge:
    def test_the_last_value_counts_and_a_sign_moves_it(self) -> None:
        aggregator = Aggregator(Terms())

        aggregator.add([gauge(5), gauge(7), move(2), move(-3)])

        assert flushed(aggregator) == {("calls", Kind.GAUGE): {"": 6}}

    def test_a_flush_does_not_reset_it(self) -> None:
        aggregator = Aggregator(Terms())
        aggregator.add([gauge(5)])
        flushed(aggregator)

        aggregator.add([move(1)])

        assert flushed(aggregator) == {("calls", Kind.GAUGE): {"": 6}}

    def test_a_change_of_an_unknown_gauge_starts_from_zero(self) -> None:
        aggregator = Aggregator(Terms())

        aggregator.add([move(-2)])

        assert flushed(aggregator) == {("calls", Kind.GAUGE): {"": -2}}

    def test_one_that_was_moved_is_never_forgotten(self) -> None:
        aggregator = Aggregator(Terms(ttl=60))
        aggregator.add([gauge(5, "set"), gauge(5, "moved"), move(1, "moved")])
        flushed(aggregator, now=0)
        flushed(aggregator, now=1000)

        aggregator.add([move(1, "set"), move(1, "moved")])

        assert flushed(aggregator, now=1010) == {("set", Kind.GAUGE): {"": 1}, ("moved", Kind.GAUGE): {"": 7}}


class TestMemory:
    def test_gauges_that_were_moved_outlive_the_aggregator(self) -> None:
        before, after = Aggregator(Terms()), Aggregator(Terms(ttl=60))
        before.add([gauge(5, "set"), gauge(5, "moved"), move(1, "moved")])
        after.restore(before.state())
        flushed(after, now=1000)

        after.add([move(1, "set"), move(1, "moved")])

        assert flushed(after, now=1010) == {("set", Kind.GAUGE): {"": 1}, ("moved", Kind.GAUGE): {"": 7}}

    @pytest.mark.parametrize("state", [None, 5, [5], [[]], [[["a"]]], [[["a"], "x"]], [[[5], 5]]])
    def test_other_states_are_ignored(self, state: Json) -> None:
        aggregator = Aggregator(Terms())

        aggregator.restore(state)

        assert len(aggregator) == 0

    def test_the_cap_holds_for_what_is_remembered(self) -> None:
        before, after = Aggregator(Terms()), Aggregator(Terms(max_series=1))
        before.add([move(1, "a"), move(1, "b")])

        after.restore(before.state())

        assert len(after) == 1


class TestSet:
    def test_different_members_are_counted(self) -> None:
        aggregator = Aggregator(Terms())

        aggregator.add([Measurement(CALLS, Kind.SET, member) for member in ("a", "b", "a")])

        assert flushed(aggregator) == {("calls", Kind.SET): {"count": 2}}

    def test_members_beyond_the_cap_are_counted_as_lost(self) -> None:
        aggregator = Aggregator(Terms(max_set=3))

        aggregator.add([Measurement(CALLS, Kind.SET, member) for member in "abcdeab"])

        assert flushed(aggregator) == {("calls", Kind.SET): {"count": 3}}
        assert aggregator.lost == {"set": 2}


class TestTimer:
    def test_statistics_carry_the_configured_percentiles(self) -> None:
        aggregator = Aggregator(Terms(percentiles=(50,)))

        aggregator.add([Measurement(CALLS, Kind.TIMER, value) for value in (1.0, 3.0)])

        values = flushed(aggregator)["calls", Kind.TIMER]
        assert (values["count"], values["mean"], values["upper_50"]) == (2, 2, 1)

    def test_a_negative_duration_means_no_answer_and_is_counted(self) -> None:
        aggregator = Aggregator(Terms())

        aggregator.add([Measurement(CALLS, Kind.TIMER, -1.0)])

        assert flushed(aggregator) == {}
        assert aggregator.lost == {"negative_timer": 1}


class TestOneNameManyKinds:
    def test_they_are_different_buckets(self) -> None:
        aggregator = Aggregator(Terms())

        aggregator.add([count(), gauge(2), Measurement(CALLS, Kind.SET, "x")])

        assert set(flushed(aggregator)) == {
            (CALLS.name, kind) for kind in (Kind.COUNTER, Kind.GAUGE, Kind.SET)
        }


class TestTime:
    def test_summaries_bear_the_time_of_the_flush(self) -> None:
        aggregator = Aggregator(Terms())
        aggregator.add([count()])

        assert [summary.time for summary in aggregator.flush(1700.0)] == [1700.0]

    def test_a_value_with_its_own_time_keeps_it(self) -> None:
        aggregator = Aggregator(Terms())
        dated = count()._replace(time=1600.0)

        aggregator.add([dated, dated, count(), gauge(3)._replace(time=1500.0)])

        found = [(kind, values, time) for _, kind, values, time in aggregator.flush(1700.0)]
        assert found == [
            (Kind.COUNTER, {"count": 1, "rate": 0.1}, 1700.0),
            (Kind.COUNTER, {"count": 2}, 1600.0),
            (Kind.GAUGE, {"": 3}, 1500.0),
        ]

    def test_new_measurements_may_come_while_the_summaries_are_taken(self) -> None:
        aggregator = Aggregator(Terms())
        aggregator.add([count(1, name="a"), count(1, name="b")])
        summaries = aggregator.flush(0)
        next(summaries)

        aggregator.add([count(5, name="b"), count(7, name="c")])

        assert [summary.values["count"] for summary in summaries] == [1]
        assert [summary.values["count"] for summary in aggregator.flush(10)] == [5, 7]


class TestIdle:
    def test_a_bucket_that_repeats_says_zero_and_a_gauge_its_value(self) -> None:
        aggregator = Aggregator(Terms(repeat=True))
        duration = Measurement(Series("t"), Kind.TIMER, 5.0)
        aggregator.add([count(), gauge(4, "g"), duration, Measurement(Series("s"), Kind.SET, "x")])
        flushed(aggregator)

        assert flushed(aggregator) == {
            ("calls", Kind.COUNTER): {"count": 0, "rate": 0},
            ("g", Kind.GAUGE): {"": 4},
            ("t", Kind.TIMER): {"count": 0, "rate": 0},
            ("s", Kind.SET): {"count": 0},
        }

    def test_a_bucket_is_forgotten_when_its_time_is_over(self) -> None:
        aggregator = Aggregator(Terms(repeat=True, ttl=60))
        aggregator.add([count()])

        said = [flushed(aggregator, now) != {} for now in (0, 10, 50, 60, 70)]

        assert said == [True, True, True, False, False]
        assert len(aggregator) == 0

    def test_without_ttl_it_lives_for_ever(self) -> None:
        aggregator = Aggregator(Terms(repeat=True, ttl=None))
        aggregator.add([count()])
        flushed(aggregator)

        assert flushed(aggregator, now=1e9)

    def test_an_idle_bucket_takes_no_more_than_its_place_in_a_dictionary(self) -> None:
        """However often it was active. Its series is not counted: who measures holds it too."""
        aggregator, many = Aggregator(Terms()), 20_000
        calls = [count(name=str(number)) for number in range(many)]

        tracemalloc.start()
        try:
            for now in (10.0, 20.0, 30.0):
                aggregator.add(calls)
                for _ in aggregator.flush(now):
                    pass
            took, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert took / many < 45


class TestCap:
    def test_buckets_beyond_the_cap_are_refused_and_the_others_go_on(self) -> None:
        aggregator = Aggregator(Terms(max_series=100))
        aggregator.add([count(name=f"n{number}") for number in range(100_000)])

        aggregator.add([count(name="n7"), gauge(1, "g"), Measurement(Series("s"), Kind.SET, "x")])

        assert len(aggregator) == 100
        assert aggregator.lost == {"series": 100_000 - 100 + 2}
        assert flushed(aggregator)["n7", Kind.COUNTER]["count"] == 2

    def test_values_with_a_time_of_their_own_are_capped_too(self) -> None:
        aggregator = Aggregator(Terms(max_series=10))

        aggregator.add([count()._replace(time=float(moment)) for moment in range(15)])

        assert len(flushed(aggregator)) == 1
        assert aggregator.lost == {"series": 5}

    def test_room_is_made_when_buckets_are_forgotten(self) -> None:
        aggregator = Aggregator(Terms(max_series=1, ttl=60))
        aggregator.add([count(name="old")])
        flushed(aggregator, now=0)
        flushed(aggregator, now=60)

        aggregator.add([count(name="new")])

        assert ("new", Kind.COUNTER) in flushed(aggregator, now=70)


@given(st.lists(st.one_of(counters, timers, members), max_size=30), st.randoms(use_true_random=False))
def test_order_does_not_matter_within_a_flush(values: list[Measurement], chance: random.Random) -> None:
    """Counters, timers and sets come to the same, however their packets overtook each other."""
    shuffled = chance.sample(values, len(values))
    one, other = Aggregator(Terms()), Aggregator(Terms())

    one.add(values)
    other.add(shuffled)

    assert flushed(one) == flushed(other)


@given(st.lists(measurements, max_size=30), st.integers(0, 30))
def test_how_measurements_are_handed_in_does_not_matter(values: list[Measurement], cut: int) -> None:
    one, other = Aggregator(Terms()), Aggregator(Terms())

    one.add(values)
    other.add(values[:cut])
    other.add(values[cut:])

    assert flushed(one) == flushed(other)
