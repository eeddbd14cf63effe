"""Fakes that keep the real contracts: a clock that jumps, sinks that remember or fail."""

import asyncio
from collections.abc import Sequence

from bridge.core.sample import Sample
from bridge.errors import DeliveryError


class FakeClock:
    """Time that passes only when somebody sleeps: a sleep returns at once and moves the clock."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.now = start
        self.slept: list[float] = []

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += max(0.0, seconds)
        await asyncio.sleep(0)


class MemorySink:
    """A sink that remembers; `faults` are raised by the next writes, one each, before it takes any."""

    name = "memory"

    def __init__(self, faults: Sequence[DeliveryError] = ()) -> None:
        self.faults = list(faults)
        self.written: list[Sample] = []
        self.opened = 0
        self.closed = 0

    async def open(self) -> None:
        self.opened += 1

    async def write(self, batch: Sequence[Sample]) -> None:
        await asyncio.sleep(0)
        if self.faults:
            raise self.faults.pop(0)
        self.written.extend(batch)

    async def close(self) -> None:
        self.closed += 1
