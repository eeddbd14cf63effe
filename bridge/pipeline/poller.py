"""One poll per tick: never two at once, spread over the interval, measured and counted."""

import zlib
from collections.abc import Awaitable, Callable, Sequence

from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.sample import Sample, Series
from bridge.errors import SourceError
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Emit
from bridge.pipeline.ticker import ticks

Poll = Callable[[], Awaitable[Sequence[Sample]]]
"""Asks the peer once and returns what it said. Raises SourceError."""


def spread(name: str, interval: float) -> float:
    """A share of the interval that is always the same for a name and even over many names."""
    return zlib.crc32(name.encode()) / 2**32 * interval


class Poller:
    """Polls one source of one PBX.

    Args:
        part: the source, by which its numbers are counted.
        interval: seconds between polls.
        health: where polls are counted and the state is kept.
        clock: where time comes from.
    """

    def __init__(self, part: Part, interval: float, health: Health, clock: Clock) -> None:
        self._part = part
        self._interval = interval
        self._health = health
        self._clock = clock
        self._poll_time: float | None = None
        health.watch(self._gauges)

    async def run(self, poll: Poll, emit: Emit) -> None:
        """Poll at once, then at every tick; a poll that takes longer than the interval skips ticks.

        Raises:
            SourceError: a poll failed.
        """
        await self._once(poll, emit)
        busy = 0.0
        async for _ in ticks(self._clock, self._interval, spread(self._part.pbx, self._interval)):
            self._count(own.SOURCE_POLLS_SKIPPED, int(busy / self._interval))
            began = self._clock.monotonic()
            await self._once(poll, emit)
            busy = self._clock.monotonic() - began

    async def _once(self, poll: Poll, emit: Emit) -> None:
        started = self._clock.monotonic()
        try:
            samples = await poll()
        except SourceError:
            self._poll_time = None
            self._count(own.SOURCE_POLL_FAILURES)
            raise
        self._poll_time = self._clock.monotonic() - started
        self._count(own.SOURCE_POLLS)
        self._health.up(self._part)
        emit(samples)

    def _count(self, metric: Metric, amount: int = 1) -> None:
        self._health.count(metric.series(self._part.pbx, self._part.name), amount)

    def _gauges(self) -> list[tuple[Series, float]]:
        if self._poll_time is None:
            return []
        return [(own.SOURCE_POLL_TIME.series(self._part.pbx, self._part.name), self._poll_time)]
