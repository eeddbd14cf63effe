"""A process that is made to be killed: python -m tests.pipeline.killed FOLDER MODE

It feeds numbered facts into a Delivery with a spool, 2,000 a second, and notes with the monotonic clock of
the machine what was accepted and what was delivered. Its sink, of which the faults can be timed at will, is
`away`, `slow` (half as fast as the facts come), or `newest` (slow, and the newest go first).
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridge.core.sample import Sample
from bridge.errors import TemporaryError
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.spool import Spool
from tests.pipeline.facts import MEGABYTE, WEEK, facts, numbers_of

TICK = 0.01
AMOUNT = 20
BATCH = 50
ACCEPTED, DELIVERED = "accepted", "delivered"


class Notes:
    """Lines that are in the file when `add` returns, whatever then becomes of the process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, numbers: Sequence[int]) -> None:
        now = time.monotonic()
        os.write(self._file, "".join(f"{number} {now}\n" for number in numbers).encode())

    @staticmethod
    def read(path: Path) -> list[tuple[int, float]]:
        """What was noted: each number and its time."""
        if not path.exists():
            return []
        pairs = (line.split() for line in path.read_text().splitlines())
        return [(int(number), float(when)) for number, when in pairs]


class SlowSink:
    """A sink that takes its time, or is never there."""

    name = "slow"
    hold = 0.0
    reached = True

    def __init__(self, notes: Notes, *, away: bool) -> None:
        self._notes = notes
        self._away = away

    async def open(self) -> None:
        if self._away:
            raise TemporaryError("away")

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        await asyncio.sleep(2 * TICK * len(batch) / AMOUNT)
        self._notes.add(numbers_of(batch))
        return {}

    async def close(self) -> None:
        pass


async def main(folder: Path, mode: str) -> None:
    """Run until killed."""
    accepted = Notes(folder / ACCEPTED)
    clock = SystemClock()
    health = Health(clock)
    sink = SlowSink(Notes(folder / DELIVERED), away=mode == "away")
    spool = Spool(folder / "spool", 64 * MEGABYTE, WEEK, 16 * 1024)
    limits = Limits(100_000, BATCH, newest_first=mode == "newest")
    delivery = Delivery(sink, Buffer(limits, Ledger(health, sink.name), spool), health, clock)
    running = asyncio.create_task(delivery.run())
    next_one = max((number for number, _ in Notes.read(folder / ACCEPTED)), default=-1) + 1
    while not running.done():
        delivery.accept(facts(next_one, next_one + AMOUNT))
        next_one += AMOUNT
        accepted.add(range(next_one - AMOUNT, next_one))
        await asyncio.sleep(TICK)
    await running


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
