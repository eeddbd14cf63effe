"""Pace: a backlog follows at a multiple of the live rate."""

import pytest

from bridge.core.pace import MEMORY, Pace


def replayed(pace: Pace, live: int, seconds: float, chunk: int = 100) -> int:
    """How much of an endless backlog goes in some seconds, while `live` come every second; ends settled."""
    gone = 0
    for tick in range(int((5 * MEMORY + seconds) * 10)):
        now = tick / 10
        if tick % 10 == 0:
            pace.live(live, now)
        while pace.open(now):
            pace.spend(chunk)
            gone += chunk if now >= 5 * MEMORY else 0
    return gone


@pytest.mark.parametrize("live", [1000, 5000])
def test_it_follows_at_the_multiple(live: int) -> None:
    assert replayed(Pace(2.0, 500.0), live, 60) == pytest.approx(2 * live * 60, rel=0.05)


@pytest.mark.parametrize("live", [0, 100])
def test_where_little_is_live_it_follows_at_the_least(live: int) -> None:
    assert replayed(Pace(2.0, 500.0), live, 60) == pytest.approx(500 * 60, rel=0.05)


def test_a_pause_saves_up_no_more_than_a_second() -> None:
    pace = Pace(2.0, 500.0)
    pace.open(0.0)

    gone = 0
    while pace.open(3600.0):
        pace.spend(1)
        gone += 1

    assert gone == 500
