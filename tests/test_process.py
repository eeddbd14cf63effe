"""What the bridge itself uses of the machine."""

import asyncio

from bridge.core import own
from bridge.pipeline.memory import Memory
from bridge.process import open_files, process_gauges, resident_bytes
from tests.fakes import FakeClock


def test_memory_and_files_are_told_where_the_system_tells_them() -> None:
    before = open_files()
    with open("/dev/null"):  # noqa: PTH123 - any file
        assert open_files() == before + 1
    assert resident_bytes() > 1_000_000


def test_uptime_counts_from_the_start() -> None:
    async def scenario() -> dict[str, float]:
        clock = FakeClock()
        gauges = process_gauges(clock, Memory())
        clock.now += 90
        return {series.name: value for series, value in gauges()}

    told = asyncio.run(scenario())

    assert told[own.PROCESS_UPTIME.name] == 90
    assert told[own.PROCESS_TASKS.name] == 1
    assert told[own.STATE_FAILURES.name] == 0
    assert told[own.PROCESS_CPU.name] > 0
