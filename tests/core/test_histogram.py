"""Histogram: counters from which means and shares can be taken, over any period and any sum of series."""

from bridge.core.counter import Tally
from bridge.core.histogram import Histogram

WAIT = Histogram("queue.wait_time", "Time until an agent answered", (0.5, 10), labels=("queue",))


def test_its_counters_are_named_by_their_bounds() -> None:
    names = [metric.name for metric in WAIT.metrics]

    assert names == [
        "queue.wait_time_count",
        "queue.wait_time_sum",
        "queue.wait_time_le_0_5",
        "queue.wait_time_le_10",
    ]


def test_each_duration_counts_in_every_bound_that_it_keeps() -> None:
    totals = Tally()

    for seconds in (0.2, 10, 11):
        WAIT.observe(totals, seconds, "hq", "support")

    values = {sample.series.name: sample.value for sample in totals.samples(0)}
    assert values == {
        "queue.wait_time_count": 3,
        "queue.wait_time_sum": 21.2,
        "queue.wait_time_le_0_5": 1,
        "queue.wait_time_le_10": 2,
    }


def test_only_the_sum_has_the_unit_of_the_durations() -> None:
    assert [metric.unit for metric in WAIT.metrics] == ["", "seconds", "", ""]
