"""Topics and payloads of alerts."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.alert import QUIET, Happening, Key, Notice, Severity, State
from bridge.protocols.mqtt import LONGEST_TOPIC
from bridge.protocols.mqtt_alerts import (
    alert_topic,
    event_message,
    event_topic,
    fits,
    request_topic,
    response_topic,
    state_message,
)

KEY = Key("queue_waiting", (("pbx", "hq"), ("queue", "support")))
NOTICE = Notice(
    key=KEY,
    happening=Happening.FIRING,
    time=1_700_000_030.5,
    number=1_700_000_003,
    state=State.FIRING,
    severity=Severity.WARNING,
    since=1_700_000_030.5,
    value=12.0,
    threshold=10.0,
    summary="12 callers wait in queue support",
)


class TestTopics:
    """One for each alert, and one for the events of a PBX."""

    def test_an_alert_has_a_topic_of_its_own(self) -> None:
        assert alert_topic("asterisk", KEY) == "asterisk/hq/alert/queue_waiting/support"
        assert alert_topic("asterisk", Key("pbx_down", KEY.labels[:1])) == "asterisk/hq/alert/pbx_down"
        assert event_topic("asterisk", "hq") == "asterisk/hq/event/alert"
        assert request_topic("asterisk", "+") == "asterisk/bridge/request/+"
        assert response_topic("asterisk", "ack") == "asterisk/bridge/response/ack"

    def test_no_label_reaches_another_topic(self) -> None:
        key = Key("trunk_down", (("pbx", "a/b"), ("trunk", "+/#"), ("x", "")))

        assert alert_topic("asterisk", key) == "asterisk/a%2Fb/alert/trunk_down/%2B%2F%23/%"
        assert response_topic("asterisk", "a/b#") == "asterisk/bridge/response/a%2Fb%23"

    @given(st.lists(st.lists(st.text(max_size=5), min_size=2, max_size=2), min_size=2, max_size=2))
    def test_two_alerts_never_share_a_topic(self, values: list[list[str]]) -> None:
        one, other = (Key("rule", (("pbx", pbx), ("trunk", trunk))) for pbx, trunk in values)

        assert (alert_topic("p", one) == alert_topic("p", other)) == (one == other)


class TestStates:
    """How an alert stands is retained."""

    def test_it_is_a_json_object(self) -> None:
        message = state_message("asterisk", NOTICE)

        assert (message.topic, message.qos, message.retain) == (
            "asterisk/hq/alert/queue_waiting/support",
            1,
            True,
        )
        assert json.loads(message.payload) == {
            "state": "firing",
            "severity": "warning",
            "since": 1_700_000_030.5,
            "value": 12.0,
            "threshold": 10.0,
            "summary": "12 callers wait in queue support",
            "labels": {"pbx": "hq", "queue": "support"},
            "rule": "queue_waiting",
            "id": f"{KEY.id}-1700000003",
            "acknowledged": False,
            "silenced_until": None,
            "inhibited": False,
            "flapping": False,
        }

    def test_what_has_gone_is_taken_off_the_broker(self) -> None:
        assert state_message("asterisk", replace(NOTICE, happening=Happening.GONE)).payload == b""

    def test_text_that_is_not_unicode_does_not_stop_it(self) -> None:
        notice = replace(NOTICE, summary="\udcff waits")

        assert json.loads(state_message("asterisk", notice).payload)["summary"] == "? waits"

    def test_a_topic_of_any_length_is_known_to_fit_or_not(self) -> None:
        long = replace(NOTICE, key=Key("rule", (("pbx", "hq"), ("queue", "q" * LONGEST_TOPIC))))

        assert fits(state_message("asterisk", NOTICE))
        assert not fits(state_message("asterisk", long))


class TestEvents:
    """What has happened to an alert is told, and not retained."""

    @pytest.mark.parametrize("happening", [each for each in Happening if each not in QUIET])
    def test_it_says_what_has_happened_and_when(self, happening: Happening) -> None:
        message = event_message("asterisk", replace(NOTICE, happening=happening))

        words = json.loads(message.payload)
        assert (message.topic, message.qos, message.retain) == ("asterisk/hq/event/alert", 1, False)
        assert (words["event_type"], words["time"]) == (happening.value, 1_700_000_030.5)
        assert words["id"] == f"{KEY.id}-1700000003"
