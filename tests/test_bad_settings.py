"""Forty broken environments: each ends `check` with exit code 2 and the variable named, and nothing leaks."""

from collections.abc import Mapping

import pytest

from tests.checking import checked, told

SECRET = "correct-horse-battery"
AMI = {"PBX__HQ__AMI__HOST": "10.0.0.5", "PBX__HQ__AMI__USERNAME": "bridge", "PBX__HQ__AMI__SECRET": SECRET}
SNMP = {"PBX__HQ__SNMP__HOST": "10.0.0.5", "PBX__HQ__SNMP__COMMUNITY": SECRET}
V3 = {**SNMP, "PBX__HQ__SNMP__VERSION": "3", "PBX__HQ__SNMP__USERNAME": "monitor"}

BROKEN: list[tuple[str, dict[str, str]]] = [
    # the variable that is to blame, and the environment
    ("GRAPHTIE__URL", {**AMI, "GRAPHTIE__URL": "tcp://g"}),
    ("PBX__HQ__AMI__HOTS", {**AMI, "PBX__HQ__AMI__HOTS": "x"}),
    ("PBX__HQ__AMI__PASSWORD", {**AMI, "PBX__HQ__AMI__PASSWORD": SECRET}),
    ("PBX_HQ_AMI_HOST", {"PBX_HQ_AMI_HOST": "10.0.0.5"}),
    ("PBX__HQ", {"PBX__HQ": f'{{"ami": "{SECRET}"}}'}),
    ("MQTT", {"MQTT": f"mqtt://u:{SECRET}@b"}),
    ("MQTT__USERNAME_FILE", {"MQTT__USERNAME_FILE": "/run/user"}),
    ("PBX__HQ__AMI__USERNAME", {"PBX__HQ__AMI__HOST": "h", "PBX__HQ__AMI__SECRET": SECRET}),
    ("PBX__HQ__AMI__SECRET", {"PBX__HQ__AMI__HOST": "h", "PBX__HQ__AMI__USERNAME": "u"}),
    ("PBX__HQ__AMI__HOST", {"PBX__HQ__AMI__USERNAME": "u", "PBX__HQ__AMI__SECRET": SECRET}),
    ("PBX__HQ__AMI__HOST", {**AMI, "PBX__HQ__AMI__HOST": "10.0.0.5:5038"}),
    ("PBX__HQ__AMI__PORT", {**AMI, "PBX__HQ__AMI__PORT": "0"}),
    ("PBX__HQ__AMI__PORT", {**AMI, "PBX__HQ__AMI__PORT": "fifty"}),
    ("PBX__HQ__AMI__TLS", {**AMI, "PBX__HQ__AMI__TLS": "perhaps"}),
    ("PBX__HQ__AMI__TLS_CA", {**AMI, "PBX__HQ__AMI__TLS": "1", "PBX__HQ__AMI__TLS_CA": "/none.pem"}),
    ("PBX__HQ__AMI__AUTH", {**AMI, "PBX__HQ__AMI__AUTH": "plain"}),
    ("PBX__HQ__AMI__INTERVAL", {**AMI, "PBX__HQ__AMI__INTERVAL": "0s"}),
    ("PBX__HQ__AMI__INTERVAL", {**AMI, "PBX__HQ__AMI__INTERVAL": "soon"}),
    ("PBX__HQ__AMI__SECRET_FILE", {**AMI, "PBX__HQ__AMI__SECRET_FILE": "/run/secrets/ami"}),
    (
        "PBX__HQ__AMI__SECRET_FILE",
        {**AMI, "PBX__HQ__AMI__SECRET": "", "PBX__HQ__AMI__SECRET_FILE": "/dev/null"},
    ),
    ("MQTT__PASSWORD_FILE", {"MQTT__PASSWORD_FILE": "/none"}),
    ("MQTT__PASSWORD_FILE", {"MQTT__PASSWORD_FILE": "/etc"}),
    ("PBX__BRIDGE__SNMP__HOST", {"PBX__BRIDGE__SNMP__HOST": "h"}),
    ("PBX__HEAD_OFFICE___SNMP__HOST", {"PBX__HEAD_OFFICE___SNMP__HOST": "h"}),
    ("PBX__HQ__SNMP__VERSION", {**SNMP, "PBX__HQ__SNMP__VERSION": "2"}),
    ("PBX__HQ__SNMP__USERNAME", {**SNMP, "PBX__HQ__SNMP__VERSION": "3"}),
    ("PBX__HQ__SNMP__AUTH_PASSWORD", {**V3, "PBX__HQ__SNMP__AUTH_PROTOCOL": "sha"}),
    (
        "PBX__HQ__SNMP__AUTH_PROTOCOL",
        {**V3, "PBX__HQ__SNMP__PRIV_PROTOCOL": "aes", "PBX__HQ__SNMP__PRIV_PASSWORD": SECRET},
    ),
    ("PBX__HQ__SNMP__PRIV_PROTOCOL", {**V3, "PBX__HQ__SNMP__PRIV_PROTOCOL": "rot13"}),
    ("PBX__HQ__SNMP__MIB_DIR", {**SNMP, "PBX__HQ__SNMP__MIB_DIR": "/none"}),
    (
        "PBX__B__STATSD__SENDERS",
        {"PBX__A__STATSD__SENDERS": "10.0.0.0/8", "PBX__B__STATSD__SENDERS": "10.0.0.5"},
    ),
    ("STATSD__LISTEN", {"STATSD__LISTEN": "0.0.0.0:8125"}),
    ("STATSD__ALLOW", {"STATSD__ALLOW": "10.0.0.0/33"}),
    ("STATSD__PERCENTILES", {"STATSD__PERCENTILES": "90,0"}),
    ("STATSD__MAPPING", {"STATSD__MAPPING": "/none.toml"}),
    ("GRAPHITE__URL", {"GRAPHITE__URL": "tcp://a:2003,graphite:2003"}),
    ("MQTT__URL", {"MQTT__URL": f"mqtt://bridge:{SECRET}@broker"}),
    ("MQTT__TLS_CA", {"MQTT__URL": "mqtt://broker", "MQTT__TLS_CA": __file__}),
    ("HTTP__LISTEN", {"HTTP__LISTEN": "8080"}),
    ("CONFIG", {"CONFIG": "/none.toml"}),
]


def test_there_are_forty() -> None:
    assert len(BROKEN) == 40


@pytest.mark.parametrize(("name", "environ"), BROKEN, ids=[name for name, _ in BROKEN])
def test_a_broken_environment_is_told_and_nothing_starts(name: str, environ: dict[str, str]) -> None:
    answer = checked(prefixed(environ))

    assert answer.code == 2
    assert any(line.startswith(f"BRIDGE_{name}: ") for line in answer.err.splitlines()), answer.err
    assert SECRET not in answer.out + answer.err
    assert not answer.out


def test_the_environment_without_the_fault_is_good() -> None:
    """The forty are broken for the reason they name, and not for one that they share."""
    answer = told(prefixed(AMI | SNMP))

    assert answer.code == 0, answer.err
    assert "settings are good: PBXs hq (ami, snmp)" in answer.out


def prefixed(environ: Mapping[str, str]) -> dict[str, str]:
    return {f"BRIDGE_{name}": value for name, value in environ.items()}
