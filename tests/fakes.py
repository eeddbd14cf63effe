"""Fakes that keep the real contracts: a clock that jumps, sinks that remember or fail."""

import asyncio
from collections.abc import Mapping, Sequence

from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from bridge.pipeline.store import Stored


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


class SteppingClock(FakeClock):
    """A FakeClock whose wall clock is wrong by `error` seconds, which may change at any time."""

    error = 0.0

    def time(self) -> float:
        return self.now + self.error


class MemorySink:
    """A sink that remembers; `faults` meet the next writes, one each.

    An error is raised, a number is how many samples the peer refuses.
    """

    name = "memory"
    hold = 0.0
    reached = True

    def __init__(self, faults: Sequence[TemporaryError | int] = ()) -> None:
        self.faults = list(faults)
        self.written: list[Sample] = []
        self.opened = 0
        self.closed = 0

    async def open(self) -> None:
        self.opened += 1

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        await asyncio.sleep(0)
        refused = 0
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, TemporaryError):
                raise fault
            refused = min(fault, len(batch))
        self.written.extend(batch[refused:])
        return {"rejected": refused} if refused else {}

    async def close(self) -> None:
        self.closed += 1

    async def wrote(self, count: int) -> None:
        """Wait until so many samples were written."""
        while len(self.written) < count:
            await asyncio.sleep(0)


class MemoryStore:
    """A store without a disk; `faults` meet the next writes, one each."""

    bytes = 0

    def __init__(self, faults: Sequence[OSError] = ()) -> None:
        self.faults = list(faults)
        self.records: dict[int, list[Sample]] = {}
        self.owned: set[int] = set()
        self.writes = 0
        self._next = 0

    def open(self) -> None:
        pass

    def write(self, chunks: Sequence[Sequence[Sample]]) -> Sequence[int]:
        self.writes += 1
        if self.faults:
            raise self.faults.pop(0)
        records = list(range(self._next, self._next + len(chunks)))
        self._next += len(chunks)
        self.records |= {record: list(chunk) for record, chunk in zip(records, chunks, strict=True)}
        self.owned.update(records)
        return records

    def read(self, limit: int) -> Stored:
        free = sorted(self.records.keys() - self.owned)[:1]
        self.owned.update(free)
        return Stored(free, [sample for record in free for sample in self.records[record]])

    def forget(self, records: Sequence[int]) -> None:
        for record in records:
            del self.records[record]
            self.owned.discard(record)

    def give_back(self, records: Sequence[int]) -> None:
        self.owned.difference_update(records)

    def lost(self) -> Mapping[str, int]:
        return {}

    def waiting(self) -> list[Sample]:
        """What belongs to nobody, the oldest first."""
        free = sorted(self.records.keys() - self.owned)
        return [sample for record in free for sample in self.records[record]]

    @property
    def samples(self) -> int:
        return len(self.waiting())

    def close(self) -> None:
        pass
