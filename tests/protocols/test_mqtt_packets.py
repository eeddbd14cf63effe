"""PUBLISH and PUBACK as bytes; the standard says how, and paho writes and reads the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.mqtt import Message
from bridge.protocols.mqtt_packets import acknowledged, is_plain, is_refusal, publish

BOTH = pytest.mark.parametrize("properties", [False, True], ids=["3.1.1", "5"])


class TestPublish:
    def test_a_message_without_a_number(self) -> None:
        """Section 3.3: the first byte, the length, the topic with its length, the payload."""
        packet = publish(Message("a/b", b"3", 0, False), 7, properties=False)

        assert packet == b"\x30\x06\x00\x03a/b3"

    def test_one_to_be_acknowledged_and_retained_that_may_have_properties(self) -> None:
        packet = publish(Message("a", b"x"), 0x1234, properties=True)

        assert packet == b"\x33\x07\x00\x01a\x12\x34\x00x"

    @pytest.mark.parametrize(
        ("payload", "length"),
        [(124, b"\x7f"), (125, b"\x80\x01"), (16_380, b"\xff\x7f"), (16_381, b"\x80\x80\x01")],
    )
    def test_the_length_has_seven_bits_in_each_byte(self, payload: int, length: bytes) -> None:
        packet = publish(Message("a", b"x" * payload, 0), 0, properties=False)

        assert packet[1 : 1 + len(length)] == length
        assert len(packet) == 1 + len(length) + 3 + payload

    @BOTH
    @pytest.mark.parametrize("topic", ["", "a/+", "#", "x" * 65_536])
    def test_a_topic_to_which_nobody_can_publish_is_refused(self, topic: str, properties: bool) -> None:
        with pytest.raises(ValueError, match="topic"):
            publish(Message(topic, b""), 1, properties=properties)

    @BOTH
    @given(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="+#"), min_size=1), st.binary()
    )
    def test_nothing_of_a_message_is_lost(self, properties: bool, topic: str, payload: bytes) -> None:
        packet = publish(Message(topic, payload), 1, properties=properties)

        assert packet.endswith(topic.encode() + b"\x00\x01" + b"\x00" * properties + payload)


class TestAcknowledgement:
    """Section 3.4: two bytes of number; with MQTT 5 perhaps a reason code, and properties."""

    @BOTH
    def test_the_number_alone_is_plain(self, properties: bool) -> None:
        assert is_plain(b"\x00\x07", properties=properties)
        assert not is_refusal(b"\x00\x07")

    def test_with_mqtt_5_success_and_that_nobody_listens_are_plain_too(self) -> None:
        assert is_plain(bytearray(b"\x00\x07\x10"), properties=True)
        assert is_plain(b"\x00\x07\x00\x00", properties=True)
        assert not is_refusal(b"\x00\x07\x10\x00")

    @pytest.mark.parametrize(
        "body", [b"\x00\x07\x87", b"\x00\x07\x55", b"\x00\x07\x00\x03\x1f\x00\x00", b"\x00"]
    )
    def test_what_else_there_may_be_is_for_others_to_judge(self, body: bytes) -> None:
        assert not is_plain(body, properties=True)
        assert not is_plain(b"\x00\x07\x00", properties=False)

    def test_a_failure_is_a_refusal(self) -> None:
        assert is_refusal(b"\x00\x07\x87")


PLAIN = st.integers(0, 65_535).map(lambda number: b"\x40\x02" + number.to_bytes(2))
WITH_REASON = st.builds(
    lambda number, reason: b"\x40\x03" + number.to_bytes(2) + reason,
    st.integers(0, 65_535),
    st.sampled_from([b"\x00", b"\x10"]),
)
OTHER = st.sampled_from(
    [b"", b"\x40", b"\x40\x02\x00", b"\x40\x03\x00\x01\x87", b"\x41\x02\x00\x01", b"\xd0\x00", b"\x90\x03"]
)


class TestManyAcknowledgements:
    """What a broker sends in a row is read at once, and nothing else is."""

    @BOTH
    @given(st.lists(PLAIN), OTHER)
    def test_plain_ones_are_read_up_to_what_is_none(
        self, properties: bool, packets: list[bytes], other: bytes
    ) -> None:
        numbers, size = acknowledged(b"".join(packets) + other, properties=properties)

        assert numbers == [int.from_bytes(packet[2:4]) for packet in packets]
        assert size == (4 if packets else 0)

    @given(st.lists(WITH_REASON, min_size=1), OTHER)
    def test_with_mqtt_5_they_may_tell_a_reason_that_is_none_to_worry(
        self, packets: list[bytes], other: bytes
    ) -> None:
        received = b"".join(packets) + other

        assert acknowledged(received, properties=True) == ([int.from_bytes(p[2:4]) for p in packets], 5)
        assert acknowledged(received, properties=False) == ([], 0)
