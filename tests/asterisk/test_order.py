"""AMI guarantees no order: recorded streams, disordered, doubled and with gaps, give the same numbers."""

import os
import random
from collections.abc import Iterable, Mapping
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.asterisk.catalog import HISTOGRAMS
from bridge.asterisk.tracker import Tracker
from bridge.core.sample import Series
from tests import recordings
from tests.asterisk.world import World
from tests.recordings import Heard

WINDOW = 2.0
"""Seconds by which an event may come late."""
SHARE = 0.05
"""Of all events, those that are doubled, and those that are lost."""
SHUFFLES = int(os.environ.get("TEST_SHUFFLES", "400"))
"""In all, over all recordings."""
SETTLED = 60.0
"""Seconds after the last event when everything that is decided late has been decided."""
MOMENTS = (0.3, 0.6, 1.0)
"""Shares of a recording after which a poll is asked."""

Values = Mapping[Series, float]
shuffles = st.integers(min_value=0, max_value=2**32)
orderly = settings(
    max_examples=max(1, SHUFFLES // (2 * len(recordings.AMI))),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
folders = pytest.mark.parametrize("folder", recordings.AMI)


def disordered(events: Iterable[Heard], chance: random.Random, lost: float, doubled: float) -> list[Heard]:
    """Each event up to a window late, some of them twice, some not at all."""
    found = []
    for message, time in events:
        if chance.random() < lost:
            continue
        for _ in range(2 if chance.random() < doubled else 1):
            found.append(Heard(message, time + chance.uniform(0, WINDOW)))
    return sorted(found, key=lambda heard: heard.time)


def told(events: Iterable[Heard], world: World, at: float) -> tuple[Values, Values]:
    """Gauges and counters after the events, and after a poll of the world at Unix time `at`."""
    tracker = Tracker("hq")
    tracker.sync(World().replies(0), 0)
    for message, time in events:
        tracker.take(message, time)
    tracker.sync(world.replies(at), at)
    ended = [*tracker.gauges(at, at)]
    assert all(value >= 0 for _, value, _ in ended)
    gauges = {series: value for series, value, _ in tracker.gauges(at, at)}
    return gauges, {series: value for series, value, _ in tracker.totals.samples(at)}


@cache
def ordered(folder: str, moment: float) -> tuple[tuple[Heard, ...], World, float, Values, Values]:
    """The beginning of a recording up to a moment, the world then, when it is polled, and what is known."""
    events = recordings.ami(folder)
    events = events[: int(len(events) * moment)]
    world = World()
    for message, time in events:
        world.take(message, time)
    at = events[-1].time + SETTLED
    return events, world, at, *told(events, world, at)


BY_OUR_CLOCK = ("calls.", "dials.", "holds.", "recordings.", "spies.")
"""Durations between two events, as they came; of the others Asterisk tells itself how long they took."""
MEASURED = frozenset(
    metric.name
    for histogram in HISTOGRAMS
    for metric in histogram.metrics
    if histogram.name.startswith(BY_OUR_CLOCK) and metric is not histogram.count
)
"""Counters that are moved by when events came, which is not the same in disorder."""


def counted(totals: Values) -> dict[Series, float]:
    """The totals that disorder may not change."""
    return {series: value for series, value in totals.items() if series.name not in MEASURED}


@folders
@orderly
@given(seed=shuffles, moment=st.sampled_from(MOMENTS))
def test_disorder_and_doubles_change_nothing(folder: str, seed: int, moment: float) -> None:
    events, world, at, gauges, totals = ordered(folder, moment)

    mixed = told(disordered(events, random.Random(seed), lost=0, doubled=SHARE), world, at)

    assert mixed[0] == gauges
    assert counted(mixed[1]) == counted(totals)


@folders
@orderly
@given(seed=shuffles, moment=st.sampled_from(MOMENTS))
def test_a_poll_mends_what_lost_events_spoiled(folder: str, seed: int, moment: float) -> None:
    events, world, at, gauges, _ = ordered(folder, moment)

    mixed, _ = told(disordered(events, random.Random(seed), lost=SHARE, doubled=SHARE), world, at)

    assert mixed == gauges
