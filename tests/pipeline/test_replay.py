"""A replay after an outage can be followed in the log, and a short one leaves no line."""

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.core.pace import Pace
from bridge.core.sample import Sample, Series
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.replay import PERIOD, Replay
from tests.fakes import FakeClock, MemorySink, MemoryStore

Lines = list[MutableMapping[str, Any]]
STEP = 0.25


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as found:
        yield found


def looked(replay: Replay, begin: float, end: float, left: int, pace: float) -> None:
    """Looks at it from `begin` to `end`, while what is left goes by `pace` a second."""
    for step in range(int((end - begin) / STEP) + 1):
        replay.look(max(0, round(left - pace * step * STEP)), begin + step * STEP, up=True)


def test_what_is_left_and_the_pace_are_told_every_half_minute(lines: Lines) -> None:
    looked(Replay("graphite"), 0, 100, 200_000, 1000)

    assert [(each["event"], each["samples_left"], each["samples_per_second"]) for each in lines] == [
        ("catching up", 170_000, 1000),
        ("catching up", 140_000, 1000),
        ("catching up", 110_000, 1000),
    ]
    assert {each["sink"] for each in lines} == {"graphite"}


def test_its_end_is_told(lines: Lines) -> None:
    looked(Replay("mqtt"), 0, 120, 100_000, 1000)

    assert [each["event"] for each in lines] == ["catching up"] * 3 + ["caught up"]


def test_a_short_one_is_not_told_of(lines: Lines) -> None:
    looked(Replay("mqtt"), 0, 120, 10_000, 1000)

    assert lines == []


def test_a_backlog_that_grows_is_called_what_it_is(lines: Lines) -> None:
    looked(Replay("mqtt"), 0, PERIOD, 1000, -50)

    (line,) = lines
    assert (line["event"], line["samples_left"], line["samples_per_second"]) == ("falling behind", 2500, 50)


def test_while_the_sink_is_away_nothing_is_told(lines: Lines) -> None:
    replay = Replay("mqtt")

    for second in range(200):
        replay.look(1000 + second, second, up=False)

    assert lines == []


def test_a_sink_that_comes_and_goes_makes_no_more_lines(lines: Lines) -> None:
    replay = Replay("mqtt")
    for second in range(1200):
        replay.look(100_000 - second, second, up=second % 40 != 0)

    assert 0 < len(lines) <= 1200 / PERIOD


def test_a_sink_that_is_back_is_watched_by_its_delivery(lines: Lines) -> None:
    """400 samples are left from before, of which 4 a second may follow."""
    store, clock, sink = MemoryStore(), FakeClock(), MemorySink()
    store.give_back(store.write([[Sample(Series("calls.active"), 1, 0)] * 10] * 40))
    health = Health(clock)
    buffer = Buffer(Limits(1000, 10), Ledger(health, sink.name), store, Pace(2, 4))
    delivery = Delivery(sink, buffer, health, clock)

    async def scenario() -> None:
        running = asyncio.create_task(delivery.run())
        while not lines or lines[-1]["event"] != "caught up":
            await asyncio.sleep(0)
        await delivery.stop(10)
        await running

    asyncio.run(asyncio.wait_for(scenario(), 60))

    told = [each for each in lines if each["event"] == "catching up"]
    left = [each["samples_left"] for each in told]
    assert told
    assert left == sorted(left, reverse=True)
    assert 0 < left[0] < 400
    assert len(sink.written) == 400
