"""The manager port of the simulated PBX: sessions, login and events, on loopback."""

import asyncio
import hashlib
import secrets
from collections.abc import Iterable

from bridge.demo.manager import answer
from bridge.demo.packets import (
    EVENT_CLASSES,
    Packet,
    Request,
    encode,
    error,
    event,
    fully_booted,
    reply,
    success,
)
from bridge.demo.pbx import Happening, Pbx

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
LONGEST_ACTION = 16 * 1024
"""Bytes of one action: the real ones have at most 128 lines, ours are far shorter."""
PATIENCE = 4 * 1024 * 1024
"""Bytes that may wait for a client that does not read; then it is disconnected, as Asterisk does."""
CLASSES = frozenset(EVENT_CLASSES.values())


class AmiServer:
    """Serves one Pbx to one account.

    Args:
        pbx: whose state is told.
        username: of the account.
        secret: of the account.
    """

    def __init__(self, pbx: Pbx, username: str, secret: str) -> None:
        self.pbx = pbx
        self.username = username
        self.secret = secret
        self.sessions: set[Session] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen, and return the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Session(self), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def publish(self, happenings: Iterable[Happening]) -> None:
        """Tell what happened to everyone who listens."""
        for happening in happenings:
            if packet := event(happening):
                for session in [*self.sessions]:
                    session.tell(EVENT_CLASSES[happening.event], packet)

    async def stop(self) -> None:
        """Hang up on everyone."""
        if not self._server:
            return
        self._server.close()
        for session in [*self.sessions]:
            session.close()
        await self._server.wait_closed()


class Session(asyncio.Protocol):
    """One client. Every answer is at hand, so a session needs no task."""

    def __init__(self, server: AmiServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._challenge = str(secrets.randbelow(10**9))
        self._logged_in = False
        self._classes: frozenset[str] = frozenset()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.sessions.add(self)
        transport.write(GREETING)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the client."""
        self._server.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        """Answer every action that is whole."""
        *actions, self._received = (self._received + data).split(b"\r\n\r\n")
        for action in actions:
            self._answer(parse(action))
        if len(self._received) > LONGEST_ACTION:
            self.close()

    def tell(self, privilege: str, packet: Packet) -> None:
        """Send an event, if the client wants its class."""
        if privilege in self._classes:
            self._send([packet])

    def close(self) -> None:
        """Send what waits, then hang up."""
        if self._transport:
            self._transport.close()

    def _send(self, packets: Iterable[Packet]) -> None:
        if not self._transport or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > PATIENCE:
            self._transport.abort()
            return
        self._transport.write(b"".join(map(encode, packets)))

    def _answer(self, request: Request) -> None:
        match request.get("action", "").lower():
            case "challenge":
                self._send([success(request, ("Challenge", self._challenge))])
            case "login":
                self._login(request)
            case "logoff":
                self._send([reply(request, "Goodbye")])
                self.close()
            case _ if not self._logged_in:
                self._send([error(request, "Permission denied")])
            case "events":
                self._classes = mask(request.get("eventmask", "off"))
                self._send([success(request, ("Events", "On" if self._classes else "Off"))])
            case _:
                self._send(answer(self._server.pbx, request))

    def _login(self, request: Request) -> None:
        secret = self._server.secret
        digest = hashlib.md5((self._challenge + secret).encode(), usedforsecurity=False).hexdigest()
        good = request.get("key") == digest or request.get("secret") == secret
        if request.get("username") != self._server.username or not good:
            self._send([error(request, "Authentication failed")])
            self.close()
            return
        self._logged_in = True
        self._classes = mask(request.get("events", "on"))
        accepted = success(request, ("Message", "Authentication accepted"))
        self._send([accepted, fully_booted(self._server.pbx)])


def parse(action: bytes) -> Request:
    """The lines of an action as keys, in lower case, and values."""
    lines = (line.partition(":") for line in action.decode(errors="replace").splitlines())
    return {key.strip().lower(): value.strip() for key, colon, value in lines if colon}


def mask(text: str) -> frozenset[str]:
    """The classes of events that `on`, `off` or a list such as `call,agent` stands for."""
    words = {word.strip().lower() for word in text.split(",")}
    return CLASSES if words & {"on", "all"} else CLASSES & words
