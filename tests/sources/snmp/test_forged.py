"""SNMPv3 replies that are forged, late or of another engine. The agent is a fake: snmpd keeps the rules."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest

from bridge.asterisk.mib import SYS_UPTIME, Syntax, Value
from bridge.errors import SourceError
from bridge.sources.snmp.session import Session, open_session
from bridge.sources.snmp.wire import Counts
from tests.servers.snmpd import user
from tests.sources.snmp.bench import EACH
from tests.sources.snmp.engines import both
from tests.sources.snmp.forger import REPORT, Forger, forging, number, pdu, settings, text, tlv
from tests.sources.snmp.usm import AUTH, NOT_IN_TIME, PRIV, Agent3, Question, Usm, answers

SEVEN = [Value(Syntax.INTEGER, 7)]
Lie = Callable[[Usm, Question], bytes]
Refused = Counter[str]


Scenario = Callable[[Session, Forger, Refused], Awaitable[None]]


def run(usm: Usm, scenario: Scenario, engine: str, name: str = "sha-none", timeout: float = 30) -> None:
    """Run a scenario in a session with an honest agent, which has answered once."""

    async def running() -> None:
        refused = Refused()
        counts = Counts(lambda reason: refused.update([str(reason)]), lambda _: pytest.fail("a stranger"))
        async with forging(Agent3(usm), usm.question) as forger:
            where = settings(forger, engine=engine, timeout=timeout, retries=1, **user(name))
            async with open_session(where, counts) as session:
                assert await session.get([SYS_UPTIME]) == SEVEN
                forger.asked.clear()
                await scenario(session, forger, refused)

    asyncio.run(running())


@both
@pytest.mark.parametrize("auth", ["sha", "sha512"])
def test_a_shortened_mac_is_never_accepted(auth: str, engine: str) -> None:
    """The first octets of the right MAC, none to all but one, are no proof; the whole one is."""
    usm = Usm(auth)

    def script(asked: Question) -> Iterator[bytes]:
        for length in range(usm.mac_length):
            yield usm.reply(asked, answers(asked, 666), length)
        yield usm.reply(asked, answers(asked, 7))

    async def scenario(session: Session, forger: Forger, refused: Refused) -> None:
        forger.script = script

        assert await session.get([SYS_UPTIME]) == SEVEN

        assert refused == {"not authentic": usm.mac_length}
        assert len(forger.asked) == 1

    run(usm, scenario, engine, f"{auth}-none")


CLOCKS: dict[str, tuple[dict[str, int], int]] = {
    "it started again": ({"boots": 8, "ahead": -999_990}, 1),
    "149 s ahead": ({"ahead": 149}, 0),
    "149 s behind": ({"ahead": -149}, 0),
    "151 s ahead": ({"ahead": 151}, 1),
    "151 s behind": ({"ahead": -151}, 1),
}
"""What becomes of the clock of an agent, and how many more questions that takes."""


@both
@pytest.mark.parametrize("what", CLOCKS)
def test_the_clock_of_the_agent_is_followed(what: str, engine: str) -> None:
    """Within the window nothing happens; outside of it the session learns the time by one more question."""
    changes, more = CLOCKS[what]
    usm = Usm()

    async def scenario(session: Session, forger: Forger, refused: Refused) -> None:
        for name, value in changes.items():
            setattr(usm, name, value)

        assert await session.get([SYS_UPTIME]) == SEVEN
        assert await session.get([SYS_UPTIME]) == SEVEN

        assert len(forger.asked) == 2 + more
        assert not refused

    run(usm, scenario, engine)


@both
def test_an_agent_that_objects_to_every_time_is_left(engine: str) -> None:
    """Two more questions, then the reason."""
    usm = Usm()

    async def scenario(session: Session, forger: Forger, refused: Refused) -> None:
        forger.script = lambda asked: [usm.report(asked, NOT_IN_TIME, 1)]

        with pytest.raises(SourceError, match="not asked by its own clock or engine ID"):
            await session.get([SYS_UPTIME])

        assert len(forger.asked) == 3
        assert refused == {"refused": 1}

    run(usm, scenario, engine)


@both
def test_another_engine_in_its_place(engine: str) -> None:
    """An agent that takes another engine ID in mid-session ends the session; the next one finds it."""
    usm = Usm()

    async def scenario(session: Session, forger: Forger, refused: Refused) -> None:
        usm.engine = b"\x80\0\x1f\x88\x04other"

        with pytest.raises(SourceError, match="answers what cannot be used: other engine"):
            await session.get([SYS_UPTIME])

        assert len(forger.asked) == 2
        assert refused == {"other engine": 2}

    run(usm, scenario, engine, timeout=0.5)


def lie(**changes: Any) -> Lie:
    """An answer to another question than was asked."""
    return lambda usm, asked: usm.reply(asked._replace(**changes), answers(asked, 666))


def inside(octets: bytes) -> Lie:
    """Something that is encrypted and authentic, and that only the decoder of pysnmp sees."""
    return lambda usm, asked: usm.message(asked, octets, AUTH | PRIV)


PASSED_OVER: dict[str, tuple[str, Lie]] = {
    "another message": ("unmatched", lie(number=1)),
    "another user": ("other user", lie(user=b"somebody")),
    "without privacy": ("other security level", lie(flags=AUTH)),
    "without anything": ("other security level", lie(flags=0)),
    "of another engine": ("other engine", lambda _, asked: Usm(engine=b"\x80\0\0\0\1x").reply(asked, [])),
    "no PDU": ("not decrypted", inside(text(b"nothing"))),
    "30,000 containers": ("not decrypted", inside(b"\x30\x80" * 30_000)),
    "an oid of 60 KB": ("not decrypted", inside(pdu(1, [(tlv(6, b"\xff" * 60_000), number(1))]))),
    "a tag of 60 KB": ("not decrypted", inside(b"\x3f" + b"\xff" * 60_000 + b"\x7f\0")),
}
"""What is sent by somebody who has the secrets, or has not, and how it is counted."""


@both
def test_what_is_no_answer_is_passed_over(engine: str) -> None:
    """It changes nothing: the question that it comes to goes on to the good answer."""
    usm = Usm()

    async def scenario(session: Session, forger: Forger, refused: Refused) -> None:
        for what, (reason, make) in PASSED_OVER.items():
            refused.clear()
            forger.script = partial(after, usm, make)

            assert await session.get([SYS_UPTIME]) == SEVEN, what

            assert refused == {reason: EACH}, what

    run(usm, scenario, engine, "sha-aes")


def after(usm: Usm, make: Lie, asked: Question) -> Iterator[bytes]:
    for _ in range(EACH):
        yield make(usm, asked)
    yield usm.reply(asked, answers(asked, 7))


USED_UP: dict[str, Lie] = {
    "another request in the right message": lie(ident=1),
    "a report of nothing": inside(pdu(1, [], kind=REPORT)),
}
"""What is matched, and cannot be used."""


@both
@pytest.mark.parametrize("what", USED_UP)
def test_what_is_matched_but_of_no_use_ends_the_question(what: str, engine: str) -> None:
    """At once or, where pysnmp itself forgets the question, after the time that any question may take."""
    make = USED_UP[what]
    reason = "undecodable" if engine == "pysnmp" and "report" in what else "bad response"
    usm = Usm()

    async def scenario(session: Session, forger: Forger, refused: Refused) -> None:
        forger.script = lambda asked: [make(usm, asked)]

        with pytest.raises(SourceError, match="answers what cannot be used"):
            await session.get([SYS_UPTIME])

        assert refused == {reason: 1}
        forger.script = Agent3(usm)
        assert await session.get([SYS_UPTIME]) == SEVEN

    run(usm, scenario, engine, "sha-aes", 0.5)
