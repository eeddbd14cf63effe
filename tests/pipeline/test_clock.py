"""The real clock is the machine's."""

import asyncio
import time

from bridge.pipeline.clock import SystemClock


def test_it_tells_the_time_of_the_machine() -> None:
    clock = SystemClock()

    assert time.time() <= clock.time() <= time.time()
    assert time.monotonic() <= clock.monotonic() <= time.monotonic()


def test_sleeping_takes_no_less_than_asked() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    asyncio.run(clock.sleep(0.01))

    assert clock.monotonic() - before >= 0.009
