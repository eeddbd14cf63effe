"""Doors: the sockets of the listeners, which stay open while new settings come into force.

What arrives between two listeners on one address waits in the kernel for the second one; were the socket
closed in between, it would be refused.
"""

import socket

from bridge.core.endpoint import Endpoint
from bridge.sources.statsd.sockets import adjust, close, open_network, open_unix


class Doors:
    """Opens sockets, closes them, and in between hands them from one listener to the next.

    Attributes:
        held: sockets that are closed now stay open for the listeners that follow.
    """

    def __init__(self) -> None:
        self.held = False
        self._endpoints: dict[socket.socket, Endpoint] = {}
        self._waiting: dict[Endpoint, socket.socket] = {}

    async def open(
        self, endpoint: Endpoint, kind: socket.SocketKind, mode: int, buffer: int = 0
    ) -> socket.socket:
        """A bound socket: the one that was kept for the address, or a new one.

        Args:
            endpoint: where to listen.
            kind: SOCK_DGRAM or SOCK_STREAM.
            mode: permissions of the file of a unix socket.
            buffer: bytes of receive buffer to ask for; 0 leaves it as it is.

        Raises:
            SourceError: the address cannot be listened on.
        """
        opened = self._waiting.pop(endpoint, None)
        if opened:
            adjust(opened, mode, buffer)
        elif endpoint.host:
            opened = await open_network(endpoint, kind, buffer)
        else:
            opened = open_unix(endpoint, kind, mode, buffer)
        self._endpoints[opened] = endpoint
        return opened

    def shut(self, opened: socket.socket) -> None:
        """Close a socket, unless those that are closed now are kept."""
        endpoint = self._endpoints.pop(opened)
        if self.held:
            self._waiting[endpoint] = opened
        else:
            close(opened)

    def clear(self) -> None:
        """Close what was kept and is not wanted."""
        while self._waiting:
            close(self._waiting.popitem()[1])
