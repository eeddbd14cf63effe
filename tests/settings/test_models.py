"""Values that are right alone, but not together."""

from typing import Any

import pytest

from bridge.settings import (
    AmiSettings,
    PbxSettings,
    PbxStatsdSettings,
    Settings,
    SnmpSettings,
)
from tests.settings.conflicts import conflicts

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


def test_a_pbx_has_an_interface() -> None:
    assert conflicts(PbxSettings) == [""]


def test_each_sender_belongs_to_one_pbx() -> None:
    def pbx(*senders: str) -> PbxSettings:
        return PbxSettings(statsd=PbxStatsdSettings(senders=senders))

    apart = {"a": pbx("10.0.0.1"), "b": pbx("10.0.0.2", "::1")}
    shared = {"a": pbx("10.0.0.0/24"), "b": pbx("10.0.0.2"), "c": pbx("10.0.0.2/32")}

    assert conflicts(Settings, pbx=apart) == []
    assert conflicts(Settings, pbx=shared) == [f"{name}.statsd.senders" for name in ("b", "c", "c")]


@pytest.mark.parametrize(
    ("http", "commands", "warned"),
    [
        ({"listen": "0.0.0.0:8080"}, True, True),
        ({"listen": "pbx.lan:8080"}, True, True),
        ({"listen": "0.0.0.0:8080", "token": "secret"}, True, False),
        ({"listen": "0.0.0.0:8080"}, False, False),
        ({"listen": "127.0.0.1:8080"}, True, False),
        ({"listen": "[::1]:8080"}, True, False),
        ({"listen": "off"}, True, False),
    ],
)
def test_who_lets_anybody_silence_alerts_is_warned(
    http: dict[str, Any], commands: bool, warned: bool
) -> None:
    settings = Settings.model_validate({"http": http, "alerts": {"commands": commands}})

    assert any("BRIDGE_HTTP__TOKEN" in warning for warning in settings.warnings()) == warned
