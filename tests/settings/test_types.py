"""The types of settings refuse what they cannot mean."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bridge.settings import types


def check(kind: Any, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (types.PbxName, "hq"),
        (types.PbxName, "site-2_b"),
        (types.Host, "pbx.example"),
        (types.Host, "10.0.0.5"),
        (types.Host, "fe80::1%eth0"),
        (types.FileMode, "0660"),
        (types.Topic, "sites/north"),
        (types.StatsdPrefix, ""),
        (types.StatsdPrefix, "pbx.hq"),
        (types.HttpListen, "off"),
        (types.HttpListen, "[::1]:8080"),
        (types.HttpListen, "127.0.0.1:0"),
        (types.MqttUrl, "mqtts://bridge@broker:8883"),
        (types.MqttUrl, "wss://broker/mqtt"),
        (types.MqttUrl, ""),
        (types.StatsdOutUrl, "tcp://statsd"),
    ],
)
def test_what_is_meant_is_taken_as_it_is(kind: Any, value: str) -> None:
    assert check(kind, value) == value


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (types.PbxName, "bridge", "reserved"),
        (types.PbxName, "HQ", "is not a PBX name"),
        (types.PbxName, "a__b", "is not a PBX name"),
        (types.PbxName, "a_", "is not a PBX name"),
        (types.PbxName, "", "is not a PBX name"),
        (types.PbxName, "a" * 65, "is not a PBX name"),
        (types.Host, "pbx:5038", "a port has a setting of its own"),
        (types.Host, "user@pbx", "is not a host"),
        (types.Host, "http://pbx", "is not a host"),
        (types.Host, "", "is not a host"),
        (types.FileMode, "rw", "write it as 0660"),
        (types.FileMode, "0990", "write it as 0660"),
        (types.StatsdPrefix, "hq.", "Asterisk adds one"),
        (types.StatsdPrefix, "h q", "is not a StatsD prefix"),
        (types.StatsdPrefix, "hq:1", "is not a StatsD prefix"),
        (types.StatsdPrefix, "h" * 41, "up to 40 characters"),
        (types.Topic, "a/#", "is not a topic"),
        (types.Topic, "$SYS", "is not a topic"),
        (types.Topic, "/a", "is not a topic"),
        (types.Topic, "a/", "is not a topic"),
        (types.Topic, "", "is not a topic"),
        (types.HttpListen, "8080", "is not HOST:PORT"),
        (types.HttpListen, "localhost", "is not HOST:PORT"),
        (types.HttpListen, "localhost:8080/metrics", "is not HOST:PORT"),
        (types.HttpListen, "http://localhost:8080", "is not HOST:PORT"),
        (types.HttpListen, "localhost:99999", "is not HOST:PORT"),
        (types.MqttUrl, "tcp://broker", "must begin with mqtt://"),
        (types.MqttUrl, "mqtt://u:p@broker", "must not hold a password"),
        (types.MqttUrl, "broker", "must begin with mqtt://"),
        (types.StatsdOutUrl, "udp://user@statsd", "must not hold a user name"),
        (types.GraphiteUrls, "tls://carbon", "names no port"),
        (types.GraphiteUrls, "tcp://a,http://b", "must begin with tcp://"),
        (types.ListenUrls, "", "names nothing"),
        (types.ListenUrls, "unix://relative", "three slashes"),
        (types.ListenUrls, f"unix:///{'a' * 107}", "107 bytes"),
        (types.ListenUrls, "tcp://u:/hunter2@h", "must end with the host"),
        (types.MqttUrl, "ws://u:/hunter2@h/mqtt", "must end with the host"),
        (types.Networks, "10.0.0.1," * 1001, "has 1001 items"),
        (types.Networks, ["10.0.0.1"] * 1001, "has 1001 items"),
        (types.Networks, "[" * 100_000, "looks like JSON but is not"),
        (types.Amount, 2**31, "less than or equal"),
        (types.Duration, "0s", "greater than 0"),
        (types.Duration, "400d", "less than or equal"),
        (types.Duration, float("nan"), "greater than 0"),
        (types.Qos, "2", "0 or 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(kind: Any, value: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        check(kind, value)


def test_a_section_does_not_change_and_knows_its_keys() -> None:
    class Sample(types.Section):
        port: types.Port = 1

    sample = Sample()

    with pytest.raises(ValidationError, match="frozen"):
        sample.port = 2  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Sample(prot=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("text", ["a\n", "\x1b[31m", "\x9b", "a\u2028b", "\udcff", "\0"])
@pytest.mark.parametrize("field", ["name", "password", "folder", "names"])
def test_no_text_of_ours_holds_a_control_character(field: str, text: str) -> None:
    class Sample(types.Section):
        name: str = ""
        password: types.Secret = types.Secret("")
        folder: Path = Path()
        names: tuple[str, ...] = ()

    value = ["good", text] if field == "names" else text

    with pytest.raises(ValidationError, match=rf"{field} holds a control character|unicode"):
        Sample.model_validate({field: value})


def test_an_error_does_not_repeat_the_value() -> None:
    class Sample(types.Section):
        password: types.Secret

    with pytest.raises(ValidationError) as caught:
        Sample.model_validate({"password": ["hunter2"]})

    assert "hunter2" not in str(caught.value)
