"""The outline of an SNMP message: enough to say whose answer it is, once its shape is what RFCs 1157, 3412,
3414 and 3416 draw. What it tells is not read here.
"""

from enum import StrEnum
from typing import NamedTuple

from bridge.protocols.ber import IDENTIFIER, INTEGER, NULL, OCTETS, SEQUENCE, BerError, Reader

MAX_SIZE = 64 * 1024
"""The most octets of a message; no datagram holds more."""
MAX_VARIABLES = 512
"""The most variables of one message: some 25 times what the bridge ever asks for at once."""

GET, GET_NEXT, RESPONSE, GET_BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA5, 0xA8
QUESTIONS = frozenset({GET, GET_NEXT, GET_BULK})
"""All that the bridge may ask. None of them changes anything."""
PDUS = frozenset({*QUESTIONS, RESPONSE, REPORT})
V1, V2C, V3 = 0, 1, 3
USM = 3
"""The user-based security model, which is the only one of version 3 in use."""

NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82
COUNTER, GAUGE, TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
IP_ADDRESS, OPAQUE = 0x40, 0x44
NUMBERS = frozenset({INTEGER, COUNTER, GAUGE, TICKS, COUNTER64})
ABSENCES = frozenset({NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW})
VALUES = frozenset({*NUMBERS, *ABSENCES, OCTETS, IDENTIFIER, NULL, IP_ADDRESS, OPAQUE})
"""The types that a variable may have (RFC 3416, section 3)."""

AUTH, PRIV, REPORTABLE = 1, 2, 4
"""The flags of a message of version 3."""


class Reason(StrEnum):
    """Why a message is refused that is BER."""

    TOO_LARGE = "too large"
    TOO_MANY_VARIABLES = "too many variables"
    BAD_VERSION = "bad version"
    BAD_SECURITY = "bad security"
    EMPTY_REPORT = "empty report"
    NOT_AN_ANSWER = "not an answer"
    OTHER_COMMUNITY = "other community"
    OTHER_ENGINE = "other engine"
    OTHER_USER = "other user"
    OTHER_LEVEL = "other security level"
    UNMATCHED = "unmatched"


class Outline(NamedTuple):
    """Who says what to whom.

    Attributes:
        version: 0 for version 1, 1 for 2c, 3 for 3.
        number: by which an answer finds its request: the id of the message in version 3, else of the request.
        kind: the tag of its PDU; None where that is encrypted.
        who: the community, or the user.
        engine: the authoritative engine of version 3; empty where it is not known yet.
        flags: of version 3: AUTH, PRIV, REPORTABLE.
    """

    version: int
    number: int
    kind: int | None
    who: bytes
    engine: bytes = b""
    flags: int = 0

    @property
    def asks(self) -> bool:
        """Whether it is a question; of what is encrypted, whether it wants to be answered."""
        return bool(self.flags & REPORTABLE) if self.kind is None else self.kind in QUESTIONS


def envelope(data: bytes) -> tuple[int, Reader]:
    """The version of a message, and a reader of what follows it.

    Raises:
        BerError: it is too large, not one whole element, or of no known version.
    """
    if len(data) > MAX_SIZE:
        raise BerError(Reason.TOO_LARGE)
    datagram = Reader(data)
    fields = datagram.inside(SEQUENCE)
    datagram.close()
    version = fields.number()
    if version not in {V1, V2C, V3}:
        raise BerError(Reason.BAD_VERSION)
    return version, fields


def outline(message: bytes) -> Outline:
    """The outline of a whole message. Takes a time that is bounded by the limits above.

    Raises:
        BerError: it is none, or beyond a limit; `reason` says why.
    """
    version, fields = envelope(message)
    if version == V3:
        found = _version_3(fields)
    else:
        community = fields.octets()
        kind, number = _pdu(fields)
        found = Outline(version, number, kind, community)
    fields.close()
    return found


def mismatch(request: Outline, reply: Outline) -> Reason | None:
    """Why `reply`, which has the number of `request`, is no answer to it; None if it may be one.

    A report may come unprotected, and from an engine whose name was not known when it was asked: that is how
    it becomes known (RFC 3414, section 4). Whether a message is authentic is not seen here.
    """
    if reply.kind not in {RESPONSE, REPORT, None}:
        return Reason.NOT_AN_ANSWER
    if reply.version != request.version:
        return Reason.UNMATCHED
    if reply.version == V3:
        return None if reply.kind == REPORT else _foreign(request, reply)
    if reply.kind == REPORT:
        return Reason.NOT_AN_ANSWER
    return None if reply.who == request.who else Reason.OTHER_COMMUNITY


def _foreign(request: Outline, reply: Outline) -> Reason | None:
    if (request.flags ^ reply.flags) & (AUTH | PRIV):
        return Reason.OTHER_LEVEL
    if request.engine != reply.engine:
        return Reason.OTHER_ENGINE
    return None if request.who == reply.who else Reason.OTHER_USER


def _version_3(fields: Reader) -> Outline:
    header = fields.inside(SEQUENCE)
    number = header.number()
    header.number()
    flags = header.octets()
    model = header.number()
    header.close()
    if len(flags) != 1 or (flags[0] & PRIV and not flags[0] & AUTH) or model != USM:
        raise BerError(Reason.BAD_SECURITY)
    engine, user = _security(fields.octets())
    if flags[0] & PRIV:
        fields.octets()
        return Outline(V3, number, None, user, engine, flags[0])
    scoped = fields.inside(SEQUENCE)
    scoped.octets()
    scoped.octets()
    kind, _ = _pdu(scoped)
    scoped.close()
    return Outline(V3, number, kind, user, engine, flags[0])


def _security(parameters: bytes) -> tuple[bytes, bytes]:
    """The engine and the user that the parameters of the user-based security model name."""
    whole = Reader(parameters)
    fields = whole.inside(SEQUENCE)
    whole.close()
    engine = fields.octets()
    fields.number()
    fields.number()
    user = fields.octets()
    fields.octets()
    fields.octets()
    fields.close()
    return engine, user


def _pdu(fields: Reader) -> tuple[int, int]:
    """The kind and the id of a PDU, all of whose variables are looked at."""
    pdu = fields.inside(*PDUS)
    number = pdu.number()
    pdu.number()
    pdu.number()
    variables = pdu.inside(SEQUENCE)
    pdu.close()
    count = 0
    while variables.more:
        count += 1
        if count > MAX_VARIABLES:
            raise BerError(Reason.TOO_MANY_VARIABLES)
        _variable(variables.inside(SEQUENCE))
    if fields.tag == REPORT and not count:
        raise BerError(Reason.EMPTY_REPORT)
    return fields.tag, number


def _variable(fields: Reader) -> None:
    fields.identifier()
    fields.step(*VALUES)
    if fields.tag in NUMBERS:
        fields.content_number()
    elif fields.tag == IDENTIFIER:
        fields.content_identifier()
    fields.close()
