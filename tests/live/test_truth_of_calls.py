"""Hundreds of random calls on real Asterisks: what the bridge counted is what Asterisk wrote down."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from tests.live.asterisk import VERSIONS, asterisk
from tests.live.calls import draw
from tests.live.records import comparable, totals
from tests.live.watch import Story, Watch

CALLS = int(os.environ.get("TEST_CALLS", "300"))
SEED = int(os.environ.get("TEST_SEED", "3"))
LOOKS = 100
"""How often gauges are compared with the command line while calls come and go, at least."""
GONE = (
    "calls.active",
    "channels.bridged",
    "conferences.active",
    "dialplan.active",
    "holds.active",
    "parking.calls",
    "queue.waiting",
    "channel_state.channels",
    "technology.channels",
)
"""Gauges that are 0 when the last call has ended."""

pytestmark = [pytest.mark.live, pytest.mark.alone, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=VERSIONS)
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    """All calls on a fresh Asterisk of each version."""
    with asterisk(request.param) as pbx:
        yield asyncio.run(Watch(pbx, LOOKS).play(tuple(draw(CALLS, SEED))))


def test_every_counter_is_what_asterisk_wrote_down(story: Story) -> None:
    """Calls, channels, dials, bridges, transfers, parking, conferences, queues: by CEL, CDR and queue_log."""
    truth = totals(story.records)
    print(f"\n{len(truth)} counters over {CALLS} calls add up to {sum(truth.values()):,.0f}")

    assert comparable(story.said, truth) == truth
    assert story.said["dialplan.processed",] == story.processed


def test_every_gauge_is_what_the_command_line_says(story: Story) -> None:
    """Within the events that may be in flight: one, or a few bridges while calls are transferred."""
    wrong = [look for look in story.looks if not look.right]
    print(f"\n{len(story.looks)} gauges compared")

    assert not wrong
    assert min(story.lowest.values()) >= 0


def test_nothing_stays_when_the_last_call_has_ended(story: Story) -> None:
    left = {key: value for key, value in story.said.items() if key[0] in GONE and value}

    assert not left
    assert story.said["bridges.active",] == 1, "a parking lot keeps its bridge"
    assert {name for name, *_ in story.said} >= set(GONE)


def test_no_poll_had_anything_to_correct(story: Story) -> None:
    """Every event came and was understood."""
    assert story.said["ami.resync_corrections",] == 0
    assert ("ami.events_missed",) not in story.said
