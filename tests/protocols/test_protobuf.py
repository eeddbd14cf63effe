"""The little of Protocol Buffers that Sparkplug needs, against Google's own."""

import random

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.protobuf import (
    FIXED32,
    FIXED64,
    LARGEST,
    LAST_FIELD,
    LENGTH,
    VARINT,
    double,
    fields,
    message,
    number,
    text,
)
from tests.sparkplug_host import parse

WHOLE = st.integers(0, LARGEST)


class TestWriting:
    """What we write, Google's protobuf reads."""

    @given(timestamp=WHOLE, seq=WHOLE)
    def test_whole_numbers(self, timestamp: int, seq: int) -> None:
        payload = parse(number(1, timestamp) + number(3, seq))

        assert (payload.timestamp, payload.seq) == (timestamp, seq)

    @given(value=st.floats(allow_nan=False), words=st.text())
    def test_doubles_and_texts_within_messages(self, value: float, words: str) -> None:
        payload = parse(message(2, [text(1, words), double(13, value)]))

        (metric,) = payload.metrics
        assert (metric.name, metric.double_value) == (words.encode("utf-8", "replace").decode(), value)

    def test_what_utf_8_cannot_say(self) -> None:
        assert parse(text(4, "a\ud800b")).uuid == "a?b"


class TestReading:
    """Whatever the bytes are, they are read as Google's protobuf reads them, or refused."""

    @given(timestamp=WHOLE, uuid=st.text(max_size=300), body=st.binary(max_size=300))
    def test_what_google_writes(self, timestamp: int, uuid: str, body: bytes) -> None:
        payload = type(parse(b""))(timestamp=timestamp, uuid=uuid, body=body)

        found = [*fields(payload.SerializeToString())]

        assert found == [(1, VARINT, timestamp), (4, LENGTH, uuid.encode()), (5, LENGTH, body)]

    def test_every_kind_of_field(self) -> None:
        data = bytes.fromhex("08 96 01  11 0102030405060708  1a 02 6869  25 01020304")

        assert [*fields(data)] == [
            (1, VARINT, 150),
            (2, FIXED64, bytes(range(1, 9))),
            (3, LENGTH, b"hi"),
            (4, FIXED32, bytes(range(1, 5))),
        ]

    def test_a_number_of_more_than_64_bits_is_cut_as_google_cuts_it(self) -> None:
        data = bytes.fromhex("08 ffffffffffffffffff7f")

        assert [*fields(data)] == [(1, VARINT, LARGEST)]
        assert parse(data).timestamp == LARGEST

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            ("08", "a number is cut off"),
            ("08 80", "a number is cut off"),
            ("08 8080808080808080808001", "or too long"),
            ("0a 05 6869", "a field ends behind its message"),
            ("0a ffffffffffffffffff01", "a field ends behind its message"),
            ("09 01020304050607", "a field ends behind its message"),
            ("0d 010203", "a field ends behind its message"),
            ("00 01", "a field has the number 0"),
            ("80808080 10 01", "a field has the number 536870912"),
            ("0b 0c", "a field has the wire type 3"),
            ("0c", "a field has the wire type 4"),
            ("0e", "a field has the wire type 6"),
            ("0f", "a field has the wire type 7"),
        ],
    )
    def test_what_is_no_message(self, data: str, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            list(fields(bytes.fromhex(data)))

    @given(data=st.binary(max_size=60))
    def test_any_bytes_give_fields_or_a_value_error(self, data: bytes) -> None:
        try:
            found = [*fields(data)]
        except ValueError:
            return

        assert all(0 < field <= LAST_FIELD for field, _, _ in found)

    def test_what_google_refuses_is_refused_and_nothing_else(self) -> None:
        """2,000 pieces of random bytes: only outer fields are looked at, so inner ones may be anything."""
        chance = random.Random(5)
        pieces = [bytes(chance.choices(b"\x08\x10\x18\x80\x01\x0d\x29\x02", k=9)) for _ in range(2000)]

        refused_by_us = {piece for piece in pieces if not _readable(piece)}
        refused_by_google = {piece for piece in pieces if not _googles(piece)}

        assert len(refused_by_us) > 200
        assert len(set(pieces) - refused_by_us) > 200
        assert refused_by_us == refused_by_google


def _readable(data: bytes) -> bool:
    try:
        list(fields(data))
    except ValueError:
        return False
    return True


def _googles(data: bytes) -> bool:
    try:
        parse(data)
    except DecodeError:
        return False
    return True
