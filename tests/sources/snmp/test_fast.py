"""Which engine asks, and what is only true of our own; what holds for both: test_session.py and others."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from bridge.asterisk.mib import SYS_UPTIME, Oid, Syntax, Value
from bridge.settings import SnmpSettings
from bridge.sources.snmp.fast import is_fast
from bridge.sources.snmp.session import get_all, open_session
from bridge.sources.snmp.wire import UNCOUNTED, SilentError
from tests.servers.snmpd import USERS, user
from tests.sources.snmp.forger import Honest, Script, forging, settings
from tests.sources.snmp.usm import Agent3, Question, Usm


@pytest.mark.parametrize("name", USERS)
def test_auto_is_our_own_for_all_but_des(name: str) -> None:
    made = SnmpSettings(host="pbx", **user(name))

    assert is_fast(made) == (not name.endswith("-des"))


@pytest.mark.parametrize("version", ["1", "2c"])
def test_auto_is_our_own_for_communities(version: Any) -> None:
    assert is_fast(SnmpSettings(host="pbx", version=version))


def test_an_engine_can_be_forced() -> None:
    assert not is_fast(SnmpSettings(host="pbx", engine="pysnmp"))
    assert is_fast(SnmpSettings(host="pbx", engine="fast", **user("sha-aes")))
    with pytest.raises(ValidationError, match="does not know des"):
        SnmpSettings(host="pbx", engine="fast", **user("sha-des"))


@pytest.mark.parametrize("engine", [b"", b"four", bytes(33)])
def test_an_engine_id_of_no_size_that_one_has_is_not_learned(engine: bytes) -> None:
    """Nor is any key made for it."""
    usm = Usm(engine=engine)

    async def asking() -> None:
        async with forging(lambda asked: [usm.report(asked, (1, 3, 6, 1), 0)], usm.question) as forger:
            where = settings(forger, timeout=0.1, **user("sha-aes"))
            async with open_session(where, UNCOUNTED) as session:
                with pytest.raises(SilentError, match="answers what cannot be used: bad security"):
                    await session.get([SYS_UPTIME])

    asyncio.run(asking())


def test_no_salt_is_used_twice() -> None:
    """Else two messages in one second would be encrypted by the same stream."""
    usm = Usm()
    salts: list[bytes] = []

    def watch(data: bytes) -> Question:
        asked = usm.question(data)
        if asked.flags & 2:
            salts.append(data[data.index(b"\x04\x08", 60) + 2 :][:8])
        return asked

    async def asking() -> None:
        async with forging(Agent3(usm), watch) as forger:
            for _ in range(2):
                async with open_session(settings(forger, **user("sha-aes"))) as session:
                    for _ in range(5):
                        await session.get([SYS_UPTIME])

    asyncio.run(asking())
    assert len(set(salts)) == len(salts) == 10


NAMES: list[Oid] = [(1, 3, 6, 1, number) for number in range(40)]
HONEST = Honest({name: Value(Syntax.INTEGER, name[-1]) for name in NAMES})


def poll_thrice(script: Script, timeout: float) -> list[int]:
    """How many variables each request asked for."""

    async def asking() -> list[int]:
        async with (
            forging(script) as forger,
            open_session(settings(forger, timeout=timeout, retries=2)) as session,
        ):
            for _ in range(3):
                found = await get_all(session, NAMES)
                assert [value and value.data for value in found] == list(range(40))
            return [len(asked.names) for asked in forger.asked]

    return asyncio.run(asking())


def test_what_fits_into_one_answer_is_asked_for_at_once_from_the_second_poll_on() -> None:
    assert poll_thrice(HONEST, 30) == [20, 20, 40, 40]


def test_an_agent_that_is_silent_to_many_is_asked_once_and_then_for_few() -> None:
    asked = poll_thrice(lambda asked: HONEST(asked) if len(asked.names) <= 20 else [], 0.5)

    assert asked == [20, 20, 40, 20, 20, 20, 20]


def test_a_column_is_asked_for_as_it_was_the_last_time() -> None:
    """And for one more, which would show that it has grown."""

    async def asking() -> list[int]:
        async with forging(HONEST) as forger, open_session(settings(forger)) as session:
            for _ in range(2):
                assert [name for name, _ in await session.column((1, 3, 6, 1), 100)] == NAMES
            return [asked.repetitions for asked in forger.asked]

    assert asyncio.run(asking()) == [20, 60, 60, 41, 1]
