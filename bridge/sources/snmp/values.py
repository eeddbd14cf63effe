"""What the variables of a PDU hold, once their types and ranges are seen to be right (RFC 2578)."""

from functools import partial

from bridge.asterisk.mib import Syntax, Value
from bridge.protocols.ber import IDENTIFIER, INTEGER, NULL, NUMBER_OCTETS, OCTETS, BerError, arcs
from bridge.protocols.ber import Reason as Ber
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
from bridge.protocols.snmp_messages import Pdu
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

_value = partial(tuple.__new__, Value)
"""Makes a Value of a pair at half the cost of its name."""


def reply_of(pdu: Pdu) -> Reply:
    """What a PDU answers; where that is an error, it has no variables.

    Raises:
        BerError: a name or a value is none.
    """
    if pdu.status:
        return Reply(pdu.status, min(pdu.culprit, len(pdu.variables)), ())
    variables = [(arcs(name), value(tag, content)) for name, tag, content in pdu.variables]
    return Reply(0, 0, variables, pdu.octets)


def value(tag: int, content: bytes) -> Value | Blank:
    """What an element of one of the types of SNMP holds.

    Raises:
        BerError: it has the wrong size, or is beyond the range of its type.
    """
    if number := NUMBERS.get(tag):
        if not 0 < len(content) <= NUMBER_OCTETS:
            raise BerError(Ber.BAD_NUMBER)
        syntax, least, greatest = number
        found = int.from_bytes(content, signed=True)
        if not least <= found <= greatest:
            raise BerError(UNDECODABLE)
        return _value((syntax, found))
    if tag in TEXTS:
        if tag == IP_ADDRESS and len(content) != ADDRESS_OCTETS:
            raise BerError(UNDECODABLE)
        return _value((Syntax.TEXT, content))
    return Value(Syntax.OID, arcs(content)) if tag == IDENTIFIER else BLANKS[tag]
