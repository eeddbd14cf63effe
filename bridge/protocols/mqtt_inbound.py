"""What a broker may say to the bridge: little, and anything else ends the connection.

The bridge publishes with QoS 0 and 1, and hears few topics. So a broker has no reason to send anything but
CONNACK (once), SUBACK, PUBACK, PINGRESP, messages of those topics, and DISCONNECT. paho is more trusting: it
would hold a packet of 256 MiB in memory, and passes over answers to what was never asked.
"""

from collections.abc import Callable, Container, Iterable
from typing import Literal

from bridge.errors import ProtocolError

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14

LARGEST = {"5": 8192, "3.1.1": 512 * 1024}
"""Bytes of a packet: a request of 4 KiB, or one of our own retained topics, has room in it.

With MQTT 5 it is told the limit, and keeps larger messages of others back. Before that it cannot be told, and
whoever may write to our own topic could end the connection with a message that is larger.
"""
LARGEST_FRAME = 64 * 1024
"""Bytes of a WebSocket frame: paho takes time with the square of them, and with no end to them."""


class Inbound:
    """Checks each packet of one connection before anything is done with it.

    Args:
        filters: those that are subscribed.
        version: of MQTT.
        published: ids of the messages that the broker has not acknowledged.
        subscribed: ids of the subscriptions that it has not acknowledged.
        pinging: whether an answer to a ping is due.
    """

    def __init__(
        self,
        filters: Iterable[str],
        version: Literal["3.1.1", "5"],
        *,
        published: Container[int],
        subscribed: Container[int],
        pinging: Callable[[], bool],
    ) -> None:
        self._filters = tuple(filters)
        self._version = version
        self._published = published
        self._subscribed = subscribed
        self._pinging = pinging
        self._greeted = False

    def check_size(self, size: int, frame: int = 0) -> None:
        """Check how much there is to be held in memory.

        Args:
            size: bytes of the next packet.
            frame: bytes of the WebSocket frame that it is in, so far.

        Raises:
            ProtocolError: it is too much.
        """
        if size > LARGEST[self._version] or frame > LARGEST_FRAME:
            raise ProtocolError(f"it sent a packet of {max(size, frame)} bytes")

    def check(self, first: int, body: bytes | bytearray) -> None:
        """Check a packet.

        Args:
            first: its first byte: type and flags.
            body: what follows its length.

        Raises:
            ProtocolError: the broker has no reason to send it.
        """
        kind, flags = first >> 4, first & 0x0F
        if self._greeted == (kind == CONNACK):
            raise ProtocolError("it greeted twice" if self._greeted else "it spoke before it greeted")
        if kind == PUBLISH:
            self._check_message(flags, body)
        elif flags or not self._expected(kind, body):
            raise ProtocolError(f"it sent a packet of type {kind} that nothing asked for")
        self._greeted = True

    def _expected(self, kind: int, body: bytes | bytearray) -> bool:
        """Whether there is a reason for a packet that holds no message."""
        if kind == PUBACK:
            return int.from_bytes(body[:2]) in self._published
        if kind == SUBACK:
            return int.from_bytes(body[:2]) in self._subscribed
        if kind == PINGRESP:
            return self._pinging()
        return kind == CONNACK or (kind == DISCONNECT and self._version == "5")

    def _check_message(self, flags: int, body: bytes | bytearray) -> None:
        if flags & 0b0110 > 0b0010:
            raise ProtocolError("it sent a message with a QoS that was not asked for")
        end = 2 + int.from_bytes(body[:2])
        topic = bytes(body[2:end]).decode("utf-8", "replace")
        if not any(matches(each, topic) for each in self._filters):
            raise ProtocolError("it sent a message of a topic that was not subscribed")


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic is one of those that a filter of MQTT (4.7 of its standard) means."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted, levels = wanted[:-1], levels[: len(wanted) - 1]
    return len(wanted) == len(levels) and all(
        want in {"+", level} for want, level in zip(wanted, levels, strict=True)
    )
