"""What variables hold: every type, at both ends of its range and beyond them."""

import pytest

from bridge.asterisk.mib import Syntax, Value
from bridge.protocols.ber import IDENTIFIER, INTEGER, NULL, OCTETS, BerError
from bridge.protocols.snmp import (
    COUNTER,
    COUNTER64,
    END_OF_MIB_VIEW,
    GAUGE,
    IP_ADDRESS,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    OPAQUE,
    RESPONSE,
    TICKS,
    VALUES,
)
from bridge.protocols.snmp_messages import Pdu, names_of
from bridge.sources.snmp.values import reply_of, value
from bridge.sources.snmp.wire import Blank, Reply

NAME = b"\x2b\x06\x01"


def number(tag: int, amount: int) -> Value | Blank:
    return value(tag, amount.to_bytes(amount.bit_length() // 8 + 1, signed=True))


RANGES = [
    (INTEGER, Syntax.INTEGER, -(2**31), 2**31 - 1),
    (COUNTER, Syntax.COUNTER, 0, 2**32 - 1),
    (GAUGE, Syntax.GAUGE, 0, 2**32 - 1),
    (TICKS, Syntax.TICKS, 0, 2**32 - 1),
    (COUNTER64, Syntax.COUNTER64, 0, 2**64 - 1),
]


@pytest.mark.parametrize(("tag", "syntax", "least", "greatest"), RANGES)
def test_numbers_within_their_range(tag: int, syntax: Syntax, least: int, greatest: int) -> None:
    for amount in (least, 0, 1, greatest):
        assert number(tag, amount) == Value(syntax, amount)
    for amount in (least - 1, greatest + 1):
        with pytest.raises(BerError, match="undecodable"):
            number(tag, amount)


@pytest.mark.parametrize("tag", [tag for tag, *_ in RANGES])
@pytest.mark.parametrize("size", [0, 10])
def test_numbers_of_no_size_that_one_has(tag: int, size: int) -> None:
    with pytest.raises(BerError, match="bad number"):
        value(tag, bytes(size))


@pytest.mark.parametrize(
    ("tag", "content", "held"),
    [
        (OCTETS, b"", Value(Syntax.TEXT, b"")),
        (OCTETS, b"text", Value(Syntax.TEXT, b"text")),
        (OPAQUE, b"\x9f", Value(Syntax.TEXT, b"\x9f")),
        (IP_ADDRESS, b"\x0a\0\0\1", Value(Syntax.TEXT, b"\x0a\0\0\1")),
        (IDENTIFIER, NAME, Value(Syntax.OID, (1, 3, 6, 1))),
        (NULL, b"", Blank.NOTHING),
        (NO_SUCH_OBJECT, b"", Blank.ABSENT),
        (NO_SUCH_INSTANCE, b"", Blank.ABSENT),
        (END_OF_MIB_VIEW, b"", Blank.END),
    ],
)
def test_all_other_types(tag: int, content: bytes, held: Value | Blank) -> None:
    assert value(tag, content) == held


def test_addresses_have_four_octets() -> None:
    with pytest.raises(BerError, match="undecodable"):
        value(IP_ADDRESS, b"\x0a\0\0")


@pytest.mark.parametrize("tag", sorted(VALUES))
def test_every_type_that_may_come_is_known(tag: int) -> None:
    assert value(tag, b"\0\0\0\1")


def test_a_reply() -> None:
    pdu = Pdu(RESPONSE, 1, 0, 0, [(NAME, OCTETS, b"text"), (NAME, NULL, b"")], 22)

    assert reply_of(pdu) == Reply(
        0, 0, [((1, 3, 6, 1), Value(Syntax.TEXT, b"text")), ((1, 3, 6, 1), Blank.NOTHING)], 22
    )


def test_a_reply_with_the_names_that_were_asked_for() -> None:
    """They are those of the question itself."""
    names = names_of([(1, 3, 6, 1)])
    pdu = Pdu(RESPONSE, 1, 0, 0, [(NAME, OCTETS, b"text")], 11)

    assert reply_of(pdu, names) == reply_of(pdu)
    assert reply_of(pdu, names).variables[0][0] is names.arcs[0]


def test_a_reply_with_other_names() -> None:
    names = names_of([(1, 3, 6, 2)])
    pdu = Pdu(RESPONSE, 1, 0, 0, [(NAME, OCTETS, b"text")], 11)

    assert reply_of(pdu, names).variables[0][0] == (1, 3, 6, 1)


def test_an_error_has_no_variables() -> None:
    """Which variable it is about is no more than there are, as pysnmp takes it."""
    pdu = Pdu(RESPONSE, 1, 2, 99, [(NAME, NULL, b"")] * 3, 33)

    assert reply_of(pdu) == Reply(2, 3, ())
