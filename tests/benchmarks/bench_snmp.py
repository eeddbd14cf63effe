"""How much CPU SNMP costs this process: `python -m tests.benchmarks.bench_snmp [targets]`.

Three kinds of target, each asked by our own engine, by pysnmp as the bridge uses it, and by the API that
pysnmp gives to everybody: 40 scalars; those and a table of 200 rows by 6 columns; and a poll of Asterisk as
the bridge makes it every 15 seconds (24 samples, three requests), for which the last one has no counterpart.

The agent is a real snmpd on loopback. Scalars and table are its own, from memory, so that it is no brake;
Asterisk's values come from a helper. Rounds of the engines take turns, the medians of their CPU are shown.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
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

from bridge.asterisk.mib import Oid
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import SnmpSettings
from bridge.sources.snmp import SnmpSource
from bridge.sources.snmp.session import Session, get_all, open_session
from bridge.sources.snmp.sizes import FEW
from bridge.sources.snmp.wire import Counts
from tests.servers.snmpd import AUTH_PASSWORD, COMMUNITY, PRIV_PASSWORD, recording, settings, snmpd, user

ROUNDS, AT_ONCE = 3, 20
SHARE = {"fast": 1, "pysnmp": 40, "pysnmp's API": 80}
"""Engine to the part of the targets that it is given: the slower ones are measured by fewer."""
ROWS, ROOM = 200, 1000
SCALARS: list[Oid] = [
    *((1, 3, 6, 1, 2, 1, 11, each, 0) for each in range(1, 33) if each not in {7, 23}),
    *((1, 3, 6, 1, 2, 1, 1, each, 0) for each in range(1, 7)),
    *((1, 3, 6, 1, 6, 3, 10, 2, 1, each, 0) for each in range(1, 5)),
]
"""Those of the groups snmp, system and snmpEngine."""
COLUMNS: list[Oid] = [
    *((1, 3, 6, 1, 6, 3, 16, 1, 2, 1, each) for each in (3, 4, 5)),
    *((1, 3, 6, 1, 6, 3, 16, 1, 5, 2, 1, each) for each in (3, 4, 5)),
]
"""Of vacmSecurityToGroupTable and vacmViewTreeFamilyTable, which have as many rows as the lines below."""
LINES = [
    line for row in range(ROWS) for line in (f"group g{row} v2c s{row}", f"view v{row} included .1.3.6.1.9")
]
CASES: dict[str, dict[str, Any]] = {"v2c": {}, "v3 SHA, AES-128": user("sha-aes")}
Round = Callable[[SnmpSettings, int, bool], Awaitable[float]]


async def ours(where: SnmpSettings, targets: int, with_table: bool) -> float:
    """Ask so many targets, some side by side; the CPU in ms of one."""
    side_by_side = min(AT_ONCE, targets)

    async def several(session: Session, amount: int) -> None:
        for _ in range(amount):
            assert None not in await get_all(session, SCALARS)
            for column in COLUMNS if with_table else ():
                assert len(await session.column(column, ROOM)) >= ROWS

    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(open_session(where)) for _ in range(side_by_side)]
        await several(sessions[0], 1)
        started = time.process_time()
        await asyncio.gather(*(several(each, targets // side_by_side) for each in sessions))
        return (time.process_time() - started) / targets * 1000


async def polls(where: SnmpSettings, targets: int, _: bool) -> float:
    """Poll Asterisk at so many targets, one after the other; the CPU in ms of one poll."""
    async with open_session(where) as session:

        @asynccontextmanager
        async def already_open(_: SnmpSettings, __: Counts) -> AsyncIterator[Session]:
            yield session

        clock = SystemClock()
        source = SnmpSource("hq", where, Health(clock), clock, connect=already_open)
        await source.poll_once()
        started = time.process_time()
        for _each in range(targets):
            await source.poll_once()
        return (time.process_time() - started) / targets * 1000


async def theirs(where: SnmpSettings, targets: int, with_table: bool) -> float:
    """As `ours`, one after the other, as the manual of pysnmp shows it."""
    engine = SnmpEngine()
    address = await UdpTransportTarget.create((where.host, where.port), timeout=10)
    who: Any = CommunityData(COMMUNITY)
    if where.version == "3":
        protocols = {"authProtocol": usmHMACSHAAuthProtocol, "privProtocol": usmAesCfb128Protocol}
        who = UsmUserData(where.username, AUTH_PASSWORD, PRIV_PASSWORD, **protocols)

    async def once() -> None:
        for start in range(0, len(SCALARS), FEW):
            asked = [ObjectType(ObjectIdentity(oid)) for oid in SCALARS[start : start + FEW]]
            error, *_ = await get_cmd(engine, who, address, ContextData(), *asked)
            assert not error
        for column in COLUMNS if with_table else ():
            root = ObjectType(ObjectIdentity(column))
            context = ContextData()
            rows = bulk_walk_cmd(engine, who, address, context, 0, 20, root, lexicographicMode=False)
            assert sum([len(found) async for *_, found in rows]) >= ROWS

    await once()
    started = time.process_time()
    for _ in range(targets):
        await once()
    used = time.process_time() - started
    engine.close_dispatcher()
    return used / targets * 1000


def show(what: str, rounds: dict[str, Round], where: dict[str, SnmpSettings], how: tuple[int, bool]) -> None:
    """Measure the engines in turns and print a line."""
    targets, with_table = how
    used: dict[str, list[float]] = {name: [] for name in rounds}
    for _ in range(ROUNDS):
        for name, measured in rounds.items():
            amount = max(1, targets // SHARE[name])
            used[name].append(asyncio.run(_measured(measured, where[name], amount, with_table)))
    medians = {name: statistics.median(each) for name, each in used.items()}
    ratios = [f"{median / medians['fast']:7.1f}" for median in medians.values()]
    print(f"{what:36}", *(f"{median:9.3f}" for median in medians.values()), *ratios, flush=True)


async def _measured(measured: Round, where: SnmpSettings, amount: int, with_table: bool) -> float:
    return await measured(where, amount, with_table)


def main(arguments: Sequence[str] = ()) -> None:
    """Measure all kinds of target and print a table: CPU in ms of one, then how many times the first."""
    targets = int(arguments[0]) if arguments else 400
    every: dict[str, Round] = {"fast": ours, "pysnmp": ours, "pysnmp's API": theirs}
    asterisk: dict[str, Round] = {"fast": polls, "pysnmp": polls}
    print(f"{'CPU ms of a target':36} {'fast':>9} {'pysnmp':>9} {'its API':>9}")
    with tempfile.TemporaryDirectory() as folder, snmpd(Path(folder), recording(), LINES) as agent:
        for version, changes in CASES.items():
            engines = {"fast": "fast", "pysnmp": "pysnmp", "pysnmp's API": "pysnmp"}
            where = {name: settings(agent, engine=each, **changes) for name, each in engines.items()}
            show(f"{version}: 40 scalars", every, where, (targets, False))
            show(f"{version}: 40 scalars, {ROWS} x {len(COLUMNS)} cells", every, where, (targets // 4, True))
            show(f"{version}: poll of Asterisk", asterisk, where, (targets // 2, False))


if __name__ == "__main__":
    main(sys.argv[1:])
