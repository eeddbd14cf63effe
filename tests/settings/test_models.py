"""Values that are right alone, but not together."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bridge.settings import (
    AmiSettings,
    GraphiteSettings,
    MqttSettings,
    PbxSettings,
    PbxStatsdSettings,
    Settings,
    SnmpSettings,
)
from bridge.settings.types import ConflictError, Section


def conflicts(model: type[Section], **given: Any) -> list[str]:
    """The fields that `model` complains of."""
    try:
        model.model_validate(given)
    except ValidationError as error:
        causes = [each["ctx"]["error"] for each in error.errors()]
        return [field for cause in causes if isinstance(cause, ConflictError) for field, _ in cause.conflicts]
    return []


V3: dict[str, Any] = {"host": "h", "version": "3", "username": "monitor"}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"host": "h"}, []),
        ({"host": "h", "username": "monitor"}, ["username"]),
        (V3, []),
        ({**V3, "username": ""}, ["username"]),
        ({**V3, "auth_protocol": "sha", "auth_password": "12345678"}, []),
        ({**V3, "auth_protocol": "sha", "auth_password": "1234567"}, ["auth_password"]),
        ({**V3, "priv_protocol": "aes", "priv_password": "12345678"}, ["auth_protocol"]),
        (
            {**V3, "auth_protocol": "sha", "auth_password": "12345678", "priv_protocol": "des"},
            ["priv_protocol", "priv_password"],
        ),
        (
            {
                **V3,
                "auth_protocol": "sha",
                "auth_password": "12345678",
                "priv_protocol": "des",
                "priv_password": "12345678",
                "allow_des": True,
            },
            [],
        ),
    ],
)
def test_snmp_version_3_is_whole(given: dict[str, Any], fields: list[str]) -> None:
    assert conflicts(SnmpSettings, **given) == fields


ACCOUNT = {"username": "u", "secret": "s"}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"host": "pbx"}, []),
        ({"host": "pbx", "auth": "plain"}, ["auth"]),
        ({"host": "pbx", "auth": "plain", "tls": True}, []),
        ({"host": "127.0.0.1", "auth": "plain"}, []),
        ({"host": "pbx", "tls_ca": __file__}, ["tls_ca"]),
    ],
)
def test_the_ami_secret_is_not_shown_to_the_network(given: dict[str, Any], fields: list[str]) -> None:
    assert conflicts(AmiSettings, **ACCOUNT, **given) == fields


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


def test_a_pbx_has_an_interface() -> None:
    assert conflicts(PbxSettings) == [""]


def test_each_sender_belongs_to_one_pbx() -> None:
    def pbx(*senders: str) -> PbxSettings:
        return PbxSettings(statsd=PbxStatsdSettings(senders=senders))

    apart = {"a": pbx("10.0.0.1"), "b": pbx("10.0.0.2", "::1")}
    shared = {"a": pbx("10.0.0.0/24"), "b": pbx("10.0.0.2"), "c": pbx("10.0.0.2/32")}

    assert conflicts(Settings, pbx=apart) == []
    assert conflicts(Settings, pbx=shared) == [f"{name}.statsd.senders" for name in ("b", "c", "c")]


def test_files_that_are_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="does not exist"):
        MqttSettings(tls_ca=tmp_path / "none")
