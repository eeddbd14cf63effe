"""Outlines of SNMP messages: whose answer it is, and what is none. The good ones are encoded by pysnmp."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.proto.api import v1, v2c

from bridge.protocols.ber import BerError
from bridge.protocols.ber import Reason as Ber
from bridge.protocols.snmp import (
    AUTH,
    GET,
    MAX_SIZE,
    PRIV,
    REPORT,
    REPORTABLE,
    RESPONSE,
    V2C,
    V3,
    Outline,
    Reason,
    mismatch,
    outline,
)
from tests.sources.snmp.forger import message, number, oid, pdu, text, tlv

NAME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
VALUES = (
    rfc1902.Integer32(-5),
    rfc1902.OctetString(b"text"),
    rfc1902.ObjectIdentifier((1, 3, 6, 1)),
    rfc1902.IpAddress("10.0.0.1"),
    rfc1902.Counter32(2**32 - 1),
    rfc1902.Gauge32(7),
    rfc1902.TimeTicks(1),
    rfc1902.Opaque(b"\x9f\x78\x04\x42\xf6\x00\x00"),
    rfc1902.Counter64(2**64 - 1),
    rfc1902.Null(""),
    rfc1905.noSuchObject,
    rfc1905.noSuchInstance,
    rfc1905.endOfMibView,
)
"""One of each type that a variable may have."""


def pysnmp_message(api: Any, kind: Any, values: tuple[Any, ...]) -> bytes:
    asked = kind()
    api.apiPDU.set_defaults(asked)
    api.apiPDU.set_request_id(asked, 4711)
    api.apiPDU.set_varbinds(asked, [(NAME, value) for value in values])
    whole = api.Message()
    api.apiMessage.set_defaults(whole)
    api.apiMessage.set_community(whole, "secret")
    api.apiMessage.set_pdu(whole, asked)
    return bytes(encoder.encode(whole))


def version_3(flags: bytes = b"\x01", model: int = 3, inner: bytes | None = None, parts: int = 6) -> bytes:
    """A message of version 3; `parts` is how many fields its security parameters have."""
    fields = [text(b"engine"), number(3), number(99), text(b"user"), text(bytes(12)), text(b"")]
    header = tlv(0x30, number(815), number(65507), text(flags), number(model))
    scoped = tlv(0x30, text(b"engine"), text(b""), inner or pdu(4711, []))
    if flags and flags[0] & PRIV:
        scoped = text(b"what nobody can read")
    return tlv(0x30, number(3), header, text(tlv(0x30, *fields[:parts])), scoped)


def why_not(data: bytes) -> str:
    with pytest.raises(BerError) as caught:
        outline(data)
    return caught.value.reason


@pytest.mark.parametrize(("api", "version", "values"), [(v1, 0, VALUES[:7]), (v2c, 1, VALUES)])
def test_an_answer_with_a_value_of_every_type(api: Any, version: int, values: tuple[Any, ...]) -> None:
    """Who it is for, and which question it answers."""
    kind = {v1: v1.GetResponsePDU, v2c: v2c.ResponsePDU}[api]

    assert outline(pysnmp_message(api, kind, values)) == Outline(version, 4711, RESPONSE, b"secret")


def test_version_3() -> None:
    """The id of the message counts, not that of the PDU; the privacy of one hides its kind."""
    assert outline(version_3()) == Outline(V3, 815, RESPONSE, b"user", b"engine", AUTH)
    assert outline(version_3(b"\x07")) == Outline(V3, 815, None, b"user", b"engine", AUTH | PRIV | REPORTABLE)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Ber.BAD_SHAPE),
        (b"GET / HTTP/1.1\r\n\r\n", Ber.BAD_SHAPE),
        (message(1, b"c", pdu(1, [])) + b"\0", Ber.BAD_SHAPE),
        (message(1, b"c", pdu(1, [])[:-1]), Ber.TRUNCATED),
        (message(2, b"c", pdu(1, [])), Reason.BAD_VERSION),
        (message(-1, b"c", pdu(1, [])), Reason.BAD_VERSION),
        (message(1, b"c", pdu(1, [], kind=0xA3)), Ber.BAD_SHAPE),
        (message(1, b"c", pdu(1, [(oid(NAME), tlv(9, b"\x80\x01"))])), Ber.BAD_SHAPE),
        (message(1, b"c", pdu(1, [(oid(NAME), tlv(0x30, number(1)))])), Ber.BAD_SHAPE),
        (message(1, b"c", pdu(1, [(number(1), number(1))])), Ber.BAD_SHAPE),
        (message(1, b"c", pdu(1, [(oid(NAME), number(1) * 2)])), Ber.BAD_SHAPE),
        (message(1, b"c", pdu(1, [(oid(NAME), tlv(0x46, b"\1" * 10))])), Ber.BAD_NUMBER),
        (message(1, b"c", pdu(1, [(oid(NAME), tlv(6, b"\x80\x01"))])), Ber.BAD_OID),
        (message(1, b"c", pdu(1, [(oid(NAME), number(1))] * 513)), Reason.TOO_MANY_VARIABLES),
        (message(1, b"c", pdu(1, [], kind=REPORT)), Reason.EMPTY_REPORT),
        (bytes(MAX_SIZE + 1), Reason.TOO_LARGE),
        (version_3(b""), Reason.BAD_SECURITY),
        (version_3(b"\x01\x01"), Reason.BAD_SECURITY),
        (version_3(b"\x02"), Reason.BAD_SECURITY),
        (version_3(model=2), Reason.BAD_SECURITY),
        (version_3(parts=5), Ber.BAD_SHAPE),
        (version_3(inner=tlv(0x30)), Ber.BAD_SHAPE),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    assert why_not(data) == reason


def test_512_variables_are_a_message() -> None:
    assert outline(message(1, b"c", pdu(1, [(oid(NAME), number(1))] * 512))).number == 1


QUESTION = Outline(V2C, 1, GET, b"secret")
QUESTION_3 = Outline(V3, 1, GET, b"user", b"engine", AUTH | REPORTABLE)
ANSWER_3 = Outline(V3, 1, RESPONSE, b"user", b"engine", AUTH)


@pytest.mark.parametrize(
    ("asked", "answered", "reason"),
    [
        (QUESTION, Outline(V2C, 1, RESPONSE, b"secret"), None),
        (QUESTION, Outline(0, 1, RESPONSE, b"secret"), Reason.UNMATCHED),
        (QUESTION, Outline(V2C, 1, RESPONSE, b"other"), Reason.OTHER_COMMUNITY),
        (QUESTION, Outline(V2C, 1, GET, b"secret"), Reason.NOT_AN_ANSWER),
        (QUESTION, Outline(V2C, 1, REPORT, b"secret"), Reason.NOT_AN_ANSWER),
        (QUESTION_3, ANSWER_3, None),
        (QUESTION_3, ANSWER_3._replace(flags=0), Reason.OTHER_LEVEL),
        (QUESTION_3, ANSWER_3._replace(kind=None, flags=AUTH | PRIV), Reason.OTHER_LEVEL),
        (QUESTION_3, ANSWER_3._replace(engine=b"other"), Reason.OTHER_ENGINE),
        (QUESTION_3, ANSWER_3._replace(who=b"other"), Reason.OTHER_USER),
        (QUESTION_3, ANSWER_3._replace(kind=REPORT, flags=0, engine=b"new", who=b""), None),
        (QUESTION_3._replace(kind=None, flags=7), ANSWER_3._replace(kind=None, flags=3), None),
        (QUESTION_3._replace(kind=None, flags=7), ANSWER_3, Reason.OTHER_LEVEL),
    ],
)
def test_what_may_be_an_answer(asked: Outline, answered: Outline, reason: Reason | None) -> None:
    """The same version, community, user, engine and protection; only a report may have less of them."""
    assert mismatch(asked, answered) == reason


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        (QUESTION, True),
        (QUESTION._replace(kind=0xA5), True),
        (QUESTION._replace(kind=0xA3), False),
        (ANSWER_3, False),
        (ANSWER_3._replace(kind=REPORT, flags=REPORTABLE), False),
        (QUESTION_3._replace(kind=None, flags=AUTH | PRIV | REPORTABLE), True),
        (QUESTION_3._replace(kind=None, flags=AUTH | PRIV), False),
    ],
)
def test_what_is_a_question(said: Outline, asks: bool) -> None:
    assert said.asks is asks


BAD_CONTENTS: dict[str, Callable[[int], bytes]] = {
    "identifiers": lambda size: tlv(0x30, tlv(6, b"\x80" * size), number(1)),
    "long identifiers": lambda size: tlv(0x30, tlv(6, b"\xff\x7f" * (size // 2)), number(1)),
    "containers": lambda size: tlv(0x30, oid(NAME), b"\x30\x80" * (size // 2)),
    "tags": lambda size: tlv(0x30, oid(NAME), b"\x3f" + b"\xff" * size + b"\x7f\0"),
    "empty variables": lambda size: b"\x30\x00" * (size // 2),
    "variables": lambda size: tlv(0x30, oid((1, 3)), number(1)) * (size // 8),
}


@pytest.mark.parametrize("what", BAD_CONTENTS)
def test_refusing_takes_a_bounded_time(what: str) -> None:
    """64 KB of what has made decoders slow are refused within a millisecond or two; 20 are allowed here."""
    datagram = message(
        1, b"c", tlv(0xA2, number(1), number(0), number(0), tlv(0x30, BAD_CONTENTS[what](65_000)))
    )
    started = time.process_time()

    for _ in range(50):
        why_not(datagram)

    assert time.process_time() - started < 50 * 0.020


@given(st.data())
def test_every_input_has_an_answer(data: st.DataObject) -> None:
    """Octets of a good message that are changed, cut or doubled give an outline or a reason."""
    good = data.draw(st.sampled_from([version_3(), pysnmp_message(v2c, v2c.ResponsePDU, VALUES)]))
    place = data.draw(st.integers(0, len(good)))
    broken = good[:place] + data.draw(st.binary(max_size=8)) + good[data.draw(st.integers(0, len(good))) :]

    with contextlib.suppress(BerError):
        assert outline(broken).version in {0, 1, 3}
