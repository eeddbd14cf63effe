"""MqttSink and TLS: whom it trusts, and what it says when it does not."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import bridge
from bridge.settings import MqttSettings
from bridge.sinks.mqtt.tls import tls_context
from tests.servers.handshakes import outdated, presenting, shaking_hands
from tests.servers.mosquitto import Authority, mosquitto
from tests.sinks.mqtt.stage import (
    BATCH,
    OFFLINE,
    RETAINED,
    STATE,
    VERSIONS,
    Version,
    opened,
    reason_for_failing,
)

pytestmark = pytest.mark.live

NAME = "broker.example"


class Certificates:
    """Everything that a set-up may need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours = Authority(folder)
        self.other = Authority(folder, "another CA")

    def client(self, authority: Authority) -> dict[str, Path]:
        """Settings of a client that shows a certificate."""
        certificate, key = authority.issue("bridge")
        return {"tls_ca": self.ours.file, "tls_cert": certificate, "tls_key": key}


class SetUp(NamedTuple):
    """A broker, a client, and what comes of it.

    Attributes:
        broker: gives its URL while it runs.
        client: settings of the sink.
        said: what the user is told; empty if all is well.
    """

    broker: Callable[[Certificates], AbstractContextManager[str]]
    client: Callable[[Certificates], dict[str, Any]]
    said: str = ""


def broker(**options: Any) -> Callable[[Certificates], AbstractContextManager[str]]:
    """A mosquitto whose certificate our authority has signed."""

    @contextlib.contextmanager
    def run(made: Certificates) -> Iterator[str]:
        with mosquitto(made.folder, tls=made.ours, **options) as one:
            yield one.url

    return run


@contextlib.contextmanager
def plain_broker(made: Certificates) -> Iterator[str]:
    """A mosquitto without TLS, taken for one with it."""
    with mosquitto(made.folder) as one:
        yield one.url.replace("mqtt", "mqtts")


@contextlib.contextmanager
def tls_taken_for_plain(made: Certificates) -> Iterator[str]:
    """A mosquitto with TLS, taken for one without it."""
    with mosquitto(made.folder, tls=made.ours) as one:
        yield one.url.replace("mqtts", "mqtt")


def stand_in(
    context: Callable[[Certificates], ssl.SSLContext],
) -> Callable[[Certificates], AbstractContextManager[str]]:
    """Something that shakes hands, where mosquitto cannot be had so."""

    @contextlib.contextmanager
    def run(made: Certificates) -> Iterator[str]:
        with shaking_hands(context(made)) as port:
            yield f"mqtts://127.0.0.1:{port}"

    return run


def trusting(made: Certificates) -> dict[str, Any]:
    """A client that knows our authority."""
    return {"tls_ca": made.ours.file}


SETUPS = {
    "a good certificate": SetUp(broker(), trusting),
    "an expired certificate": SetUp(broker(days=-1), trusting, "certificate has expired"),
    "a certificate of tomorrow": SetUp(broker(since=1), trusting, "certificate is not yet valid"),
    "another host": SetUp(broker(host=NAME), trusting, "set BRIDGE_MQTT__TLS_CA|TLS_SERVER_NAME"),
    "an unknown signer": SetUp(
        stand_in(lambda made: presenting(made.other.file, made.other.key)),
        lambda _: {},
        "self-signed certificate",
    ),
    "the wrong CA": SetUp(
        broker(),
        lambda made: {"tls_ca": made.other.file},
        "self-signed certificate in certificate chain|unable to get local issuer",
    ),
    "no client certificate": SetUp(
        broker(client_certificates=True), trusting, "it wants a client certificate; see .*TLS_CERT"
    ),
    "a revoked client certificate": SetUp(
        lambda made: broker(client_certificates=True, revoked=[made.folder / "bridge.crt"])(made),
        lambda made: made.client(made.ours),
        "our client certificate is revoked",
    ),
    "a client certificate of the wrong CA": SetUp(
        broker(client_certificates=True),
        lambda made: made.client(made.other),
        "it does not know the CA of our client certificate",
    ),
    "TLS 1.0 and 1.1 only": SetUp(
        stand_in(lambda made: outdated(made.ours)), trusting, "it speaks no TLS that we trust: 1.2 or newer"
    ),
    "a plain broker at the port for TLS": SetUp(
        plain_broker, trusting, "is it the port for TLS|with or without TLS"
    ),
    "TLS at the plain port": SetUp(tls_taken_for_plain, lambda _: {}, "with or without TLS"),
    "another name to ask for": SetUp(
        broker(host=NAME), lambda made: {"tls_ca": made.ours.file, "tls_server_name": NAME}
    ),
    "no verification": SetUp(broker(host=NAME), lambda _: {"insecure_tls": True}),
}


async def publish(url: str, **client: Any) -> None:
    async with opened(url, **client) as one:
        assert not await one.write(BATCH)


class TestSetUps:
    """Certificates are verified, and the loud setting is the only way around it."""

    @pytest.mark.parametrize("name", [name for name, each in SETUPS.items() if not each.said])
    def test_what_is_right_works(self, tmp_path: Path, name: str) -> None:
        made = Certificates(tmp_path)
        client = SETUPS[name].client(made)

        with SETUPS[name].broker(made) as url:
            asyncio.run(publish(url, **client))

    @pytest.mark.parametrize("name", [name for name, each in SETUPS.items() if each.said])
    def test_what_is_not_right_is_named(self, tmp_path: Path, name: str) -> None:
        made = Certificates(tmp_path)
        client = SETUPS[name].client(made)

        with SETUPS[name].broker(made) as url:
            reason = reason_for_failing(url, timeout=5, **client)

        assert re.search(SETUPS[name].said, reason)

    @pytest.mark.parametrize("websockets", [False, True])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_client_certificate_opens_the_door_over_both_transports(
        self, tmp_path: Path, version: Version, websockets: bool
    ) -> None:
        made = Certificates(tmp_path)
        client = made.client(made.ours)

        with mosquitto(tmp_path, tls=made.ours, client_certificates=True, websockets=websockets) as one:
            asyncio.run(publish(one.url, version=version, **client))

            assert one.retained().items() >= {**RETAINED, STATE: OFFLINE}.items()

    def test_the_name_to_ask_for_is_the_one_that_is_verified(self, tmp_path: Path) -> None:
        made = Certificates(tmp_path)

        with broker(host="127.0.0.1")(made) as url:
            reason = reason_for_failing(url, tls_ca=made.ours.file, tls_server_name=NAME)

        assert "Hostname mismatch" in reason

    def test_the_protocol_to_ask_for_is_that_of_the_settings(self, tmp_path: Path) -> None:
        made = Certificates(tmp_path)
        server = presenting(*made.ours.issue("127.0.0.1"))
        server.set_alpn_protocols(["http/1.1", "x-amzn-mqtt-ca"])
        settings = MqttSettings(url="mqtts://x", tls_ca=made.ours.file, tls_alpn="x-amzn-mqtt-ca")

        with (
            shaking_hands(server) as port,
            socket.create_connection(("127.0.0.1", port)) as plain,
            tls_context(settings).wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            assert secure.selected_alpn_protocol() == "x-amzn-mqtt-ca"

    def test_a_file_that_holds_no_certificate_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "ca.pem"
        file.write_text("nothing")

        reason = reason_for_failing("mqtts://127.0.0.1", tls_ca=file)

        assert "BRIDGE_MQTT__TLS_CA" in reason


class TestVersion:
    """Nothing below TLS 1.2, wherever the bridge speaks TLS."""

    def test_ours_begin_with_1_2(self) -> None:
        settings = MqttSettings(url="mqtts://broker", insecure_tls=True)

        assert tls_context(settings).minimum_version >= ssl.TLSVersion.TLSv1_2

    def test_no_other_context_is_made_than_those_that_begin_with_1_2(self) -> None:
        """`ssl.create_default_context` does, and so does PROTOCOL_TLS_CLIENT with our own word for it."""
        assert ssl.create_default_context().minimum_version >= ssl.TLSVersion.TLSv1_2
        for path in sorted(Path(bridge.__file__).parent.rglob("*.py")):
            text = path.read_text(encoding="utf-8")

            assert path.parts[-2:] == ("mqtt", "tls.py") or "SSLContext(" not in text.replace("class ", ""), (
                path
            )
            assert not re.search(
                r"_create_unverified_context|PROTOCOL_TLSv1|PROTOCOL_SSL|TLSv1\b|TLSv1_1", text
            ), path
