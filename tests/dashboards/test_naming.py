"""Names of queries are those that the layouts give."""

from hypothesis import given
from hypothesis.strategies import sampled_from

from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.asterisk.catalog.queues import QUEUE_WAIT_TIME, QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_INFO
from bridge.core.metric import Metric, MetricKind
from bridge.dashboards import naming
from bridge.protocols.graphite import path_layout, tag_layout

metrics = sampled_from([*CATALOG.values()])


def put(text: str, metric: Metric) -> str:
    """The stand-ins replaced by values that no layout changes."""
    for label in naming.labels_of(metric):
        text = text.replace(naming.MARK + label, f"v_{label}")
    return text.replace(naming.PREFIX, "asterisk")


@given(metrics)
def test_a_stand_in_stands_where_the_value_goes(metric: Metric) -> None:
    series = metric.series(*(f"v_{label}" for label in naming.labels_of(metric)))

    name, tags = naming.tagged(metric, ())
    exposed = naming.exposed(metric, ())

    assert put(".".join(naming.path(metric, ())), metric) == path_layout("asterisk", CATALOG)(series)
    written = ";".join([name, *(f"{label}={value}" for label, value in sorted(tags.items()))])
    assert put(written, metric) == tag_layout("asterisk")(series)
    assert (
        exposed.labels.items() >= {label: naming.MARK + label for label in naming.labels_of(metric)}.items()
    )


def test_a_value_is_escaped_as_by_the_layout() -> None:
    where = (("pbx", "hq"), ("queue", "a.b"))

    assert naming.path(QUEUE_WAITING, where) == ["@prefix", "hq", "queue", "a%2Eb", "waiting"]
    assert naming.tagged(QUEUE_WAITING, where).labels == {"pbx": "hq", "queue": "a.b"}


def test_a_bound_of_a_histogram_is_a_bucket_of_prometheus() -> None:
    _, bound = QUEUE_WAIT_TIME.within[0]

    assert naming.exposed(bound, (("pbx", "hq"),)) == (
        "asterisk_queue_wait_time_seconds_bucket",
        {"pbx": "hq", "queue": "@queue", "le": "5"},
    )
    assert naming.exposed(QUEUE_WAIT_TIME.count, ()).text == "asterisk_queue_wait_time_seconds_count"


def test_text_has_no_place_in_a_path() -> None:
    assert SYSTEM_INFO.kind is MetricKind.INFO
    assert naming.path(SYSTEM_INFO, ()) == []


def test_no_name_of_the_catalogue_holds_the_mark_of_stand_ins() -> None:
    assert not any(naming.MARK in name for name in CATALOG)
    assert HISTOGRAMS
