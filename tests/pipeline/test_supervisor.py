"""The supervisor keeps a source running, and only cancellation ends it."""

import asyncio

import pytest

from bridge.core import own
from bridge.errors import SourceError
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Emit
from bridge.pipeline.supervisor import first_cause, supervise
from tests.fakes import FakeClock


class Failing:
    """A source that ends in the given ways, one after the other, and then stays."""

    name = "ami"
    pbx = "hq"

    def __init__(self, clock: FakeClock, *ends: Exception | None, lasts: float = 0) -> None:
        self.ends = list(ends)
        self.clock = clock
        self.lasts = lasts
        self.settled = asyncio.Event()

    async def run(self, emit: Emit) -> None:
        self.clock.now += self.lasts
        if not self.ends:
            self.settled.set()
            await asyncio.Event().wait()
        if end := self.ends.pop(0):
            raise end


class Nested(Failing):
    """A source that fails inside two task groups."""

    async def run(self, emit: Emit) -> None:
        async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
            waiting = outer.create_task(asyncio.Event().wait())
            await inner.create_task(super().run(emit))
            waiting.cancel()


async def watch(source: Failing, health: Health, clock: FakeClock) -> None:
    backoff = Backoff(first=1, longest=30, uniform=lambda _, bound: bound)
    task = asyncio.create_task(supervise(source, lambda _: None, health, clock, backoff))
    await source.settled.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (SourceError("hq: connection refused"), "hq: connection refused"),
        (ExceptionGroup("group", [SourceError("authentication failed")]), "authentication failed"),
        (ZeroDivisionError("defect"), "ZeroDivisionError, a defect: the log tells where"),
        (None, "ended by itself"),
    ],
)
@pytest.mark.parametrize("kind", [Failing, Nested])
def test_however_it_ends_it_is_started_again_and_the_reason_is_kept(
    kind: type[Failing], end: Exception | None, reason: str
) -> None:
    clock = FakeClock()
    health = Health(clock)

    asyncio.run(watch(kind(clock, end), health, clock))

    assert health.missing() == {Part("source", "hq", "ami"): reason}
    assert health.counted(own.SOURCE_RESTARTS.series("hq", "ami")) == 1


def test_each_failure_in_a_row_waits_longer() -> None:
    clock = FakeClock()

    asyncio.run(watch(Failing(clock, *[SourceError("away")] * 4), Health(clock), clock))

    assert clock.slept == [1, 2, 4, 8]


def test_after_a_stable_time_the_wait_is_short_again() -> None:
    clock = FakeClock()

    asyncio.run(watch(Failing(clock, *[SourceError("away")] * 3, lasts=61), Health(clock), clock))

    assert clock.slept == [1, 1, 1]


class Torn(Failing):
    """A source whose connection is lost just when it is cancelled."""

    async def run(self, emit: Emit) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.read())

    async def read(self) -> None:
        self.settled.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise SourceError("connection lost")


def test_it_ends_when_it_is_cancelled_even_if_the_source_fails_just_then() -> None:
    async def scenario() -> asyncio.Task[None]:
        clock = FakeClock()
        source = Torn(clock)
        task = asyncio.create_task(supervise(source, lambda _: None, Health(clock), clock))
        await source.settled.wait()
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        return task

    assert asyncio.run(scenario()).cancelled()


def test_the_first_cause_is_found_in_nested_groups() -> None:
    cause = SourceError("away")

    assert first_cause(ExceptionGroup("a", [ExceptionGroup("b", [cause]), ValueError()])) is cause
