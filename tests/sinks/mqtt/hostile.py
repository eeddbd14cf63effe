"""A broker that breaks the rules on demand: the real one cannot be told to."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12
GREETING = b"\x20\x03\x00\x00\x00"
TOPIC = b"asterisk/bridge/state"
PATIENCE = 20.0
"""Seconds that the client has to hang up."""
FAREWELLS = (
    *(0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x90, 0x93, 0x94, 0x95),
    *(0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2),
)
"""Every reason that a broker may give for the end (MQTT 5, section 3.14.2.1)."""


def packet(first: int, body: bytes) -> bytes:
    """A packet from its first byte and what follows its length."""
    length, rest = bytearray(), len(body)
    while rest > 127:
        length.append(rest & 127 | 128)
        rest >>= 7
    return bytes([first, *length, rest]) + body


def message(topic: bytes, payload: bytes = b"{}", first: int = 0x30) -> bytes:
    """A message of QoS 0 without properties."""
    return packet(first, len(topic).to_bytes(2) + topic + b"\0" + payload)


def greeting(properties: bytes) -> bytes:
    """A CONNACK with properties."""
    length = packet(0, properties)[1 : -len(properties)]
    return packet(0x20, b"\0\0" + length + properties)


@dataclass(frozen=True)
class Malice:
    """A way to break the rules.

    Attributes:
        variants: bytes to send, one for each session in turn.
        reasons: under which of them the bridge may count it.
        instead: of the greeting; otherwise after it, and in every other session only after a while of peace.
        closes: hangs up after that; otherwise it is for the client to do.
        drips: sends a byte at a time, and never comes to an end.
    """

    variants: Sequence[bytes]
    reasons: frozenset[str] = frozenset({"protocol"})
    instead: bool = False
    closes: bool = False
    drips: bool = False


HUNG_UP, TIMEOUT = frozenset({"hung_up"}), frozenset({"timeout"})
CHANCE = random.Random(12)
USER = b"\x26\0\0\0\0"
MALICES = {
    "an empty topic": Malice([message(b""), message(b"", first=0x33)]),
    "a second greeting": Malice([GREETING]),
    "a greeting, then a refusal": Malice([b"\x20\x03\x00\x87\x00", b"\x20\x03\x00\x01\x00"]),
    "an acknowledgement of nothing": Malice([b"\x40\x02\xea\x60", b"\x40\x04\xff\xff\x87\x00"]),
    "QoS 3": Malice([message(TOPIC, first=0x36), message(TOPIC, first=0x34)]),
    "a length of 256 MiB": Malice([b"\x30\xff\xff\xff\x7f" + TOPIC, b"\x30\xff\xff\xff\xff\x01"]),
    "no UTF-8": Malice([message(b"\xff\xfe/\xc0\x80"), message(b"asterisk/\xed\xa0\x80")]),
    "an unknown property": Malice([greeting(b"\x7f\x00"), greeting(b"\xff\xff\xff\xff\xff")], instead=True),
    "65,535 properties": Malice([greeting(USER * 65_535), greeting(USER * 700 + b"\x7f")], instead=True),
    "a subscription of nothing": Malice([b"\x90\x04\x27\x0f\x00\x00", b"\x90\x02\x27\x0f", b"\x90\x00"]),
    "words before the greeting": Malice([message(TOPIC), b"\xd0\x00", b"\xe0\x00"], instead=True),
    "garbage": Malice(
        [bytes([CHANCE.choice((0x00, 0x10, 0x5F, 0x91, 0xC1))]) + CHANCE.randbytes(300) for _ in range(50)],
        frozenset({"protocol", "hung_up"}),
        closes=True,
    ),
    "packets cut short": Malice([b"\x40\x01\x00", b"\x30\x00", b"\x30\x01\x00", b"\x20\x00", b"\x40\x00"]),
    "half a packet": Malice([b"\x30\x7f" + TOPIC, b"\x20", b"\x30\x80"], HUNG_UP, closes=True),
    "a type that no broker sends": Malice(
        [bytes([kind << 4 | 2, 0]) for kind in (0, 1, 5, 6, 7, 8, 10, 11, 12)]
    ),
    "a slow drip": Malice([b"\x30\xff\x1f" + b"\0" * 4000], TIMEOUT, instead=True, drips=True),
    "a huge message of a strange topic": Malice([message(b"strange", b"x" * 2**20), message(b"strange")]),
    "a farewell": Malice([packet(0xE0, bytes([reason, 0])) for reason in FAREWELLS], HUNG_UP, closes=True),
    "authentication": Malice([b"\xf0\x00", b"\xf0\x02\x18\x00", b"\xf0\x02\x19\x00"]),
    "pongs without end": Malice([b"\xd0\x00" * 20_000]),
}


@dataclass
class HostileBroker:
    """Serves one session after another, each with a malice of its own; after the last it is honest.

    Attributes:
        plan: the names of the malices in their order.
        began: is told the number of a session before it is served.
        sessions: how many malicious sessions there were.
        url: where it is, once it runs.
    """

    plan: Sequence[str]
    began: Callable[[int], None] = lambda _: None
    sessions: int = field(default=0, init=False)
    url: str = field(default="", init=False)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve until the block ends."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = self.sessions
        self.began(session)
        malice = None
        if session < len(self.plan):
            self.sessions += 1
            malice = MALICES[self.plan[session]]
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE if malice else None):
                await _session(reader, writer, malice, session // len(MALICES))
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _session(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, malice: Malice | None, turn: int
) -> None:
    await _packet(reader)
    if not malice or not malice.instead:
        writer.write(GREETING)
    if malice is None or (turn % 2 and not malice.instead):
        await _be_honest(reader, writer, until_subscribed=malice is not None)
    assert malice
    evil = malice.variants[turn % len(malice.variants)]
    if malice.drips:
        for place in range(len(evil)):
            writer.write(evil[place : place + 1])
            await writer.drain()
            await asyncio.sleep(0.01)
    writer.write(evil)
    await writer.drain()
    if not malice.closes:
        while await reader.read(65_536):
            pass


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first = (await reader.readexactly(1))[0]
    length, shift, more = 0, 0, True
    while more:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift, more = shift + 7, byte > 127
    return first, await reader.readexactly(length)


async def _be_honest(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, until_subscribed: bool
) -> None:
    while True:
        first, body = await _packet(reader)
        kind = first >> 4
        if kind == PUBLISH and first & 2:
            at = 2 + int.from_bytes(body[:2])
            writer.write(b"\x40\x02" + body[at : at + 2])
        elif kind == SUBSCRIBE:
            writer.write(b"\x90\x04" + body[:2] + b"\0\x01")
            if until_subscribed:
                return
        elif kind == PINGREQ:
            writer.write(b"\xd0\x00")
