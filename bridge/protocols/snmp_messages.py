"""SNMP messages whole: questions are written, and answers read in one pass, as strictly as `snmp.outline`.

What version 3 puts around them stands in `usm.py`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from bridge.protocols.ber import IDENTIFIER, OCTETS, SEQUENCE, Arcs, BerError, Reader, integer, name, tlv
from bridge.protocols.snmp import (
    MAX_VARIABLES,
    PDUS,
    QUESTIONS,
    VALUES,
    Outline,
    Reason,
)

NULL_VALUE = b"\x05\x00"
QUESTIONS_KEPT = 2048
"""How many lists of names are remembered as they are asked for, since every poll asks the same ones: 2 MB."""


SHORTEST, LONG = 7, 0x80
"""Octets of the shortest variable, and from where on a length is written in more than one."""

Variable = tuple[bytes, int, bytes]
"""A variable as it stands on the wire: the content of its name, the tag and the content of its value."""


class Pdu(NamedTuple):
    """What is asked or answered.

    Attributes:
        status: 0 where there is no error.
        culprit: which variable the error is about; they count from 1.
        octets: the length of all variables together.
    """

    kind: int
    number: int
    status: int
    culprit: int
    variables: list[Variable]
    octets: int


class Message(NamedTuple):
    """A message of version 1 or 2c."""

    outline: Outline
    pdu: Pdu


def question(kind: int, number: int, names: Sequence[Arcs], repetitions: int = 0) -> bytes:
    """A PDU that asks for the variables of these names."""
    assert kind in QUESTIONS, "only questions are written"
    return tlv(kind, integer(number), integer(0), integer(repetitions), _unbound(tuple(names)))


@lru_cache(QUESTIONS_KEPT)
def _unbound(names: tuple[Arcs, ...]) -> bytes:
    return tlv(SEQUENCE, *(tlv(SEQUENCE, tlv(IDENTIFIER, name(each)), NULL_VALUE) for each in names))


def message(version: int, community: bytes, pdu: bytes) -> bytes:
    """A message of version 1 or 2c."""
    return tlv(SEQUENCE, integer(version), tlv(OCTETS, community), pdu)


def read(version: int, fields: Reader, data: bytes) -> Message:
    """The rest of a message of version 1 or 2c, of which `snmp.envelope` has read the begin.

    Raises:
        BerError: it is none, or beyond a limit; `reason` says why.
    """
    community = fields.octets()
    pdu = read_pdu(fields, data)
    fields.close()
    return Message(Outline(version, pdu.number, pdu.kind, community), pdu)


def read_pdu(fields: Reader, data: bytes) -> Pdu:
    """The next element of `data`, which is a PDU. Names and contents are not yet looked into.

    Raises:
        BerError: it is none, or has too many variables.
    """
    inner = fields.inside(*PDUS)
    number, status, culprit = inner.number(), inner.number(), inner.number()
    variables = inner.inside(SEQUENCE)
    inner.close()
    start, end = variables.span
    return Pdu(fields.tag, number, status, culprit, _variables(data, start, end), end - start)


def _variables(data: bytes, at: int, end: int) -> list[Variable]:
    """The variables between two places.

    Nearly all have only lengths of one octet. Those are read here, which is what polling costs; the others by
    a Reader.
    """
    found: list[Variable] = []
    while at < end:
        if len(found) == MAX_VARIABLES:
            raise BerError(Reason.TOO_MANY_VARIABLES)
        if end - at >= SHORTEST:
            size = data[at + 1]
            value = at + 4 + data[at + 3]
            stop = at + 2 + size
            if (
                size < LONG
                and stop <= end
                and value + 2 <= stop
                and data[at] == SEQUENCE
                and data[at + 2] == IDENTIFIER
                and data[value + 1] == stop - value - 2
                and data[value] in VALUES
            ):
                found.append((data[at + 4 : value], data[value], data[value + 2 : stop]))
                at = stop
                continue
        variable, at = _any(data, at, end)
        found.append(variable)
    return found


def _any(data: bytes, at: int, end: int) -> tuple[Variable, int]:
    """A variable in any form, and where the next one begins."""
    container = Reader(data, at, end)
    fields = container.inside(SEQUENCE)
    identifier = fields.octets(IDENTIFIER)
    fields.step(*VALUES)
    variable = identifier, fields.tag, fields.content
    fields.close()
    return variable, container.span[0]
