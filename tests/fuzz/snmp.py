"""SNMP: a datagram has an outline or a reason, and what has one may be handed to a decoder of all BER."""

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import v2c

from bridge.protocols.ber import BerError, Reader
from bridge.protocols.snmp import V2C, mismatch, outline

DEEPEST = 64
"""Containers within containers that a datagram of a fuzzer can have."""


def one(data: bytes) -> None:
    """Take a datagram as the answer to itself, and as one container."""
    _walk(Reader(data), 0)
    try:
        found = outline(data)
    except BerError:
        return
    assert outline(data) == found
    mismatch(found, found)
    mismatch(found._replace(kind=0xA0, engine=b""), found)
    if found.version == V2C:
        _decode(data)


def _walk(reader: Reader, depth: int) -> None:
    """Whatever is inside, each step goes forward or says why not."""
    try:
        while reader.more and depth < DEEPEST:
            _walk(reader.inside(0x30, *range(0xA0, 0xA9)), depth + 1)
    except BerError:
        return


def _decode(data: bytes) -> None:
    """pyasn1 takes it, or refuses it with the error that it documents."""
    try:
        message, _ = decoder.decode(data, asn1Spec=v2c.Message())
        assert v2c.apiPDU.get_varbinds(v2c.apiMessage.get_pdu(message)) is not None
    except PyAsn1Error:
        return
