"""Samples in Prometheus' text format."""

from collections import Counter
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.asterisk.catalog.calls import HANGUPS_COUNT
from bridge.asterisk.catalog.endpoints import CONTACT_RTT
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_INFO
from bridge.core import own
from bridge.core.counter import Tally
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.sample import Sample, Series
from bridge.protocols.prometheus import BUCKETS, OTHERS, exposition, family, histogram_family

NOW = 1_700_000_000.0
WAITING = QUEUE_WAITING.series("hq", "support")


def read(exposed: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What Prometheus' own client reads; it counts each sample once."""
    samples = [sample for one in text_string_to_metric_families(exposed) for sample in one.samples]
    found = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
    assert len(found) == len(samples)
    return found


def test_a_family_has_help_type_and_one_line_for_each_series() -> None:
    samples = [Sample(WAITING, 3, NOW), Sample(QUEUE_WAITING.series("hq", "sales"), 0.5, NOW)]

    assert exposition(samples, CATALOG) == (
        "# HELP asterisk_queue_waiting Callers waiting now\n"
        "# TYPE asterisk_queue_waiting gauge\n"
        'asterisk_queue_waiting{pbx="hq",queue="support"} 3\n'
        'asterisk_queue_waiting{pbx="hq",queue="sales"} 0.5\n'
    )


@pytest.mark.parametrize(
    ("metric", "name", "kind"),
    [
        (QUEUE_WAITING, "asterisk_queue_waiting", "gauge"),
        (CONTACT_RTT, "asterisk_contact_rtt_seconds", "gauge"),
        (HANGUPS_COUNT, "asterisk_hangups_count_total", "counter"),
        (own.PROCESS_CPU, "asterisk_process_cpu_seconds_total", "counter"),
        (SYSTEM_INFO, "asterisk_system_info", "gauge"),
        (Metric("channel.technology", SYSTEM_INFO.kind, ""), "asterisk_channel_technology_info", "gauge"),
    ],
)
def test_names_carry_unit_and_kind(metric: Metric, name: str, kind: str) -> None:
    assert family(metric)[:2] == (name, kind)


def test_no_two_metrics_of_the_catalogue_share_a_family() -> None:
    counters = {metric.name for histogram in HISTOGRAMS for metric in histogram.metrics}
    plain = [family(metric).name for name, metric in CATALOG.items() if name not in counters]
    whole = [histogram_family(histogram).name for histogram in HISTOGRAMS]
    lines = [f"{name}_{suffix}" for name in whole for suffix in ("bucket", "sum", "count")]

    names = Counter([*plain, *whole, *lines, BUCKETS.name, OTHERS.name])

    assert names.most_common(1)[0][1] == 1


class TestHistograms:
    """A histogram of the catalogue is one of Prometheus."""

    WAIT = Histogram("queue.wait_time", "How long callers waited", (2.5, 10), labels=("queue",))
    METRICS = MappingProxyType({metric.name: metric for metric in WAIT.metrics})

    def observed(self, *queues: str) -> list[Sample]:
        totals = Tally()
        for queue in queues:
            for seconds in (1, 2.5, 7, 60):
                self.WAIT.observe(totals, seconds, "hq", queue)
        return [*totals.samples(NOW)]

    def test_it_is_one_family_with_buckets_in_their_order(self) -> None:
        assert exposition(reversed(self.observed("support")), self.METRICS, (self.WAIT,)) == (
            "# HELP asterisk_queue_wait_time_seconds How long callers waited\n"
            "# TYPE asterisk_queue_wait_time_seconds histogram\n"
            'asterisk_queue_wait_time_seconds_bucket{pbx="hq",queue="support",le="2.5"} 2\n'
            'asterisk_queue_wait_time_seconds_bucket{pbx="hq",queue="support",le="10"} 3\n'
            'asterisk_queue_wait_time_seconds_bucket{pbx="hq",queue="support",le="+Inf"} 4\n'
            'asterisk_queue_wait_time_seconds_sum{pbx="hq",queue="support"} 70.5\n'
            'asterisk_queue_wait_time_seconds_count{pbx="hq",queue="support"} 4\n'
        )

    def test_series_of_other_labels_stand_one_after_another(self) -> None:
        samples = sorted(self.observed("support", "sales"), key=lambda sample: sample.series.name)

        (found,) = text_string_to_metric_families(exposition(samples, self.METRICS, (self.WAIT,)))

        assert found.type == "histogram"
        assert [sample.labels["queue"] for sample in found.samples] == ["support"] * 5 + ["sales"] * 5

    def test_every_histogram_of_the_catalogue_is_read_as_one(self) -> None:
        totals = Tally()
        for histogram in HISTOGRAMS:
            histogram.observe(totals, 1.0, "hq", *("x" for _ in histogram.labels))

        families = text_string_to_metric_families(exposition(totals.samples(NOW), CATALOG, HISTOGRAMS))

        kinds = {found.name: found.type for found in families}
        assert kinds == {histogram_family(each).name: "histogram" for each in HISTOGRAMS}


def test_buckets_keep_their_names_in_a_label() -> None:
    series = Series("statsd.calls-in.count", (("pbx", "hq"), ("site", "x"), ("bucket", "y"), ("a-b", "z")))

    exposed = exposition([Sample(series, 2, NOW)], CATALOG)

    assert (
        'asterisk_statsd{pbx="hq",bucket="calls-in.count",site="x",tag_bucket="y",tag_a_2Db="z"} 2' in exposed
    )
    assert "# TYPE asterisk_statsd untyped" in exposed


def test_what_the_catalogue_does_not_list_keeps_its_name_in_a_label() -> None:
    series = Series("if.in-octets", (("pbx", "hq"), ("name", "eth0")))

    exposed = exposition([Sample(series, 2, NOW)], CATALOG)

    assert 'asterisk_other{pbx="hq",name="if.in-octets",tag_name="eth0"} 2' in exposed


def test_a_series_with_an_older_path_is_not_taken_for_another() -> None:
    labels = (("pbx", "hq"),)
    samples = [
        Sample(Series("statsd.hits", labels, path), 1, NOW)
        for path in ("", "stats.hits", "stats_counts.hits")
    ]

    assert len(read(exposition(samples, CATALOG))) == 3


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_a_number_is_left_out(value: float) -> None:
    assert exposition([Sample(WAITING, value, NOW)], CATALOG) == ""


def test_the_last_of_two_samples_counts() -> None:
    assert exposition([Sample(WAITING, 1, NOW), Sample(WAITING, 2, NOW)], CATALOG).endswith("} 2\n")


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.text(alphabet='ab\\n"\n_{},=', max_size=4)
BUCKET = st.builds(
    lambda group, what, labels: Series(f"{group}.{what}", (("pbx", "hq"), *sorted(labels.items()))),
    st.sampled_from(["statsd", "queue", "x"]),
    TEXTS,
    st.dictionaries(st.sampled_from(["site", "pbx2", "bucket", "name", "a-b", "a_2Db", "tag_x", ""]), TEXTS),
)
ENTRY = st.sampled_from(list(CATALOG.values())).flatmap(
    lambda metric: st.builds(metric.series, TEXTS, *[TEXTS for _ in metric.labels])
)


@given(st.sets(BUCKET | ENTRY, max_size=20))
def test_prometheus_reads_every_series_and_takes_no_two_for_one(series: set[Series]) -> None:
    samples = [Sample(one, number / 4, NOW) for number, one in enumerate(sorted(series))]

    found = read(exposition(samples, CATALOG, HISTOGRAMS))

    numbers = [value for (_, labels), value in found.items() if ("le", "+Inf") not in labels]
    assert sorted(numbers) == [sample.value for sample in samples]
