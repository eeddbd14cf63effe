"""BER: what RFC 3417 lets SNMP use is read, all else is refused with a reason and without work."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.ber import (
    IDENTIFIER,
    INTEGER,
    OCTETS,
    SEQUENCE,
    BerError,
    Reader,
    Reason,
    arcs,
    integer,
    name,
    tlv,
)

TAGS = (INTEGER, OCTETS, SEQUENCE)


def why_not(data: bytes, *tags: int) -> str:
    with pytest.raises(BerError) as caught:
        Reader(data).step(*(tags or TAGS))
    return caught.value.reason


def identifier(content: bytes) -> None:
    Reader(bytes([IDENTIFIER, 0x82]) + len(content).to_bytes(2) + content).identifier()


def test_elements_come_in_their_order() -> None:
    reader = Reader(b"\x30\x08\x02\x01\x05\x04\x03abc")

    inside = reader.inside(SEQUENCE)

    assert (inside.number(), inside.octets(), inside.tag) == (5, b"abc", OCTETS)
    assert not inside.more
    inside.close()
    reader.close()


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"\x00", 0),
        (b"\x7f", 127),
        (b"\xff", -1),
        (b"\x80\x00", -32768),
        (b"\x00\xff\xff\xff\xff", 2**32 - 1),
        (b"\x00" + b"\xff" * 8, 2**64 - 1),
    ],
)
def test_numbers(octets: bytes, value: int) -> None:
    assert Reader(bytes([INTEGER, len(octets)]) + octets).number() == value


@pytest.mark.parametrize("octets", [b"", b"\x01" * 10])
def test_numbers_have_one_to_nine_octets(octets: bytes) -> None:
    with pytest.raises(BerError, match=Reason.BAD_NUMBER):
        Reader(bytes([INTEGER, len(octets)]) + octets).number()


@pytest.mark.parametrize(
    "head", [b"\x04\x03", b"\x04\x81\x03", b"\x04\x82\x00\x03", b"\x04\x84\x00\x00\x00\x03"]
)
def test_a_length_may_be_longer_than_it_need_be(head: bytes) -> None:
    """As net-snmp writes it, which leaves two octets for it."""
    assert Reader(head + b"abc").octets() == b"abc"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.BAD_SHAPE),
        (b"\x04", Reason.TRUNCATED),
        (b"\x04\x04abc", Reason.TRUNCATED),
        (b"\x04\x82\x01", Reason.TRUNCATED),
        (b"\x04\x84\xff\xff\xff\xffabc", Reason.TRUNCATED),
        (b"\x04\x80abc\0\0", Reason.INDEFINITE),
        (b"\x04\x85\0\0\0\0\x03abc", Reason.LONG_LENGTH),
        (b"\x04\xff" + bytes(127), Reason.LONG_LENGTH),
        (b"\x1f\x81\x01\x00", Reason.LONG_TAG),
        (b"\xff\xff\xff\x7f\x00", Reason.LONG_TAG),
        (b"\x09\x01\x00", Reason.BAD_SHAPE),
    ],
)
def test_heads_that_are_refused(data: bytes, reason: Reason) -> None:
    assert why_not(data) == reason


def test_contents_are_those_of_the_next_elements() -> None:
    """In short form and in long, and no more than were asked for."""
    reader = Reader(tlv(INTEGER, b"\x01") + tlv(OCTETS, b"x" * 200) + b"\x04\x81\x02ab" + tlv(OCTETS))

    assert reader.contents(INTEGER, OCTETS, OCTETS) == [b"\x01", b"x" * 200, b"ab"]
    assert reader.more


@pytest.mark.parametrize("data", [b"", b"\x02", b"\x02\x01", b"\x04\x00", b"\x02\x80", b"\x1f\x00"])
def test_contents_are_refused_as_by_steps(data: bytes) -> None:
    with pytest.raises(BerError) as caught:
        Reader(data).contents(INTEGER)
    assert caught.value.reason == why_not(data, INTEGER)


def test_contents_stay_inside() -> None:
    """What is behind the container is none of its elements, whatever their length says."""
    with pytest.raises(BerError, match="truncated"):
        Reader(b"\x04\x02aabb", 0, 3).contents(OCTETS)


def test_what_is_inside_stays_inside() -> None:
    """An element may not reach beyond its container, though there are octets behind it."""
    reader = Reader(b"\x30\x04\x04\x04abXX").inside(SEQUENCE)

    with pytest.raises(BerError, match=Reason.TRUNCATED):
        reader.octets()


def test_what_is_left_over_is_refused() -> None:
    reader = Reader(b"\x04\x01aX")
    reader.octets()

    with pytest.raises(BerError, match=Reason.BAD_SHAPE):
        reader.close()


@pytest.mark.parametrize(
    "content",
    [b"\x2b", b"\x2b\x06\x01\x04\x01\x81\xb1\x50\x01", b"\x2b\x8f\xff\xff\xff\x7f", b"\x2b" + b"\x01" * 126],
)
def test_identifiers(content: bytes) -> None:
    """Arcs of up to 32 bits; 128 of them, the first two in one."""
    identifier(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80",
        b"\x2b\x80\x01",
        b"\x2b\x81",
        b"\x2b\x90\x80\x80\x80\x00",
        b"\x2b\x81\x80\x80\x80\x80\x00",
        b"\x2b" + b"\x01" * 127,
        b"\x80" * 65_000,
        b"\xff" * 65_000,
        b"\x2b" * 65_000,
    ],
    ids=lambda content: f"{content[:8].hex()} {len(content)}",
)
def test_identifiers_that_are_refused(content: bytes) -> None:
    """Empty, cut, with needless zeros, with too large an arc, or too long."""
    with pytest.raises(BerError, match=Reason.BAD_OID):
        identifier(content)


@given(st.binary(max_size=40))
def test_every_input_has_an_answer(data: bytes) -> None:
    """Whatever the octets are, reading them ends, with a value or with a reason."""
    reader = Reader(data)

    with contextlib.suppress(BerError):
        while reader.more:
            reader.step(*range(256))
            reader.content_number()
            reader.content_identifier()


@given(st.integers(-(2**63), 2**64 - 1))
def test_a_number_that_is_written_is_read(value: int) -> None:
    assert Reader(integer(value)).number() == value


@pytest.mark.parametrize(
    ("value", "size"), [(0, 1), (127, 1), (128, 2), (-128, 1), (-129, 2), (2**64 - 1, 9)]
)
def test_numbers_are_written_short(value: int, size: int) -> None:
    assert len(integer(value)) == 2 + size


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_a_text_that_is_written_is_read(size: int) -> None:
    assert Reader(tlv(OCTETS, b"x" * size)).octets() == b"x" * size


ARCS = st.lists(st.integers(0, 2**32 - 1), max_size=126)


@given(
    st.one_of(st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), st.integers(0, 999))),
    ARCS,
)
def test_a_name_that_is_written_is_read(first: tuple[int, int], rest: list[int]) -> None:
    assert arcs(name((*first, *rest))) == (*first, *rest)


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x2b\x80\x01", b"\x2b\x90\x80\x80\x80\x00", b"\1" * 128])
def test_what_is_no_name(content: bytes) -> None:
    """Neither is it remembered as one."""
    for _ in range(2):
        with pytest.raises(BerError, match="bad oid"):
            arcs(content)
