"""What stands between the wire and pysnmp: only questions go out, and only what may be their answer comes in.

pysnmp drops in silence what it cannot use, takes an answer from any address, and decodes whatever arrives.
Here each datagram is looked at first, for a bounded time, and everything that is not used is counted.
"""

from collections.abc import Callable
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.carrier.error import CarrierError
from pysnmp.proto import errind

from bridge.protocols.ber import BerError
from bridge.protocols.snmp import Outline, Reason, mismatch, outline
from bridge.sources.snmp.wire import (
    NOT_AUTHENTIC,
    NOT_DECRYPTED,
    NOT_IN_TIME,
    UNCOUNTED,
    UNDECODABLE,
    UNKNOWN_SENDER,
    Address,
    Counts,
    place,
)

OPEN_LIMIT = 10_000
"""The most questions that wait for an answer: those of a large fleet, all of it dead. They need 5 MB."""


class Guard:
    """Knows which questions are open, and judges what comes.

    One guard serves both address families of an engine. Where two targets have one address, what is refused
    counts for the later one.

    Args:
        parse_errors: how many messages pysnmp could not decode so far.
    """

    def __init__(self, parse_errors: Callable[[], int]) -> None:
        self._parse_errors = parse_errors
        self._open: dict[tuple[str, int, int], Outline] = {}
        self._targets: dict[tuple[str, int], list[Counts]] = {}
        self._strangers: Callable[[str], None] = UNCOUNTED.bridge
        self._taken = False
        self._why = ""

    def add(self, address: Address, counts: Counts) -> None:
        """From now on an agent at `address` is known."""
        self._targets.setdefault(place(address), []).append(counts)
        self._strangers = counts.bridge

    def remove(self, address: Address, counts: Counts) -> None:
        """Undo `add`."""
        known = self._targets[place(address)]
        known.remove(counts)
        if not known:
            del self._targets[place(address)]

    def asked(self, message: bytes, address: Address) -> None:
        """Remember a question that goes out.

        Raises:
            CarrierError: it is none: pysnmp would tell a forger what it thinks of his forgery.
        """
        try:
            question = outline(message)
        except BerError as error:
            raise CarrierError(f"not a question: {error}") from error
        if not question.asks:
            raise CarrierError("not a question")
        while len(self._open) >= OPEN_LIMIT:
            del self._open[next(iter(self._open))]
        self._open[*place(address), question.number] = question

    def judge(self, data: bytes, address: Address, take: Callable[[], object]) -> None:
        """Let pysnmp `take` a datagram that may be an answer; count what is none, or what it does not use."""
        key = place(address)
        targets = self._targets.get(key)
        if not targets:
            self._strangers(UNKNOWN_SENDER)
            return
        try:
            answer = outline(data)
        except BerError as error:
            targets[-1].pbx(error.reason)
            return
        question = self._open.get((*key, answer.number))
        reason = self._refusal(question, answer, take) if question else Reason.UNMATCHED
        if reason:
            targets[-1].pbx(reason)
        else:
            self._open.pop((*key, answer.number), None)

    def _refusal(self, question: Outline, answer: Outline, take: Callable[[], object]) -> str | None:
        """Why an answer is not used; None if pysnmp uses it. It waits no longer for one that is late."""
        if reason := mismatch(question, answer):
            return reason
        self._taken, self._why = False, Reason.UNMATCHED
        errors = self._parse_errors()
        try:
            take()
        except Exception:  # noqa: BLE001 - whatever pysnmp stumbles over in a datagram, that one is not used
            return UNDECODABLE
        if self._taken:
            return None
        if self._parse_errors() > errors:
            return UNDECODABLE
        return Reason.OTHER_ENGINE if question.engine and question.engine != answer.engine else self._why

    def on_taken(self, *_: object) -> None:
        """Told by pysnmp that it uses the datagram."""
        self._taken = True

    def on_refused(self, _engine: object, _point: str, found: dict[str, Any], *_: object) -> None:
        """Told by pysnmp that the datagram is not protected as it should be."""
        why = found["statusInformation"]["errorIndication"]
        kinds = {errind.NotInTimeWindow: NOT_IN_TIME, errind.DecryptionError: NOT_DECRYPTED}
        self._why = kinds.get(type(why), NOT_AUTHENTIC)


class _Guarded:
    """Puts a guard before a transport of pysnmp."""

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    def send_message(self, message: bytes, address: Address) -> None:
        self._guard.asked(message, address)
        super().send_message(message, address)  # type: ignore[misc] # of the transport that is guarded

    def datagram_received(self, data: bytes, address: Address) -> None:
        take: Callable[..., object] = self._callback_function  # type: ignore[attr-defined] # as above
        self._guard.judge(data, address, lambda: take(self, address, data))


class Udp(_Guarded, udp.UdpAsyncioTransport):  # type: ignore[misc] # the library has no types
    """Over IPv4."""


class Udp6(_Guarded, udp6.Udp6AsyncioTransport):  # type: ignore[misc] # the library has no types
    """Over IPv6."""
