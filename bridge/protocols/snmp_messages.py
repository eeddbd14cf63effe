"""SNMP messages whole: questions are written, and answers read in one pass, as strictly as `snmp.outline`.

What version 3 puts around them stands in `usm.py`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bridge.protocols.ber import (
    IDENTIFIER,
    INTEGER,
    LONG,
    OCTETS,
    SEQUENCE,
    Arcs,
    BerError,
    Reader,
    integer,
    name,
    number,
    tlv,
)
from bridge.protocols.snmp import (
    MAX_VARIABLES,
    PDUS,
    QUESTIONS,
    VALUES,
    Outline,
    Reason,
)
from bridge.protocols.snmp_layout import Memory, Variable

NULL_VALUE = b"\x05\x00"
ZERO = integer(0)
SHORTEST = 7
"""Octets of the shortest variable."""

Recall = Callable[[int], Memory | None]
"""Finds what is known of the answers to the question of a number."""


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


class Names(NamedTuple):
    """Names as they are asked for, written once for all polls.

    Attributes:
        arcs: the names.
        contents: each as it stands on the wire.
        variables: all of them, without values.
        memory: what is known of the answers.
    """

    arcs: Sequence[Arcs]
    contents: list[bytes]
    variables: bytes
    memory: Memory


def names_of(arcs: Sequence[Arcs]) -> Names:
    """These names, written."""
    contents = list(map(name, arcs))
    variables = (tlv(SEQUENCE, tlv(IDENTIFIER, each), NULL_VALUE) for each in contents)
    return Names(arcs, contents, tlv(SEQUENCE, *variables), Memory())


NOTHING = names_of(())


def question(kind: int, ident: int, names: Names, repetitions: int = 0) -> bytes:
    """A PDU that asks for the variables of these names."""
    assert kind in QUESTIONS, "only questions are written"
    return tlv(kind, integer(ident), ZERO, integer(repetitions), names.variables)


def message(version: int, community: bytes, pdu: bytes) -> bytes:
    """A message of version 1 or 2c."""
    return tlv(SEQUENCE, integer(version), tlv(OCTETS, community), pdu)


def _unknown(_: int) -> None:
    """Nothing is known of any answer."""


def read(version: int, fields: Reader, data: bytes, recall: Recall = _unknown) -> Message:
    """The rest of a message of version 1 or 2c, of which `snmp.envelope` has read the begin.

    Raises:
        BerError: it is none, or beyond a limit; `reason` says why.
    """
    community = fields.octets()
    pdu = read_pdu(fields, data, recall)
    fields.close()
    return Message(Outline(version, pdu.number, pdu.kind, community), pdu)


def read_pdu(fields: Reader, data: bytes, recall: Recall = _unknown) -> Pdu:
    """The next element of `data`, which is a PDU. Names and contents are not yet looked into.

    Raises:
        BerError: it is none, or has too many variables.
    """
    inner = fields.inside(*PDUS)
    ident, status, culprit = map(number, inner.contents(INTEGER, INTEGER, INTEGER))
    variables = inner.inside(SEQUENCE)
    inner.close()
    start, end = variables.span
    memory = recall(ident)
    found = memory.read(data, start, end) if memory else None
    if found is None:
        found = read_variables(data, start, end)
        if memory:
            memory.learn(data, start, end, found)
    return Pdu(fields.tag, ident, status, culprit, found, end - start)


def read_variables(data: bytes, at: int, end: int) -> list[Variable]:
    """The variables between two places.

    Nearly all have only lengths of one octet. Those are read here, which is what polling costs; the others by
    a Reader.

    Raises:
        BerError: something there is no variable, or they are too many.
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
                and value + 2 <= stop <= end
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
