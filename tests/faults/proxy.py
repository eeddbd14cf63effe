"""A proxy between the bridge and a real peer, on which everything that goes wrong in a network can be had.

Neither a privilege nor a change of the machine is needed. The real thing cannot be told to reset a connection
after so many bytes, to vanish without a word, or to keep its acknowledgements to itself.
"""

import asyncio
import contextlib
import ctypes
import random
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Self

LOOPBACK = "127.0.0.1"
CHUNK = 65_536
SEGMENT = 1400
"""Bytes: as on an Ethernet. One of loopback fills the whole receive buffer, and waits for it to be empty."""
STEP = 0.02
"""Seconds between two helpings of a slow connection."""
PUBACK = 4

Answers = Callable[[], Callable[[bytes], bytes]]
"""For each connection makes what alters the bytes that the peer answers."""

_ATTACH_FILTER, _DETACH_FILTER = 26, 27
_DROP_ALL = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
"""A filter program of one instruction, "return 0": the kernel takes no packet for the socket."""
_PROGRAM = struct.pack("HP", 1, ctypes.addressof(_DROP_ALL))


class TcpProxy:
    """Passes on what comes to a port of its own, unless told otherwise.

    Args:
        port: of the real peer, on 127.0.0.1.
        host: where the proxy listens: an address of loopback.
        own_port: where to listen; 0 is any free port.

    Attributes:
        port: of the real peer; another one may take its place.
        own_port: where it listens.
        rate: bytes a second that are passed on to the peer; None for all.
        limit: bytes after which each connection is reset; None for no limit.
        closes: whether each new connection is closed at once.
        answers: alters what the peer answers.
        accepted: how many connections came.
    """

    def __init__(self, port: int, host: str = LOOPBACK, own_port: int = 0) -> None:
        self.port = port
        self.own_port = own_port
        self.rate: float | None = None
        self.limit: int | None = None
        self.closes = False
        self.answers: Answers | None = None
        self.accepted = 0
        self._host = host
        self._listener: socket.socket | None = None
        self._listening: asyncio.Task[None] | None = None
        self._clients: dict[asyncio.Task[None], socket.socket] = {}
        self._reading = asyncio.Event()
        self._vanished = False

    async def __aenter__(self) -> Self:
        self._reading.set()
        await self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()

    async def accept(self) -> None:
        """Listen, after `refuse`."""
        if self._listening:
            return
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        self._listener.setblocking(False)
        self._listener.bind((self._host, self.own_port))
        self._listener.listen(100)
        self.own_port = self._listener.getsockname()[1]
        self._listening = asyncio.create_task(self._listen(self._listener), name="proxy")

    async def refuse(self) -> None:
        """Listen no longer, and reset every connection."""
        if self._listening and self._listener:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self._listening = None
            self._listener.close()
        await self.reset()

    async def reset(self) -> None:
        """Reset every connection (RST)."""
        clients = [*self._clients]
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    def stall(self) -> None:
        """Read nothing any more; connections stay open, and new ones are taken."""
        self._reading.clear()

    def go_on(self) -> None:
        """Read again."""
        self._reading.set()

    def vanish(self) -> None:
        """As if the machine were gone: no connection, no end, and no acknowledgement of a single byte."""
        self._vanished = True
        for one in self._sockets():
            one.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, _PROGRAM)

    def reappear(self) -> None:
        """The machine is back, and knows nothing of connections that were open."""
        self._vanished = False
        for one in self._sockets():
            one.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)
        for task in self._clients:
            task.cancel()

    def _sockets(self) -> Iterator[socket.socket]:
        if self._listener:
            yield self._listener
        yield from self._clients.values()

    async def _listen(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            client.setblocking(False)
            self.accepted += 1
            if self.closes:
                client.close()
                continue
            _reset_at_close(client)
            task = asyncio.create_task(self._serve(client), name="proxied")
            self._clients[task] = client
            task.add_done_callback(lambda done: self._clients.pop(done).close())

    async def _serve(self, client: socket.socket) -> None:
        """Pass on until one side ends. When it is the peer, or the proxy, the client is reset."""
        loop = asyncio.get_running_loop()
        with client, socket.socket() as peer:
            peer.setblocking(False)
            with contextlib.suppress(OSError):
                await loop.sock_connect(peer, (LOOPBACK, self.port))
                alter = self.answers() if self.answers else bytes
                backwards = asyncio.create_task(_pass(peer, client, alter), name="answers")
                try:
                    await self._forward(client, peer, backwards)
                finally:
                    backwards.cancel()
                    await asyncio.gather(backwards, return_exceptions=True)

    async def _forward(self, client: socket.socket, peer: socket.socket, answers: asyncio.Task[None]) -> None:
        forwards = asyncio.create_task(self._pass_on(client, peer), name="forwards")
        try:
            await asyncio.wait({forwards, answers}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forwards.cancel()
            await asyncio.gather(forwards, return_exceptions=True)

    async def _pass_on(self, client: socket.socket, peer: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        passed = 0
        while True:
            await self._reading.wait()
            most = CHUNK if self.rate is None else max(1, int(self.rate * STEP))
            most = most if self.limit is None else min(most, self.limit - passed)
            data = await loop.sock_recv(client, most) if most > 0 else b""
            if not data:
                return
            await self._reading.wait()
            await loop.sock_sendall(peer, data)
            passed += len(data)
            began = loop.time()
            while self.rate is not None and (loop.time() - began) * self.rate < len(data):
                await asyncio.sleep(STEP)


async def _pass(origin: socket.socket, destination: socket.socket, alter: Callable[[bytes], bytes]) -> None:
    loop = asyncio.get_running_loop()
    while data := await loop.sock_recv(origin, CHUNK):
        await loop.sock_sendall(destination, alter(data))


def _reset_at_close(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def no_pubacks() -> Callable[[bytes], bytes]:
    """Leaves the PUBACKs out of what an MQTT broker says."""
    waiting = bytearray()

    def alter(data: bytes) -> bytes:
        waiting.extend(data)
        kept = b""
        while length := _packet_length(waiting):
            packet = bytes(waiting[:length])
            del waiting[:length]
            if packet[0] >> 4 != PUBACK:
                kept += packet
        return kept

    return alter


def _packet_length(data: bytearray) -> int:
    """Bytes of the first MQTT packet; 0 if it is not whole."""
    rest = 0
    for place, byte in enumerate(data[1:5]):
        rest |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            whole = 2 + place + rest
            return whole if len(data) >= whole else 0
    return 0


class UdpProxy(asyncio.DatagramProtocol):
    """Passes datagrams on, but loses some, doubles some, and holds some back until later ones have passed.

    Answers go back, all of them, to whoever sent last.

    Args:
        port: of the listener on loopback.
        seed: the same seed loses the same ones.
        loss: the share that is lost.
        doubling: the share that comes twice.
        reordering: the share that is held back.

    Attributes:
        port: of the listener; another one may take its place.
        received: how many came.
        lost: those that were lost.
        doubled: those that came twice.
        late: how many were held back.
    """

    LATEST = 5
    """A datagram is overtaken by at most so many."""

    def __init__(
        self, port: int, seed: int, *, loss: float = 0.0, doubling: float = 0.0, reordering: float = 0.0
    ) -> None:
        self.received = 0
        self.lost: list[bytes] = []
        self.doubled: list[bytes] = []
        self.late = 0
        self.port = port
        self._random = random.Random(seed)
        self._shares = (loss, doubling, reordering)
        self._held: list[tuple[int, bytes]] = []
        self._sender: Any = None
        self._transport: Any = None
        self._behind: Any = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Pass on until the block ends; gives the port. What is held back passes at the end."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, 0))
        self._behind, _ = await loop.create_datagram_endpoint(
            lambda: _Answers(self), local_addr=(LOOPBACK, 0)
        )
        own_port: int = self._transport.get_extra_info("sockname")[1]
        try:
            yield own_port
        finally:
            self.release()
            self._transport.close()
            self._behind.close()

    def release(self) -> None:
        """Let pass what is held back."""
        for _, data in self._held:
            self._pass(data)
        self._held.clear()

    def _pass(self, data: bytes) -> None:
        self._behind.sendto(data, (LOOPBACK, self.port))

    def answer(self, data: bytes) -> None:
        """Pass an answer back."""
        self._transport.sendto(data, self._sender)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received += 1
        self._sender = addr
        loss, doubling, reordering = self._shares
        drawn = self._random.random()
        if drawn < loss:
            self.lost.append(data)
        elif drawn < loss + reordering:
            self.late += 1
            self._held.append((self.received + self._random.randint(1, self.LATEST), data))
        else:
            self._pass(data)
            if drawn < loss + reordering + doubling:
                self.doubled.append(data)
                self._pass(data)
        for entry in [entry for entry in self._held if entry[0] <= self.received]:
            self._held.remove(entry)
            self._pass(entry[1])


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, proxy: UdpProxy) -> None:
        self._proxy = proxy

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._proxy.answer(data)


class Names:
    """A resolver whose answers change; a real DNS server cannot be had without the machine's own settings.

    Args:
        resolve: the `socket.getaddrinfo` that answers for all other names.

    Attributes:
        table: names and their addresses; None while the name server does not answer.
    """

    def __init__(self, resolve: Callable[..., Any]) -> None:
        self.table: dict[str, str | None] = {}
        self._resolve = resolve

    def getaddrinfo(self, host: Any, *rest: Any, **more: Any) -> Any:
        """To stand in for `socket.getaddrinfo`."""
        if host in self.table:
            host = self.table[host]
            if host is None:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self._resolve(host, *rest, **more)
