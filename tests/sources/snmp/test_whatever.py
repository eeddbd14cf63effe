"""Whatever a well-formed answer holds, the question ends: with values, or with a reason. Seeded and random.

The agent is a fake. TEST_HOSTILE_SNMP times three is how many questions there are in each version.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge.asterisk.mib import OBJECTS, Oid
from bridge.errors import SourceError
from bridge.sources.snmp.session import Session, TooBig, open_session
from tests.servers.snmpd import user
from tests.sources.snmp.bench import EACH
from tests.sources.snmp.engines import both
from tests.sources.snmp.forger import (
    REPORT,
    RESPONSE,
    Request,
    Variable,
    forging,
    message,
    number,
    oid,
    pdu,
    request,
    settings,
    tlv,
)
from tests.sources.snmp.usm import Agent3, Question, Usm

NAMES = [OBJECTS[name].at() for name in ("astConfigPid", "astNumModules", "astVersionString")]
TAGS = (0x02, 0x04, 0x05, 0x06, *range(0x40, 0x48), 0x80, 0x81, 0x82)
CONTENTS = (
    b"",
    b"\0",
    b"\x2a",
    b"\x7f\xff",
    b"\x80",
    b"\xff" * 4,
    b"\xff" * 5,
    b"\x7f" * 9,
    b"abcd",
    b"\x2b\x06\x01",
)
NUMBERS = (0, 1, 2, 3, 5, 6, 13, 16, 18, 19, 255, -1, 2**31, -(2**31), 2**63)


def anything(dice: random.Random, asked: Request | Question, ident: int) -> bytes:
    """A PDU that has the shape of an answer."""
    right = list(asked.names)
    names: list[Oid] = dice.choice([right, right, right[::-1], [], [(1, 3)], right + right])
    variables: list[Variable] = [
        (oid(name), tlv(dice.choice(TAGS), dice.choice(CONTENTS)))
        if dice.random() < 0.5
        else (oid(name), number(1))
        for name in names
    ]
    status = dice.choice(NUMBERS) if dice.random() < 0.4 else 0
    kind = REPORT if dice.random() < 0.1 else RESPONSE
    return pdu(ident, variables, status, dice.choice(NUMBERS[:5]), kind)


def by_community(dice: random.Random) -> Callable[[Request], Iterator[bytes]]:
    def script(asked: Request) -> Iterator[bytes]:
        yield message(asked.version, asked.community, anything(dice, asked, asked.number))

    return script


def by_user(dice: random.Random) -> Callable[[Question], Iterator[bytes]]:
    honest = Agent3(USM)

    def script(asked: Question) -> Iterator[bytes]:
        if USM.objection(asked):
            yield from honest(asked)
        else:
            ident = asked.ident if dice.random() < 0.9 else asked.ident + 1
            yield USM.message(asked, anything(dice, asked, ident), flags=dice.choice((0, 1, 1, 1)))

    return script


USM = Usm()
SCRIPTS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "1": (by_community, request, {"version": "1"}),
    "2c": (by_community, request, {"version": "2c"}),
    "3": (by_user, USM.question, user("sha-none")),
}


@both
@pytest.mark.parametrize("version", SCRIPTS)
def test_whatever_is_answered_the_question_ends(version: str, engine: str) -> None:
    script, read, changes = SCRIPTS[version]

    async def asking() -> None:
        async with forging(script(random.Random(version)), read) as forger:
            where = settings(forger, **{"engine": engine, "timeout": 0.1, **changes})
            async with open_session(where) as session:
                for place in range(3 * EACH):
                    await ask(session, place)

    asyncio.run(asking())


async def ask(session: Session, place: int) -> None:
    try:
        if place % 2:
            await session.get(NAMES)
        else:
            await session.column(OBJECTS["astIndIndex"].oid, 10)
    except (SourceError, TooBig):
        return
