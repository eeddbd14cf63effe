"""One PBX whose SNMP agent is a fake that may mean harm, and what is counted of it.

TEST_HOSTILE_SNMP is how many replies of each kind are sent: 5, and 100 in a full run.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator

import pytest

from bridge.asterisk.mib import OBJECTS, Syntax, Value
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.errors import SourceError
from bridge.pipeline.health import Health
from bridge.sources.snmp import SnmpSource
from bridge.sources.snmp.engine import Engine
from bridge.sources.snmp.net import Net
from bridge.sources.snmp.user import User
from tests.fakes import FakeClock
from tests.servers.snmpd import recording
from tests.sources.snmp.forger import (
    Forger,
    Honest,
    Request,
    Script,
    forging,
    message,
    number,
    oid,
    settings,
    tlv,
)

EACH = int(os.environ.get("TEST_HOSTILE_SNMP", "5"))
ROWS = OBJECTS["astIndIndex"].oid
HONEST = Honest(recording() | {(*ROWS, row): Value(Syntax.INTEGER, row) for row in range(1, 40)})
COLUMN, COLUMN_METRIC = "ASTERISK-MIB::astIndIndex", "snmp.ast_ind_index"
MIB = 1024 * 1024


class Bench:
    """One PBX whose agent is the forger.

    Attributes:
        health: where its errors are counted.
        source: what polls it.
    """

    def __init__(self, forger: Forger, **changes: object) -> None:
        self.forger = forger
        self._changes = changes
        self.health = Health(FakeClock())
        self.source = SnmpSource("hq", settings(forger, **changes), self.health, FakeClock())

    def again(self, **changes: object) -> "Bench":
        """The same PBX from the start, with these changes too."""
        return Bench(self.forger, **{**self._changes, **changes})

    def errors(self, pbx: str = "hq") -> Counter[str]:
        """How much was refused of a PBX, by reason."""
        counted: Counter[str] = Counter()
        for sample in self.health.samples(0):
            labels = dict(sample.series.labels)
            if sample.series.name == own.SOURCE_ERRORS.name and labels["pbx"] == pbx:
                counted[labels["reason"]] = int(sample.value)
        return counted

    async def until(self, amount: int) -> None:
        """Wait until so many datagrams were refused."""
        async with asyncio.timeout(60):
            while sum((self.errors() + self.errors(BRIDGE)).values()) < amount:
                await asyncio.sleep(0)

    async def poll(self) -> list[Sample]:
        return await self.source.poll_once()

    async def failing(self) -> str:
        """Why a poll fails."""
        with pytest.raises(SourceError) as caught:
            await self.poll()
        return str(caught.value)


def run(scenario: Callable[[Bench], Awaitable[None]], **changes: object) -> None:
    """Run a scenario with an agent that is honest at first, and see that nobody writes to it."""

    async def running() -> None:
        async with forging(HONEST) as forger:
            with Engine.lease(User()), Net.lease():
                await scenario(Bench(forger, **changes))
            assert not forger.forbidden

    asyncio.run(running())


def before(good: Script, hostile: Callable[[Request], Iterable[bytes]]) -> Script:
    """Send the hostile replies to the first question about Asterisk, then the good one."""
    sent = False

    def script(asked: Request) -> Iterator[bytes]:
        nonlocal sent
        if not sent:
            sent = True
            yield from hostile(asked)
        yield from good(asked)

    return script


GOOD = number(42)
NAME = oid(OBJECTS["astConfigUpTime"].at())


def wrapped(asked: Request, *variables: bytes) -> bytes:
    """A reply whose variables are given as they stand on the wire."""
    bindings = tlv(0x30, *variables)
    inner = tlv(0xA2, number(asked.number), number(0), number(0), bindings)
    return message(asked.version, asked.community, inner)


def one(asked: Request, name: bytes, value: bytes) -> bytes:
    return wrapped(asked, tlv(0x30, name, value))
