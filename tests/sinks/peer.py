"""Peer: a TCP server that hears everything, says nothing, and leaves in every way there is.

Real carbon cannot be told to read so many bytes and then to reset the connection; this one can.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from typing import Self, cast

PATIENCE = 30.0


class Peer:
    """A server on loopback.

    Args:
        port: where to listen; 0 is any free port.
        context: speak TLS.
        limit: bytes after which each connection is reset.

    Attributes:
        port: where it listens.
        received: what each connection brought, in the order in which they came.
    """

    def __init__(self, port: int = 0, context: ssl.SSLContext | None = None, limit: int = 1 << 30) -> None:
        self.port = port
        self.limit = limit
        self.received: list[bytearray] = []
        self._context = context
        self._open: set[asyncio.Transport] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, ssl=self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.hang_up()
        await eventually(lambda: not self._open)
        await self._server.wait_closed()

    @property
    def everything(self) -> bytes:
        """What all connections brought."""
        return b"".join(map(bytes, self.received))

    def hang_up(self) -> None:
        """Close every connection in order."""
        for transport in self._open:
            transport.close()

    def reset(self) -> None:
        """Reset every connection."""
        for transport in list(self._open):
            _reset(transport)

    def pause(self) -> None:
        """Read nothing any more."""
        for transport in self._open:
            transport.pause_reading()


class _Connection(asyncio.Protocol):
    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer._open.add(self._transport)
        self._peer.received.append(self._received)

    def data_received(self, data: bytes) -> None:
        self._received += data[: self._peer.limit - len(self._received)]
        if len(self._received) >= self._peer.limit:
            _reset(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peer._open.discard(self._transport)


def _reset(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def eventually(condition: Callable[[], object]) -> None:
    """Return as soon as the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
