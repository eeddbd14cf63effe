"""PUBLISH and PUBACK as bytes, MQTT 3.1.1 and 5 (sections 2.2, 3.3 and 3.4 of both standards)."""

import re
import struct
from functools import lru_cache

from bridge.protocols.mqtt import LONGEST_TOPIC, Message

PUBLISH = 0x30
RETAIN = 0x01
LONGEST = 268_435_455
"""Bytes behind the length, which has four times seven bits."""
PLAIN = (b"\x00", b"\x10", b"\x00\x00", b"\x10\x00")
_RUN = (re.compile(rb"(?:\x40\x02..)+", re.DOTALL), struct.Struct("!xxH"))
_RUN_WITH_REASON = (re.compile(rb"(?:\x40\x03..[\x00\x10])+", re.DOTALL), struct.Struct("!xxHx"))
"""PUBACKs of one length, and where the number is in each."""
REFUSED = 0x80
"""The least reason code of MQTT 5 that tells of a failure."""


def publish(message: Message, number: int, *, properties: bool) -> bytes:
    """A message as a packet.

    Args:
        message: what to publish.
        number: by which the broker acknowledges one of QoS 1; not sent with QoS 0.
        properties: it is MQTT 5, in which a message has properties: here none.

    Raises:
        ValueError: no packet can hold it, or its topic is none to publish to.
    """
    topic = message.topic.encode()
    if not 0 < len(topic) <= LONGEST_TOPIC or "+" in message.topic or "#" in message.topic:
        raise ValueError(
            f"topic {message.topic[:80]!r} is empty, has a wildcard, or is longer than 65535 bytes"
        )
    head = len(topic).to_bytes(2) + topic
    if message.qos:
        head += number.to_bytes(2)
    if properties:
        head += b"\0"
    size = len(head) + len(message.payload)
    return _start(PUBLISH | message.qos << 1 | message.retain, size) + head + message.payload


@lru_cache
def _start(first: int, size: int) -> bytes:
    """The first byte, and the length of what follows: seven bits in each byte, the lowest first."""
    if size > LONGEST:
        raise ValueError(f"a message of {size} bytes is longer than the {LONGEST} that MQTT knows")
    start = bytearray([first])
    while size > 127:
        start.append(size & 127 | 128)
        size >>= 7
    start.append(size)
    return bytes(start)


def acknowledged(received: bytes, *, properties: bool) -> tuple[list[int], int]:
    """The numbers of the plain PUBACKs of one length with which it begins, and the bytes of each of them."""
    for run, form in (_RUN, _RUN_WITH_REASON) if properties else (_RUN,):
        if found := run.match(received):
            return [number for (number,) in form.iter_unpack(found[0])], form.size
    return [], 0


def is_plain(acknowledgement: bytes | bytearray, *, properties: bool) -> bool:
    """Whether a PUBACK, given what follows its length, is one of the usual that tell of no failure.

    MQTT 5 may add a reason code, which is success or that nobody listens, and that there are no properties.
    """
    return len(acknowledgement) == 2 or (properties and acknowledgement[2:] in PLAIN)


def is_refusal(acknowledgement: bytes | bytearray) -> bool:
    """Whether a PUBACK of MQTT 5 tells that the message was not allowed."""
    return len(acknowledgement) > 2 and acknowledgement[2] >= REFUSED
