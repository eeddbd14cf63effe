"""A fake SNMP agent for what snmpd never sends: it forges replies, breaks them, or answers nonsense.

What it does when it is honest is only what the bridge asks: GET, GETNEXT and GETBULK, by versions 1 and 2c.
It writes and reads BER by itself, so that a mistake in the bridge's own reader does not hide.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from bridge.asterisk.mib import Oid, Syntax, Value
from bridge.settings import SnmpSettings
from tests.servers.snmpd import COMMUNITY, Values

GET, GET_NEXT, RESPONSE, SET, GET_BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8
READS = {GET, GET_NEXT, GET_BULK}
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = b"\x80\0", b"\x81\0", b"\x82\0"
NULL = b"\x05\0"
TAGS = {
    Syntax.INTEGER: 0x02,
    Syntax.TEXT: 0x04,
    Syntax.OID: 0x06,
    Syntax.COUNTER: 0x41,
    Syntax.GAUGE: 0x42,
    Syntax.TICKS: 0x43,
    Syntax.COUNTER64: 0x46,
}
Address = tuple[str, int]
Variable = tuple[bytes, bytes]
"""An encoded name and an encoded value."""


def head(tag: int, size: int) -> bytes:
    """The head of an element that has so much content."""
    octets = size.to_bytes(max(1, (size.bit_length() + 7) // 8))
    return bytes([tag]) + (octets if size < 0x80 else bytes([0x80 | len(octets)]) + octets)


def tlv(tag: int, *parts: bytes) -> bytes:
    """An element of BER."""
    content = b"".join(parts)
    return head(tag, len(content)) + content


def number(value: int, tag: int = 0x02) -> bytes:
    """An INTEGER, or another type of number."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def text(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, content)


def oid(name: Sequence[int]) -> bytes:
    """An OBJECT IDENTIFIER."""
    return tlv(0x06, *(_base_128(arc) for arc in (name[0] * 40 + name[1], *name[2:])))


def _base_128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.insert(0, 0x80 | arc & 0x7F)
    return bytes(octets)


def encoded(value: Value) -> bytes:
    """A value as an agent sends it."""
    if isinstance(value.data, bytes):
        return tlv(TAGS[value.syntax], value.data)
    if isinstance(value.data, int):
        return number(value.data, TAGS[value.syntax])
    return oid(value.data)


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element in well-formed BER."""
    found = []
    while data:
        size, start = data[1], 2
        if size >= 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start])
        found.append((data[0], data[start : start + size]))
        data = data[start + size :]
    return found


def name_of(content: bytes) -> Oid:
    """The OID in its content."""
    arcs, arc = [], 0
    for octet in content:
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    return (*divmod(arcs[0], 40), *arcs[1:])


class Request(NamedTuple):
    """A question as it came."""

    version: int
    community: bytes
    kind: int
    number: int
    repetitions: int
    names: tuple[Oid, ...]


def request(data: bytes) -> Request:
    """The question in a datagram of version 1 or 2c."""
    _, (_, community), (kind, pdu) = elements(elements(data)[0][1])
    return Request(elements(elements(data)[0][1])[0][1][0], community, kind, *question(pdu))


def question(pdu: bytes) -> tuple[int, int, tuple[Oid, ...]]:
    """The id, the number of repetitions and the names of a PDU."""
    (_, ident), _, (_, repetitions), (_, variables) = elements(pdu)
    names = tuple(name_of(elements(variable)[0][1]) for _, variable in elements(variables))
    return int.from_bytes(ident, signed=True), int.from_bytes(repetitions), names


def pdu(
    ident: int, variables: Iterable[Variable], status: int = 0, index: int = 0, kind: int = RESPONSE
) -> bytes:
    """A PDU with an answer."""
    bindings = tlv(0x30, *(tlv(0x30, *variable) for variable in variables))
    return tlv(kind, number(ident), number(status), number(index), bindings)


def message(version: int, community: bytes, inner: bytes) -> bytes:
    """A message of version 1 or 2c."""
    return tlv(0x30, number(version), text(community), inner)


def reply(asked: Request, variables: Iterable[Variable], status: int = 0, index: int = 0) -> bytes:
    """An answer that matches its question."""
    return message(asked.version, asked.community, pdu(asked.number, variables, status, index))


class Honest:
    """Answers as an agent does that has these values."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.names = sorted(values)

    def variables(self, kind: int, names: Sequence[Oid], repetitions: int) -> list[Variable]:
        """The variables that answer a question."""
        if kind == GET:
            return [(oid(name), self._value(name)) for name in names]
        return self._rows(names[0], repetitions if kind == GET_BULK else 1)

    def _value(self, name: Oid) -> bytes:
        return encoded(self.values[name]) if name in self.values else NO_SUCH_INSTANCE

    def _rows(self, after: Oid, amount: int) -> list[Variable]:
        later = [name for name in self.names if name > after][:amount]
        rows = [(oid(name), encoded(self.values[name])) for name in later]
        return rows or [(oid(after), END_OF_MIB_VIEW)]

    def __call__(self, asked: Request) -> Iterable[bytes]:
        return [reply(asked, self.variables(asked.kind, asked.names, asked.repetitions))]


class Elsewhere(bytes):
    """A datagram that comes from another port than the one that was asked."""


Script = Callable[[Any], Iterable[bytes]]
"""What to send for a question: the datagrams, in their order."""


class Forger(asyncio.DatagramProtocol):
    """A fake agent. It sees to it that nobody asks it to change anything.

    Attributes:
        script: what it answers; may be exchanged at any time.
        asked: the questions that came.
        forbidden: those that would have changed something.
        senders: where they came from.
    """

    def __init__(self, script: Script, read: Callable[[bytes], Any] = request) -> None:
        self.script = script
        self.asked: list[Any] = []
        self.forbidden = 0
        self.senders: set[Address] = set()
        self._read = read
        self._work: set[asyncio.Task[None]] = set()

    stranger: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.port: int = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        asked = self._read(data)
        self.senders.add(addr)
        self.asked.append(asked)
        self.forbidden += asked.kind not in READS
        task = asyncio.ensure_future(self._send(self.script(asked), addr))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _send(self, datagrams: Iterable[bytes], to: Address) -> None:
        """Send one at a time, each after the one before was read: a full socket loses what comes."""
        for datagram in datagrams:
            out = self.stranger if isinstance(datagram, Elsewhere) else self.transport
            out.sendto(datagram, to)
            for _ in range(3):
                await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def forging(script: Script, read: Callable[[bytes], Any] = request) -> AsyncIterator[Forger]:
    """A fake agent on a loopback port of its own."""
    forger = Forger(script, read)
    loop = asyncio.get_running_loop()
    here = ("127.0.0.1", 0)
    forger.stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=here)
    transport, _ = await loop.create_datagram_endpoint(lambda: forger, local_addr=here)
    try:
        yield forger
    finally:
        transport.close()
        forger.stranger.close()


def settings(forger: Forger, **changes: Any) -> SnmpSettings:
    """The settings that reach it by version 2c, with the patience of a busy machine."""
    base = {"host": "127.0.0.1", "port": forger.port, "community": COMMUNITY, "timeout": 30.0, "retries": 0}
    return SnmpSettings(**{**base, **changes})
