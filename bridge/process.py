"""Process: what the bridge itself uses of the machine."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bridge import __version__
from bridge.core import own
from bridge.core.sample import BRIDGE, Series
from bridge.pipeline.interfaces import Clock
from bridge.pipeline.memory import Memory


def process_gauges(clock: Clock, memory: Memory) -> Callable[[], Iterator[tuple[Series, float]]]:
    """Gives the numbers of this process, whose time counts from now on."""
    started = clock.monotonic()

    def gauges() -> Iterator[tuple[Series, float]]:
        yield own.BRIDGE_INFO.series(BRIDGE, __version__), 1
        yield own.PROCESS_UPTIME.series(BRIDGE), clock.monotonic() - started
        yield own.PROCESS_CPU.series(BRIDGE), time.process_time()
        yield own.STATE_FAILURES.series(BRIDGE), memory.failures
        yield own.PROCESS_TASKS.series(BRIDGE), len(asyncio.all_tasks())
        if resident := resident_bytes():
            yield own.PROCESS_MEMORY.series(BRIDGE), resident
        if files := open_files():
            yield own.PROCESS_FILES.series(BRIDGE), files

    return gauges


def resident_bytes() -> int:
    """Resident memory of this process; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    """How many files and sockets this process has open; 0 where the system does not tell."""
    try:
        return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208 - a path for each of them is not wanted
    except OSError:
        return 0
