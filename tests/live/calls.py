"""Calls of every kind, drawn at random, placed by an AMI account of the test's own.

What each dial string reaches stands in etc/extensions.conf.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import NamedTuple

from tests.live.asterisk import PLACING, Asterisk

PATIENCE = 1.5
"""Seconds until a caller gives up."""
PACE = 0.06
"""Mean seconds between two calls."""


class Kind(NamedTuple):
    """A sort of call.

    Attributes:
        weight: how many there are of it among all.
        channel: what is dialled; `{t}` becomes two digits, tenths of seconds.
        patience: seconds for which the caller lets it ring.
    """

    weight: int
    channel: str
    patience: float = PATIENCE


KINDS = (
    Kind(6, "PJSIP/talk{t}@loop"),
    Kind(3, "Local/talk{t}@random/n"),
    Kind(3, "Local/talk{t}@random"),
    Kind(2, "PJSIP/busy@loop"),
    Kind(2, "PJSIP/rejected@loop"),
    Kind(2, "PJSIP/unallocated@loop"),
    Kind(1, "PJSIP/nowhere@loop"),
    Kind(2, "PJSIP/congested@loop"),
    Kind(2, "PJSIP/ring@loop", 0.8),
    Kind(4, "PJSIP/dialsiptalk{t}@loop"),
    Kind(2, "Local/dialsiptalk{t}@random/n"),
    Kind(2, "PJSIP/dialsipbusy@loop"),
    Kind(2, "PJSIP/dialsipring@loop"),
    Kind(1, "PJSIP/dialsipcongested@loop"),
    Kind(1, "PJSIP/dialsiprejected@loop"),
    Kind(2, "PJSIP/diallocaltalk{t}@loop"),
    Kind(1, "PJSIP/diallocalbusy@loop"),
    Kind(1, "PJSIP/dialnobody@loop"),
    Kind(2, "PJSIP/dialforever@loop", 0.8),
    Kind(2, "PJSIP/dialgroup{t}@loop"),
    Kind(8, "PJSIP/queuefor15@loop"),
    Kind(2, "Local/queuefor15@random/n"),
    Kind(2, "PJSIP/queuelocal15@loop"),
    Kind(2, "PJSIP/queuedeaf03@loop"),
    Kind(2, "PJSIP/queueempty01@loop"),
    Kind(3, "PJSIP/queueempty15@loop"),
    Kind(3, "PJSIP/conference1@loop"),
    Kind(2, "PJSIP/conference2@loop"),
    Kind(2, "Local/conference2@random/n"),
    Kind(4, "PJSIP/park@loop"),
    Kind(2, "PJSIP/retrieve@loop"),
    Kind(2, "PJSIP/blind@loop"),
    Kind(1, "Local/blind@random/n"),
    Kind(2, "PJSIP/attended@loop"),
    Kind(1, "Local/attended@random/n"),
    Kind(2, "PJSIP/refer@loop"),
)


class Call(NamedTuple):
    """One call.

    Attributes:
        channel: what is dialled.
        patience: seconds for which the caller lets it ring.
        stay: seconds after which the caller hangs up, if nobody did before.
        gap: seconds until the next call.
    """

    channel: str
    patience: float
    stay: float
    gap: float


def draw(count: int, seed: int) -> Iterator[Call]:
    """So many calls; the same seed gives the same ones."""
    chance = random.Random(seed)
    for kind in chance.choices(KINDS, [kind.weight for kind in KINDS], k=count):
        channel = kind.channel.format(t=f"{chance.randrange(1, 20):02}")
        yield Call(channel, kind.patience, chance.uniform(0.5, 5), chance.expovariate(1 / PACE))


class Caller:
    """An AMI session that places calls."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def place(self, calls: Iterable[Call]) -> None:
        """Place the calls, one after another, without waiting for their ends."""
        for number, call in enumerate(calls):
            self.send(
                "Originate",
                ActionID=f"call-{number}",
                Channel=call.channel,
                Timeout=f"{call.patience * 1000:.0f}",
                Application="Wait",
                Data=f"{call.stay:.2f}",
                Async="true",
            )
            await self._writer.drain()
            await asyncio.sleep(call.gap)

    def send(self, action: str, **headers: str) -> None:
        """Write one action."""
        lines = [f"{key}: {value}\r\n" for key, value in {"Action": action, **headers}.items()]
        self._writer.write("".join([*lines, "\r\n"]).encode())


@contextlib.asynccontextmanager
async def caller(pbx: Asterisk) -> AsyncIterator[Caller]:
    """A session of the account that places calls; what Asterisk answers is read, or it would wait."""
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.ports.ami)
    session = Caller(writer)
    session.send("Login", Username=PLACING.username, Secret=PLACING.secret, Events="off")
    await reader.readuntil(b"Authentication accepted")
    reading = asyncio.create_task(reader.read())
    try:
        yield session
    finally:
        reading.cancel()
        writer.close()
