"""Where samples wait for a sink: in memory, and what waits longer in a store on disk, if there is one.

    append --> fresh --(OVERDUE)--> recent --(LIVE)--> backlog --(sync)--> store
                 |                    |                   |                  |
                 +--------------------+-------------------+------------------+--> taken --> sent --> delivered
                                      ^                   ^                         |         |
                                      +-------------------+-------- rewind ---------+---------+

What waits decides, not the state of a connection: a sink that is slow and one that is away are the same.
While a sink keeps up nothing is written to the disk; what is overdue has a copy there, whatever its lane.

Recent is for sinks that want the present first: there the newest goes first, so that nothing of the last
seconds stands behind an outage. For the others, who want order, what is overdue is backlog at once.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile
from math import inf

from bridge.core.pace import Pace
from bridge.core.sample import Sample
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.store import Store

OVERDUE = 0.25
"""Seconds after which what waits is written to the store."""
LIVE = 10.0
"""Seconds for which it is the present to those who want that first; what is late by more is the past."""
SENT = 100_000
"""Samples kept to be sent again after a break: some 10 MB, ten seconds of 10,000 a second."""
AGAIN = 2.0
"""Seconds until a store that failed is tried again."""


@dataclass(slots=True, eq=False)
class Chunk:
    """Samples that travel through a buffer as one.

    Attributes:
        samples: the oldest first.
        since: when the first of them came, in monotonic seconds; long ago for what the store had.
        records: what a copy in the store is called; none if there is no copy.
        settled: delivered, or given to the store.
    """

    samples: list[Sample]
    since: float
    records: Sequence[int] = ()
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What a buffer may hold, and how it is emptied.

    Attributes:
        memory: the most samples that wait in memory: some 100 bytes each beside their series, which are
            shared.
        batch: the most samples of a chunk.
        hold: seconds for which what was sent may still be lost with the peer, and is kept.
        newest_first: what is fresh goes before what is overdue, and of that the last seconds before the rest.
    """

    memory: int
    batch: int = 500
    hold: float = 0.0
    newest_first: bool = False


@dataclass(slots=True)
class Buffer:
    """A bounded queue of samples with one consumer, which confirms what it has taken, chunk by chunk.

    Attributes:
        limits: how much, and in which order; they may change.
        ledger: where everything that happens to a sample is counted.
        store: where the backlog is kept on disk; None for nowhere.
        pace: how fast what is overdue may follow; None for as fast as it goes.
        fault: why the store does not work; empty while it does, or if there is none.
        waiting: how many samples are in memory and were not sent.
        stored: how many only the store has; while it works, those that are on their way count as before.
        unconfirmed: how many were sent, and may still be lost with the peer.
    """

    limits: Limits
    ledger: Ledger
    store: Store | None = None
    pace: Pace | None = None
    fault: str = ""
    waiting: int = field(default=0, init=False)
    stored: int = field(default=0, init=False)
    unconfirmed: int = field(default=0, init=False)
    _opened: bool = field(default=False, init=False)
    _retry: float = field(default=-inf, init=False)
    _disk: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _fresh: deque[Chunk] = field(default_factory=deque, init=False)
    _recent: deque[Chunk] = field(default_factory=deque, init=False)
    _backlog: deque[Chunk] = field(default_factory=deque, init=False)
    _sent: deque[tuple[float, Chunk]] = field(default_factory=deque, init=False)
    _taken: Chunk | None = field(default=None, init=False)
    _past: float = field(default=inf, init=False)
    """What has come until then is backlog when it is overdue, in monotonic seconds."""
    _untold: bool = field(default=False, init=False)
    """The disk has failed, or does not know all that was settled and would come again after a crash."""

    def __len__(self) -> int:
        """How many samples are neither delivered nor dropped."""
        return self.waiting + self.unconfirmed + self.stored

    @property
    def needs_keeping(self) -> bool:
        """Whether time alone changes anything, so that `sync` must be called."""
        return bool(self.store or self.pace or self.limits.hold)

    @property
    def urgent(self) -> int:
        """How many of them had better be delivered before the end: those that no store would keep, or new."""
        if not self.store or self.fault:
            return self.waiting
        return sum(len(chunk.samples) for chunk in (*self._fresh, *([self._taken] if self._taken else [])))

    def append(self, samples: Sequence[Sample], now: float) -> None:
        """Add samples at `now`, in monotonic seconds; the oldest in memory go if there is no room."""
        self.ledger.accepted(len(samples))
        if self.pace:
            self.pace.live(len(samples), now)
        self.waiting += len(samples)
        start = 0
        while start < len(samples):
            if not self._fresh or len(self._fresh[-1].samples) >= self.limits.batch:
                self._fresh.append(Chunk([], now))
            chunk = self._fresh[-1].samples
            part = samples[start : start + self.limits.batch - len(chunk)]
            chunk += part
            start += len(part)
        self._make_room()

    def _make_room(self) -> None:
        """Beyond the limit, leave to the store what it has, and drop the oldest; what is taken stays."""
        if self.waiting > self.limits.memory:
            self._hand_over()
        while (excess := self.waiting - self.limits.memory) > 0 and (
            lane := self._backlog or self._recent or self._fresh
        ):
            chunk = lane[0]
            gone = min(excess, len(chunk.samples))
            chunk.samples = chunk.samples[gone:]
            if not chunk.samples:
                lane.popleft()
            self.waiting -= gone
            self.ledger.dropped(gone, "overflow")

    async def take(self, now: float) -> Sequence[Sample]:
        """The next samples to send, at most a batch; the same again until `commit` or `rewind`.

        None at all means that nothing waits, or that the pace does not allow more yet.
        """
        if not self._taken:
            if self._fresh and (self.limits.newest_first or not self._is_behind):
                self._taken = self._fresh.popleft()
            elif not self.pace or self.pace.open(now):
                self._taken = await self._late(now)
        return self._taken.samples if self._taken else []

    @property
    def _is_behind(self) -> bool:
        return bool(self._recent or self._backlog or self.stored)

    async def _late(self, now: float) -> Chunk | None:
        """The newest of what is recent, for those who want that, or else the oldest of the backlog."""
        chunk = None
        if self._recent and self.limits.newest_first:
            chunk = self._recent.pop()
        elif self.stored and not self.fault:
            chunk = await self._read(now)
        elif self._backlog:
            chunk = self._backlog.popleft()
        if chunk and self.pace:
            self.pace.spend(len(chunk.samples))
        return chunk

    async def _read(self, now: float) -> Chunk | None:
        """A chunk from the store; none while it writes, since what is fresh does not wait for a disk."""
        if not self.store or self._disk.locked():
            return None
        async with self._disk:
            reading = asyncio.ensure_future(asyncio.to_thread(self.store.read, self.limits.batch))
            try:
                records, samples = await asyncio.shield(reading)
            except asyncio.CancelledError:
                with contextlib.suppress(OSError):
                    self.store.give_back((await reading).records)
                raise
            except OSError as error:
                self._fail(error, now)
                return None
        self._count_lost(self.store)
        self.stored -= len(samples)
        self.waiting += len(samples)
        return Chunk(list(samples), -inf, records) if samples else None

    def commit(self, now: float, refused: Mapping[str, int] | None = None) -> None:
        """What was taken last was sent.

        Args:
            now: monotonic time in seconds.
            refused: by reason, how many of it the peer will never have; none if `hold` is not 0.
        """
        chunk, self._taken = self._taken, None
        assert chunk, "only what was taken can be confirmed"
        self.waiting -= len(chunk.samples)
        self.unconfirmed += len(chunk.samples)
        if self.limits.hold:
            self._sent.append((now, chunk))
            self.settle(now)
        else:
            self._confirm(chunk, refused or {})

    def settle(self, now: float) -> None:
        """What was sent so long ago that it must have arrived counts as delivered."""
        while self._sent and (self._sent[0][0] <= now - self.limits.hold or self.unconfirmed > SENT):
            self._confirm(self._sent.popleft()[1], {})

    def _confirm(self, chunk: Chunk, refused: Mapping[str, int]) -> None:
        self.unconfirmed -= len(chunk.samples)
        self.ledger.delivered(len(chunk.samples) - sum(refused.values()))
        for reason, amount in refused.items():
            self.ledger.dropped(amount, reason)
        chunk.settled = True
        if self.store and chunk.records:
            self.store.forget(chunk.records)
            self._untold = True

    def rewind(self) -> None:
        """The connection broke: what was taken, and what was sent and may be lost, will be given again."""
        again = [chunk for _, chunk in self._sent] + ([self._taken] if self._taken else [])
        self.waiting += self.unconfirmed
        self.unconfirmed = 0
        self._sent.clear()
        self._taken = None
        recent = [chunk for chunk in again if chunk.since > self._past]
        self._recent = deque(sorted((*recent, *self._recent), key=lambda chunk: chunk.since))
        self._backlog.extendleft(chunk for chunk in reversed(again) if chunk.since <= self._past)
        self._hand_over()
        self._make_room()

    def _hand_over(self) -> None:
        """What has a copy in the store is left to it, if it is backlog or there is no room in memory."""
        if not (self.store and self._opened):
            return
        beyond = takewhile(lambda _: self.waiting > self.limits.memory, self._recent)
        for chunk in chain(self._backlog, beyond):
            if chunk.records:
                chunk.settled = True
                self.waiting -= len(chunk.samples)
                self.stored += len(chunk.samples)
                self.store.give_back(chunk.records)
        self._backlog = deque(chunk for chunk in self._backlog if not chunk.settled)
        self._recent = deque(chunk for chunk in self._recent if not chunk.settled)
        self._count_lost(self.store)

    async def sync(self, now: float, *, reached: bool) -> None:
        """Bring what is overdue to the store, as a copy while it is recent; called every `OVERDUE` seconds.

        Args:
            now: monotonic time in seconds.
            reached: everything that was sent has reached the peer's machine.
        """
        if reached:
            self.settle(now)
        self._past = now - LIVE if self.limits.newest_first else inf
        while self._fresh and self._fresh[0].since <= now - OVERDUE:
            self._recent.append(self._fresh.popleft())
        while self._recent and self._recent[0].since <= self._past:
            self._backlog.append(self._recent.popleft())
        self._hand_over()
        if self.store and now >= self._retry:
            try:
                async with self._disk:
                    await self._open(self.store)
                    await self._write(self.store, self._unsafe(now, reached=reached))
            except OSError as error:
                self._fail(error, now)
            else:
                self.fault = ""

    def _unsafe(self, now: float, *, reached: bool) -> list[Chunk]:
        """What would be lost with the process, in the order in which it came."""
        sent = [] if reached else [chunk for _, chunk in self._sent]
        taken = [self._taken] if self._taken else []
        overdue = now - OVERDUE
        waiting = (*self._backlog, *self._recent)
        return [chunk for chunk in (*sent, *taken, *waiting) if not chunk.records and chunk.since <= overdue]

    async def _open(self, store: Store) -> None:
        if not self._opened:
            await asyncio.to_thread(store.open)
            self._opened = True
            lost = store.lost()
            self.stored = store.samples
            self.ledger.accepted(self.stored + sum(lost.values()))
            for reason, amount in lost.items():
                self.ledger.dropped(amount, reason)

    async def _write(self, store: Store, chunks: Sequence[Chunk]) -> None:
        """Add chunks to the store. Meanwhile one of them may be delivered, or dropped in part."""
        if not chunks and not self._untold:
            return
        self._untold = False
        written = [chunk.samples for chunk in chunks]
        records = await asyncio.to_thread(store.write, written)
        for chunk, samples, record in zip(chunks, written, records, strict=True):
            if chunk.settled or chunk.samples is not samples:
                store.forget([record])
            else:
                chunk.records = [record]
        self._hand_over()

    def _fail(self, error: OSError, now: float) -> None:
        self.fault = str(error.strerror or error)
        self._retry = now + AGAIN
        self._untold = True

    def _count_lost(self, store: Store) -> None:
        for reason, amount in store.lost().items():
            self.stored -= amount
            self.ledger.dropped(amount, reason)

    async def close(self) -> int:
        """Bring everything to the store, at the very end; what finds no room there is dropped.

        Returns:
            How many samples that was.
        """
        self.rewind()
        await self.sync(inf, reached=False)
        left = self.waiting
        self.ledger.dropped(left, "shutdown")
        for lane in (self._fresh, self._recent, self._backlog):
            lane.clear()
        self.waiting = 0
        if self.store:
            await asyncio.to_thread(self.store.close)
        return left
