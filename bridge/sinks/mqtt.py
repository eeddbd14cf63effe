"""MqttSink: publishes samples to an MQTT broker. The only importer of aiomqtt.

One connection lives from `open` to `close`: aiomqtt cannot use a client again after it was disconnected, and
redelivery is Delivery's work. After every `open` the broker is told everything anew, as it may have lost its
memory. What is published to which topic stands in `protocols/mqtt.py`.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiomqtt

from bridge.core.endpoint import Endpoint, parse
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import BRIDGE, Sample
from bridge.errors import PermanentError, TemporaryError
from bridge.log import Throttle, get_logger
from bridge.protocols.mqtt import HUNG_UP, REASONS, Availability, Message, Values, announce, client_id, report
from bridge.settings import MQTT_SCHEMES, MqttSettings

WEBSOCKET_PATH = "/mqtt"
"""Where brokers expect WebSockets, unless the URL says otherwise."""
SLICE = 100
"""Messages handed over at once: some 2 ms of work, after which others have a turn."""
WINDOW = 5000
"""Messages handed over before they are waited for; there are 65,535 numbers to tell them apart."""
FAREWELL = 3.0
"""Seconds for the farewell: a broker that is slower finds out by the Last Will."""

Report = Callable[[], Mapping[str, object]]
"""Gives the content of a JSON object at the moment of the call."""

log = get_logger(component="mqtt")


class MqttSink:
    """Publishes samples, the bridge's own state and the availability of each PBX.

    Messages of QoS 0 count as delivered when the kernel has them: those in flight when a connection breaks
    are made good by the republishing that follows.

    Args:
        settings: where and how.
        metrics: the catalogue, by name.
        info: content of `<prefix>/bridge/info`: version and effective settings, secrets masked.
        health: content of `<prefix>/bridge/health`, asked for whenever the bridge's own numbers come.

    Raises:
        ValueError: the URL is not one of an MQTT broker.
    """

    name = "mqtt"

    def __init__(
        self, settings: MqttSettings, metrics: Mapping[str, Metric], info: Report, health: Report
    ) -> None:
        self._settings = settings
        self._endpoint = parse(settings.url, MQTT_SCHEMES)
        self._info = info
        self._health = health
        self._throttle = Throttle(time.monotonic)
        self._birth = announce(settings.prefix, online=True)
        self._will = announce(settings.prefix, online=False)
        self._availability = Availability(settings.prefix)
        self._values = Values(
            settings.prefix,
            settings.layout,
            {name for name, metric in metrics.items() if metric.kind is MetricKind.INFO},
            qos=settings.qos,
            retain=settings.retain,
        )
        self._link: _Link | None = None

    async def open(self) -> None:
        """Connect and publish everything that is retained; the birth message comes last.

        Raises:
            TemporaryError: the broker cannot be reached, refused us, or cannot be trusted.
        """
        try:
            self._link = link = _Link(self._endpoint, self._settings, birth=self._birth, will=self._will)
            await link.connect()
            self._warn("write", await link.send(self._everything()))
            self._warn("read", await link.listen())
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise self._temporary(error) from error

    async def write(self, batch: Sequence[Sample]) -> None:
        """Publish what the batch changes.

        Raises:
            TemporaryError: the connection is lost, or the broker is too slow.
            PermanentError: the broker allows none of it.
        """
        assert self._link
        messages = self._values.update(batch) + self._availability.update(batch)
        if any(sample.series.pbx == BRIDGE for sample in batch):
            messages.append(self._report_health())
        try:
            refused = await self._link.send(messages)
        except (aiomqtt.MqttError, OSError) as error:
            raise self._temporary(error) from error
        self._warn("write", refused)
        if refused and len(refused) == len(messages):
            raise PermanentError(f"{self._endpoint} does not allow {refused[0]}", reason="not_allowed")
        if self._values.refused and self._throttle.suppressed("full") is not None:
            log.warning("series are not published: too many, or names too long")

    async def close(self) -> None:
        """Say goodbye, if the broker still listens, and disconnect."""
        link, self._link = self._link, None
        if link:
            await link.end()

    def _everything(self) -> list[Message]:
        return [
            report(self._settings.prefix, "info", self._info()),
            self._report_health(),
            *self._values.everything(),
            *self._availability.everything(),
            self._birth,
        ]

    def _report_health(self) -> Message:
        return report(self._settings.prefix, "health", self._health())

    def _warn(self, access: str, refused: Sequence[str]) -> None:
        if refused and self._throttle.suppressed(access) is not None:
            hint = "`asterisk-bridge mqtt-acl` prints the access list that the bridge needs"
            counted = {"topic": refused[0], "topics": len(refused)}
            log.warning("broker does not allow", access=access, **counted, hint=hint)

    def _temporary(self, error: Exception) -> TemporaryError:
        return TemporaryError(f"{self._endpoint}: {_explain(error, self._settings.timeout)}")


class _Link(aiomqtt.Client):
    """One connection. Adds to aiomqtt what a bridge needs of it.

    - Many messages at once: aiomqtt keeps a task and a timer for each, which costs several times as much.
    - The refusals of a broker that speaks MQTT 5, which aiomqtt does not look at.
    - An end that leaves no socket, thread or task behind, wherever the connection stood.
    """

    def __init__(self, endpoint: Endpoint, settings: MqttSettings, *, birth: Message, will: Message) -> None:
        secure = endpoint.scheme in {"mqtts", "wss"}
        websockets = endpoint.scheme in {"ws", "wss"}
        super().__init__(
            endpoint.host,
            endpoint.port,
            username=settings.username or endpoint.username or None,
            password=settings.password.get_secret_value() or endpoint.password or None,
            logger=_SILENT,
            identifier=settings.client_id or client_id(socket.gethostname()),
            protocol=aiomqtt.ProtocolVersion.V5 if settings.version == "5" else aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(*will),
            transport="websockets" if websockets else "tcp",
            websocket_path=(endpoint.path or WEBSOCKET_PATH) if websockets else None,
            timeout=settings.timeout,
            keepalive=max(1, round(settings.keepalive)),
            tls_context=tls_context(settings) if secure else None,
            tls_insecure=settings.insecure_tls if secure else None,
        )
        self._client.connect_timeout = settings.timeout
        self._birth = birth
        self._will = will
        self._ending = False
        self._lost: BaseException | None = None
        self._connecting: asyncio.Task[aiomqtt.Client] | None = None
        self._unsent: dict[int, str] = {}
        self._sent: asyncio.Future[None] | None = None
        self._refused: list[str] = []

    async def connect(self) -> None:
        """Connect.

        aiomqtt connects in a thread, which cannot be cancelled: a task waits for it, and `end` for the task.
        """
        self._connecting = asyncio.create_task(self.__aenter__(), name="mqtt connect")
        await asyncio.shield(self._connecting)

    async def listen(self) -> list[str]:
        """Hear what the broker says of us: the Last Will of the connection before may come late.

        Returns:
            The topic, if the broker refused it.
        """
        granted: Any = await self.subscribe(self._birth.topic, qos=1)
        return [self._birth.topic] if granted[0].is_failure else []

    async def send(self, messages: Sequence[Message]) -> list[str]:
        """Publish; on return the kernel has those of QoS 0 and the broker those of QoS 1.

        Returns:
            The topics which the broker refused; only one that speaks MQTT 5 tells, and only with QoS 1.
        """
        self._refused = []
        self._check()
        for start in range(0, len(messages), WINDOW):
            await self._send_window(messages[start : start + WINDOW])
        return self._refused

    async def end(self) -> None:
        """Say goodbye and disconnect; by force, if that takes too long."""
        self._ending = True
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            async with asyncio.timeout(FAREWELL):
                await self._leave()
        self._client._sock_close()  # noqa: SLF001 - paho has no public way to let go of a socket at once
        tasks = [task for task in (self._connecting, self._misc_task) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._connecting = None  # it holds the error, which holds this object

    async def _leave(self) -> None:
        if self._connecting and not self._connecting.done():
            await asyncio.wait({self._connecting})
        elif self._client.is_connected():
            await self.send([self._will])
            await self.__aexit__(None, None, None)

    async def _send_window(self, messages: Sequence[Message]) -> None:
        self._unsent.clear()
        for start in range(0, len(messages), SLICE):
            for topic, payload, qos, retain in messages[start : start + SLICE]:
                info = self._client.publish(topic, payload, qos, retain)
                if info.rc:
                    self._check()
                    raise aiomqtt.MqttCodeError(info.rc)
                self._unsent[info.mid] = topic
            await asyncio.sleep(0)
        self._sent = self._loop.create_future()
        self._on_progress()
        await asyncio.wait(
            {self._sent, self._disconnected}, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED
        )
        if not self._sent.done():
            self._check()
            raise TimeoutError

    def _on_progress(self) -> None:
        if self._sent and not self._unsent and not self._sent.done():
            self._sent.set_result(None)

    def _check(self) -> None:
        if self._disconnected.done() and not self._lost:
            self._lost = self._disconnected.exception()
        if self._lost:
            raise self._lost

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        super()._on_publish(client, userdata, mid, reason_code, properties)
        topic = self._unsent.pop(mid, None)
        if topic and reason_code.is_failure:
            self._refused.append(topic)
        self._on_progress()

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:  # noqa: ARG002 - aiomqtt's
        """Contradict a Last Will that came late."""
        if message.payload == self._will.payload and not self._ending:
            self._client.publish(*self._birth)

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None
    ) -> None:
        """Keep the reason, which aiomqtt forgets if the broker hangs up at once.

        If it hangs up before it has answered, aiomqtt would even wait for an answer.
        """
        self._lost = aiomqtt.MqttCodeError(reason_code)
        if not self._connected.done() and not self._ending:
            self._connected.set_exception(aiomqtt.MqttError(HUNG_UP))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        if self._disconnected.done():
            self._disconnected.exception()

    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:
        """Called in the connecting thread: let go of a connection that nobody waits for any more."""
        if self._ending:
            sock.close()
            raise ConnectionAbortedError
        super()._on_socket_open(client, userdata, sock)


class _TlsContext(ssl.SSLContext):
    """Lets the name to ask for and to verify differ from the host, which paho does not."""

    server_name = ""

    def wrap_socket(self, sock: Any, *_: Any, server_hostname: Any = None, **__: Any) -> ssl.SSLSocket:
        """Shake hands at once; a handshake that fails closes the socket."""
        return super().wrap_socket(sock, server_hostname=self.server_name or server_hostname)


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """What to trust and what to show, read anew for each connection: certificates are renewed.

    Raises:
        ValueError: a file cannot be used.
    """
    context = _TlsContext(ssl.PROTOCOL_TLS_CLIENT)
    context.server_name = settings.tls_server_name
    if settings.insecure_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if settings.tls_ca:
            context.load_verify_locations(settings.tls_ca)
        else:
            context.load_default_certs()
        if settings.tls_cert:
            context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        raise ValueError(f"a file of BRIDGE_MQTT__TLS_CA, _CERT or _KEY is of no use: {error}") from error
    return context


def _explain(error: BaseException, timeout: float) -> str:
    """Why there is no connection, and what to do about it."""
    # aiomqtt wraps what happened in an MqttError "from None", which hides the cause but keeps it.
    cause = error.__context__ if type(error) is aiomqtt.MqttError and error.__context__ else error
    match cause:
        case aiomqtt.MqttCodeError():
            why = REASONS.get(getattr(cause.rc, "value", 0), str(cause))
        case ssl.SSLCertVerificationError():
            why = (
                f"its certificate is not trusted: {cause.verify_message}; set BRIDGE_MQTT__TLS_CA to the CA "
                "that signed it, or BRIDGE_MQTT__TLS_SERVER_NAME to the name that it holds"
            )
        case ssl.SSLError():
            why = f"no TLS: {cause.reason}; is it the port for TLS, and does it want a client certificate?"
        case socket.gaierror():
            why = "the host is not known; check BRIDGE_MQTT__URL"
        case ConnectionRefusedError():
            why = "nothing listens there; check host and port in BRIDGE_MQTT__URL, and that it runs"
        case ConnectionResetError() | ConnectionAbortedError():
            why = HUNG_UP
        case TimeoutError():
            why = f"no answer within {timeout:g} s (BRIDGE_MQTT__TIMEOUT)"
        case _:
            why = str(cause) or type(cause).__name__
    return why


_SILENT = logging.getLogger("bridge.sinks.mqtt.paho")
_SILENT.disabled = True
"""Given to aiomqtt and paho: what goes wrong in them comes out as an error, and is logged once."""
