"""Polls are punctual, spread, never overlap, and are counted."""

import asyncio
from collections.abc import Sequence

import pytest

from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.sample import Sample, Series
from bridge.errors import SourceError
from bridge.pipeline.health import Health, Part
from bridge.pipeline.poller import Poller, spread
from tests.fakes import FakeClock, SteppingClock

SNMP = Part("source", "hq", "snmp")
CALLS = Sample(Series("calls.active", (("pbx", "hq"),)), 3, 0)


class Peer:
    """Answers each poll in the given number of seconds; after the last one it refuses."""

    def __init__(self, clock: FakeClock, *durations: float) -> None:
        self.clock = clock
        self.durations = list(durations)
        self.asked_at: list[float] = []

    async def poll(self) -> Sequence[Sample]:
        self.asked_at.append(self.clock.now)
        if not self.durations:
            raise SourceError("no answer")
        self.clock.now += self.durations.pop(0)
        return [CALLS]


def run(peer: Peer, health: Health, interval: float = 10) -> list[Sample]:
    emitted: list[Sample] = []
    with pytest.raises(SourceError, match="no answer"):
        asyncio.run(Poller(SNMP, interval, health, peer.clock).run(peer.poll, emitted.extend))
    return emitted


def counted(health: Health, metric: Metric) -> float:
    return health.counted(metric.series("hq", "snmp"))


def test_it_polls_at_once_and_then_at_every_tick() -> None:
    peer = Peer(FakeClock(1000), 0, 0, 0)
    health = Health(peer.clock)

    emitted = run(peer, health)

    assert peer.asked_at[0] == 1000
    assert [later - spread("hq", 10) for later in peer.asked_at[1:]] == pytest.approx([1000, 1010, 1020])
    assert emitted == [CALLS] * 3
    assert counted(health, own.SOURCE_POLLS) == 3


def test_a_poll_that_takes_too_long_makes_the_next_ones_skip() -> None:
    peer = Peer(FakeClock(1000), 0, 25, 0)
    health = Health(peer.clock)

    run(peer, health)

    assert counted(health, own.SOURCE_POLLS_SKIPPED) == 2


@pytest.mark.parametrize("step", [-3600, -1, 1, 3600])
def test_a_clock_that_is_set_skips_no_polls_and_stretches_none(step: float) -> None:
    clock = SteppingClock(1000)
    peer = Peer(clock, 0.5, 0.5, 0.5)
    health = Health(clock)

    async def poll() -> Sequence[Sample]:
        answer = await peer.poll()
        clock.error = step
        return answer

    with pytest.raises(SourceError):
        asyncio.run(Poller(SNMP, 10, health, clock).run(poll, lambda _: None))

    assert counted(health, own.SOURCE_POLLS_SKIPPED) == 0
    assert counted(health, own.SOURCE_POLLS) == 3
    assert clock.monotonic() - 1000 <= 4 * 10


def test_a_poll_that_is_answered_says_that_the_source_is_up() -> None:
    peer = Peer(FakeClock(), 0.5)
    health = Health(peer.clock)
    health.expect(SNMP)

    run(peer, health)

    assert health.missing() == {}


def test_a_failed_poll_ends_the_run_is_counted_and_has_no_duration() -> None:
    peer = Peer(FakeClock(), 0.5)
    health = Health(peer.clock)

    run(peer, health)

    assert counted(health, own.SOURCE_POLL_FAILURES) == 1
    assert not [s for s in health.samples(0) if s.series.name == own.SOURCE_POLL_TIME.name]


def test_many_targets_are_spread_over_the_interval() -> None:
    offsets = [spread(f"branch-{number}", 10) for number in range(1000)]

    per_second = [sum(int(offset) == second for offset in offsets) for second in range(10)]

    assert all(60 <= count <= 140 for count in per_second)
    assert spread("hq", 10) == spread("hq", 10)
