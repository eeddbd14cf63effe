"""Names of etsy's statsd; tests/test_etsy_parity.py compares whole flushes with the real program."""

import pytest

from bridge.core.aggregate import Summary
from bridge.core.sample import Kind, Labels, Series
from bridge.protocols.etsy import EtsyNames, about_itself, bucket


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("lab.calls", (), "lab.calls"),
        ("lab  calls/x y", (), "lab_calls-x_y"),
        ("l\u00e4b:$(x)@y", (), "lbxy"),
        ("\ufeffa\u00a0b", (), "_a_b"),
        ("calls", (("site", "a b"), ("zone", "1;2")), "calls;site=a_b;zone=1_2"),
    ],
)
def test_a_bucket_keeps_few_characters_and_takes_tags_into_its_name(
    name: str, labels: Labels, expected: str
) -> None:
    assert bucket(Series(name, labels)) == Series(expected)


COUNTED = Summary(Series("calls;site=a"), Kind.COUNTER, {"count": 3, "rate": 0.3}, 1700.0)
TIMED = Summary(Series("calls"), Kind.TIMER, {"mean": 5, "rate": 0.3}, 1700.0)
MEASURED = Summary(Series("level"), Kind.GAUGE, {"": 7}, 1700.0)
SEEN = Summary(Series("callers"), Kind.SET, {"count": 2}, 1700.0)


@pytest.mark.parametrize(
    ("legacy", "summary", "paths"),
    [
        (False, COUNTED, ["stats.counters.calls.count;site=a", "stats.counters.calls.rate;site=a"]),
        (True, COUNTED, ["stats_counts.calls;site=a", "stats.calls;site=a"]),
        (False, TIMED, ["stats.timers.calls.mean", "stats.timers.calls.count_ps"]),
        (True, TIMED, ["stats.timers.calls.mean", "stats.timers.calls.count_ps"]),
        (False, MEASURED, ["stats.gauges.level"]),
        (True, MEASURED, ["stats.gauges.level"]),
        (False, SEEN, ["stats.sets.callers.count"]),
        (True, SEEN, ["stats.sets.callers.count"]),
    ],
)
def test_paths_of_both_namespaces(legacy: bool, summary: Summary, paths: list[str]) -> None:
    *samples, _ = EtsyNames(legacy=legacy).samples([summary], 1700.0)

    assert [sample.series.path for sample in samples] == paths


def test_other_sinks_find_name_and_labels() -> None:
    first, *_ = EtsyNames(legacy=False).samples([COUNTED], 1700.0)

    assert (first.series.name, first.series.labels) == (
        "statsd.calls.count",
        (("pbx", "default"), ("site", "a")),
    )


@pytest.mark.parametrize(("legacy", "path"), [(False, "stats.statsd.numStats"), (True, "statsd.numStats")])
def test_the_number_of_buckets_ends_a_flush(legacy: bool, path: str) -> None:
    *_, last = EtsyNames(legacy=legacy).samples([COUNTED, TIMED], 1700.0)

    assert (last.series.path, last.value, last.time) == (path, 2, 1700.0)


def test_what_it_says_about_itself_are_ordinary_buckets() -> None:
    measured = {measurement.series.name: measurement.value for measurement in about_itself(3, 5, 1, 0.25)}

    assert measured == {
        "statsd.packets_received": 3,
        "statsd.metrics_received": 5,
        "statsd.bad_lines_seen": 1,
        "statsd.timestamp_lag": 0.25,
    }
    assert len(list(about_itself(0, 0, 0, None))) == 3
