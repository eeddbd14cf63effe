"""Delivery: what stands between the pipeline and one sink, so that no sink ever slows anything else."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import PermanentError, TemporaryError
from bridge.log import get_logger
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import Buffer
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Sink

LONGEST_WAIT = 25.0
"""Seconds: a sink that is back takes samples again within half a minute, the time to connect included."""

log = get_logger(component="delivery")


class Delivery:
    """A sink's queue, batches, retries and ledger: accepted = delivered + dropped + buffered.

    Args:
        sink: where batches go.
        buffer: where samples wait.
        health: where the ledger is kept.
        clock: where waiting happens.
        batch: the most samples given to the sink at once.
        backoff: how long to wait after a failure.
    """

    def __init__(
        self,
        sink: Sink,
        buffer: Buffer,
        health: Health,
        clock: Clock,
        *,
        batch: int = 500,
        backoff: Backoff | None = None,
    ) -> None:
        self._sink = sink
        self._buffer = buffer
        self._health = health
        self._clock = clock
        self._batch = batch
        self._backoff = backoff or Backoff(longest=LONGEST_WAIT)
        self._part = Part("sink", BRIDGE, sink.name)
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        health.expect(self._part)
        health.watch(self._gauges)
        for metric in (own.SINK_ACCEPTED, own.SINK_DELIVERED, own.SINK_RETRIES):
            health.count(metric.series(BRIDGE, sink.name), 0)

    @property
    def name(self) -> str:
        """The name of the sink."""
        return self._sink.name

    def accept(self, samples: Sequence[Sample]) -> None:
        """Take samples for the sink. Never waits: when the buffer is full the oldest are dropped."""
        if not samples:
            return
        self._count(own.SINK_ACCEPTED.series(BRIDGE, self.name), len(samples))
        self._drop("overflow", self._buffer.append(samples))
        self._emptied.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Deliver until cancelled; connects, and connects again, with back-off."""
        while True:
            try:
                await self._sink.open()
                await self._pump()
            except TemporaryError as error:
                self._health.down(self._part, str(error))
            except Exception as error:
                log.exception("sink failed in a way it should not", sink=self.name)
                self._health.down(self._part, f"{type(error).__name__}, a defect: the log tells where")
            finally:
                await self._sink.close()
            self._count(own.SINK_RETRIES.series(BRIDGE, self.name), 1)
            await self._clock.sleep(self._backoff.wait())

    async def _pump(self) -> None:
        self._health.up(self._part)
        while True:
            await self._arrived.wait()
            while batch := self._buffer.take(self._batch):
                await self._write(batch)
                self._buffer.commit()
                self._backoff.reset()
            self._arrived.clear()
            self._emptied.set()

    async def _write(self, batch: Sequence[Sample]) -> None:
        try:
            await self._sink.write(batch)
        except PermanentError as error:
            log.warning("batch refused", sink=self.name, reason=error.reason, error=str(error))
            self._drop(error.reason, len(batch))
        else:
            self._count(own.SINK_DELIVERED.series(BRIDGE, self.name), len(batch))

    async def drain(self, seconds: float) -> None:
        """Wait until the buffer is empty, at most `seconds`."""
        if len(self._buffer):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), seconds)

    def abandon(self) -> int:
        """Drop what still waits, at the very end of the process; return how much that was."""
        left = len(self._buffer)
        self._drop("shutdown", left)
        while self._buffer.take(self._batch):
            self._buffer.commit()
        return left

    def _drop(self, reason: str, amount: int) -> None:
        if amount:
            self._count(own.SINK_DROPPED.series(BRIDGE, self.name, reason), amount)

    def _count(self, series: Series, amount: int) -> None:
        self._health.count(series, amount)

    def _gauges(self) -> Iterator[tuple[Series, float]]:
        yield own.SINK_BUFFERED.series(BRIDGE, self.name), len(self._buffer)
