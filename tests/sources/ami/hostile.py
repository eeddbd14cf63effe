"""An AMI server that means harm, in twenty ways; each ends a session in a way that is counted.

Real Asterisk does none of this. What is slow here is slow for a client with the `IMPATIENT` settings.
"""

import asyncio
import contextlib
import itertools
import re
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from random import Random

from bridge.protocols.ami import MAX_ITEMS, MAX_MESSAGE
from bridge.settings import AmiSettings
from bridge.sources.ami.connection import End
from tests.sources.ami.scripted import BOOTED, GREETING, PONG

PATIENT = {"timeout": 30.0, "ping_interval": 30.0}
"""For kinds that end in something else than a time-out, however busy the machine is."""
IMPATIENT = {"timeout": 0.15, "ping_interval": 0.15}
DRIP = 0.01
"""Seconds between two bytes of a peer that keeps its client waiting."""

CHALLENGE = b"Response: Success\r\nActionID: ?\r\nChallenge: 1\r\n\r\n"
ACCEPTED = b"Response: Success\r\nActionID: ?\r\nMessage: Authentication accepted\r\n\r\n"
LISTED = b"Response: Success\r\nActionID: ?\r\nCoreShowChannels: List.  (Priv: reporting,all)\r\n\r\n"
LIST = b"Response: Success\r\nActionID: ?\r\nEventList: start\r\n\r\n"
FAIR = {"Challenge": CHALLENGE, "Login": ACCEPTED + BOOTED, "ListCommands": LISTED, "Ping": PONG}


class Session:
    """One connection, as the server has it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, noise: Random) -> None:
        self.reader = reader
        self.writer = writer
        self.noise = noise

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, replies: dict[str, bytes], *, until: str = "") -> bytes:
        """Answer what is asked, until an action comes that is to be met in another way: its ActionID."""
        while True:
            block = await self.reader.readuntil(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in block.decode().split("\r\n") if line)
            if headers["Action"] == until:
                return headers["ActionID"].encode()
            reply = replies.get(headers["Action"], b"")
            await self.say(reply.replace(b"ActionID: ?", b"ActionID: " + headers["ActionID"].encode()))

    async def fair(self, until: str = "", **others: bytes) -> bytes:
        """Greet and answer as Asterisk does, but for some actions."""
        await self.say(GREETING)
        return await self.answer(FAIR | others, until=until)

    async def drip(self, data: bytes) -> None:
        """Say it byte by byte, and again, for ever."""
        for byte in itertools.cycle(data):
            await self.say(bytes([byte]))
            await asyncio.sleep(DRIP)

    async def gush(self, data: bytes) -> None:
        """Say it for ever, as fast as it is taken."""
        while True:
            await self.say(data)
            await asyncio.sleep(0)

    def reset(self) -> None:
        """End without a farewell."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.close()


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to mean harm, and what it ends in."""

    name: str
    end: End
    act: Callable[[Session], Awaitable[object]]

    @property
    def patience(self) -> dict[str, float]:
        return IMPATIENT if self.end is End.TIMEOUT else PATIENT


async def _banner_of_another(session: Session) -> None:
    banners = [b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-X\r\n", b"220 mail ready\r\n"]
    await session.say(session.noise.choice(banners))


async def _endless_banner(session: Session) -> None:
    await session.gush(GREETING.rstrip() + b"9" * 1000)


async def _binary_banner(session: Session) -> None:
    await session.say(b"\x00" + session.noise.randbytes(2000))


async def _dripping_banner(session: Session) -> None:
    await session.drip(GREETING.rstrip())


async def _two_banners(session: Session) -> None:
    await session.say(GREETING)
    await session.fair(CoreShowChannels=GREETING)


async def _events_before_log_in(session: Session) -> None:
    await session.say(GREETING)
    await session.gush(b"Event: Newchannel\r\nChannel: PJSIP/x\r\n\r\n" * 100)


async def _long_line(session: Session) -> None:
    await session.fair(until="Challenge")
    await session.say(b"Response: Success\r\nChallenge: ")
    await session.gush(b"1" * 65_536)


async def _endless_headers(session: Session) -> None:
    await session.fair(until="Login")
    await session.say(b"Response: Success\r\n")
    await session.gush(b"X-%d: y\r\n" % session.noise.randrange(1000) * 1000)


async def _no_blank_line(session: Session) -> None:
    await session.fair(Login=ACCEPTED[:-2])


async def _binary_after_banner(session: Session) -> None:
    await session.say(GREETING)
    while True:
        await session.say(session.noise.randbytes(1000) + b"\r\n\r\n")
        await asyncio.sleep(DRIP)


async def _drip_after_log_in(session: Session) -> None:
    await session.fair(until="ListCommands")
    await session.drip(b"Event: X\r\n")


async def _ids_never_sent(session: Session) -> None:
    wrong = b"ActionID: %d" % session.noise.randrange(10**6, 10**9)
    replies = {name: reply.replace(b"ActionID: ?", wrong) for name, reply in FAIR.items()}
    await session.say(GREETING)
    await session.answer(replies)


async def _endless_list(session: Session) -> None:
    action_id = await session.fair(until="ListCommands")
    await session.say(LIST.replace(b"?", action_id))
    await session.say(b"Event: I\r\n\r\n" * (MAX_ITEMS + 1))
    await session.answer({})


async def _no_response_header(session: Session) -> None:
    await session.say(GREETING)
    await session.answer({"Challenge": CHALLENGE.replace(b"Response: Success\r\n", b"")})


async def _line_feeds_alone(session: Session) -> None:
    await session.say(GREETING.replace(b"\r", b""))
    await session.answer({name: reply.replace(b"\r", b"") for name, reply in FAIR.items()})


async def _nul_everywhere(session: Session) -> None:
    await session.say(GREETING)
    await session.answer({"Challenge": re.sub(rb"(?=\r)", b"\0", CHALLENGE)})


async def _endless_command_output(session: Session) -> None:
    await session.fair(until="ListCommands")
    await session.say(b"Response: Follows\r\nPrivilege: Command\r\n")
    for _ in range(MAX_MESSAGE // 65_536 + 2):
        await session.say((b"x" * 1022 + b"\r\n\r\n") * 64)
    await session.answer({})


async def _refusal_full_of_tricks(session: Session) -> None:
    words = session.noise.choice([b"\x1b[31m", b"\xe2\x80\xae", b"\x9b", b"\n"]) * 5000
    await session.fair(Login=b"Response: Error\r\nActionID: ?\r\nMessage: " + words + b"\r\n\r\n")


async def _early_end(session: Session) -> None:
    """At any byte of a fair session."""
    at = session.noise.randrange(4)
    if at == 0:
        return
    whole = (GREETING, CHALLENGE, ACCEPTED)[at - 1]
    cut = whole[: session.noise.randrange(len(whole))]
    if at == 1:
        await session.say(cut)
    else:
        await session.fair(until=("Challenge", "Login")[at - 2])
        await session.say(cut)


async def _reset(session: Session) -> None:
    if session.noise.random() < 0.5:
        await session.fair(until=session.noise.choice(["Challenge", "Login", "ListCommands"]))
    session.reset()


KINDS = (
    Kind("the banner of another service", End.PROTOCOL, _banner_of_another),
    Kind("an endless banner", End.PROTOCOL, _endless_banner),
    Kind("a binary banner", End.PROTOCOL, _binary_banner),
    Kind("a dripping banner", End.TIMEOUT, _dripping_banner),
    Kind("two banners", End.TIMEOUT, _two_banners),
    Kind("a flood of events before the log-in", End.PROTOCOL, _events_before_log_in),
    Kind("a line without end", End.PROTOCOL, _long_line),
    Kind("headers without end", End.PROTOCOL, _endless_headers),
    Kind("no blank line", End.TIMEOUT, _no_blank_line),
    Kind("binary blocks", End.TIMEOUT, _binary_after_banner),
    Kind("a drip after the log-in", End.TIMEOUT, _drip_after_log_in),
    Kind("ActionIDs that were never sent", End.TIMEOUT, _ids_never_sent),
    Kind("a list without end", End.PROTOCOL, _endless_list),
    Kind("a reply without Response", End.TIMEOUT, _no_response_header),
    Kind("line feeds alone", End.TIMEOUT, _line_feeds_alone),
    Kind("NUL in every line", End.TIMEOUT, _nul_everywhere),
    Kind("output of a command without end", End.PROTOCOL, _endless_command_output),
    Kind("a refusal full of control characters", End.LOGIN, _refusal_full_of_tricks),
    Kind("an end at any byte", End.CLOSED, _early_end),
    Kind("a reset at any stage", End.CLOSED, _reset),
)


@contextlib.asynccontextmanager
async def serving(kind: Kind, seed: int) -> AsyncIterator[AmiSettings]:
    """A server of that kind, whose sessions differ; the settings to meet it with."""
    noise = Random(seed)
    sessions: set[asyncio.Task[object]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        sessions.add(task)
        task.add_done_callback(sessions.discard)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            await kind.act(Session(reader, writer, noise))
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    account = {"host": "127.0.0.1", "port": port, "username": "bridge", "secret": "s3cret"}
    try:
        yield AmiSettings.model_validate({**account, **kind.patience, "events": seed % 2 == 0})
    finally:
        server.close()
        left = [*sessions]
        for session in left:
            session.cancel()
        await asyncio.gather(*left, return_exceptions=True)
