"""What a broker may say to the bridge."""

from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import ProtocolError
from bridge.protocols.mqtt_inbound import LARGEST, LARGEST_FRAME, Inbound

Version = Literal["3.1.1", "5"]
VERSIONS: tuple[Version, ...] = ("3.1.1", "5")
TOPIC = "asterisk/bridge/state"
NAME = len(TOPIC).to_bytes(2) + TOPIC.encode()
GREETING = 0x20, b"\0\0\0"


def inbound(version: Version = "5", *, greeted: bool = True, pinging: bool = False) -> Inbound:
    """A connection on which message 7 and subscription 9 wait for an answer."""
    one = Inbound([TOPIC], version, published={7}, subscribed={9}, pinging=lambda: pinging)
    if greeted:
        one.check(*GREETING)
    return one


class TestWhatIsExpected:
    """Everything that the bridge asks for has one answer."""

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("first", "body"),
        [
            (0x40, b"\0\x07"),
            (0x40, b"\0\x07\x10\0"),
            (0x90, b"\0\x09\0\x01"),
            (0xD0, b""),
            (0x30, NAME + b"\0{}"),
            (0x3B, NAME + b"\0\x01\0{}"),
        ],
        ids=["PUBACK", "PUBACK with a reason", "SUBACK", "PINGRESP", "a message", "a message with QoS 1"],
    )
    def test_it_passes(self, version: Version, first: int, body: bytes) -> None:
        inbound(version, pinging=True).check(first, body)

    def test_only_mqtt_5_knows_a_farewell(self) -> None:
        inbound("5").check(0xE0, b"\x8b\0")
        with pytest.raises(ProtocolError, match="type 14"):
            inbound("3.1.1").check(0xE0, b"\x8b\0")


class TestWhatIsNot:
    """Everything else breaks the rules."""

    @pytest.mark.parametrize("version", VERSIONS)
    @pytest.mark.parametrize(
        ("first", "body", "complaint"),
        [
            (*GREETING, "it greeted twice"),
            (0x40, b"\0\x08", "type 4"),
            (0x40, b"", "type 4"),
            (0x41, b"\0\x07", "type 4"),
            (0x90, b"\0\x07\0\x01", "type 9"),
            (0xD0, b"", "type 13"),
            (0x30, b"\0\x07strange", "topic that was not subscribed"),
            (0x30, b"\0\0\0", "topic that was not subscribed"),
            (0x30, b"\xff\xff" + NAME, "topic that was not subscribed"),
            (0x30, b"", "topic that was not subscribed"),
            (0x34, NAME, "QoS"),
            (0x36, NAME, "QoS"),
            *(
                (kind << 4 | flags, b"\0\x07", f"type {kind} ")
                for kind in (0, 1, 5, 6, 7, 8, 10, 11, 12, 15)
                for flags in (0, 2)
            ),
        ],
    )
    def test_it_is_refused(self, version: Version, first: int, body: bytes, complaint: str) -> None:
        with pytest.raises(ProtocolError, match=complaint):
            inbound(version).check(first, body)

    @pytest.mark.parametrize("first", [kind << 4 for kind in range(16) if kind != 2])
    def test_nothing_comes_before_the_greeting(self, first: int) -> None:
        with pytest.raises(ProtocolError, match="before it greeted"):
            inbound(greeted=False).check(first, b"\0\x07")

    @pytest.mark.parametrize("version", VERSIONS)
    def test_what_is_held_in_memory_is_bounded(self, version: Version) -> None:
        one = inbound(version)
        one.check_size(LARGEST[version], LARGEST_FRAME)

        with pytest.raises(ProtocolError, match="268435455 bytes"):
            one.check_size(268_435_455)
        with pytest.raises(ProtocolError, match=f"{LARGEST[version] + 1} bytes"):
            one.check_size(LARGEST[version] + 1)
        with pytest.raises(ProtocolError, match="bytes"):
            one.check_size(1, LARGEST_FRAME + 1)

    @given(
        first=st.integers(0, 255), body=st.binary(), greeted=st.booleans(), version=st.sampled_from(VERSIONS)
    )
    def test_no_packet_raises_anything_else(
        self, first: int, body: bytes, greeted: bool, version: Version
    ) -> None:
        with suppress(ProtocolError):
            inbound(version, greeted=greeted).check(first, body)
