"""A buffer with its spool against a model: whatever is done in whatever order, every fact is accounted for.

Files and limits are tiny, so that segments begin, fill, expire and go all the time. Scaled by TEST_LIVES
(60).
"""

import asyncio
import os
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.core import own
from bridge.core.sample import BRIDGE
from bridge.pipeline.buffer import OVERDUE, Buffer, Limits
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.spool import Spool
from tests.fakes import FakeClock
from tests.pipeline.facts import QUICK, facts, numbers_of

T = TypeVar("T")

AGE = 60.0
SIZE, SEGMENT = 4000, 600
REASONS = ("overflow", "expired", "damaged", "shutdown")


class Life(RuleBasedStateMachine):
    """One folder through many lives of the process.

    Attributes:
        due: by number, when a fact was appended.
        safe: what must survive a crash, unless it is delivered or dropped.
        risked: what was in memory alone when the process was killed.
        sent: taken and committed, but not yet confirmed; the oldest first.
        delivered: what was ever confirmed.
        fresh: what was confirmed by this process.
        told: what was confirmed, and the disk knows it.
        dropped: how many, by all processes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory(dir=QUICK)
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.due: dict[int, float] = {}
        self.safe: set[int] = set()
        self.risked: set[int] = set()
        self.sent: list[int] = []
        self.delivered: set[int] = set()
        self.fresh: set[int] = set()
        self.told: set[int] = set()
        self.dropped = 0
        self.confirmed = 0

    @initialize(newest_first=st.booleans(), hold=st.sampled_from([0.0, 1.0]), memory=st.sampled_from([8, 60]))
    def begin(self, newest_first: bool, hold: float, memory: int) -> None:
        self.limits = Limits(memory, 5, hold, newest_first)
        self.start()

    def start(self) -> None:
        self.health = Health(self.clock)
        self.spool = Spool(Path(self.place.name) / "spool", SIZE, AGE, SEGMENT, self.clock.time)
        self.buffer = Buffer(self.limits, Ledger(self.health, "model"), self.spool)
        self.sent.clear()
        self.fresh.clear()
        self.confirmed = 0
        self.highest = -1
        self.run(self.buffer.sync(self.clock.now, reached=False))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @rule(amount=st.integers(1, 12))
    def append(self, amount: int) -> None:
        number = len(self.due)
        self.due.update(dict.fromkeys(range(number, number + amount), self.clock.now))
        self.buffer.append(facts(number, number + amount), self.clock.now)

    @rule()
    def take(self) -> None:
        taken = numbers_of(self.run(self.buffer.take(self.clock.now)))

        assert not self.told & set(taken), "twice without a reason"
        assert len(taken) <= self.limits.batch
        if taken and not self.limits.newest_first:
            assert taken == sorted(taken)
            assert taken[0] > self.highest, "out of order"
        self.taken = taken

    @precondition(lambda self: self.buffer._taken)
    @rule()
    def commit(self) -> None:
        self.take()
        self.buffer.commit(self.clock.now)
        self.sent += self.taken
        self.highest = self.taken[-1]
        self.note()

    @rule()
    def rewind(self) -> None:
        self.buffer.rewind()
        self.sent.clear()
        self.highest = -1

    @rule(seconds=st.sampled_from([OVERDUE, OVERDUE, 2.0, AGE / 3]), reached=st.booleans())
    def sync(self, seconds: float, reached: bool) -> None:
        self.clock.now += seconds
        overdue = self.clock.now - OVERDUE
        before = set(self.fresh)

        self.run(self.buffer.sync(self.clock.now, reached=reached))

        assert not self.buffer.fault
        self.safe |= {number for number, since in self.due.items() if since <= overdue}
        self.told |= before
        self.note()

    @rule()
    def crash(self) -> None:
        """The process is killed; the disk keeps what it was told."""
        self.risked |= self.due.keys() - self.safe | set(self.sent)
        self.dropped += self.counted_drops()
        self.spool._folder.close()
        self.start()

    @rule()
    def restart(self) -> None:
        self.run(self.buffer.close())
        self.told |= self.fresh
        self.dropped += self.counted_drops()
        self.start()

    def note(self) -> None:
        """What the ledger has as delivered is what was sent first."""
        delivered = int(self.health.counted(own.SINK_DELIVERED.series(BRIDGE, "model")))
        news, self.confirmed = delivered - self.confirmed, delivered
        self.fresh |= set(self.sent[:news])
        self.delivered |= self.fresh
        del self.sent[:news]

    def counted_drops(self) -> int:
        dropped = (own.SINK_DROPPED.series(BRIDGE, "model", reason) for reason in REASONS)
        return int(sum(self.health.counted(series) for series in dropped))

    @invariant()
    def books_balance(self) -> None:
        accepted = self.health.counted(own.SINK_ACCEPTED.series(BRIDGE, "model"))
        delivered = self.health.counted(own.SINK_DELIVERED.series(BRIDGE, "model"))

        assert accepted == delivered + self.counted_drops() + len(self.buffer)

    @invariant()
    def disk_is_bounded(self) -> None:
        assert self.spool.bytes <= SIZE

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.spool.close()
            self.runner.close()
            self.place.cleanup()

    def finish(self) -> None:
        """Whatever was appended was delivered, or counted, or only in memory when the process died."""
        self.restart()
        while len(self.buffer):
            self.take()
            assert self.taken
            self.commit()
            self.buffer.settle(self.clock.now + 2)
            self.note()
        missing = self.due.keys() - self.delivered - self.risked

        assert len(missing) <= self.dropped + self.counted_drops()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=int(os.environ.get("TEST_LIVES", "60")), stateful_step_count=50)


def test_what_was_delivered_is_told_to_the_disk_though_there_is_nothing_to_write() -> None:
    life = Life()
    life.begin(newest_first=False, hold=0.0, memory=60)
    life.append(5)
    life.restart()

    life.take()
    life.commit()
    life.sync(OVERDUE, reached=True)
    life.crash()

    assert life.told == set(range(5))
    assert len(life.buffer) == 0
    life.teardown()
