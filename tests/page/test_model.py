"""The model: what counts, and what may be believed."""

from dataclasses import replace

from bridge.core.alert import Severity
from bridge.page.history import History
from bridge.page.model import build, verdict
from tests.page import scene
from tests.page.scene import NOW


def test_what_calls_for_somebody_comes_first() -> None:
    silenced = replace(scene.ALERTS[1], silenced_until=NOW + 60)

    shown = scene.model(alerts=(scene.ALERTS[2], silenced, scene.ALERTS[0])).facts.alerts

    assert [notice.key.rule for notice in shown] == ["queue_waiting", "trunk_down", "contact_slow"]


def test_of_many_alerts_the_gravest_are_shown_and_the_others_counted() -> None:
    many = [scene.alert("r", f"queue={number}") for number in range(300)]

    shown = scene.model(alerts=(*many, scene.ALERTS[1]))

    assert len(shown.facts.alerts) == 100
    assert shown.facts.alerts[0].severity is Severity.CRITICAL
    assert shown.more_alerts == 201
    assert shown.verdict.title == "301 alerts"


def test_the_level_is_that_of_the_gravest() -> None:
    assert verdict(scene.ALERTS, ()).level == "bad"
    assert verdict(scene.ALERTS[:1], ()).level == "warn"
    assert verdict(scene.ALERTS[2:], ()).level == "ok"
    assert verdict((), scene.PARTS).level == "warn"
    assert verdict((), scene.PARTS).details == ("AMI of north is down",)


def test_a_silent_pbx_does_not_look_steady() -> None:
    """Its newest values are not shown as long as none of the sources works that tell them."""
    lost = tuple(part._replace(up=part.pbx != "hq", since=NOW) for part in scene.PARTS)

    hq, _, south = scene.model(parts=lost).pbxs

    assert (hq.level, hq.state) == ("bad", "down")
    assert {each.value for each in hq.figures} == {None}
    assert {each.up for each in hq.trunks} == {None}
    assert hq.figures[0].plot.line
    assert south.figures[0].value is not None


def test_one_of_two_sources_is_enough_for_what_both_tell() -> None:
    """Channels come by SNMP too; queues do not."""
    lost = tuple(part._replace(up=(part.pbx, part.name) != ("hq", "ami")) for part in scene.PARTS)

    hq = scene.model(parts=lost).pbxs[0]

    assert (hq.level, hq.state) == ("warn", "partly up")
    assert [each.value is None for each in hq.figures] == [True, False, True, True]


def test_a_pbx_of_which_only_statsd_tells_is_shown() -> None:
    alone = build(scene.history(), scene.facts(parts=()))

    assert [(each.name, each.level) for each in alone.pbxs] == [("hq", "ok"), ("south", "ok")]


def test_queues_and_trunks_are_bounded() -> None:
    history = scene.history()
    history.take([scene.sample_of("queue.waiting", 1.0, f"q{number:03}") for number in range(120)])

    hq = build(history, scene.facts()).pbxs[0]

    assert len(hq.queues) == 50
    assert hq.more_queues == 73


def test_the_sum_of_all_queues_is_the_number_of_the_card() -> None:
    hq = scene.model().pbxs[0]

    waiting = next(each for each in hq.figures if each.name == "Callers waiting")
    assert waiting.value == sum(queue.waiting or 0.0 for queue in hq.queues)


def test_books_balance_as_they_came() -> None:
    for sink in scene.model().sinks:
        lost = sum(amount for _, amount in sink.dropped)
        assert sink.accepted is not None
        assert sink.accepted == (sink.delivered or 0.0) + (sink.buffered or 0.0) + lost


def test_what_is_not_told_yet_is_not_nothing() -> None:
    sink = build(History(), scene.facts()).sinks[0]

    assert sink.accepted is sink.delivered is sink.buffered is None
