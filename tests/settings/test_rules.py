"""One rule as users write it: what becomes of its fields, and every fault with its place."""

from typing import Any

import pytest

from bridge.core.alert import Severity
from bridge.core.rule import Aggregate, Compare, Measure, Rule, Term, Test
from bridge.environment import read
from bridge.errors import SettingsError
from bridge.settings import AlertsSettings, RuleSettings
from bridge.settings.alerts import rule_of, rules
from bridge.settings.rules import NUMBERS, WORDS

KNOWN = ", ".join((*NUMBERS, *WORDS))
"""What every summary may say."""
QUEUE = {"metric": "queue.waiting", "above": 3}


def core(**fields: Any) -> Rule:
    return rule_of("mine", RuleSettings(**fields))


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(environ)
    return [str(fault) for fault in caught.value.faults]


def faults_of(**fields: str) -> list[str]:
    """What is told of one rule, without the variable's name up to the rule's."""
    told = faults({f"BRIDGE_ALERTS__RULE__MINE__{name.upper()}": value for name, value in fields.items()})
    return [each.removeprefix("BRIDGE_ALERTS__RULE__MINE__") for each in told]


class TestRules:
    """What becomes of the fields of a rule."""

    def test_the_least_is_a_metric_and_when_it_is_bad(self) -> None:
        assert core(metric="queue.waiting", above=3) == Rule(
            name="mine",
            term=Term("queue.waiting"),
            test=Test(Compare.ABOVE, 3.0),
            by=("queue",),
            summary="queue.waiting of {pbx} {queue} is {value} (above {threshold})",
            repeat=4 * 3600.0,
            flaps=5,
            calm=600.0,
        )

    def test_everything_that_there_is(self) -> None:
        made = core(
            metric="security.events",
            labels={"event": ["Invalid*", "!InvalidTransport"], "pbx": "hq"},
            measure="increase",
            over="5m",
            aggregate="max",
            above=10,
            clear=2,
            by=["service"],
            **{"for": "1m"},
            given={"metric": "queue.joins", "measure": "rate", "over": "1h", "above": 0.5},
            severity="critical",
            summary="{value:.1f} of {service}",
            inhibited_by="pbx_unreachable, trunk_down",
            schedule="business",
            repeat="0",
            flaps=0,
            calm="1m",
        )

        assert made == Rule(
            name="mine",
            term=Term(
                "security.events",
                {"event": ("Invalid*", "!InvalidTransport"), "pbx": ("hq",)},
                Measure.INCREASE,
                300.0,
                Aggregate.MAX,
            ),
            test=Test(Compare.ABOVE, 10.0, 2.0),
            by=("service",),
            given=(Term("queue.joins", {}, Measure.RATE, 3600.0), Test(Compare.ABOVE, 0.5)),
            hold=60.0,
            severity=Severity.CRITICAL,
            summary="{value:.1f} of {service}",
            inhibited_by=("pbx_unreachable", "trunk_down"),
            schedule="business",
            repeat=0.0,
            flaps=0,
            calm=60.0,
        )

    def test_what_does_not_come_is_a_measure_of_its_own(self) -> None:
        made = core(metric="statsd.shop.orders", absent="10m")

        assert made.term == Term("statsd.shop.orders", measure=Measure.ABSENCE)
        assert made.test == Test(Compare.ABOVE, 600.0)
        assert made.by == ()

    def test_what_divides_is_taken_over_the_same_window_with_the_labels_that_it_has(self) -> None:
        made = core(
            metric="parking.ended",
            labels={"lot": "a*", "reason": "timeout"},
            measure="increase",
            over="1h",
            divided_by="parking.parked",
            above=0.5,
        )

        assert made.divisor == Term("parking.parked", {"lot": ("a*",)}, Measure.INCREASE, 3600.0)

    def test_what_is_divided_by_itself_is_a_share_of_all(self) -> None:
        made = core(
            metric="contact_state.contacts",
            labels={"state": "unreachable", "pbx": "hq"},
            by=[],
            divided_by="contact_state.contacts",
            above=0.2,
        )

        assert made.divisor == Term("contact_state.contacts", {"pbx": ("hq",)})

    def test_a_gauge_that_divides_what_has_grown_is_taken_as_it_is(self) -> None:
        made = core(metric="calls.attempts", measure="rate", over="5m", divided_by="agents.count", above=1)

        assert made.divisor == Term("agents.count")

    def test_those_that_are_not_enabled_are_not_watched(self) -> None:
        settings = AlertsSettings(rule={"a": QUEUE, "b": {**QUEUE, "enabled": False}})

        assert [each.name for each in rules(settings)] == ["a"]
        assert rules(settings.model_copy(update={"enabled": False})) == []


class TestFaultsOfARule:
    """What is wrong, where, and what was meant."""

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            (
                {"metric": "queue.wating", "above": "1"},
                "METRIC: 'queue.wating' is not a metric; did you mean queue.waiting?",
            ),
            ({"metric": "zzz", "above": "1"}, "METRIC: 'zzz' is not a metric"),
            (
                {"metric": "queue.waiting", "above": "many"},
                "ABOVE: 'many' is not a number",
            ),
            (
                {"metric": "queue.waiting", "above": "nan"},
                "ABOVE: 'nan' should be a finite number",
            ),
            (
                {"metric": "queue.waiting"},
                "METRIC: is never bad: give it one of above, below, equal, unequal, absent",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "below": "0"},
                "BELOW: cannot be given with above: keep one of them",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "labels": "queu=a"},
                "LABELS: has 'queu', which queue.waiting has not; did you mean queue?",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "labels": "zz=a"},
                "LABELS: has 'zz', which queue.waiting has not; there is pbx, queue",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "labels": "support"},
                "LABELS: 'support' is not a table; write a=1,b=2",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "labels": '{"queue": 1}'},
                "LABELS: 1 should be a valid tuple",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "by": "trunk"},
                "BY: has 'trunk', which queue.waiting has not; there is pbx, queue",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "by": "pbx"},
                "BY: has 'pbx', which every alert has",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "clear": "2"},
                "CLEAR: is 2, which must not be more than above, 1",
            ),
            (
                {"metric": "queue.waiting", "below": "2", "clear": "1"},
                "CLEAR: is 1, which must not be less than below, 2",
            ),
            (
                {"metric": "queue.waiting", "equal": "2", "clear": "1"},
                "CLEAR: is for above and below only",
            ),
            (
                {"metric": "queue.joins", "above": "1", "measure": "increase"},
                "OVER: is needed with measure increase: the window, such as 5m",
            ),
            (
                {"metric": "queue.joins", "above": "1", "over": "5m"},
                "OVER: is given, but measure is value, which has no window",
            ),
            (
                {"metric": "queue.joins", "above": "1", "measure": "rate", "over": "0s"},
                "OVER: '0s' must be greater than 0",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "measure": "rate", "over": "5m"},
                "MEASURE: is rate, but queue.waiting is no counter: change is for those",
            ),
            (
                {"metric": "queue.waiting", "absent": "5m", "divided_by": "queue.members"},
                "DIVIDED_BY: is given, but absent looks at no values",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "for": "soon"},
                "FOR: 'soon' is not a duration; write it as 500ms, 10s, 5m or 1h",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "summary": "{valeu} wait"},
                "SUMMARY: has {valeu}, which its alerts have not; did you mean value?",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "by": "", "summary": "{queue}"},
                f"SUMMARY: has {{queue}}, which its alerts have not; there is {KNOWN}",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "summary": "{value.real}"},
                "SUMMARY: has {value.real}: write {value} or {value:.1f}, without anything else",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "summary": "{value:99999999}"},
                "SUMMARY: has {value:99999999}: write {value:.1f}, {value:%} or no format",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "summary": "{value"},
                "SUMMARY: has braces that do not match; write {{ for one brace",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "inhibited_by": "trunk_don"},
                "INHIBITED_BY: has 'trunk_don', which is no rule; did you mean trunk_down?",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "inhibited_by": "mine"},
                "INHIBITED_BY: has the rule itself",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "schedule": "business"},
                "SCHEDULE: names 'business', which is no schedule",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "given__metric": "queue.joins"},
                "GIVEN__METRIC: is never bad: give it one of above, below, equal, unequal",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "given__above": "1"},
                "GIVEN__METRIC: is not set (Such as queue.waiting, or a bucket such as statsd.orders)",
            ),
            (
                {"metric": "queue.waiting", "above": "1", "sumary": "x"},
                "SUMARY: is not a setting (did you mean BRIDGE_ALERTS__RULE__MINE__SUMMARY?)",
            ),
        ],
        ids=lambda each: each if isinstance(each, str) else "",
    )
    def test_each_is_told_with_its_place(self, fields: dict[str, str], told: str) -> None:
        assert faults_of(**fields) == [told]

    def test_all_are_told_at_once(self) -> None:
        told = faults_of(metric="queue.waiting", labels="a=1,b=2", by="c", clear="1", over="1m", summary="{")

        assert [each.partition(":")[0] for each in told] == [
            "METRIC",
            "LABELS",
            "LABELS",
            "OVER",
            "CLEAR",
            "SUMMARY",
            "BY",
        ]

    def test_a_rule_that_is_not_there_is_likely_one_that_ships(self) -> None:
        told = faults({"BRIDGE_ALERTS__RULE__QUEUE_WAITNG__ABOVE": "20"})

        assert told == ["BRIDGE_ALERTS__RULE__QUEUE_WAITNG__METRIC: is not set (did you mean queue_waiting?)"]

    @pytest.mark.parametrize("name", ["A-B", "1A", "X" * 65])
    def test_a_name_must_be_one(self, name: str) -> None:
        told = faults({f"BRIDGE_ALERTS__RULE__{name}__METRIC": "queue.waiting"})

        assert any("is not a name: lower-case letters and digits" in each for each in told)

    @pytest.mark.parametrize("metric", ["statsd.shop.orders.count", "snmp.if_in_octets"])
    def test_what_users_name_themselves_has_any_labels(self, metric: str) -> None:
        made = core(metric=metric, labels={"shop": "a"}, by=["shop", "till"], above=1)

        assert made.by == ("shop", "till")
        assert made.term.match == {"shop": ("a",)}
