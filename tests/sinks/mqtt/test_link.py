"""MqttSink and the ways to a broker: failures that say what to do, and TLS."""

import asyncio
from pathlib import Path

import pytest

from bridge.errors import TemporaryError
from tests.servers.mosquitto import Authority, mosquitto, silent_listener
from tests.servers.process import free_port
from tests.sinks.mqtt.stage import (
    PASSWORD,
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
