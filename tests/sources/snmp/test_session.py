"""Sessions with a real net-snmp agent: versions, users, refusals, silence, absent variables, columns.

TEST_PAIRS=1  every pair of protocols over pysnmp too; else every fourth, and all over our own engine
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.asterisk.mib import OBJECTS, SYS_OR_ID, Oid, Syntax, Value
from bridge.errors import SourceError
from bridge.settings import SnmpSettings
from bridge.sources.snmp.session import Session, TooBig, get_all, open_session
from tests.servers.process import free_port
from tests.servers.snmpd import OTHER_ENGINE_ID, USERS, Agent, lossy, recording, settings, snmpd, user
from tests.sources.snmp.engines import both

pytestmark = pytest.mark.live

PID = OBJECTS["astConfigPid"].at()
NAMES = OBJECTS["astChanName"].oid
HANGUPS = OBJECTS["astChanWhenHangup"]
ENTERPRISE = bytes.fromhex("2b0601040181b150")
"""1.3.6.1.4.1.22736 on the wire."""
Outcome = list[Value | None] | str
IMPATIENT = {"timeout": 1.0, "retries": 0}
"""For agents that stay silent; they are asked on loopback."""


def ask(where: SnmpSettings, *oids: Oid) -> list[Value | None]:
    async def asking() -> list[Value | None]:
        async with open_session(where) as session:
            return await session.get(oids)

    return asyncio.run(asking())


def column(where: SnmpSettings, root: Oid, limit: int) -> list[tuple[Oid, Value]]:
    async def asking() -> list[tuple[Oid, Value]]:
        async with open_session(where) as session:
            return await session.column(root, limit)

    return asyncio.run(asking())


def why_not(where: SnmpSettings, *oids: Oid) -> str:
    with pytest.raises(SourceError) as caught:
        ask(where, *(oids or [PID]))
    return str(caught.value)


@both
@pytest.mark.parametrize("version", ["1", "2c"])
def test_versions_1_and_2c(agent: Agent, version: str, engine: str) -> None:
    """Values come in the order asked, with their types; a variable may be asked for twice."""
    version_text = OBJECTS["astVersionString"].at()

    values = ask(settings(agent, engine=engine, version=version), version_text, PID, version_text)

    assert values[0] == values[2] == recording()[version_text]
    assert values[1] == recording()[PID]


def pairs(engine: str) -> list[str]:
    return list(USERS)[:: 4 if engine == "pysnmp" and not os.environ.get("TEST_PAIRS") else 1]


def each_user(
    agent: Agent, change: Callable[[str], dict[str, Any]], engine: str, timeout: float
) -> dict[str, Outcome]:
    """What comes of asking as each user, all of them at once; `change` makes their settings wrong."""

    async def asking(session: Session) -> Outcome:
        try:
            return await session.get([PID])
        except SourceError as error:
            return str(error)

    names = pairs(engine)

    async def all_of_them() -> list[Outcome]:
        patience = {"timeout": timeout, "retries": 0, "engine": engine}
        wheres = [settings(agent, **patience, **user(name, **change(name))) for name in names]
        async with contextlib.AsyncExitStack() as stack:
            sessions = [await stack.enter_async_context(open_session(where)) for where in wheres]
            return await asyncio.gather(*map(asking, sessions))

    return dict(zip(names, asyncio.run(all_of_them()), strict=True))


@both
def test_version_3_with_every_pair_of_protocols(agent: Agent, engine: str) -> None:
    """6 authentications by 6 privacies, or less: all 43 work. AES-192 and AES-256 both as net-snmp extends
    their keys and as Cisco does.
    """
    assert each_user(agent, lambda _: {}, engine, timeout=30) == {
        name: [recording()[PID]] for name in pairs(engine)
    }


@both
def test_a_wrong_secret_with_every_pair_of_protocols(agent: Agent, engine: str) -> None:
    """None of the 43 works with it, and each says which secret is wrong."""

    def wrong(name: str) -> dict[str, Any]:
        auth, priv = USERS[name]
        if auth == "none":
            return {"username": "nobody"}
        return {"auth_password" if priv == "none" else "priv_password": "wrong-password"}

    for name, outcome in each_user(agent, wrong, engine, timeout=3).items():
        assert f"{next(iter(wrong(name)))} or" in outcome or "username is wrong" in outcome, name
        assert ("username is wrong" in outcome) == (name == "none-none")


@both
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"username": "nobody"}, "does not know the user 'nobody': username is wrong"),
        ({"auth_password": "wrong-password"}, "but auth_password or auth_protocol (sha) is wrong"),
        ({"auth_protocol": "sha512"}, "but auth_password or auth_protocol (sha512) is wrong"),
        ({"auth_protocol": "md5"}, "but auth_password or auth_protocol (md5) is wrong"),
        ({"priv_password": "wrong-password"}, "priv_password or priv_protocol (aes) is wrong"),
        ({"priv_protocol": "aes256"}, "priv_password or priv_protocol (aes256) is wrong"),
        ({"priv_protocol": "des"}, "priv_password or priv_protocol (des) is wrong"),
        ({"username": "sha-none"}, "knows the user 'sha-none', but not at the level authPriv"),
        ({"priv_protocol": "none"}, "refuses this user at this security level"),
        ({"context": "elsewhere"}, "context 'elsewhere'"),
    ],
)
def test_a_wrong_secret_says_which_one(agent: Agent, change: dict[str, Any], said: str, engine: str) -> None:
    """User, authentication and privacy are told apart, although net-snmp is silent about the last one."""
    message = why_not(settings(agent, engine=engine, **IMPATIENT, **user("sha-aes", **change)))

    assert said in message
    assert "wrong-password" not in message


@both
def test_a_wrong_community_may_be_many_things(agent: Agent, engine: str) -> None:
    """Silence is all there is, and the message says so without showing the community."""
    message = why_not(settings(agent, engine=engine, **IMPATIENT, community="not-this-one"))

    assert f"no answer from 127.0.0.1:{agent.port}" in message
    assert "wrong host, port, version or community, or a firewall" in message
    assert "not-this-one" not in message


@both
@pytest.mark.parametrize("changes", [{}, user("sha-aes")])
def test_nobody_there(changes: dict[str, Any], engine: str) -> None:
    """A port where nothing listens is silence too."""
    nobody = Agent(free_port(socket.SOCK_DGRAM), Path())

    message = why_not(settings(nobody, engine=engine, **IMPATIENT, **changes))

    assert f"no answer from 127.0.0.1:{nobody.port}" in message


def test_a_host_without_an_address() -> None:
    """A name that cannot be resolved is told as that."""
    message = why_not(SnmpSettings(host="no-such-host.invalid"))

    assert "cannot resolve the SNMP host 'no-such-host.invalid'" in message


@both
def test_asterisk_hangs_behind_an_agent_that_answers(agent: Agent, engine: str) -> None:
    """A stuck Asterisk is not a dead host. Here the network loses each question about Asterisk, since
    snmpd's own helpers cannot be stuck without it.
    """

    async def asking() -> None:
        async with (
            lossy(agent, lambda datagram: ENTERPRISE in datagram) as half,
            open_session(settings(half, engine=engine, **IMPATIENT)) as session,
        ):
            await session.get([PID])

    with pytest.raises(SourceError, match=r"answers for itself, but not in 1 s for Asterisk"):
        asyncio.run(asking())


@both
def test_a_lost_datagram_is_sent_again(agent: Agent, engine: str) -> None:
    """`retries` is how often."""
    lost: list[bytes] = []

    def loses(datagram: bytes) -> bool:
        lost.append(datagram)
        return len(lost) <= 2

    async def asking() -> list[Value | None]:
        async with (
            lossy(agent, loses) as half,
            open_session(settings(half, engine=engine, timeout=1, retries=2)) as session,
        ):
            return await session.get([PID])

    assert asyncio.run(asking()) == [recording()[PID]]
    assert len(lost) >= 3


@both
@pytest.mark.parametrize("version", ["1", "2c", "3"])
def test_absent_variables_do_not_hide_the_others(agent: Agent, version: str, engine: str) -> None:
    """Each row of a column with holes comes, in whichever version; a walk would end at the first hole."""
    changes = user("sha-aes") if version == "3" else {"version": version}
    oids = [HANGUPS.at(row) for row in range(1, 10)]

    values = ask(settings(agent, engine=engine, **changes), *oids)

    assert [row for row, value in enumerate(values, 1) if value] == [1, 4, 5, 8]
    assert values == [recording().get(oid) for oid in oids]


@both
@pytest.mark.parametrize("version", ["1", "2c"])
def test_a_walk_ends_at_a_hole(agent: Agent, version: str, engine: str) -> None:
    """The reason for GETs: the agent itself leaves the column there, as res_snmp does."""
    rows = column(settings(agent, engine=engine, version=version), HANGUPS.oid, 100)

    assert [oid[-1] for oid, _ in rows] == [1]


@both
@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("limit", [1, 4, 9, 100])
def test_columns_are_bounded(agent: Agent, version: str, limit: int, engine: str) -> None:
    """A column ends with its last row, or at the limit."""
    rows = column(settings(agent, engine=engine, version=version), NAMES, limit)

    assert rows == [((*NAMES, row), recording()[*NAMES, row]) for row in range(1, min(limit, 9) + 1)]


@both
def test_a_column_at_the_end_of_everything(agent: Agent, engine: str) -> None:
    """The end of the agent's view is the end of a column."""
    assert column(settings(agent, engine=engine), (1, 3, 6, 1, 7), 10) == []
    assert column(settings(agent, engine=engine, version="1"), (1, 3, 6, 1, 7), 10) == []


@both
def test_identifiers_are_values(agent: Agent, engine: str) -> None:
    """sysORTable holds OIDs; net-snmp registers its own MIBs there."""
    rows = column(settings(agent, engine=engine), SYS_OR_ID, 100)

    assert rows
    assert {value.syntax for _, value in rows} == {Syntax.OID}
    assert (1, 3, 6, 1, 6, 3, 1) in {value.data for _, value in rows}


@both
@pytest.mark.parametrize("changes", [{}, user("sha256-aes")])
def test_the_agent_starts_again(tmp_path: Path, changes: dict[str, Any], engine: str) -> None:
    """A session outlives a restart of the agent, whose clock and count of boots then differ (RFC 3414)."""

    async def asking() -> list[list[Value | None]]:
        with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
            before = first.enter_context(snmpd(tmp_path, recording()))
            async with open_session(settings(before, engine=engine, **changes)) as session:
                answers = [await session.get([PID])]
                first.close()
                second.enter_context(snmpd(tmp_path, recording(), port=before.port))
                return [*answers, await session.get([PID])]

    assert asyncio.run(asking()) == [[recording()[PID]]] * 2


@both
def test_another_agent_in_its_place(tmp_path: Path, engine: str) -> None:
    """An agent that comes back with another engine ID is refused by the session, and heard by the next,
    although another target keeps the shared engine in use meanwhile.
    """

    async def asking() -> list[Value | None]:
        with contextlib.ExitStack() as first, contextlib.ExitStack() as second:
            before = first.enter_context(snmpd(tmp_path / "before", recording()))
            where = settings(before, engine=engine, **IMPATIENT, **user("sha-aes"))

            async def over_the_change() -> None:
                async with open_session(where) as session:
                    await session.get([PID])
                    first.close()
                    second.enter_context(
                        snmpd(tmp_path / "after", recording(), (), before.port, OTHER_ENGINE_ID)
                    )
                    await session.get([PID])

            async with open_session(where):
                with pytest.raises(SourceError, match="answers what cannot be used: other engine"):
                    await over_the_change()
                async with open_session(where) as session:
                    return await session.get([PID])

    assert asyncio.run(asking()) == [recording()[PID]]


@both
def test_two_targets_with_one_user_name_and_two_secrets(tmp_path: Path, engine: str) -> None:
    """Each keeps its own, at the same time."""
    lines = ["createUser twin SHA other-auth-password AES other-priv-password", "rouser twin priv"]

    async def asking() -> list[list[Value | None]]:
        with snmpd(tmp_path, recording(), lines) as other:
            twin = user("sha-aes", username="twin")
            mine = {"auth_password": "other-auth-password", "priv_password": "other-priv-password"}
            async with (
                open_session(settings(other, engine=engine, **{**twin, **mine})) as right,
                open_session(settings(other, engine=engine, **twin)) as wrong,
            ):
                first = await right.get([PID])
                with pytest.raises(SourceError, match="auth_password"):
                    await wrong.get([PID])
                return [first, await right.get([PID])]

    assert asyncio.run(asking()) == [[recording()[PID]]] * 2


class Narrow:
    """A fake session, since no setting makes snmpd say tooBig to few variables: it fits only `room`."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.asked: list[int] = []

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        self.asked.append(len(oids))
        if len(oids) > self.room:
            raise TooBig
        return [Value(Syntax.INTEGER, oid[-1]) for oid in oids]

    def at_once(self, oids: Sequence[Oid]) -> int:
        return 20

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        raise NotImplementedError


@pytest.mark.parametrize("room", [1, 2, 3, 7, 20, 100])
def test_too_big_asks_for_less(room: int) -> None:
    """Answers that do not fit are asked for in halves; nothing is lost, and the order stays."""
    session = Narrow(room)
    oids = [(1, number) for number in range(50)]

    values = asyncio.run(get_all(session, oids))

    assert [value and value.data for value in values] == list(range(50))
    assert max(session.asked) == 20


def test_not_even_one_fits() -> None:
    """An agent that cannot answer one variable is named as the culprit, with the variable."""
    with pytest.raises(SourceError, match=r"not even 1\.7 alone"):
        asyncio.run(get_all(Narrow(0), [(1, 7)]))
