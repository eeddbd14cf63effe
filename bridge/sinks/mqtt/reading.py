"""Reading: what a broker says on one connection, handed to paho; acknowledgements many at once."""

import asyncio
from collections.abc import Callable
from typing import Any

from bridge.sinks.mqtt.outbox import Outbox
from bridge.sinks.mqtt.paho import Paho

AHEAD = 4096
"""Bytes read of a socket at once; paho asks for the first byte of a packet, its length, and the rest."""
READS = 50
"""Packets that are read before others have a turn: some 2 ms of work."""
MANY = 50
"""Acknowledgements that are worth a rest: a broker sends each by itself, and each would wake us up."""
REST = 0.001
"""Seconds of such a rest. Brokers take longer than that for so many messages that it makes no difference."""


class Reading:
    """Reads of a connection whatever there is, whenever there is something.

    Args:
        paho: whom it is for.
        outbox: takes plain acknowledgements, for which paho has as many steps as for any packet.
        ahead: more may be read than paho asks for. Not of a WebSocket, which hands out frames.
    """

    def __init__(self, paho: Paho, outbox: Outbox, *, ahead: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._paho = paho
        self._outbox = outbox
        self._ahead = ahead
        self._held = b""
        self._dry = self._goes_on = False

    def start(self, sock: Any) -> None:
        """Read of a socket from now on, if it is still the one of the connection."""
        if self._paho.is_open(sock):
            try:
                self._loop.add_reader(sock.fileno(), self.read)
            except RuntimeError:  # see `read`
                self.read()

    def receive(self, receive: Callable[[int], bytes], size: int) -> bytes:
        """What paho asks for, up to so many bytes; none at the end.

        Raises:
            OSError: as `receive` does; there is nothing now, or nothing any more.
        """
        if not self._held:
            try:
                self._held = receive(max(size, AHEAD) if self._ahead else size)
            except BlockingIOError:
                self._dry = True
                raise
        return self._take(size)

    def read(self) -> None:
        """Read, and go on after others have had a turn, until nothing is left.

        Neither does the socket tell of what TLS has decrypted, nor uvloop more than once of an error, which
        comes behind what was sent before it.
        """
        self._dry = False
        for _ in range(READS):
            self._paho.read()
            if self._held and self._paho.is_between_packets:
                self._take(self._outbox.take(self._held))
            if self._dry or not self._paho.socket:
                break
        if self._dry and self._paho.socket and len(self._outbox.numbers) > MANY:
            self._rest(self._paho.socket)
        elif not self._dry and not self._goes_on and self._paho.socket:
            self._goes_on = True
            self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        self._goes_on = False
        self.read()

    def _rest(self, sock: Any) -> None:
        self._loop.remove_reader(sock.fileno())
        self._loop.call_later(REST, self.start, sock)

    def _take(self, size: int) -> bytes:
        taken, self._held = self._held[:size], self._held[size:]
        return taken
