"""The state of the bridge and of its PBXs, and what a broker is told of them."""

import json
import random
import string
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols.mqtt import (
    AHEAD,
    OFFLINE,
    ONLINE,
    Availability,
    Message,
    acl,
    announce,
    client_id,
    report,
)

FORBIDDEN = set("/+#$ \0") | {chr(code) for code in (*range(32), *range(127, 160))}
NOW = 1_700_000_000.0


def at(series: Series, value: float, time: float = NOW) -> Sample:
    return Sample(series, value, time)


def said(messages: Sequence[Message]) -> dict[str, str]:
    return {message.topic: message.payload.decode() for message in messages}


class TestState:
    """The bridge and its PBXs, in the shape that zigbee2mqtt made known."""

    def test_birth_and_last_will_have_the_same_topic_retained_with_qos_1(self) -> None:
        assert announce("asterisk", online=True) == Message(
            "asterisk/bridge/state", b'{"state":"online"}', 1, retain=True
        )
        assert announce("asterisk", online=False) == Message(
            "asterisk/bridge/state", b'{"state":"offline"}', 1, retain=True
        )

    def test_a_report_is_a_retained_json_object_whatever_it_holds(self) -> None:
        message = report("a/b", "info", {"version": "1.0", "odd": {1}, "name": "Büro\ud800"})

        assert message.topic == "a/b/bridge/info"
        assert (message.qos, message.retain) == (1, True)
        assert json.loads(message.payload) == {"version": "1.0", "odd": "{1}", "name": "Büro?"}


class TestAvailability:
    """A PBX is online while any of its sources answers."""

    AMI = own.SOURCE_UP.series("hq", "ami")
    SNMP = own.SOURCE_UP.series("hq", "snmp")
    TOPIC = "asterisk/hq/availability"

    @pytest.mark.parametrize(
        ("ami", "snmp", "state"), [(0, 0, OFFLINE), (1, 0, ONLINE), (0, 1, ONLINE), (1, 1, ONLINE)]
    )
    def test_any_source_is_enough(self, ami: int, snmp: int, state: bytes) -> None:
        messages = Availability("asterisk").update([at(self.AMI, ami), at(self.SNMP, snmp)], NOW)

        assert messages == [Message(self.TOPIC, state, 1, retain=True)]

    def test_only_a_change_is_news(self) -> None:
        availability = Availability("asterisk")
        steps = [
            [at(self.AMI, 1), at(self.SNMP, 1)],
            [at(self.AMI, 0)],
            [at(self.AMI, 0)],
            [at(self.SNMP, 0)],
            [at(self.SNMP, 1)],
        ]

        news = [said(availability.update(samples, NOW)) for samples in steps]

        assert news == [
            {self.TOPIC: ONLINE.decode()},
            {},
            {},
            {self.TOPIC: OFFLINE.decode()},
            {self.TOPIC: ONLINE.decode()},
        ]
        assert said(availability.everything()) == {self.TOPIC: ONLINE.decode()}

    def test_a_state_that_comes_late_changes_nothing(self) -> None:
        availability = Availability("asterisk")
        availability.update([at(self.AMI, 1)], NOW)

        assert not availability.update([at(self.AMI, 0, NOW - AHEAD)], NOW)
        assert said(availability.everything()) == {self.TOPIC: ONLINE.decode()}

    def test_the_bridge_itself_has_its_state_instead(self) -> None:
        assert not Availability("asterisk").update([at(own.SOURCE_UP.series(BRIDGE, "statsd"), 1)], NOW)


class TestBrokerSide:
    """What the broker is told of us beside messages."""

    def test_the_access_list_allows_our_topics_to_our_user(self) -> None:
        assert acl("asterisk", "bridge") == (
            "user bridge\ntopic write asterisk/#\ntopic read asterisk/bridge/state\n"
        )

    def test_without_a_user_the_access_list_is_for_anyone(self) -> None:
        assert acl("site/pbx", "") == "topic write site/pbx/#\ntopic read site/pbx/bridge/state\n"

    def test_what_is_done_beside_that_comes_last(self) -> None:
        *_, last = acl("asterisk", "bridge", ["topic read homeassistant/status"]).splitlines()

        assert last == "topic read homeassistant/status"

    def test_no_host_name_makes_a_client_id_that_an_access_list_would_misread(self) -> None:
        chance = random.Random(23)
        letters = string.printable + "/+#$%äß\u2028\ud800\0"
        hosts = {"".join(chance.choices(letters, k=chance.randint(0, 60))) for _ in range(100)}

        misread = [
            host for host in hosts if set(client_id(host)) & FORBIDDEN or not client_id(host).isascii()
        ]

        assert len(hosts) >= 99
        assert not misread

    @given(host=st.text())
    def test_no_host_name_makes_a_client_id_with_wildcards(self, host: str) -> None:
        assert not set(client_id(host)) & FORBIDDEN

    def test_a_usual_host_name_stands_in_the_client_id(self) -> None:
        assert client_id("pbx-1.example.com") == "asterisk-bridge-pbx-1.example.com"
