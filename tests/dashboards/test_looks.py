"""Units, thresholds and words come from the catalogue and from the rules that ship."""

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.calls import CALLS_ACTIVE, CALLS_DURATION
from bridge.asterisk.catalog.endpoints import ENDPOINT_STATE, TRUNK_UP
from bridge.asterisk.catalog.media import MEDIA_MOS
from bridge.asterisk.catalog.queues import QUEUE_JOINS, QUEUE_MEMBERS, QUEUE_WAIT_TIME, QUEUE_WAITING
from bridge.core.metric import MetricKind
from bridge.core.own import PROCESS_CPU
from bridge.dashboards import looks
from bridge.dashboards.query import Growth, Level, Per, Quantile, mean, share


def test_each_unit_of_the_catalogue_has_a_name_in_grafana() -> None:
    assert {metric.unit for metric in CATALOG.values()} <= looks.UNITS.keys()


def test_a_query_has_the_unit_of_what_it_answers() -> None:
    assert looks.unit(Level(CALLS_ACTIVE)) == "short"
    assert looks.unit(Growth(QUEUE_JOINS)) == "cpm"
    assert looks.unit(Growth(QUEUE_JOINS, Per.RANGE)) == "short"
    assert looks.unit(Growth(PROCESS_CPU, Per.SECOND)) == "percentunit"
    assert looks.unit(mean(CALLS_DURATION)) == looks.unit(Quantile(CALLS_DURATION, 0.5)) == "s"
    assert looks.unit(share(QUEUE_WAIT_TIME, 20)) == "percentunit"


def test_thresholds_are_those_of_the_rules_that_ship() -> None:
    assert looks.steps(Level(QUEUE_WAITING)) == [
        {"value": None, "color": "green"},
        {"value": 10, "color": "orange"},
    ]
    assert looks.steps(Level(MEDIA_MOS)) == [
        {"value": None, "color": "orange"},
        {"value": 3.5, "color": "green"},
    ]
    assert looks.steps(Level(QUEUE_MEMBERS)) == [
        {"value": None, "color": "red"},
        {"value": 1, "color": "green"},
    ]


def test_what_no_rule_watches_has_one_colour() -> None:
    assert looks.steps(Level(CALLS_ACTIVE)) == [{"value": None, "color": "blue"}]
    assert looks.steps(Growth(QUEUE_JOINS)) == [{"value": None, "color": "blue"}]


def test_states_are_told_in_words() -> None:
    (up,) = looks.mappings(TRUNK_UP)
    (state,) = looks.mappings(ENDPOINT_STATE)

    assert up["options"] == {
        "0": {"text": "down", "color": "red"},
        "1": {"text": "up", "color": "green"},
    }
    assert isinstance(state["options"], dict)
    assert [each["text"] for each in state["options"].values()] == ["unknown", "offline", "online"]
    assert looks.mappings(QUEUE_WAITING) == []


def test_only_gauges_without_a_unit_have_words() -> None:
    worded = [metric for metric in CATALOG.values() if looks.words(metric)]

    assert worded
    assert all(metric.kind is MetricKind.GAUGE and not metric.unit for metric in worded)


def test_a_panel_is_explained_by_the_catalogue() -> None:
    text = looks.explanation((Level(QUEUE_WAITING), Level(QUEUE_WAITING), mean(QUEUE_WAIT_TIME)))

    assert text.count("`queue.waiting`: Callers waiting now.") == 1
    assert "`queue.wait_time_sum`" in text
    assert QUEUE_WAIT_TIME.caveat in text
