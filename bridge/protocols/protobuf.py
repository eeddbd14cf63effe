"""Protocol Buffers on the wire (protobuf.dev/programming-guides/encoding): what Sparkplug B needs of it.

Written are numbers, doubles, texts and messages, each as the bytes of one field. Read is one message at a
time, field by field, at a cost that grows with its length alone.
"""

import struct
from collections.abc import Iterable, Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""Wire types. Two more begin and end a group, which nobody has written for ten years: they are refused."""

LAST_FIELD = (1 << 29) - 1
"""The highest number that a field may have."""
LARGEST = (1 << 64) - 1
"""The highest number that a varint may hold."""
LONGEST = 10
"""Bytes of a varint that holds 64 bits."""

Value = int | bytes
"""What a field holds: a number of wire type VARINT, or the bytes of any other."""

_DOUBLE = struct.Struct("<d")
_WIDTHS = {FIXED64: 8, FIXED32: 4}


def number(field: int, value: int) -> bytes:
    """A field that holds a whole number, 0 <= value < 2**64, or a bool."""
    return _varint(field << 3 | VARINT) + _varint(value)


def double(field: int, value: float) -> bytes:
    """A field that holds a double."""
    return _varint(field << 3 | FIXED64) + _DOUBLE.pack(value)


def text(field: int, value: str) -> bytes:
    """A field that holds a text; what UTF-8 cannot say becomes `?`."""
    return message(field, (value.encode("utf-8", "replace"),))


def message(field: int, parts: Iterable[bytes]) -> bytes:
    """A field that holds a message, made of the bytes of its fields."""
    body = b"".join(parts)
    return _varint(field << 3 | LENGTH) + _varint(len(body)) + body


def fields(data: bytes) -> Iterator[tuple[int, int, Value]]:
    """The fields of a message in their order: number, wire type and value.

    Raises:
        ValueError: this is no message; what was yielded before is not to be trusted either.
    """
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint_at(data, at)
        field, kind = tag >> 3, tag & 7
        if not 0 < field <= LAST_FIELD:
            raise ValueError(f"a field has the number {field}")
        if kind == VARINT:
            value, at = _varint_at(data, at)
            yield field, kind, value
            continue
        size, at = _size_at(data, at, kind)
        if size > end - at:
            raise ValueError("a field ends behind its message")
        yield field, kind, data[at : at + size]
        at += size


def _size_at(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """How many bytes a field has that is no varint, and where they begin."""
    if kind == LENGTH:
        return _varint_at(data, at)
    if kind not in _WIDTHS:
        raise ValueError(f"a field has the wire type {kind}")
    return _WIDTHS[kind], at


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def _varint_at(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at a place, and the place behind it; bits beyond the 64th are dropped."""
    value = 0
    for place, octet in enumerate(data[at : at + LONGEST]):
        value |= (octet & 0x7F) << 7 * place
        if octet < 0x80:
            return value & LARGEST, at + place + 1
    raise ValueError("a number is cut off, or too long")
