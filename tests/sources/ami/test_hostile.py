"""Servers that mean harm: the process stays up and small, and the end of every session is counted.

`TEST_HOSTILE_AMI` sessions of each of the twenty kinds are met, 6 unless it is set; 250 is the whole run, of
5,000 sessions.
"""

import asyncio
import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Sequence

import pytest

from bridge.core import own
from bridge.errors import SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.sources.ami import AmiSource
from bridge.sources.ami.connection import End
from tests.memory import held
from tests.sources.ami.hostile import KINDS, Kind, serving

EACH = int(os.environ.get("TEST_HOSTILE_AMI", "6"))
GROWTH = 16 * 1024 * 1024
"""Bytes that memory may grow. 4 MiB are wanted, but holes between objects can be as much; what one
session may hold while it lasts is more than that, so none can stay behind unseen."""


class Bench:
    """Two sources for each kind, one of which wants events; all count at one place."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.health = Health(self.clock)
        self.defects: list[str] = []
        self.longest = 0
        self.growth = 0

    async def meet_all(self) -> None:
        """All sessions; memory is compared with that after half of them, when buffers have had their size."""
        async with contextlib.AsyncExitStack() as stack:
            met = []
            for kind, seed in itertools.product(KINDS, range(2)):
                settings = await stack.enter_async_context(serving(kind, seed))
                met.append((kind, AmiSource(kind.name, settings, self.health, self.clock)))
            first = EACH // 4
            await self._meet(met, first)
            before = held()
            await self._meet(met, EACH // 2 - first)
            self.growth = held() - before

    async def _meet(self, met: Sequence[tuple[Kind, AmiSource]], times: int) -> None:
        """Side by side what waits for time-outs; the others one by one, so that their peaks do not add up."""

        async def again(kind: Kind, source: AmiSource) -> None:
            for _ in range(times):
                await self._session(kind, source)

        async with asyncio.TaskGroup() as group:
            for kind, source in met:
                if kind.end is End.TIMEOUT:
                    group.create_task(again(kind, source))
        for kind, source in met:
            if kind.end is not End.TIMEOUT:
                await again(kind, source)

    async def _session(self, kind: Kind, source: AmiSource) -> None:
        """One session: it must end by itself, with words that a log can hold."""
        try:
            async with asyncio.timeout(60):
                await source.run(lambda _: None)
        except SourceError as error:
            self.longest = max(self.longest, len(str(error)))
            self.defects += [] if str(error).isprintable() else [f"{kind.name}: {error}"]

    def ends(self, kind: Kind) -> Counter[str]:
        """How sessions of the kind ended, as counted."""
        counted = {
            end.value: int(self.health.counted(own.SOURCE_ERRORS.series(kind.name, "ami", end)))
            for end in End
        }
        return +Counter(counted)


@pytest.mark.timeout(900)
def test_every_session_with_a_hostile_server_ends_and_is_counted() -> None:
    bench = Bench()

    asyncio.run(bench.meet_all())

    total = sum(map(bench.ends, KINDS), Counter[str]())
    print(f"{total.total()} sessions: {dict(total)}; memory {bench.growth / 2**20:+.1f} MiB")
    assert bench.defects == []
    assert {kind.name: bench.ends(kind) for kind in KINDS} == {
        kind.name: Counter({kind.end.value: EACH}) for kind in KINDS
    }
    assert bench.longest < 400
    assert bench.growth <= GROWTH
