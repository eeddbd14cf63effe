"""What is found in the environment, in files of secrets and in TOML, before it is checked."""

from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings.layers import (
    SECRET_LIMIT,
    TOML_LIMIT,
    Given,
    Layer,
    from_environment,
    from_secret_folders,
    from_toml,
)


def layer(**environ: str) -> Layer:
    found = Layer()
    found.fill(from_environment({f"BRIDGE_{name}": value for name, value in environ.items()}))
    return found


def faults(found: Layer) -> list[str]:
    return [str(fault) for fault in found.faults]


def test_variables_become_nested_values_with_their_origin() -> None:
    found = layer(PBX__HQ__AMI__HOST="10.0.0.5", FRESHNESS="30s")

    assert found.values == {"pbx": {"hq": {"ami": {"host": "10.0.0.5"}}}, "freshness": "30s"}
    assert found.origins["pbx", "hq", "ami", "host"] == "BRIDGE_PBX__HQ__AMI__HOST"
    assert not found.faults


def test_other_variables_are_none_of_our_business() -> None:
    found = Layer()

    found.fill(from_environment({"HOME": "/", "BRIDGES": "x", "bridge_mqtt__url": "x", "BRIDGE_CONFIG": "f"}))

    assert found == Layer()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GRAPHTIE__URL", "BRIDGE_GRAPHITE__URL"),
        ("GRAPHITE_URL", "BRIDGE_GRAPHITE__URL"),
        ("PBX__HQ__AMI__HOTS", "BRIDGE_PBX__HQ__AMI__HOST"),
        ("PBX_HQ_AMI_HOST", "BRIDGE_PBX__<NAME>__AMI__HOST"),
        ("MQTT__PASWORD", "BRIDGE_MQTT__PASSWORD"),
        ("STATSD__LISTEN__", "BRIDGE_STATSD__LISTEN"),
    ],
)
def test_an_unknown_variable_is_a_fault_that_names_the_nearest_one(name: str, meant: str) -> None:
    found = layer(**{name: "hunter2"})

    assert faults(found) == [f"BRIDGE_{name}: is not a setting (did you mean {meant}?)"]


def test_where_nothing_is_near_the_fault_says_how_to_list_all() -> None:
    found = layer(QQQ="x")

    assert faults(found) == ["BRIDGE_QQQ: is not a setting (`asterisk-bridge env` lists all settings)"]


def test_a_variable_that_is_given_in_two_spellings_is_a_fault() -> None:
    found = layer(MQTT__URL="mqtt://a", mqtt__url="mqtt://b")

    assert faults(found) == ["BRIDGE_mqtt__url: is set by BRIDGE_MQTT__URL too (keep one of them)"]


class TestSecretFiles:
    """Every secret has a `_FILE` twin."""

    def test_the_file_is_read_without_its_last_newline(self, tmp_path: Path) -> None:
        file = secret_file(tmp_path / "secret", b" two words \r\n")

        found = layer(MQTT__PASSWORD_FILE=str(file))

        assert found.values == {"mqtt": {"password": " two words "}}
        assert found.origins == {("mqtt", "password"): "BRIDGE_MQTT__PASSWORD_FILE"}
        assert not found.warnings

    def test_the_secret_and_its_file_together_are_a_fault(self, tmp_path: Path) -> None:
        file = secret_file(tmp_path / "secret", b"hunter2")

        found = layer(MQTT__PASSWORD="hunter3", MQTT__PASSWORD_FILE=str(file))

        assert faults(found) == [
            "BRIDGE_MQTT__PASSWORD_FILE: is set by BRIDGE_MQTT__PASSWORD too (keep one of them)"
        ]

    def test_only_secrets_have_a_file(self) -> None:
        found = layer(MQTT__USERNAME_FILE="/run/user")

        assert "BRIDGE_MQTT__USERNAME_FILE: is not a setting" in faults(found)[0]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"\xff\xfe", "does not hold UTF-8 text"),
            (b"x" * (SECRET_LIMIT + 1), "is too long for a secret"),
            (None, "cannot read"),
        ],
    )
    def test_a_file_that_cannot_be_used_says_why(
        self, tmp_path: Path, content: bytes | None, reason: str
    ) -> None:
        file = tmp_path / "secret"
        if content is not None:
            secret_file(file, content)

        found = layer(MQTT__PASSWORD_FILE=str(file))

        (fault,) = found.faults
        assert fault.where == "BRIDGE_MQTT__PASSWORD_FILE"
        assert reason in fault.what
        assert str(file) in fault.what

    @pytest.mark.parametrize(("mode", "warned"), [(0o600, 0), (0o640, 0), (0o644, 1), (0o660, 1), (0o604, 1)])
    def test_a_mode_wider_than_0640_is_warned_of(self, tmp_path: Path, mode: int, warned: int) -> None:
        file = secret_file(tmp_path / "secret", b"hunter2", mode)

        found = layer(MQTT__PASSWORD_FILE=str(file))

        assert len(found.warnings) == warned
        assert all(f"mode {mode:04o}" in warning for warning in found.warnings)


@pytest.mark.parametrize("variable", ["BRIDGE_SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
def test_a_folder_of_secrets_holds_files_named_like_variables(tmp_path: Path, variable: str) -> None:
    secret_file(tmp_path / "bridge_pbx__hq__ami__secret", b"hunter2\n")
    secret_file(tmp_path / "BRIDGE_MQTT__PASSWORD", b"hunter3")
    secret_file(tmp_path / "tls.key", b"of somebody else")
    found = Layer()

    found.fill(from_secret_folders({variable: str(tmp_path)}))

    assert found.values == {"mqtt": {"password": "hunter3"}, "pbx": {"hq": {"ami": {"secret": "hunter2"}}}}
    assert found.origins["mqtt", "password"] == str(tmp_path / "BRIDGE_MQTT__PASSWORD")


def test_a_file_in_the_folder_that_is_no_secret_is_a_fault(tmp_path: Path) -> None:
    file = secret_file(tmp_path / "bridge_mqtt__url", b"mqtt://b")
    found = Layer()

    found.fill(from_secret_folders({"BRIDGE_SECRETS_DIR": str(tmp_path)}))

    assert found.faults[0].where == str(file)
    assert "is not a setting" in found.faults[0].what


def test_a_missing_folder_of_secrets_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BRIDGE_SECRETS_DIR: cannot read"):
        list(from_secret_folders({"BRIDGE_SECRETS_DIR": str(tmp_path / "none")}))


class TestToml:
    """A TOML file has the same names, in lower case."""

    def test_keys_become_values_with_the_file_as_origin(self, tmp_path: Path) -> None:
        file = toml(tmp_path, '[pbx.hq.ami]\nhost = "h"\n[graphite]\nurl = ["tcp://a", "tcp://b"]\n')
        found = Layer()

        found.fill(from_toml(file))

        assert found.values == {
            "pbx": {"hq": {"ami": {"host": "h"}}},
            "graphite": {"url": ["tcp://a", "tcp://b"]},
        }
        assert found.origins["graphite", "url"] == f"{file['BRIDGE_CONFIG']}: graphite.url"

    @pytest.mark.parametrize(
        ("text", "key", "meant"),
        [
            ('[mqtt]\nulr = "mqtt://b"', "mqtt.ulr", "mqtt.url"),
            ('mqtt = "mqtt://b"', "mqtt", "mqtt.url"),
            ("[mqtt.url]\na = 1", "mqtt.url.a", "mqtt.url"),
            ('[pbx.hq.amy]\nhost = "h"', "pbx.hq.amy.host", "pbx.hq.ami.host"),
            ("[grafite]", "grafite", "graphite.url"),
        ],
    )
    def test_an_unknown_key_is_a_fault(self, tmp_path: Path, text: str, key: str, meant: str) -> None:
        file = toml(tmp_path, text)
        found = Layer()

        found.fill(from_toml(file))

        where = f"{file['BRIDGE_CONFIG']}: {key}"
        assert faults(found) == [f"{where}: is not a setting (did you mean {meant}?)"]

    def test_an_empty_section_is_a_section(self, tmp_path: Path) -> None:
        found = Layer()

        found.fill(from_toml(toml(tmp_path, "[pbx.hq]\n[mqtt]\n")))

        assert found.values == {"pbx": {"hq": {}}, "mqtt": {}}
        assert not found.faults

    def test_a_table_that_is_too_deep_for_any_setting_is_one_unknown_key(self, tmp_path: Path) -> None:
        found = Layer()

        found.fill(from_toml(toml(tmp_path, ".".join("a" * 5000) + " = 1")))

        assert len(found.faults) == 1
        assert "is not a setting" in found.faults[0].what

    @pytest.mark.parametrize(
        "text",
        ["[mqtt", "a = ", "\x00", "a = " + "[" * 5000, pytest.param("#" * (TOML_LIMIT + 1), id="long")],
    )
    def test_what_is_not_toml_is_a_fault_of_the_variable(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(SettingsError, match=r"BRIDGE_CONFIG: .* is not TOML"):
            list(from_toml(toml(tmp_path, text)))

    def test_a_missing_file_is_a_fault_of_the_variable(self) -> None:
        with pytest.raises(SettingsError, match="BRIDGE_CONFIG: cannot read '/none': No such file"):
            list(from_toml({"BRIDGE_CONFIG": "/none"}))


def test_a_value_that_is_found_once_more_does_not_replace_the_first() -> None:
    found = Layer()

    found.add(Given(("mqtt", "url"), "mqtt://a", "A"))
    found.add(Given(("mqtt", "url"), "mqtt://b", "B"))

    assert found.values == {"mqtt": {"url": "mqtt://a"}}
    assert found.faults[0].where == "B"


def secret_file(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def toml(folder: Path, text: str) -> dict[str, str]:
    file = folder / "bridge.toml"
    file.write_text(text)
    return {"BRIDGE_CONFIG": str(file)}
