"""SNMP messages whole: pysnmp reads our questions, we read its answers, and what is no message is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pysnmp.proto.api import v1, v2c

from bridge.protocols.ber import BerError, arcs
from bridge.protocols.ber import Reason as Ber
from bridge.protocols.snmp import (
    GET,
    GET_BULK,
    GET_NEXT,
    MAX_SIZE,
    MAX_VARIABLES,
    RESPONSE,
    Outline,
    Reason,
    envelope,
    outline,
)
from bridge.protocols.snmp_messages import NOTHING, Message, Pdu, message, names_of, question, read
from tests.protocols.test_snmp import NAME, VALUES, pysnmp_message
from tests.sources.snmp import forger
from tests.sources.snmp.forger import number, oid, pdu, text, tlv

ARC = st.integers(0, 2**32 - 1)
NAMES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 39), ARC, ARC), max_size=5)


def whole(data: bytes) -> Message:
    version, fields = envelope(data)
    return read(version, fields, data)


def why_not(data: bytes) -> str:
    with pytest.raises(BerError) as caught:
        whole(data)
    return caught.value.reason


@given(st.sampled_from([GET, GET_NEXT, GET_BULK]), st.integers(0, 2**31 - 1), NAMES, st.integers(0, 1000))
def test_pysnmp_reads_our_questions(kind: int, ident: int, names: list[Any], repetitions: int) -> None:
    data = message(1, b"secret", question(kind, ident, names_of(names), repetitions))

    found, rest = decoder.decode(data, asn1Spec=v2c.Message())
    inner = v2c.apiMessage.get_pdu(found)
    api = v2c.apiBulkPDU if kind == GET_BULK else v2c.apiPDU
    assert not rest
    assert v2c.apiMessage.get_community(found) == b"secret"
    assert int(api.get_request_id(inner)) == ident
    assert [tuple(each) for each, _ in api.get_varbinds(inner)] == names
    assert outline(data) == Outline(1, ident, kind, b"secret")


@pytest.mark.parametrize("kind", [RESPONSE, 0xA3, 0xA4, 0xA6, 0xA7])
def test_nothing_but_questions_is_written(kind: int) -> None:
    with pytest.raises(AssertionError):
        question(kind, 1, NOTHING)


@pytest.mark.parametrize(("api", "version", "values"), [(v1, 0, VALUES[:7]), (v2c, 1, VALUES)])
def test_an_answer_of_pysnmp_with_a_value_of_every_type(
    api: Any, version: int, values: tuple[Any, ...]
) -> None:
    kind = {v1: v1.GetResponsePDU, v2c: v2c.ResponsePDU}[api]

    found = whole(pysnmp_message(api, kind, values))

    assert found.outline == Outline(version, 4711, RESPONSE, b"secret")
    assert [arcs(name) for name, _, _ in found.pdu.variables] == [NAME] * len(values)


@pytest.mark.parametrize("size", [0, 1, 100, 117, 118, 127, 128, 255, 256, 60_000])
def test_a_value_of_any_length_is_read(size: int) -> None:
    """Lengths of one octet are read by another way than longer ones; where they meet, nothing is lost."""
    variables = [(oid(NAME), text(b"x" * size)), (oid(NAME), number(7))]

    found = whole(forger.message(1, b"c", pdu(1, variables))).pdu.variables

    assert [content for _, _, content in found] == [b"x" * size, b"\x07"]


def test_longer_lengths_than_need_be_are_read() -> None:
    """BER allows them, and some agents write them."""
    name, value = oid(NAME), b"\x04\x82\0\x01a"
    variable = b"\x30\x84\0\0\0" + bytes([len(name) + len(value)]) + name + value
    bindings = tlv(0x30, variable)
    data = forger.message(1, b"c", tlv(RESPONSE, number(5), number(0), number(0), bindings))

    assert whole(data).pdu == Pdu(RESPONSE, 5, 0, 0, [(oid(NAME)[2:], 4, b"a")], len(variable))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Ber.BAD_SHAPE),
        (forger.message(1, b"c", pdu(1, [])) + b"\0", Ber.BAD_SHAPE),
        (forger.message(1, b"c", pdu(1, [])[:-1]), Ber.TRUNCATED),
        (forger.message(2, b"c", pdu(1, [])), Reason.BAD_VERSION),
        (forger.message(1, b"c", pdu(1, [], kind=0xA3)), Ber.BAD_SHAPE),
        (forger.message(1, b"c", pdu(1, [(oid(NAME), tlv(9, b"\x80\x01"))])), Ber.BAD_SHAPE),
        (forger.message(1, b"c", pdu(1, [(number(1), number(1))])), Ber.BAD_SHAPE),
        (forger.message(1, b"c", pdu(1, [(oid(NAME), number(1) * 2)])), Ber.BAD_SHAPE),
        (forger.message(1, b"c", pdu(1, [(oid(NAME), number(1)[:-1])])), Ber.TRUNCATED),
        (forger.message(1, b"c", pdu(1, [(b"\x06\x7f", b"")])), Ber.TRUNCATED),
        (forger.message(1, b"c", pdu(1, [(oid(NAME), number(1))] * 513)), Reason.TOO_MANY_VARIABLES),
        (bytes(MAX_SIZE + 1), Reason.TOO_LARGE),
    ],
)
def test_what_is_no_message(data: bytes, reason: str) -> None:
    assert why_not(data) == reason


def test_as_many_variables_as_there_may_be() -> None:
    data = forger.message(1, b"c", pdu(1, [(oid(NAME), number(1))] * MAX_VARIABLES))

    assert len(whole(data).pdu.variables) == MAX_VARIABLES


@given(st.data())
def test_whatever_is_changed_it_is_refused_as_by_the_outline(data: st.DataObject) -> None:
    """Both readers draw the same line; only names and numbers are looked into later here."""
    good = bytearray(forger.message(1, b"c", pdu(1, [(oid(NAME), number(1)), (oid(NAME), text(b"two"))])))
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=3)):
        good[place] = data.draw(st.integers(0, 255))

    assert outlined(bytes(good)) == outlined_by_reading(bytes(good))


def outlined(data: bytes) -> Outline | str:
    try:
        return outline(data)
    except BerError as error:
        return error.reason


def outlined_by_reading(data: bytes) -> Outline | str:
    """As `outlined` says it, which looks into names and numbers too."""
    try:
        version, fields = envelope(data)
        if version not in {0, 1}:
            return outlined(data)
        found = read(version, fields, data)
    except BerError as error:
        told = outlined(data)
        return told if told in {Ber.BAD_OID, Ber.BAD_NUMBER} else error.reason
    later = {Ber.BAD_OID, Ber.BAD_NUMBER, Reason.EMPTY_REPORT}
    told = outlined(data)
    return told if told in later else found.outline
