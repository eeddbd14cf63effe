"""Sinks are told where to write without contradiction."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bridge.settings import GraphiteSettings, MqttSettings
from tests.settings.conflicts import conflicts


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"url": "mqtts://b", "tls_ca": __file__}, []),
        ({"url": "MQTTS://b", "tls_ca": __file__}, []),
        ({"url": "mqtt://b", "tls_ca": __file__}, ["tls_ca"]),
        ({"url": "wss://b", "tls_key": __file__}, ["tls_key"]),
        ({"url": "mqtt://me@b", "username": "me"}, []),
        ({"url": "mqtt://me@b", "username": "you"}, ["username"]),
        ({"url": "mqtt://b", "password": "p"}, []),
        ({"url": "mqtt://b", "password": "p", "version": "3.1.1"}, ["username"]),
        ({"url": "mqtt://me@b", "password": "p", "version": "3.1.1"}, []),
    ],
)
def test_mqtt_means_what_it_says(given: dict[str, Any], fields: list[str]) -> None:
    assert conflicts(MqttSettings, **given) == fields


def test_a_certificate_for_graphite_without_tls_is_a_mistake() -> None:
    assert conflicts(GraphiteSettings, url="tcp://a", tls_ca=__file__) == ["tls_ca"]
    assert conflicts(GraphiteSettings, url="tcp://a,tls://b:2003", tls_ca=__file__) == []


def test_files_that_are_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="does not exist"):
        MqttSettings(tls_ca=tmp_path / "none")
