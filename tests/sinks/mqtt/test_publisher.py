"""What all sinks that publish over MQTT have in common."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bridge.errors import ProtocolError, TemporaryError
from bridge.settings import MqttSettings
from bridge.sinks.mqtt.publisher import Publisher

URL = "mqtt://127.0.0.1:1"


def test_what_a_link_raises_is_said_in_our_words() -> None:
    with pytest.raises(TemporaryError) as caught, Publisher(MqttSettings(url=URL))._in_our_words():
        raise ProtocolError("it sent nonsense")

    assert caught.value.reason == "protocol"
    assert str(caught.value).startswith(f"{URL}: it does not keep to MQTT: it sent nonsense")


def test_a_defect_is_not_taken_for_a_fault_of_the_broker() -> None:
    with pytest.raises(ZeroDivisionError), Publisher(MqttSettings(url=URL))._in_our_words():
        raise ZeroDivisionError


def test_what_a_broker_does_not_allow_is_told_now_and_then() -> None:
    one = Publisher(MqttSettings(url=URL))

    with capture_logs() as logs:
        one._warn("write", [])
        for _ in range(3):
            one._warn("write", ["a/b", "a/c"])

    assert [(line["topic"], line["topics"], line["access"]) for line in logs] == [("a/b", 2, "write")]


def test_one_that_was_never_opened_can_be_closed() -> None:
    asyncio.run(Publisher(MqttSettings(url=URL)).close())


def test_a_url_that_is_none_of_a_broker_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with"):
        Publisher(MqttSettings.model_construct(url="http://127.0.0.1"))
