"""SNMP answers as our own engine reads them: whole, or refused with the reason for which the outline is."""

from collections.abc import Callable
from typing import TypeVar

from bridge.protocols.ber import BerError
from bridge.protocols.ber import Reason as Ber
from bridge.protocols.snmp import V3, Outline, Reason, envelope, outline
from bridge.protocols.snmp_layout import Memory
from bridge.protocols.snmp_messages import Message, Pdu, read
from bridge.protocols.usm import Keys, Seal, read_sealed, report_of
from bridge.sources.snmp.crypto import Aes
from bridge.sources.snmp.values import reply_of
from bridge.sources.snmp.wire import UNDECODABLE

T = TypeVar("T")
SEAL = Seal(Keys("sha", bytes(20), bytes(16)), Aes())
LATER = {Ber.BAD_OID, Ber.BAD_NUMBER, Reason.EMPTY_REPORT}
"""What the outline finds in names and numbers. An answer has those looked into once it is known as one."""


def one(data: bytes) -> None:
    """Take a datagram as an answer."""
    told, found = _told(lambda: outline(data)), _told(lambda: _heard(data))
    if isinstance(found, str):
        assert found == told or told in LATER or found == Reason.BAD_SECURITY
        return
    answer, pdu = found
    assert told in (answer, *LATER)
    if pdu:
        looked = _told(lambda: (report_of(pdu), reply_of(pdu)))
        assert not isinstance(looked, str) or looked == UNDECODABLE or told != answer


def _told(ask: Callable[[], T]) -> T | str:
    """What it says, or the reason why it does not."""
    try:
        return ask()
    except BerError as error:
        return error.reason


def _heard(data: bytes) -> tuple[Outline, Pdu | None]:
    version, fields = envelope(data)
    if version != V3:
        found = read(version, fields, data)
        assert _recalled(data) == found
        return found
    sealed = read_sealed(fields, data)
    SEAL.authentic(sealed)
    if sealed.pdu is None:
        _told(lambda: SEAL.inside(sealed))
    return sealed.outline, sealed.pdu


def _recalled(data: bytes) -> Message:
    """The same, when two answers before were laid out as this one."""
    memory = Memory()
    for _ in range(2):
        read(*envelope(data), data, lambda _: memory)
    return read(*envelope(data), data, lambda _: memory)
