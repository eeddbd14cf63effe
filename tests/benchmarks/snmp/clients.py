"""Who asks from within this process: our own engine, pysnmp's API for everybody, and gufo-snmp."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_walk_cmd,
    get_cmd,
    usmAesCfb128Protocol,
    usmHMACSHAAuthProtocol,
)

from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import SnmpSettings
from bridge.sources.snmp import SnmpSource
from bridge.sources.snmp.session import Session, get_all, open_session
from bridge.sources.snmp.wire import Counts
from tests.benchmarks.snmp.loads import CASES, COLUMNS, ROWS, SCALARS, Load, dotted
from tests.servers.process import cache
from tests.servers.snmpd import AUTH_PASSWORD, COMMUNITY, PRIV_PASSWORD, Agent, settings

AT_ONCE, ROOM = 20, 1000
"""Sessions that ask side by side, and the most rows of a column."""
GUFO_ROWS = {"v2c": 50, "v3": 20}
"""Rows that gufo-snmp asks for at once. By 50 its walk over version 3 ends empty, without an error."""
Client = Callable[[Agent, Load, int], float]
"""Asks so many targets; the CPU of one in ms."""


def _run(measuring: Awaitable[float]) -> float:
    async def running() -> float:
        return await measuring

    return asyncio.run(running())


async def _side_by_side(once: list[Callable[[], Awaitable[None]]], targets: int) -> float:
    """Ask with all sessions, each so often that `targets` are asked; the CPU of one in ms."""
    times = max(1, targets // len(once))

    async def several(ask: Callable[[], Awaitable[None]]) -> None:
        for _ in range(times):
            await ask()

    for ask in once:
        await ask()
        await ask()
    started = time.process_time()
    await asyncio.gather(*map(several, once))
    return (time.process_time() - started) / (times * len(once)) * 1000


def _where(agent: Agent, load: Load, engine: str = "fast") -> SnmpSettings:
    return settings(agent, engine=engine, **CASES[load.version])


def ours(engine: str) -> Client:
    """The bridge's sessions, through one of its engines."""

    async def measured(agent: Agent, load: Load, targets: int) -> float:
        async def once(session: Session) -> None:
            assert None not in await get_all(session, SCALARS)
            for column in COLUMNS if load.with_table else ():
                assert len(await session.column(column, ROOM)) >= ROWS

        async with AsyncExitStack() as stack:
            where = _where(agent, load, engine)
            opened = [
                await stack.enter_async_context(open_session(where)) for _ in range(min(AT_ONCE, targets))
            ]
            return await _side_by_side([_bound(once, each) for each in opened], targets)

    return lambda *how: _run(measured(*how))


def _bound(once: Callable[[Any], Awaitable[None]], session: Any) -> Callable[[], Awaitable[None]]:
    return lambda: once(session)


async def _pysnmp(agent: Agent, load: Load, targets: int) -> float:
    """As the manual of pysnmp shows it, by 20 variables and rows; one target after the other."""
    engine = SnmpEngine()
    address = await UdpTransportTarget.create(("127.0.0.1", agent.port), timeout=10)
    who: Any = CommunityData(COMMUNITY)
    if load.version == "v3":
        protocols = {"authProtocol": usmHMACSHAAuthProtocol, "privProtocol": usmAesCfb128Protocol}
        who = UsmUserData(CASES["v3"]["username"], AUTH_PASSWORD, PRIV_PASSWORD, **protocols)

    async def once() -> None:
        for start in range(0, len(SCALARS), 20):
            asked = [ObjectType(ObjectIdentity(oid)) for oid in SCALARS[start : start + 20]]
            error, *_ = await get_cmd(engine, who, address, ContextData(), *asked)
            assert not error
        for column in COLUMNS if load.with_table else ():
            root, context = ObjectType(ObjectIdentity(column)), ContextData()
            rows = bulk_walk_cmd(engine, who, address, context, 0, 20, root, lexicographicMode=False)
            assert sum([len(found) async for *_, found in rows]) >= ROWS

    try:
        return await _side_by_side([once], targets)
    finally:
        engine.close_dispatcher()


def pysnmp_api(agent: Agent, load: Load, targets: int) -> float:
    """The API that pysnmp gives to everybody."""
    return _run(_pysnmp(agent, load, targets))


async def _gufo(agent: Agent, load: Load, targets: int) -> float:
    from gufo import snmp  # type: ignore[import-not-found,unused-ignore]
    from gufo.snmp.aio import (  # type: ignore[import-not-found,unused-ignore]
        SnmpSession,
    )

    who: dict[str, Any] = {"version": snmp.SnmpVersion.v2c, "community": COMMUNITY}
    if load.version == "v3":
        auth, priv = snmp.Sha1Key(AUTH_PASSWORD.encode()), snmp.Aes128Key(PRIV_PASSWORD.encode())
        known = snmp.User(CASES["v3"]["username"], auth_key=auth, priv_key=priv)
        who = {"version": snmp.SnmpVersion.v3, "user": known}
    scalars = [*map(dotted, SCALARS)]
    columns = [*map(dotted, COLUMNS)] if load.with_table else []

    async def once(session: Any) -> None:
        assert len(await session.get_many(scalars)) == len(scalars)
        for column in columns:
            walk = session.getbulk(column, max_repetitions=GUFO_ROWS[load.version])
            assert len([row async for row in walk]) >= ROWS

    async with AsyncExitStack() as stack:
        sessions = [SnmpSession("127.0.0.1", port=agent.port, timeout=10, **who) for _ in range(AT_ONCE)]
        opened = [await stack.enter_async_context(each) for each in sessions[:targets]]
        return await _side_by_side([_bound(once, each) for each in opened], targets)


def gufo(agent: Agent, load: Load, targets: int) -> float:
    """gufo-snmp, whose core is in Rust, asked as its manual shows it."""
    sys.path.append(str(gufo_home()))
    try:
        return _run(_gufo(agent, load, targets))
    finally:
        sys.path.remove(str(gufo_home()))


def gufo_home() -> Path:
    """Where tests/install.d/91-snmp-benchmarks puts it."""
    return cache() / "snmp-peers/python"


def asterisk(agent: Agent, version: str, targets: int) -> float:
    """Polls of Asterisk as the bridge makes them, one after the other; the CPU of one in ms."""
    where = settings(agent, **CASES[version])

    async def measured() -> float:
        async with open_session(where) as session:

            @asynccontextmanager
            async def already_open(_: SnmpSettings, __: Counts) -> AsyncIterator[Session]:
                yield session

            clock = SystemClock()
            source = SnmpSource("hq", where, Health(clock), clock, connect=already_open)

            async def once() -> None:
                await source.poll_once()

            return await _side_by_side([once], targets)

    return _run(measured())
