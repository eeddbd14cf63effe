"""How fast and how cheap SNMP polls are: `python -m tests.benchmarks.bench_snmp [polls]`.

A poll is what the bridge asks one PBX every 15 seconds: 12 scalars and the channel-type table, some 36
variables by three requests. The agent is a real snmpd on loopback that answers recorded values through a
helper in Python, whose time is shown apart, since res_snmp is faster than it.
"""

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import SnmpSettings
from bridge.sources.snmp import SnmpSource
from bridge.sources.snmp.session import Session, open_session
from bridge.sources.snmp.wire import Counts
from tests.servers.snmpd import recording, settings, snmpd, user

CASES: dict[str, dict[str, Any]] = {
    "v2c": {},
    "v3 SHA-256, AES": user("sha256-aes"),
    "v2c, channel table of 9": {"channel_table": True},
}


class Figures:
    """What a stretch of code took.

    Attributes:
        seconds: on the wall.
        cpu: of this process.
    """

    seconds = cpu = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        started, used = time.perf_counter(), time.process_time()
        yield
        self.seconds, self.cpu = time.perf_counter() - started, time.process_time() - used


async def polls(where: SnmpSettings, amount: int, at_once: int) -> Figures:
    """Poll `amount` times by `at_once` targets side by side."""
    figures = Figures()
    async with AsyncExitStack() as stack:
        targets = []
        for number in range(at_once):
            session = await stack.enter_async_context(open_session(where))
            targets.append(target(f"pbx{number}", where, session))
        await targets[0].poll_once()
        with figures.measured():
            await asyncio.gather(*(several(each, amount // at_once) for each in targets))
    return figures


def target(pbx: str, where: SnmpSettings, session: Session) -> SnmpSource:
    """A source whose session stays open, as it does while the bridge runs."""

    @asynccontextmanager
    async def already_open(_: SnmpSettings, __: Counts) -> AsyncIterator[Session]:
        yield session

    clock = SystemClock()
    return SnmpSource(pbx, where, Health(clock), clock, connect=already_open)


async def several(source: SnmpSource, amount: int) -> None:
    for _ in range(amount):
        await source.poll_once()


def main(amount: int = 200) -> None:
    """Run all cases and print a table."""
    print(f"{'case':26} {'targets':>7} {'polls/s':>8} {'CPU ms/poll':>12}")
    with tempfile.TemporaryDirectory() as folder, snmpd(Path(folder), recording()) as agent:
        for name, changes in CASES.items():
            for at_once in (1, 10):
                figures = asyncio.run(polls(settings(agent, **changes), amount, at_once))
                rate, cpu = amount / figures.seconds, figures.cpu / amount * 1000
                print(f"{name:26} {at_once:7} {rate:8.1f} {cpu:12.2f}")
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"snmpd and its helper used {helpers.ru_utime + helpers.ru_stime:.1f} s of CPU for all of it")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
