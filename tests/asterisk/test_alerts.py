"""The rules that ship: real metrics, sentences for people, and a reason for each that is off."""

import pytest

from bridge.asterisk.alerts import SHIPPED, SUBJECTS
from bridge.asterisk.alerts.shipped import Shipped
from bridge.asterisk.catalog import CATALOG
from bridge.core.alert import Key, Severity
from bridge.core.course import summary
from bridge.core.summary import fields_of
from bridge.settings import AlertsSettings, RuleSettings, ScheduleSettings
from bridge.settings.alerts import rule_of, rules

WANTED = {
    "pbx_unreachable": "the PBX is unreachable",
    "source_down": "one source of it is",
    "asterisk_restarted": "Zabbix: Asterisk has been restarted",
    "asterisk_reloaded": "Zabbix: its configuration has been reloaded",
    "version_changed": "Zabbix: its version has changed",
    "trunk_down": "Zabbix: the state of a trunk",
    "trunk_busy": "Zabbix: channels of a trunk",
    "queue_waiting": "Zabbix: callers in a queue",
    "registration_lost": "a registration is lost",
    "registration_rejected": "or rejected",
    "contact_unreachable": "a contact does not answer",
    "endpoint_offline": "an endpoint is offline",
    "contact_slow": "round trip",
    "queue_longest_wait": "longest wait",
    "queue_without_members": "nobody logged in while callers wait",
    "queue_abandoned": "abandon rate",
    "asr_low": "answer-seizure ratio",
    "calls_near_limit": "CoreMaxCalls",
    "media_loss": "media",
    "media_jitter": "media",
    "media_poor": "media",
    "authentication_failures": "log-ins refused",
    "ami_overprivileged": "an account that may too much",
    "ami_events_late": "event lag",
    "sources_disagree": "sources disagree",
    "suspicious_silence": "no call within business hours",
    "span_alarm": "DAHDI",
    "mailbox_full": "voicemail",
    "taskprocessors_overloaded": "taskprocessors in alert",
    "snmp_disconnected": "res_snmp away",
    "sink_down": "the bridge's own",
    "spool_degraded": "the bridge's own",
    "samples_dropped": "the bridge's own",
    "statsd_dropped": "the bridge's own",
    "statsd_series_cap": "the bridge's own",
    "state_not_saved": "the bridge's own",
    "reload_failed": "the bridge's own",
}
"""What must be watched, and why. Those of Zabbix are the triggers of its template for Asterisk."""

every = pytest.mark.parametrize("rule", SHIPPED.values(), ids=SHIPPED)


def settings_of(rule: Shipped) -> RuleSettings:
    return RuleSettings(**rule.fields)


def test_no_two_rules_share_a_name() -> None:
    assert sum(len(subject.RULES) for subject in SUBJECTS) == len(SHIPPED)


def test_all_that_should_be_watched_is() -> None:
    assert WANTED.keys() <= SHIPPED.keys()


def test_together_they_are_settings_without_a_fault() -> None:
    schedule = {"business": ScheduleSettings(hours="Mon-Fri 08:00-18:00", timezone="UTC")}
    enabled = {name: {**rule.fields, "enabled": True} for name, rule in SHIPPED.items()}

    settings = AlertsSettings(rule=enabled, schedule=schedule)

    assert {each.name for each in rules(settings)} == set(SHIPPED)


@every
def test_a_rule_watches_metrics_that_there_are(rule: Shipped) -> None:
    for term in rule_of(rule.name, settings_of(rule)).terms:
        assert term.metric in CATALOG


@every
def test_one_that_is_off_says_why(rule: Shipped) -> None:
    assert settings_of(rule).enabled is not bool(rule.why_off)


@every
def test_a_rule_explains_itself_in_sentences(rule: Shipped) -> None:
    for text in filter(None, (rule.meaning, rule.why_off)):
        assert text.endswith(".")
        assert "  " not in text
    assert rule.meaning


@every
def test_a_summary_is_one_short_line_with_what_it_is_about(rule: Shipped) -> None:
    made = rule_of(rule.name, settings_of(rule))
    labels = (("pbx", "hq"), *((label, f"some-{label}") for label in made.by))

    told = summary(made, Key(made.name, labels), 0.5)

    assert 10 < len(told) < 100
    assert not told.endswith(".")
    assert all(f"some-{label}" in told for label in made.by)
    named = {each.name for each in fields_of(made.summary)}
    assert "pbx" in named or CATALOG[made.term.metric].name.partition(".")[0] in {
        "source",
        "sink",
        "spool",
        "listener",
        "memory",
        "config",
    }


@every
def test_whatever_is_about_a_pbx_is_explained_when_that_is_unreachable(rule: Shipped) -> None:
    about_pbx = "{pbx}" in str(rule.fields["summary"])

    assert ("pbx_unreachable" in rule.fields.get("inhibited_by", ())) is (
        about_pbx and rule.name != "pbx_unreachable"
    )


def test_no_rule_explains_what_explains_it() -> None:
    explained = {name: set(rule.fields.get("inhibited_by", ())) for name, rule in SHIPPED.items()}

    def causes(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        assert name not in seen
        return explained[name].union(*(causes(each, seen | {name}) for each in explained[name]))

    assert all(name not in causes(name) for name in SHIPPED)


@every
def test_a_rule_waits_for_more_than_one_poll_unless_once_is_enough(rule: Shipped) -> None:
    """What a single poll or event tells may be over with the next; what is counted over a window is not."""
    made = rule_of(rule.name, settings_of(rule))
    sure = {
        "asterisk_restarted": "it did",
        "asterisk_reloaded": "it was",
        "ami_overprivileged": "as long as nobody changes it",
        "queue_longest_wait": "five minutes are enough",
        "mailbox_full": "it does not empty itself",
        "calls_near_limit": "calls are refused in a moment",
        "calls_at_limit": "calls are refused in a moment",
        "spool_degraded": "what is lost with the next restart is told at once",
        "span_alarm": "Asterisk tells both ends of an alarm",
    }

    assert made.hold > 15 or made.term.over or made.name in sure


def test_what_costs_calls_is_critical() -> None:
    critical = {
        name for name, rule in SHIPPED.items() if Severity(settings_of(rule).severity) is Severity.CRITICAL
    }

    assert critical == {
        "pbx_unreachable",
        "trunk_down",
        "queue_without_members",
        "calls_at_limit",
        "span_alarm",
        "span_down",
        "taskprocessors_overloaded",
        "listener_down",
        "spool_degraded",
    }
