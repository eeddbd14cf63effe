"""Link: one connection to a broker, which may be hostile."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import ChainMap
from collections.abc import Callable, Collection, Sequence
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from bridge.core.endpoint import Endpoint
from bridge.errors import ProtocolError
from bridge.protocols.mqtt import Message, client_id
from bridge.protocols.mqtt_inbound import LARGEST, PUBACK, Inbound, matches
from bridge.protocols.mqtt_packets import is_plain
from bridge.settings import MqttSettings
from bridge.sinks.mqtt.outbox import Outbox
from bridge.sinks.mqtt.paho import CONNECTION_LOST, Paho
from bridge.sinks.mqtt.reading import Reading
from bridge.sinks.mqtt.role import Role
from bridge.sinks.mqtt.tls import tls_context

WEBSOCKET_PATH = "/mqtt"
"""Where brokers expect WebSockets, unless the URL says otherwise."""
MOST = 65_535
"""Messages that may be unacknowledged at once, with MQTT 5, unless the broker says less."""
SAID = 5
"""Messages of `say` that may be unacknowledged at once: a quarter of what mosquitto takes, with MQTT 5."""
FAREWELL = 3.0
"""Seconds for the farewell: a broker that is slower finds out by the Last Will."""
CORRECTION = 1.0
"""Seconds between two corrections of our own state: who falsifies it in a loop does not make us loop."""
MALFORMED, BROKEN_RULE, SILENT = 0x81, 0x82, 0x8D
"""The reason codes of MQTT 5 by which paho says that it could not read what came, or that nothing did."""

FAILURES = (aiomqtt.MqttError, OSError, ValueError, ProtocolError)
"""What a link raises."""


class Link(aiomqtt.Client):
    """One connection. Adds to aiomqtt what a bridge needs of it.

    - Many messages at once: aiomqtt keeps a task and a timer for each, which costs several times as much.
    - The refusals of a broker that speaks MQTT 5, which aiomqtt does not look at.
    - An end that leaves no socket, thread or task behind, wherever the connection stood.
    - An end at once, with its reason, when a broker sends what it has no reason to, or what paho fails at.
    """

    def __init__(self, endpoint: Endpoint, settings: MqttSettings, role: Role) -> None:
        super().__init__(
            endpoint.host,
            endpoint.port,
            username=settings.username or endpoint.username or None,
            password=settings.password.get_secret_value() or endpoint.password or None,
            logger=_SILENT,
            identifier=(settings.client_id or client_id(socket.gethostname())) + role.suffix,
            protocol=aiomqtt.ProtocolVersion.V5 if settings.version == "5" else aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(*role.will) if role.will else None,
            timeout=settings.timeout,
            keepalive=max(1, round(settings.keepalive)),
            properties=_limits() if settings.version == "5" else None,
            max_inflight_messages=SAID,
            **_way(endpoint, settings),
        )
        self._role = role
        self._version = settings.version
        self._ending = False
        self._lost: Exception | None = None
        self._cause: OSError | None = None
        self._connecting: asyncio.Task[aiomqtt.Client] | None = None
        self._sockets: list[socket.socket] = []
        self._correcting: asyncio.TimerHandle | None = None
        self._corrected = -CORRECTION
        self._paho = Paho(self._client)
        self._outbox = Outbox(
            self._paho, self._write, properties=settings.version == "5", timeout=settings.timeout
        )
        self._reading = Reading(self._paho, self._outbox, ahead=endpoint.scheme in {"mqtt", "mqtts"})
        self._inbound = Inbound(
            role.filters,
            settings.version,
            published=ChainMap(self._outbox.numbers, self._paho.published),
            subscribed=self._pending_subscribes,
            pinging=self._paho.pinging,
        )
        self._stand_between()

    def _stand_between(self) -> None:
        """Come between paho and the broker."""
        self._client.connect_timeout = self.timeout
        for name in ("_create_socket_connection", "_ssl_wrap_socket"):
            self._paho.wrap(name, self._keep)
        self._paho.wrap("_sock_recv", self._receive)
        self._paho.wrap("_packet_handle", self._handle)
        for name in ("loop_read", "loop_write", "loop_misc"):
            self._paho.wrap(name, self._orderly)

    async def connect(self) -> None:
        """Connect.

        aiomqtt connects in a thread, which cannot be cancelled: a task waits for it, and `end` for the task.
        """
        self._connecting = asyncio.create_task(self.__aenter__(), name="mqtt connect")
        try:
            async with asyncio.timeout(2 * self.timeout):
                await asyncio.shield(self._connecting)
        except Exception:
            self._check()
            raise
        self._check()

    async def listen(self) -> list[str]:
        """Hear what the broker says: the Last Will of the connection before may come late.

        Returns:
            The topic filters that the broker refused.
        """
        refused = []
        for each in self._role.filters:
            granted: Any = await self._subscribe(each)
            if not granted or granted[0].is_failure:
                refused.append(each)
        return refused

    async def _subscribe(self, topic_filter: str) -> Any:
        """With MQTT 5, what we say ourselves is not said to us, but for the Last Will that bears our name."""
        if self._version != "5" or topic_filter not in self._role.hears:
            return await self.subscribe(topic_filter, 1)
        return await self.subscribe(topic_filter, options=SubscribeOptions(1, noLocal=True))

    def say(self, message: Message) -> None:
        """Publish a message if the connection stands, and do not wait for it."""
        if not (self._lost or self._ending):
            self._client.publish(*message)
            self._write()

    async def send(self, messages: Sequence[Message]) -> Collection[int]:
        """See Outbox."""
        return await self._outbox.send(messages)

    async def end(self) -> None:
        """Say goodbye and disconnect; by force, if that takes too long."""
        self._ending = True
        if self._correcting:
            self._correcting.cancel()
        with contextlib.suppress(aiomqtt.MqttError, OSError, ProtocolError):
            async with asyncio.timeout(FAREWELL):
                await self._leave()
        self._paho.close()
        tasks = [task for task in (self._connecting, self._misc_task) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in self._sockets:
            each.close()
        self._connecting = self._lost = None  # they hold errors, which hold this object

    async def _leave(self) -> None:
        if self._connecting and not self._connecting.done():
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(each, socket.SHUT_RDWR)
            await asyncio.wait({self._connecting})
        elif self._client.is_connected():
            await self.send([self._role.will] if self._role.will else [])
            await self.__aexit__(None, None, None)

    def _check(self) -> None:
        if self._lost:
            raise self._lost

    def _fail(self, error: Exception) -> None:
        """The connection is over: tell everyone who waits."""
        self._lost = self._lost or error
        self._outbox.fail(self._lost)
        waiting: list[asyncio.Future[Any]] = [self._connected, self._disconnected]
        for future in (*waiting, *self._pending_subscribes.values()):
            if not future.done():
                future.set_exception(self._lost)
                future.exception()

    def _keep(self, make: Callable[..., socket.socket], *args: Any) -> socket.socket:
        """Called in the connecting thread: remember each socket, as paho forgets some."""
        made = make(*args)
        self._sockets.append(made)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._ending:
            made.close()
            raise ConnectionAbortedError
        return made

    def _receive(self, receive: Callable[[int], bytes], size: int) -> bytes:
        """Take bytes; `size` is what the broker said that a packet has, or a single byte before that."""
        self._inbound.check_size(size, self._paho.frame)
        try:
            return self._reading.receive(receive, size)
        except BlockingIOError:
            raise
        except OSError as error:
            self._cause = error
            raise

    def _handle(self, handle: Callable[[], int]) -> int:
        """Take a packet. Of an acknowledgement for us that is not a plain one, paho judges the form."""
        first, body = self._paho.packet
        self._inbound.check(first, body)
        if first >> 4 != PUBACK or (number := int.from_bytes(body[:2])) not in self._outbox.numbers:
            return handle()
        if not is_plain(body, properties=self._version == "5") and (failure := handle()):
            return failure
        self._outbox.acknowledged(number, body)
        return 0

    def _orderly(self, work: Callable[[], int]) -> int:
        """Do a piece of paho's work; whatever it raises ends the connection, and nothing else."""
        try:
            return work()
        except (ProtocolError, OSError) as error:
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 - whatever paho stumbles over, such as IndexError
            failure = ProtocolError(f"it sent what cannot be read ({type(error).__name__})")
        self._fail(failure)
        self._paho.close()
        return CONNECTION_LOST

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:  # noqa: ARG002 - paho's
        """Hand a message to who hears it."""
        topic, birth = message.topic, self._role.birth
        if birth and topic == birth.topic:
            self._hear_of_us(birth, message.payload)
        for each, hear in self._role.hears.items():
            if matches(each, topic) and not self._ending:
                hear(topic, message.payload, message.retain)

    def _hear_of_us(self, birth: Message, payload: bytes) -> None:
        """Contradict what others say of us, such as a Last Will that came late; at most once a second."""
        if payload != birth.payload and not (self._ending or self._correcting):
            wait = self._corrected + CORRECTION - self._loop.time()
            self._correcting = self._loop.call_later(max(0.0, wait), self._correct, birth)

    def _correct(self, birth: Message) -> None:
        self._correcting = None
        self._corrected = self._loop.time()
        self.say(birth)

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None
    ) -> None:
        """Keep the reason of a refusal: paho will take it for a broken rule too."""
        super()._on_connect(client, userdata, flags, reason_code, properties)
        if self._version == "5":
            self._outbox.limit(getattr(properties, "ReceiveMaximum", MOST))
        if reason_code.is_failure and not self._lost:
            self._lost = MqttConnectError(reason_code)

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None
    ) -> None:
        """Keep the reason, which aiomqtt forgets if the broker hangs up at once; paho closes the socket."""
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()
        if flags.is_disconnect_packet_from_server:
            self._fail(aiomqtt.MqttCodeError(reason_code))
        else:
            self._fail(self._reason(reason_code.value) or aiomqtt.MqttCodeError(reason_code))

    def _reason(self, code: int) -> Exception | None:
        """Why paho ended the connection, if more is known of it than that it is lost."""
        if code in {MALFORMED, BROKEN_RULE}:
            return ProtocolError("it sent what is not MQTT")
        if code == SILENT:
            return TimeoutError()
        if isinstance(self._cause, ssl.SSLError):
            return self._cause
        return None if self._connected.done() else ConnectionResetError()

    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:  # noqa: ARG002 - paho's
        """Called in the connecting thread."""
        self._loop.call_soon_threadsafe(self._start, sock)

    def _start(self, sock: Any) -> None:
        if self._paho.is_open(sock):
            self._reading.start(sock)
            self._misc_task = self._loop.create_task(self._misc_loop(), name="mqtt keep-alive")

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:  # noqa: ARG002 - paho's
        """Called in any thread, and perhaps a moment before the socket is closed."""
        self._loop.call_soon_threadsafe(self._await_room, sock)

    def _write(self) -> None:
        """Write what was handed over, now: it takes three turns of the loop until that tells of room."""
        if self._client.want_write():
            self._client.loop_write()

    def _await_room(self, sock: Any) -> None:
        if self._paho.is_open(sock) and self._client.want_write():
            try:
                self._loop.add_writer(sock.fileno(), self._client.loop_write)
            except RuntimeError:  # uvloop has seen an error there, and looks no more
                self._reading.read()


def _way(endpoint: Endpoint, settings: MqttSettings) -> dict[str, Any]:
    """Over TCP or WebSockets, with or without TLS."""
    way: dict[str, Any] = {"transport": "tcp"}
    if endpoint.scheme in {"ws", "wss"}:
        way = {"transport": "websockets", "websocket_path": endpoint.path or WEBSOCKET_PATH}
    if endpoint.scheme in {"mqtts", "wss"}:
        way |= {"tls_context": tls_context(settings), "tls_insecure": settings.insecure_tls}
    return way


def _limits() -> Properties:
    """What a broker that speaks MQTT 5 must not exceed."""
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = LARGEST["5"]
    return limits


_SILENT = logging.getLogger("bridge.sinks.mqtt.paho")
_SILENT.disabled = True
"""Given to aiomqtt and paho: what goes wrong in them comes out as an error, and is logged once."""
