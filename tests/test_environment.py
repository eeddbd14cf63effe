"""Settings as they come from outside: the environment over TOML, all faults at once, no secret shown."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bridge.environment import LINE, Loaded, effective, load, masked, read
from bridge.errors import SettingsError
from bridge.settings import Settings
from bridge.settings.variables import ANY, MASK, VARIABLES, KeyPath, spelled

CANARY = "correct-horse-battery"

AMI = {
    "BRIDGE_PBX__HQ__AMI__HOST": "10.0.0.5",
    "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
    "BRIDGE_PBX__HQ__AMI__SECRET": CANARY,
}


def faults(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(environ)
    return [str(fault) for fault in caught.value.faults]


def toml(folder: Path, text: str) -> dict[str, str]:
    file = folder / "bridge.toml"
    file.write_text(text)
    return {"BRIDGE_CONFIG": str(file)}


def test_nothing_at_all_is_good() -> None:
    settings = load({})

    assert settings.model_dump() == Settings().model_dump()


def test_the_name_of_a_pbx_is_a_level_of_the_variable_in_lower_case() -> None:
    settings = load(AMI)

    hq = settings.pbx["hq"].ami
    assert hq
    assert hq.host == "10.0.0.5"
    assert hq.secret.get_secret_value() == CANARY


def test_text_of_the_environment_becomes_the_type_of_the_setting() -> None:
    settings = load(
        {
            "BRIDGE_STATSD__ENABLED": "no",
            "BRIDGE_STATSD__LISTEN": "udp://0.0.0.0:8125,unixgram:///run/statsd.sock",
            "BRIDGE_STATSD__PERCENTILES": "[90, -10]",
            "BRIDGE_STATSD__FLUSH_INTERVAL": "1m",
            "BRIDGE_MQTT__QOS": "1",
            "BRIDGE_MQTT__BUFFER": "5",
        }
    )

    assert settings.statsd.enabled is False
    assert settings.statsd.listen == ("udp://0.0.0.0:8125", "unixgram:///run/statsd.sock")
    assert settings.statsd.percentiles == (90.0, -10.0)
    assert settings.statsd.flush_interval == 60
    assert settings.mqtt.qos == 1
    assert settings.mqtt.buffer == 5


def test_the_environment_goes_over_the_file_setting_by_setting(tmp_path: Path) -> None:
    file = toml(
        tmp_path,
        f"""
        freshness = "30s"
        [pbx.hq.ami]
        host = "of the file"
        username = "bridge"
        secret = "{CANARY}"
        [graphite]
        url = ["tcp://a", "tcp://b"]
        """,
    )

    settings = load({**file, "BRIDGE_PBX__HQ__AMI__HOST": "10.0.0.5", "BRIDGE_GRAPHITE__URL": "tcp://c"})

    assert settings.pbx["hq"].ami
    assert (settings.pbx["hq"].ami.host, settings.pbx["hq"].ami.username) == ("10.0.0.5", "bridge")
    assert settings.graphite.url == ("tcp://c",)
    assert settings.freshness == 30


def test_an_empty_variable_is_as_if_it_were_not_set_unless_empty_is_a_value(tmp_path: Path) -> None:
    file = toml(tmp_path, '[graphite]\nurl = "tcp://a"\ntimeout = "3s"\n')

    settings = load({**file, "BRIDGE_GRAPHITE__URL": "", "BRIDGE_GRAPHITE__TIMEOUT": ""})

    assert settings.graphite.url == ()
    assert settings.graphite.timeout == 3


class TestFaults:
    """Every fault is told at once, and each names what to change."""

    def test_faults_of_all_places_and_all_kinds_come_together(self, tmp_path: Path) -> None:
        file = toml(tmp_path, '[http]\nlisten = "nowhere"\nlsiten = "x"\n[pbx.empty]\n')

        with pytest.raises(SettingsError) as caught:
            read(
                {
                    **file,
                    "BRIDGE_MQTT__ULR": "x",
                    "BRIDGE_MQTT__QOS": "2",
                    "BRIDGE_MQTT__PASSWORD_FILE": "/none",
                    "BRIDGE_PBX__HQ__AMI__HOST": "h",
                    "BRIDGE_PBX__LAB__SNMP__HOST": "h",
                    "BRIDGE_PBX__LAB__SNMP__VERSION": "3",
                }
            )

        assert {fault.where for fault in caught.value.faults} == {
            f"{file['BRIDGE_CONFIG']}: http.listen",
            f"{file['BRIDGE_CONFIG']}: http.lsiten",
            f"{file['BRIDGE_CONFIG']}: pbx.empty",
            "BRIDGE_MQTT__PASSWORD_FILE",
            "BRIDGE_MQTT__QOS",
            "BRIDGE_MQTT__ULR",
            "BRIDGE_PBX__HQ__AMI__SECRET",
            "BRIDGE_PBX__HQ__AMI__USERNAME",
            "BRIDGE_PBX__LAB__SNMP__USERNAME",
        }

    def test_what_is_missing_is_explained(self) -> None:
        told = faults({"BRIDGE_PBX__HQ__AMI__HOST": "h", "BRIDGE_PBX__HQ__AMI__SECRET": CANARY})

        assert told == [
            "BRIDGE_PBX__HQ__AMI__USERNAME: is not set (Section name of the account in manager.conf)"
        ]

    def test_a_fault_inside_a_list_names_the_variable_and_the_item(self) -> None:
        told = faults({"BRIDGE_STATSD__ALLOW": "10.0.0.1,pbx"})

        assert told == [
            "BRIDGE_STATSD__ALLOW: 'pbx' is not an address or a network; write 10.0.0.5 or 10.0.0.0/8"
        ]

    def test_a_secret_whose_file_cannot_be_read_is_told_once(self) -> None:
        told = faults({**NEEDED, "BRIDGE_PBX__HQ__AMI__SECRET_FILE": "/none"})

        assert told == ["BRIDGE_PBX__HQ__AMI__SECRET_FILE: cannot read '/none': No such file or directory"]

    def test_two_pbxs_may_not_claim_the_same_sender(self) -> None:
        told = faults(
            {
                "BRIDGE_PBX__A__STATSD__SENDERS": "10.0.0.0/8",
                "BRIDGE_PBX__B__STATSD__SENDERS": "192.0.2.1,10.0.0.5",
            }
        )

        assert told == [
            "BRIDGE_PBX__B__STATSD__SENDERS: holds 10.0.0.5, which PBX a claims too, with 10.0.0.0/8"
        ]

    def test_the_name_of_a_pbx_is_told_with_the_variable_that_holds_it(self) -> None:
        told = faults({"BRIDGE_PBX__BRIDGE__SNMP__HOST": "h"})

        (fault,) = told
        assert fault.startswith("BRIDGE_PBX__BRIDGE__SNMP__HOST: 'bridge' is reserved")

    def test_a_name_that_would_steer_the_terminal_is_escaped_and_cut(self) -> None:
        told = sorted(faults({"BRIDGE_\x1b[31m\nX": "x", "BRIDGE_" + "Y" * 100_000: "x"}))

        assert told[0].startswith("BRIDGE_YYY")
        assert len(told[0]) < 3 * LINE
        assert told[1].startswith(r"BRIDGE_\x1b[31m\nX: is not a setting")

    def test_the_same_fault_of_many_items_is_told_once(self) -> None:
        told = faults({"BRIDGE_STATSD__ALLOW": "pbx," * 900})

        assert len(told) == 1

    def test_a_long_value_is_cut(self) -> None:
        (told,) = faults({"BRIDGE_LOG__LEVEL": "x" * 1000})

        assert len(told) < 200


Form = Callable[[KeyPath, Path], dict[str, str]]


def by_variable(path: KeyPath, _: Path) -> dict[str, str]:
    return {spelled(path): CANARY}


def by_file(path: KeyPath, folder: Path) -> dict[str, str]:
    return {f"{spelled(path)}_FILE": str(written(folder / "secret"))}


def by_secrets_folder(path: KeyPath, folder: Path) -> dict[str, str]:
    written(folder / spelled(path).lower())
    return {"BRIDGE_SECRETS_DIR": str(folder)}


def by_systemd(path: KeyPath, folder: Path) -> dict[str, str]:
    written(folder / spelled(path).lower())
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def by_toml(path: KeyPath, folder: Path) -> dict[str, str]:
    return toml(folder, f'[{".".join(path[:-1])}]\n{path[-1]} = "{CANARY}"\n')


def by_toml_file(path: KeyPath, folder: Path) -> dict[str, str]:
    return toml(folder, f'[{".".join(path[:-1])}]\n{path[-1]}_file = "{written(folder / "secret")}"\n')


def written(file: Path) -> Path:
    file.write_text(f"{CANARY}\n")
    file.chmod(0o600)
    return file


FORMS: list[Form] = [by_variable, by_file, by_secrets_folder, by_systemd, by_toml, by_toml_file]
SECRETS = [
    tuple("hq" if part == ANY else part for part in path)
    for path, variable in VARIABLES.items()
    if variable.secret
]
NEEDED = {
    "BRIDGE_PBX__HQ__SNMP__HOST": "10.0.0.5",
    "BRIDGE_PBX__HQ__AMI__HOST": "10.0.0.5",
    "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", SECRETS, ids=spelled)
class TestSecrets:
    """A secret may come in any of six forms, and is shown in none."""

    def loaded(self, path: KeyPath, form: Form, folder: Path) -> Loaded:
        given = form(path, folder)
        others = {} if path[-1] == "secret" else {"BRIDGE_PBX__HQ__AMI__SECRET": "another"}
        return read({**NEEDED, **others, **given})

    def test_it_arrives(self, path: KeyPath, form: Form, tmp_path: Path) -> None:
        value: object = self.loaded(path, form, tmp_path).settings
        for part in path:
            value = value[part] if isinstance(value, dict) else getattr(value, part)

        assert getattr(value, "get_secret_value", str)() == CANARY

    def test_it_is_not_shown(self, path: KeyPath, form: Form, tmp_path: Path) -> None:
        loaded = self.loaded(path, form, tmp_path)

        shown = [*effective(loaded)]
        everything = [repr(loaded), str(loaded.settings), json.dumps(masked(loaded.settings)), repr(shown)]
        assert not [text for text in everything if CANARY in text]
        assert MASK in [value for variable, value, _ in shown if variable.path == path]

    def test_it_is_not_shown_in_a_fault(self, path: KeyPath, form: Form, tmp_path: Path) -> None:
        given = form(path, tmp_path)
        twice = {spelled(path): f"{CANARY}2", f"{spelled(path)}_FILE": "/none"}
        wrong = {"BRIDGE_PBX__HQ__SNMP__PORT": "0", f"{spelled(path)}S": CANARY}

        told = "\n".join(faults({**given, **twice, **wrong}))

        assert told
        assert CANARY not in told


def test_the_password_in_a_url_is_refused_and_masked() -> None:
    (told,) = faults({"BRIDGE_MQTT__URL": f"mqtt://user:{CANARY}@broker"})

    assert told == (
        "BRIDGE_MQTT__URL: 'mqtt://user:***@broker' must not hold a password; it has a setting of its own"
    )


def test_loading_warns_of_secrets_that_are_open_to_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "secret")
    file.chmod(0o644)

    load({"BRIDGE_MQTT__PASSWORD_FILE": str(file)})

    told = capsys.readouterr()
    assert "mode 0644" in told.out + told.err
    assert CANARY not in told.out + told.err


def test_every_setting_in_force_is_shown_with_its_origin(tmp_path: Path) -> None:
    file = toml(tmp_path, '[graphite]\nurl = "tcp://a"\n')
    loaded = read({**AMI, **file, "BRIDGE_STATSD__TTL": "90s"})

    shown = {variable.name: (value, origin) for variable, value, origin in effective(loaded)}

    assert shown["BRIDGE_PBX__HQ__AMI__HOST"] == ("10.0.0.5", "BRIDGE_PBX__HQ__AMI__HOST")
    assert shown["BRIDGE_PBX__HQ__AMI__SECRET"] == (MASK, "BRIDGE_PBX__HQ__AMI__SECRET")
    assert shown["BRIDGE_GRAPHITE__URL"] == ("tcp://a", f"{file['BRIDGE_CONFIG']}: graphite.url")
    assert shown["BRIDGE_STATSD__TTL"] == ("90s", "BRIDGE_STATSD__TTL")
    assert shown["BRIDGE_FRESHNESS"] == ("1m", "default")
    assert not [name for name in shown if "SNMP" in name]


def test_the_values_that_are_shown_read_back_to_the_same_settings() -> None:
    environ = {**AMI, "BRIDGE_GRAPHITE__URL": "tcp://a,tcp://b", "BRIDGE_STATSD__PERCENTILES": "99.5,-1"}
    loaded = read(environ)

    shown = {variable.name: value for variable, value, _ in effective(loaded) if value != MASK}

    assert load({**shown, "BRIDGE_PBX__HQ__AMI__SECRET": CANARY}) == loaded.settings


def test_reading_settings_logs_nothing_through_libraries(caplog: pytest.LogCaptureFixture) -> None:
    """pydantic-settings can log what it read; it must have nothing to say of secrets."""
    with caplog.at_level(logging.DEBUG):
        load(AMI)

    assert CANARY not in caplog.text
