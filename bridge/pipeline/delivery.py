"""Delivery: what stands between the pipeline and one sink, so that no sink ever slows anything else."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator, Sequence
from math import inf

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import TemporaryError
from bridge.log import get_logger
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import OVERDUE, Buffer
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Sink
from bridge.pipeline.replay import Replay

LONGEST_WAIT = 25.0
"""Seconds: a sink that is back takes samples again within half a minute, the time to connect included."""
LAST_WORD = 0.5
"""Seconds that a peer's machine has to confirm what was sent last: some wait 40 ms before they do."""

log = get_logger(component="delivery")


class Delivery:
    """Gives a sink what its buffer holds, and tries again as often as it takes.

    Args:
        sink: where batches go.
        buffer: where samples wait.
        health: where the state of the sink is told.
        clock: where waiting happens.
        backoff: how long to wait after a failure.
    """

    def __init__(
        self, sink: Sink, buffer: Buffer, health: Health, clock: Clock, *, backoff: Backoff | None = None
    ) -> None:
        self._sink = sink
        self._buffer = buffer
        self._health = health
        self._clock = clock
        self._backoff = backoff or Backoff(longest=LONGEST_WAIT)
        self._part = Part("sink", BRIDGE, sink.name)
        self._spool = Part("spool", BRIDGE, sink.name)
        self._retries = own.SINK_RETRIES.series(BRIDGE, sink.name)
        self._replay = Replay(sink.name)
        self._up = False
        self._stopped = False
        self._arrived = asyncio.Event()
        self._moved = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        health.expect(self._part)
        health.watch(self._gauges)
        health.count(self._retries, 0)

    @property
    def name(self) -> str:
        """The name of the sink."""
        return self._sink.name

    def accept(self, samples: Sequence[Sample]) -> None:
        """Take samples for the sink. Never waits: when there is no room the oldest are dropped."""
        if samples:
            self._buffer.append(samples, self._clock.monotonic())
            self._arrived.set()

    async def run(self) -> None:
        """Deliver until `stop`, or until cancelled."""
        if self._stopped:
            return
        async with asyncio.TaskGroup() as group:
            self._running = group.create_task(self._deliver(), name=f"deliver {self.name}")
            keeping = group.create_task(self._keep(), name=f"keep {self.name}")
            try:
                await asyncio.wait({self._running})
            finally:
                self._running.cancel()
                keeping.cancel()

    async def stop(self, seconds: float) -> None:
        """Deliver what would be lost, for at most `seconds`; bring the rest to the store, or drop it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._buffer.urgent and (self._up or not self._buffer.store):
                    self._moved.clear()
                    await self._moved.wait()
        arrived = self._up and await self._has_arrived()
        self._stopped = True
        # Before the sink says goodbye, which takes seconds if its peer hangs.
        await self._buffer.sync(inf, reached=self._sink.reached)
        if self._running:
            self._running.cancel()
            await asyncio.wait({self._running})
        if arrived:
            self._buffer.settle(inf)
        if left := await self._buffer.close():
            log.warning("not delivered before the end", sink=self.name, samples=left)

    async def _has_arrived(self) -> bool:
        """Whether the peer's machine has what was sent; its last confirmation may take a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD):
                while not self._sink.reached:  # noqa: ASYNC110 - the kernel has no event for it
                    await asyncio.sleep(LAST_WORD / 50)
        return self._sink.reached

    async def _deliver(self) -> None:
        """Connect, and connect again with back-off."""
        while True:
            try:
                await self._sink.open()
                await self._pump()
            except TemporaryError as error:
                self._down(str(error))
                self._health.count(own.SINK_ERRORS.series(BRIDGE, self.name, error.reason))
            except Exception as error:
                log.exception("sink failed in a way it should not", sink=self.name)
                self._down(f"{type(error).__name__}, a defect: the log tells where")
                self._health.count(own.SINK_ERRORS.series(BRIDGE, self.name, "defect"))
            finally:
                await self._sink.close()
            self._health.count(self._retries)
            await self._clock.sleep(self._backoff.wait())

    def _down(self, reason: str) -> None:
        self._up = False
        self._buffer.rewind()
        self._moved.set()
        self._health.down(self._part, reason)

    async def _pump(self) -> None:
        self._up = True
        self._health.up(self._part)
        while True:
            self._arrived.clear()
            while batch := await self._buffer.take(self._clock.monotonic()):
                refused = await self._sink.write(batch)
                self._buffer.commit(self._clock.monotonic(), refused)
                self._backoff.reset()
            if not len(self._buffer):  # with nothing to say, to be connected is all that there is
                self._backoff.reset()
            self._moved.set()
            await self._arrived.wait()

    async def _keep(self) -> None:
        """Bring the backlog to the disk, and let it follow what is live."""
        if not self._buffer.needs_keeping:
            return
        while True:
            await _whole(self._buffer.sync(self._clock.monotonic(), reached=self._sink.reached))
            self._tell()
            self._replay.look(self._buffer.stored, self._clock.monotonic(), up=self._up)
            if self._buffer.stored or self._buffer.waiting:
                self._arrived.set()
            await self._clock.sleep(OVERDUE)

    def _tell(self) -> None:
        if self._buffer.fault:
            self._health.down(self._spool, self._buffer.fault)
        elif self._buffer.store:
            self._health.up(self._spool)

    def _gauges(self) -> Iterator[tuple[Series, float]]:
        yield own.SINK_BUFFERED.series(BRIDGE, self.name), len(self._buffer)
        yield own.SINK_UNCONFIRMED.series(BRIDGE, self.name), self._buffer.unconfirmed
        if self._buffer.store:
            yield own.SPOOL_SAMPLES.series(BRIDGE, self.name), self._buffer.stored
            yield own.SPOOL_BYTES.series(BRIDGE, self.name), self._buffer.store.bytes


async def _whole(work: Coroutine[None, None, None]) -> None:
    """Do the work to its end, also when the caller is cancelled: a disk is not left half way."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await working
        raise
