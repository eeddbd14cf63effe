"""What a broker sends: a packet is expected or ends the connection, and nothing is taken of other topics."""

import contextlib
from typing import Literal

from bridge.errors import ProtocolError
from bridge.protocols.mqtt_inbound import CONNACK, LARGEST, PUBLISH, Inbound

TOPIC = "asterisk/bridge/state"


def one(data: bytes) -> None:
    """Take packets: a byte for how long each is, then its first byte and what follows."""
    versions: tuple[Literal["3.1.1", "5"], ...] = ("3.1.1", "5")
    for version in versions:
        inbound = Inbound(
            [TOPIC], version, published={1}, subscribed={2}, pinging=lambda: bool(len(data) % 2)
        )
        with contextlib.suppress(ProtocolError):
            _feed(inbound, data)
        with contextlib.suppress(ProtocolError):
            inbound.check_size(int.from_bytes(data[:5]))
            assert int.from_bytes(data[:5]) <= LARGEST[version]


def _feed(inbound: Inbound, data: bytes) -> None:
    first = True
    while data:
        size, data = data[0], data[1:]
        packet, data = data[:size] or b"\0", data[size:]
        inbound.check(packet[0], packet[1:])
        assert first == (packet[0] >> 4 == CONNACK)
        assert packet[0] >> 4 != PUBLISH or TOPIC.encode() in packet
        first = False
