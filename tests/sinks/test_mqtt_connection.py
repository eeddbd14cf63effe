"""MqttSink and the ways to a broker: failures that say what to do, and TLS."""

import asyncio
from pathlib import Path

import pytest

from bridge.errors import TemporaryError
from tests.servers.mosquitto import Authority, Broker, mosquitto, silent_listener
from tests.servers.process import free_port
from tests.sinks.mqtt_sink import (
    BATCH,
    ONLINE,
    PASSWORD,
    RETAINED,
    STATE,
    VERSIONS,
    Version,
    opened,
    reason_for_failing,
    sink,
)

pytestmark = pytest.mark.live

LEAK = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""paho leaves the socket of a failed WebSocket handshake to the garbage collector, which closes it."""


class TestNoConnection:
    """Each failure says what happened and what to set."""

    def test_nothing_listens(self) -> None:
        url = f"mqtt://127.0.0.1:{free_port()}"

        assert reason_for_failing(url) == (
            f"{url}: nothing listens there; check host and port in BRIDGE_MQTT__URL, and that it runs"
        )

    def test_the_host_is_not_known(self) -> None:
        reason = reason_for_failing("mqtt://broker.invalid")

        assert reason == "mqtt://broker.invalid:1883: the host is not known; check BRIDGE_MQTT__URL"

    def test_the_broker_does_not_answer(self) -> None:
        with silent_listener() as port:
            reason = reason_for_failing(f"mqtt://127.0.0.1:{port}", timeout=0.3)

        assert reason.endswith("no answer within 0.3 s (BRIDGE_MQTT__TIMEOUT)")

    @pytest.mark.parametrize("scheme", ["mqtt", "mqtts", pytest.param("ws", marks=LEAK)])
    def test_cancelling_while_connecting_leaves_nothing_open(self, scheme: str) -> None:
        """Unclosed sockets and forgotten tasks would fail the test, as warnings are errors."""

        async def main(url: str) -> None:
            one = sink(url, timeout=1)
            opening = asyncio.create_task(one.open())
            await asyncio.sleep(0)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            await one.close()

        with silent_listener() as port:
            asyncio.run(main(f"{scheme}://127.0.0.1:{port}"))

    @pytest.mark.parametrize(
        ("answer", "hint"),
        [
            ("20 03 00 84 00", "set BRIDGE_MQTT__VERSION to the other one"),
            ("20 03 00 85 00", "set BRIDGE_MQTT__CLIENT_ID to another"),
            ("20 03 00 97 00", "Quota exceeded"),
            ("20 03 00 00 00 e0 02 8e 00", "give each bridge a BRIDGE_MQTT__CLIENT_ID of its own"),
            ("20 03 00 00 00 e0 02 8b 00", "Server shutting down"),
            ("48 54 54 50 2f 31 2e 31 20 34 30 30", "hung up"),
        ],
        ids=["version", "client id", "quota", "taken over", "shutting down", "not MQTT"],
    )
    def test_the_broker_says_why_it_does_not_serve_us(self, answer: str, hint: str) -> None:
        """A stand-in, since mosquitto has no occasion to give these answers."""

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(bytes.fromhex(answer))
            await writer.drain()
            writer.close()

        async def main() -> None:
            async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
                port = server.sockets[0].getsockname()[1]
                with pytest.raises(TemporaryError, match=hint):
                    async with opened(f"mqtt://127.0.0.1:{port}"):
                        pass

        asyncio.run(main())

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        "login", [{"password": PASSWORD + "x"}, {}], ids=["wrong password", "no password"]
    )
    def test_the_broker_refuses_the_user(
        self, tmp_path: Path, version: Version, login: dict[str, str]
    ) -> None:
        with mosquitto(tmp_path, users={"bridge": PASSWORD}) as broker:
            reason = reason_for_failing(broker.url, username="bridge", version=version, **login)

        assert "check BRIDGE_MQTT__USERNAME and BRIDGE_MQTT__PASSWORD" in reason
        assert PASSWORD not in reason

    def test_a_plain_client_at_a_port_for_tls(self, tmp_path: Path) -> None:
        with mosquitto(tmp_path, tls=Authority(tmp_path)) as broker:
            reason = reason_for_failing(broker.url.replace("mqtts", "mqtt"), timeout=30)

        assert "it hung up before it answered" in reason

    def test_a_tls_client_at_a_plain_port(self, tmp_path: Path) -> None:
        with mosquitto(tmp_path) as broker:
            reason = reason_for_failing(broker.url.replace("mqtt", "mqtts"))

        assert "is it the port for TLS" in reason or "hung up" in reason

    @LEAK
    def test_a_websocket_client_at_a_plain_port(self, tmp_path: Path) -> None:
        with mosquitto(tmp_path) as broker:
            reason = reason_for_failing(broker.url.replace("mqtt", "ws"), timeout=5)

        assert "WebSocket handshake error" in reason


class TestTls:
    """Certificates are verified, and the loud setting is the only way around it."""

    @pytest.mark.parametrize("websockets", [False, True])
    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_broker_of_our_own_authority_is_trusted(
        self, tmp_path: Path, version: Version, websockets: bool
    ) -> None:
        authority = Authority(tmp_path)

        async def main(broker: Broker) -> None:
            async with opened(broker.url, tls_ca=authority.file, version=version) as one:
                await one.write(BATCH)

                assert broker.retained() == RETAINED

        with mosquitto(tmp_path, tls=authority, websockets=websockets) as broker:
            asyncio.run(main(broker))

    def test_a_broker_of_another_authority_is_refused(self, tmp_path: Path) -> None:
        other = Authority(tmp_path, "another CA")

        with mosquitto(tmp_path, tls=Authority(tmp_path)) as broker:
            reason = reason_for_failing(broker.url, tls_ca=other.file)

        assert "its certificate is not trusted" in reason
        assert "BRIDGE_MQTT__TLS_CA" in reason

    def test_without_an_authority_those_of_the_system_are_asked(self, tmp_path: Path) -> None:
        with mosquitto(tmp_path, tls=Authority(tmp_path)) as broker:
            reason = reason_for_failing(broker.url)

        assert "its certificate is not trusted" in reason

    def test_a_certificate_for_another_host_is_refused(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)

        with mosquitto(tmp_path, tls=authority, host="broker.example") as broker:
            reason = reason_for_failing(broker.url, tls_ca=authority.file)

        assert "BRIDGE_MQTT__TLS_SERVER_NAME" in reason

    def test_the_name_to_verify_can_be_another_than_the_host(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)

        async def main(broker: Broker, name: str) -> None:
            async with opened(broker.url, tls_ca=authority.file, tls_server_name=name):
                assert broker.retained()[STATE] == ONLINE

        with mosquitto(tmp_path, tls=authority, host="broker.example") as broker:
            asyncio.run(main(broker, "broker.example"))
            reason = reason_for_failing(broker.url, tls_ca=authority.file, tls_server_name="another.example")

        assert "Hostname mismatch" in reason

    def test_a_certificate_that_has_expired_is_refused(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)

        with mosquitto(tmp_path, tls=authority, days=-1) as broker:
            reason = reason_for_failing(broker.url, tls_ca=authority.file)

        assert "expired" in reason

    def test_insecure_tls_trusts_anyone(self, tmp_path: Path) -> None:
        async def main(broker: Broker) -> None:
            async with opened(broker.url, insecure_tls=True):
                assert broker.retained()[STATE] == ONLINE

        with mosquitto(tmp_path, tls=Authority(tmp_path), host="broker.example") as broker:
            asyncio.run(main(broker))

    def test_a_client_certificate_opens_the_door(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        certificate, key = authority.issue("bridge")
        files = {"tls_ca": authority.file, "tls_cert": certificate, "tls_key": key}

        async def main(broker: Broker) -> None:
            async with opened(broker.url, **files):
                assert broker.retained()[STATE] == ONLINE

        with mosquitto(tmp_path, tls=authority, client_certificates=True) as broker:
            asyncio.run(main(broker))

    @pytest.mark.parametrize("signer", [None, "another CA"])
    def test_without_the_right_client_certificate_it_stays_shut(
        self, tmp_path: Path, signer: str | None
    ) -> None:
        authority = Authority(tmp_path)
        files: dict[str, Path] = {"tls_ca": authority.file}
        if signer:
            files["tls_cert"], files["tls_key"] = Authority(tmp_path, signer).issue("bridge")

        with mosquitto(tmp_path, tls=authority, client_certificates=True) as broker:
            reason = reason_for_failing(broker.url, **files)

        assert "does it want a client certificate" in reason

    def test_a_file_that_holds_no_certificate_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "ca.pem"
        file.write_text("nothing")

        reason = reason_for_failing("mqtts://127.0.0.1", tls_ca=file)

        assert "BRIDGE_MQTT__TLS_CA" in reason
