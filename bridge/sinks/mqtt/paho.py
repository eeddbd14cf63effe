"""Paho: the parts of the MQTT client under aiomqtt that have no public name."""
# ruff: noqa: SLF001 - that is what this module is for

from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

from bridge.protocols.mqtt_packets import PUBLISH

NO_CONNECTION, CONNECTION_LOST = 4, 7
"""paho's MQTT_ERR_NO_CONN, and MQTT_ERR_CONN_LOST: a piece of its work has ended the connection."""


class Paho:
    """A client of paho, seen from behind.

    Args:
        client: that of an aiomqtt client which is not connected yet.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def wrap(self, name: str, wrapper: Callable[..., Any]) -> None:
        """Have `wrapper` called in place of a method; it is given the method, and its arguments."""
        setattr(self._client, name, partial(wrapper, getattr(self._client, name)))

    @property
    def socket(self) -> Any:
        """The open socket, or what stands for it over WebSockets; None if there is none."""
        return self._client._sock

    def is_open(self, sock: Any) -> bool:
        """Whether this is the socket, and nobody has closed it."""
        return sock is self._client._sock and sock.fileno() >= 0

    def read(self) -> None:
        """Read a packet, or what there is of it."""
        self._client.loop_read()

    @property
    def frame(self) -> int:
        """Bytes of a WebSocket frame that are held in memory."""
        return len(getattr(self._client._sock, "_readbuffer", b""))

    @property
    def packet(self) -> tuple[int, bytearray]:
        """The packet that came: its first byte, and what follows its length."""
        packet = self._client._in_packet
        return packet["command"], packet["packet"]

    @property
    def is_between_packets(self) -> bool:
        """Whether the next byte that it reads begins a packet."""
        return not self._client._in_packet["command"]

    @property
    def published(self) -> MutableMapping[int, Any]:
        """Paho's own messages by their ids, until the broker acknowledges them; always the same object."""
        published: MutableMapping[int, Any] = self._client._out_messages
        return published

    def number(self) -> int:
        """The next id of a message, which none of paho's own has."""
        while (number := int(self._client._mid_generate())) in self.published:
            pass
        return number

    def queue(self, packets: bytes) -> None:
        """Have paho write packets of ours behind its own; as QoS 1, it does nothing once they are written."""
        self._client._packet_queue(PUBLISH, packets, 0, 1)

    def pinging(self) -> bool:
        """Whether an answer to a ping is due."""
        return bool(self._client._ping_t)

    def close(self) -> None:
        """Let go of the socket at once."""
        self._client._sock_close()
