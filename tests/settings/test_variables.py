"""Every setting has one variable, a type in words, a default and a help."""

from bridge.settings import Settings
from bridge.settings.variables import ANY, MASK, SECTIONS, VARIABLES, pattern, spelled


def test_a_variable_is_spelled_from_the_path_of_its_setting() -> None:
    assert spelled(("pbx", "hq", "ami", "host")) == "BRIDGE_PBX__HQ__AMI__HOST"
    assert spelled(("pbx", ANY, "ami", "host")) == "BRIDGE_PBX__<NAME>__AMI__HOST"
    assert spelled(("freshness",)) == "BRIDGE_FRESHNESS"


def test_the_pattern_of_a_path_leaves_the_name_of_the_pbx_open() -> None:
    assert pattern(("pbx", "hq", "ami", "host")) == ("pbx", ANY, "ami", "host")
    assert pattern(("statsd", "listen")) == ("statsd", "listen")


def test_no_two_settings_share_a_variable() -> None:
    names = [variable.name for variable in VARIABLES.values()]

    assert len(names) == len(set(names))


def test_every_setting_and_every_section_has_a_help() -> None:
    assert all(variable.help for variable in VARIABLES.values())
    assert all(SECTIONS.values())


def test_no_setting_ends_like_the_twin_of_a_secret() -> None:
    """`x_file` beside a secret `x` could not be told apart from the secret's file."""
    secrets = {path for path, variable in VARIABLES.items() if variable.secret}

    assert not {(*path[:-1], f"{path[-1]}_file") for path in secrets} & set(VARIABLES)


def test_types_and_defaults_are_written_as_the_environment_writes_them() -> None:
    def told(*path: str) -> tuple[str, str | None]:
        variable = VARIABLES[path]
        return variable.form.name, variable.default

    assert told("statsd", "flush_interval") == ("duration", "10s")
    assert told("statsd", "listen") == ("list", "udp://127.0.0.1:8125")
    assert told("statsd", "percentiles") == ("list", "90")
    assert told("statsd", "enabled") == ("true or false", "true")
    assert told("mqtt", "version") == ("3.1.1 | 5", "5")
    assert told("mqtt", "tls_ca") == ("path", "")
    assert told("pbx", ANY, "ami", "port") == ("number", "")
    assert told("pbx", ANY, "ami", "secret") == ("secret", None)


def test_every_secret_is_known_as_one() -> None:
    secrets = {spelled(path) for path, variable in VARIABLES.items() if variable.secret}

    assert secrets == {
        "BRIDGE_PBX__<NAME>__SNMP__COMMUNITY",
        "BRIDGE_PBX__<NAME>__SNMP__AUTH_PASSWORD",
        "BRIDGE_PBX__<NAME>__SNMP__PRIV_PASSWORD",
        "BRIDGE_PBX__<NAME>__AMI__SECRET",
        "BRIDGE_MQTT__PASSWORD",
        "BRIDGE_HTTP__TOKEN",
        "BRIDGE_PRIVACY__KEY",
    }


def test_a_shown_secret_is_masked_and_an_empty_one_is_seen_to_be_empty() -> None:
    settings = Settings()
    password = VARIABLES["mqtt", "password"]

    assert password.shown(settings.mqtt.password) == ""
    assert password.shown(type(settings.mqtt.password)("hunter2")) == MASK
