"""What the variables of a PDU hold, once their types and ranges are seen to be right (RFC 2578)."""

from functools import lru_cache, partial

from bridge.asterisk.mib import Syntax, Value
from bridge.protocols.ber import IDENTIFIER, INTEGER, LONGEST_KEPT, NULL, OCTETS, BerError, arcs
from bridge.protocols.ber import number as number_in
from bridge.protocols.snmp import (
    COUNTER,
    COUNTER64,
    END_OF_MIB_VIEW,
    GAUGE,
    IP_ADDRESS,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    OPAQUE,
    TICKS,
)
from bridge.protocols.snmp_messages import NOTHING, Names, Pdu
from bridge.sources.snmp.wire import UNDECODABLE, Blank, Reply

NUMBERS = {
    INTEGER: (Syntax.INTEGER, -(1 << 31), (1 << 31) - 1),
    COUNTER: (Syntax.COUNTER, 0, (1 << 32) - 1),
    GAUGE: (Syntax.GAUGE, 0, (1 << 32) - 1),
    TICKS: (Syntax.TICKS, 0, (1 << 32) - 1),
    COUNTER64: (Syntax.COUNTER64, 0, (1 << 64) - 1),
}
"""Tag to the type, the least and the greatest number of it."""
TEXTS = frozenset({OCTETS, OPAQUE, IP_ADDRESS})
BLANKS = {
    NO_SUCH_OBJECT: Blank.ABSENT,
    NO_SUCH_INSTANCE: Blank.ABSENT,
    END_OF_MIB_VIEW: Blank.END,
    NULL: Blank.NOTHING,
}
ADDRESS_OCTETS = 4
VALUES_KEPT = 8192
"""How many values that were read are remembered, none longer than LONGEST_KEPT: most of what agents answer
they have answered before. Full of the longest they take 3 MB."""

_value = partial(tuple.__new__, Value)
"""Makes a Value of a pair at half the cost of its name."""


def reply_of(pdu: Pdu, names: Names = NOTHING) -> Reply:
    """What a PDU answers; where that is an error, it has no variables.

    Args:
        pdu: the answer.
        names: those that were asked for. They need not be read where the answer has the same ones.

    Raises:
        BerError: a name or a value is none.
    """
    if pdu.status:
        return Reply(pdu.status, min(pdu.culprit, len(pdu.variables)), ())
    contents = [name for name, _, _ in pdu.variables]
    found = names.arcs if contents == names.contents else map(arcs, contents)
    values = [
        _kept_value(tag, content) if len(content) <= LONGEST_KEPT else value(tag, content)
        for _, tag, content in pdu.variables
    ]
    return Reply(0, 0, list(zip(found, values, strict=True)), pdu.octets)


def value(tag: int, content: bytes) -> Value | Blank:
    """What an element of one of the types of SNMP holds.

    Raises:
        BerError: it has the wrong size, or is beyond the range of its type.
    """
    if number := NUMBERS.get(tag):
        syntax, least, greatest = number
        found = number_in(content)
        if not least <= found <= greatest:
            raise BerError(UNDECODABLE)
        return _value((syntax, found))
    if tag in TEXTS:
        if tag == IP_ADDRESS and len(content) != ADDRESS_OCTETS:
            raise BerError(UNDECODABLE)
        return _value((Syntax.TEXT, content))
    return Value(Syntax.OID, arcs(content)) if tag == IDENTIFIER else BLANKS[tag]


_kept_value = lru_cache(VALUES_KEPT)(value)
