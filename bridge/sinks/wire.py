"""Wire: bytes to a peer that never answers, such as carbon, and the ways to notice that it has gone."""

import asyncio
import fcntl
import socket
import ssl
import sys
import termios
from typing import Protocol

from bridge.core.endpoint import Endpoint

GOODBYE = 1.0
"""Seconds that the last bytes of a connection have when it is closed."""


class Wire(Protocol):
    """A way to the peer."""

    @property
    def reached(self) -> bool:
        """Whether the peer's machine has confirmed all that was sent, as far as the system tells."""

    async def send(self, payload: bytes) -> None:
        """Hand the payload to the kernel.

        Raises:
            OSError: the peer has gone, or takes nothing (then a TimeoutError).
        """

    async def close(self) -> None:
        """Let go of it; never raises, and ends within `GOODBYE` seconds."""


async def connect(endpoint: Endpoint, seconds: float, context: ssl.SSLContext | None = None) -> Wire:
    """Reach a peer: `udp://` by datagrams, any other scheme by a stream.

    Args:
        endpoint: where it is.
        seconds: how long the peer may take to be reached, and later to take a payload.
        context: speak TLS, verified by this.

    Raises:
        OSError: it cannot be reached.
    """
    try:
        async with asyncio.timeout(seconds):
            if endpoint.scheme == "udp":
                return await _datagrams(endpoint)
            streams = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=context)
    except UnicodeError as error:
        raise OSError(f"{endpoint.host!r} is not a host name") from error
    return Stream(*streams, seconds)


class Stream:
    """A TCP or TLS connection on which the peer says nothing.

    It is known to be gone when it closes (the end of what there is to read), when it leaves bytes
    unacknowledged or does not answer probes for `seconds`, or when it takes nothing for so long.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
        self._reader = reader
        self._writer = writer
        self._seconds = seconds
        writer.transport.set_write_buffer_limits(0)
        _watch_peer(writer.get_extra_info("socket"), seconds)

    @property
    def reached(self) -> bool:
        """Whether nothing waits here or in the kernel for the peer's acknowledgement (TIOCOUTQ of Linux).

        Of a connection that has ended nobody knows what its peer had read: then no.
        """
        transport = self._writer.transport
        if transport.is_closing() or self._reader.at_eof() or transport.get_write_buffer_size():
            return False
        try:
            waiting = fcntl.ioctl(self._writer.get_extra_info("socket").fileno(), termios.TIOCOUTQ, b"\0" * 4)
        except OSError:
            return True
        return int.from_bytes(waiting, sys.byteorder) == 0

    async def send(self, payload: bytes) -> None:
        """Hand the payload to the kernel, and look whether the peer was there before and after."""
        self._check()
        self._writer.write(payload)
        async with asyncio.timeout(self._seconds):
            await self._writer.drain()
        await asyncio.sleep(0)
        self._check()

    def _check(self) -> None:
        if error := self._reader.exception():
            raise error
        if self._reader.at_eof() or self._writer.is_closing():
            raise ConnectionResetError("the peer has closed the connection")

    async def close(self) -> None:
        """Say goodbye, or cut the connection if that takes too long."""
        self._writer.close()
        try:
            async with asyncio.timeout(GOODBYE):
                await self._writer.wait_closed()
        except OSError:
            self._writer.transport.abort()


def _watch_peer(connection: socket.socket, seconds: float) -> None:
    """Have the kernel probe a silent peer, and give up one that acknowledges nothing."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    period = max(1, round(seconds / 3))
    options = {"TCP_KEEPIDLE": period, "TCP_KEEPINTVL": period, "TCP_KEEPCNT": 3}
    options["TCP_USER_TIMEOUT"] = round(seconds * 1000)
    for name, value in options.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Datagrams:
    """A connected UDP socket: a port where nobody listens is noticed one datagram later."""

    reached = True

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    async def send(self, payload: bytes) -> None:
        """Send one datagram."""
        await asyncio.get_running_loop().sock_sendall(self._socket, payload)

    async def close(self) -> None:
        """Close the socket."""
        self._socket.close()


async def _datagrams(endpoint: Endpoint) -> Datagrams:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    connection = socket.socket(family, kind, protocol)
    connection.setblocking(False)
    try:
        await loop.sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return Datagrams(connection)
