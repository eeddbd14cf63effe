"""BER as SNMP may use it (RFC 3417, section 8), read without trust; and written.

Lengths are definite and stay within what holds them, tags fit into one octet, numbers into nine and
identifiers into 128 arcs of 32 bits. All else is refused here, at a cost that does not grow with what was
sent, before a decoder that is made for every kind of BER sees it.
"""

import re
from enum import StrEnum
from functools import lru_cache

from bridge.errors import ProtocolError

INTEGER, OCTETS, NULL, IDENTIFIER, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30

LONG = 0x80
"""From where on a length is written in more than one octet."""
LENGTH_OCTETS = 4
"""The most octets that a length is written in; four say more than any datagram holds."""
NUMBER_OCTETS = 9
"""The most octets of a number: Counter64 with the zero in front that keeps it from being negative."""

_OID = re.compile(
    rb"(?:[\x00-\x7f]"
    rb"|[\x81-\xff][\x80-\xff]{0,2}[\x00-\x7f]"
    rb"|[\x81-\x8f][\x80-\xff]{3}[\x00-\x7f]){1,127}"
)
"""Arcs of 32 bits in groups of seven, the shortest form only. The first one on the wire is two of the 128."""

Arcs = tuple[int, ...]
NAMES_KEPT, LONGEST_KEPT = 8192, 48
"""How many names that were read are remembered, and the most octets of one that is: every poll reads the same
ones. Full of the longest they take 6 MB."""


class Reason(StrEnum):
    """Why octets are refused."""

    TRUNCATED = "truncated"
    INDEFINITE = "indefinite length"
    LONG_LENGTH = "long length"
    LONG_TAG = "long tag"
    BAD_NUMBER = "bad number"
    BAD_OID = "bad oid"
    BAD_SHAPE = "bad shape"


class BerError(ProtocolError):
    """Octets that are not what they should be; `reason` is the word under which they are counted."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reader:
    """Reads the elements of one container, in their order.

    Args:
        data: all octets.
        at: where the container begins in them.
        end: where it ends; None for the end of `data`.

    Attributes:
        tag: that of the element read last.
    """

    __slots__ = ("_at", "_data", "_end", "_start", "tag")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self._at = self._start = at
        self._end = len(data) if end is None else end
        self.tag = 0

    def step(self, *tags: int) -> None:
        """Go to the next element, which has to have one of `tags`.

        Raises:
            BerError: there is none, or it is another one, or its head is not allowed.
        """
        data, at = self._data, self._at
        if self._end - at < 2:
            raise BerError(Reason.TRUNCATED if self._end > at else Reason.BAD_SHAPE)
        self.tag, length = data[at], data[at + 1]
        if self.tag & 0x1F == 0x1F:
            raise BerError(Reason.LONG_TAG)
        self._start = at + 2
        if length >= LONG:
            length = self._long_length(length - LONG)
        if self.tag not in tags:
            raise BerError(Reason.BAD_SHAPE)
        self._at = self._start + length
        if self._at > self._end:
            raise BerError(Reason.TRUNCATED)

    def _long_length(self, octets: int) -> int:
        if not octets:
            raise BerError(Reason.INDEFINITE)
        if octets > LENGTH_OCTETS:
            raise BerError(Reason.LONG_LENGTH)
        start = self._start
        self._start += octets
        return int.from_bytes(self._data[start : self._start])

    def inside(self, *tags: int) -> "Reader":
        """A reader of the next element, which is a container; `step` says what it raises."""
        self.step(*tags)
        return Reader(self._data, self._start, self._at)

    def octets(self, tag: int = OCTETS) -> bytes:
        """The content of the next element; `step` says what it raises."""
        self.step(tag)
        return self.content

    def number(self) -> int:
        """The next element, which is an INTEGER.

        Raises:
            BerError: as `step`, or it has no octets or too many.
        """
        self.step(INTEGER)
        return self.content_number()

    def content_number(self) -> int:
        """The number that the element read last is.

        Raises:
            BerError: it has no octets or too many.
        """
        return number(self.content)

    def contents(self, *tags: int) -> list[bytes]:
        """Those of the next elements, one for each of `tags`.

        Short elements, which nearly all are, are read here; the others, and what is wrong, by `step`.

        Raises:
            BerError: as `step`.
        """
        data, end, found = self._data, self._end, list[bytes]()
        for tag in tags:
            at = self._at
            if at + 2 <= end and data[at] == tag:
                start = at + 2
                stop = start + data[at + 1]
                if stop <= end and data[at + 1] < LONG:
                    self._at = stop
                    found.append(data[start:stop])
                    continue
            self.step(tag)
            found.append(self.content)
        return found

    def identifier(self) -> None:
        """Pass the next element, an OBJECT IDENTIFIER.

        Raises:
            BerError: as `step`, or an arc is too large, cut or longer than it need be, or they are too many.
        """
        self.step(IDENTIFIER)
        self.content_identifier()

    def content_identifier(self) -> None:
        """See that the element read last is an identifier; raises as `identifier`."""
        if not _OID.fullmatch(self._data, self._start, self._at):
            raise BerError(Reason.BAD_OID)

    @property
    def content(self) -> bytes:
        """That of the element read last."""
        return self._data[self._start : self._at]

    @property
    def span(self) -> tuple[int, int]:
        """Where the rest begins in the octets, and where it ends."""
        return self._at, self._end

    @property
    def more(self) -> bool:
        """Whether there are octets left."""
        return self._at < self._end

    def close(self) -> None:
        """See that nothing is left.

        Raises:
            BerError: something is.
        """
        if self._at < self._end:
            raise BerError(Reason.BAD_SHAPE)


def number(content: bytes) -> int:
    """The number that the content of an INTEGER says.

    Raises:
        BerError: it has no octets or too many.
    """
    if not 0 < len(content) <= NUMBER_OCTETS:
        raise BerError(Reason.BAD_NUMBER)
    return int.from_bytes(content, signed=True)


def tlv(tag: int, *parts: bytes) -> bytes:
    """An element: its tag, its length in the shortest form, and the parts of its content."""
    content = b"".join(parts)
    length = len(content)
    if length < LONG:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, LONG | len(octets))) + octets + content


def integer(value: int) -> bytes:
    """An INTEGER in its shortest form."""
    return tlv(INTEGER, value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, signed=True))


def name(arcs: Arcs) -> bytes:
    """The content of an OBJECT IDENTIFIER of two arcs or more."""
    first, second, *rest = arcs
    return b"".join(map(_base_128, (first * 40 + second, *rest)))


def _base_128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | arc & 0x7F)
    return bytes(reversed(octets))


def arcs(content: bytes) -> Arcs:
    """What `name` makes a name of.

    Raises:
        BerError: it is no identifier, as in `Reader.identifier`.
    """
    return _kept_arcs(content) if len(content) <= LONGEST_KEPT else _arcs(content)


def _arcs(content: bytes) -> Arcs:
    if not _OID.fullmatch(content):
        raise BerError(Reason.BAD_OID)
    found: list[int] = []
    arc = 0
    for octet in content:
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            found.append(arc)
            arc = 0
    top = min(found[0] // 40, 2)
    return (top, found[0] - 40 * top, *found[1:])


_kept_arcs = lru_cache(NAMES_KEPT)(_arcs)
