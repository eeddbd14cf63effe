"""Listeners: bytes from datagram and stream sockets, in batches, to whoever takes them.

asyncio's own datagram protocol makes a callback of every packet, and ends at 40,000 of them a second.
Here a plain loop empties the socket, and while packets come in quickly the socket is then left alone for
some milliseconds: to be woken for every packet costs more than the packet, and costs its sender too.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterable
from typing import Protocol, cast

from bridge.log import get_logger
from bridge.protocols.lines import LineStream
from bridge.protocols.statsd import LINE_LIMIT
from bridge.sources.statsd.senders import LOCAL, Packet
from bridge.sources.statsd.sockets import close, filled, granted_buffer, kernel_drops

DATAGRAM = 65536
"""Bytes: no datagram is longer."""
TURN, TURN_BYTES = 256, 16384
"""Datagrams, and bytes, after which others get their turn: that many of Asterisk's take a millisecond."""
PACE = 0.03
"""Seconds for which a busy socket is left alone, at most."""
FADING = 0.8
"""What is left of the highest rate that was seen, from one pause to the next."""
CAUGHT_UP = 4
"""Turns before the end of an interval: a pause leaves no more at 100,000 packets a second."""
FOOTPRINT = 416
"""Bytes of socket buffer for a short datagram: Linux charges 832, and gives twice of what it is asked for."""
SHARE = 0.2
"""How much of the socket buffer a pause may fill, at the rate seen last."""
CONNECTIONS = 250
"""The most connections at a time to one stream listener."""
CHUNK = 8192
"""Bytes read of a connection before another has its turn."""

HELD = 256
"""Datagrams that a drain may have read and not taken yet: the batch of the compiled core."""

Drain = Callable[[socket.socket], tuple[int, bool]]
"""Takes a turn's worth from a socket: how many datagrams that were, and whether there may be more."""
Shut = Callable[[socket.socket], None]
"""Closes a socket, or keeps it for the next listener."""

log = get_logger(component="statsd")


class Taker(Protocol):
    """Who takes what listeners read."""

    def receive(self, listener: str, packets: Iterable[Packet]) -> None:
        """Take what the listener of that name has read."""

    def admits(self, listener: str, sender: str) -> bool:
        """Whether the sender may connect to the listener of that name."""

    def crowded(self, listener: str, sender: str) -> None:
        """The sender was turned away, since the listener of that name has all the connections it may have."""


def reading(take: Callable[[list[Packet]], None], sender: str | None) -> Drain:
    """A Drain that hands on every datagram.

    Args:
        take: is given those of a turn.
        sender: the address of every sender, where it need not be asked for; None to ask the kernel.
    """

    def drain(opened: socket.socket) -> tuple[int, bool]:
        packets: list[Packet] = []
        room, has_more = TURN_BYTES, False
        # Any error ends the turn. An error of a datagram socket is told once, and the socket works on.
        with contextlib.suppress(OSError):
            while room > 0 and len(packets) < TURN:
                if sender is None:
                    data, (address, *_) = opened.recvfrom(DATAGRAM)
                    packets.append((data, address))
                else:
                    data = opened.recv(DATAGRAM)
                    packets.append((data, sender))
                room -= len(data)
            has_more = True
        if packets:
            take(packets)
        return len(packets), has_more

    return drain


class DatagramListener:
    """Reads datagrams from `start` to `close`.

    Args:
        name: the word by which its numbers are counted.
        opened: a bound datagram socket that does not block; the listener closes it.
        drain: takes what the socket holds.
        shut: closes the socket at the end.

    Attributes:
        is_behind: whether the socket held more than a turn when it was last read.
    """

    def __init__(self, name: str, opened: socket.socket, drain: Drain, shut: Shut = close) -> None:
        self.name = name
        self.buffer = granted_buffer(opened)
        self._socket = opened
        self._take = drain
        # A unix socket holds ten datagrams, as a rule, and makes its sender wait: a pause would be his.
        self._has_pauses = opened.family != socket.AF_UNIX
        self._shut = shut
        self._drops = self._told = kernel_drops(opened)
        self._drained = 0.0
        self._rate = 0.0  # at which the buffer fills, in whole ones a second
        self.is_behind = False
        self._is_open = True
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to read."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._on_readable)

    async def close(self) -> None:
        """Read what the kernel holds, so that nothing is lost that has arrived, and end."""
        self._loop.remove_reader(self._socket)
        if self._timer:
            self._timer.cancel()
        turns = self.buffer // FOOTPRINT // TURN + 2 * self.buffer // TURN_BYTES + 1
        try:
            for _ in range(turns + HELD):
                self._drain()
                if not self.is_behind:
                    break
                await asyncio.sleep(0)
        finally:
            self._drops = kernel_drops(self._socket)
            self._is_open = False
            self._shut(self._socket)

    def drops(self) -> int:
        """Datagrams that the kernel dropped since the last call, up to this moment or to the end.

        The kernel is asked for the number itself: the one that it sends along with datagrams, SO_RXQ_OVFL,
        leaves out what it has dropped since the last of them.
        """
        if self._is_open:
            self._drops = kernel_drops(self._socket)
        before, self._told = self._told, self._drops
        return (self._drops - before) % 2**32

    def catch_up(self) -> None:
        """Take what has come in during a pause, up to some turns, since an interval is about to end."""
        for _ in range(CAUGHT_UP):
            if not (self._is_open and self._drain() and self.is_behind):
                break

    def _on_readable(self) -> None:
        quiet = time.monotonic() - self._drained
        self._drain()
        if self.is_behind or (self._has_pauses and quiet < PACE):
            self._loop.remove_reader(self._socket)
            self._timer = self._loop.call_later(0, self._on_timer)

    def _on_timer(self) -> None:
        """Go on while the socket is busy; when a pause has brought nothing, wait for the kernel's word."""
        if not self.is_behind:  # what is there has come in since
            # A few packets right after a drain say little: a rate that was seen is forgotten bit by bit.
            rate = filled(self._socket) / max(time.monotonic() - self._drained, 1e-6)
            self._rate = max(rate, FADING * self._rate)
        if not self._drain():
            self._timer = None
            self._loop.add_reader(self._socket, self._on_readable)
            return
        pauses = self._has_pauses and not self.is_behind
        pause = min(PACE, SHARE / max(self._rate, SHARE)) if pauses else 0.0
        self._timer = self._loop.call_later(pause, self._on_timer)

    def _drain(self) -> int:
        """Take what the socket holds, up to a turn; return how many datagrams that were."""
        taken, self.is_behind = self._take(self._socket)
        self._drained = time.monotonic()
        return taken


class StreamListener:
    """Reads lines of any number of connections, from `start` to `close`.

    Args:
        name: the word by which its numbers are counted.
        opened: a stream socket that listens; the listener closes it.
        taker: is given what was read.
        limit: the most connections at a time.
        shut: closes the socket at the end.

    Attributes:
        connections: those that are open.
    """

    buffer = 0
    is_behind = False

    def __init__(
        self,
        name: str,
        opened: socket.socket,
        taker: Taker,
        limit: int = CONNECTIONS,
        shut: Shut = close,
    ) -> None:
        self.name = name
        self._socket = opened
        self._taker = taker
        self._limit = limit
        self._shut = shut
        self.connections: set[asyncio.BaseTransport] = set()

    async def start(self) -> None:
        """Begin to accept connections."""
        loop = asyncio.get_running_loop()
        if self._socket.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(self._connection, sock=self._socket.dup())
        else:
            self._server = await loop.create_server(self._connection, sock=self._socket.dup())

    def _connection(self) -> "_Connection":
        return _Connection(self)

    async def close(self) -> None:
        """Listen no more, take what the connections have brought, and end them."""
        self._server.close()
        for _ in range(2):  # turns of the loop: in the first it looks what is there, in the second it reads
            await asyncio.sleep(0)
        for transport in list(self.connections):
            transport.close()
        await asyncio.sleep(0)  # the turn in which they leave: nothing is written to them that could be late
        await self._server.wait_closed()
        self._shut(self._socket)

    def catch_up(self) -> None:
        """Nothing: a stream is read when the event loop says so."""

    def drops(self) -> int:
        """Nothing: a stream makes its sender wait instead."""
        return 0

    def enter(self, transport: asyncio.BaseTransport, sender: str) -> None:
        """A connection has come; it is closed at once if the sender may not, or if there are too many."""
        if len(self.connections) >= self._limit:
            self._taker.crowded(self.name, sender)
            transport.close()
        elif not self._taker.admits(self.name, sender):
            transport.close()
        else:
            self.connections.add(transport)

    def take(self, data: bytes, sender: str) -> None:
        """Hand on whole lines."""
        if data:
            self._taker.receive(self.name, [(data, sender)])

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """A connection has ended."""
        self.connections.discard(transport)


class _Connection(asyncio.BufferedProtocol):
    """One connection; it ends with a line that is too long, since nothing sound will follow it."""

    def __init__(self, listener: StreamListener) -> None:
        self._listener = listener
        self._lines = LineStream(LINE_LIMIT)
        self._buffer = bytearray(CHUNK)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass of it
        peer = transport.get_extra_info("peername")
        self._sender = peer[0] if isinstance(peer, tuple) else LOCAL
        self._listener.enter(transport, self._sender)

    def get_buffer(self, _: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, length: int) -> None:
        self._listener.take(self._lines.feed(bytes(self._buffer[:length])), self._sender)
        if self._lines.is_over:
            self._transport.close()

    def eof_received(self) -> None:
        # The sender has said all it had to say: the last line is whole without a line feed.
        self._listener.take(self._lines.end(), self._sender)

    def connection_lost(self, _: Exception | None) -> None:
        self._listener.leave(self._transport)
