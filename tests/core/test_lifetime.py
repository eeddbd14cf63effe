"""A run of a device is told from the next by how long it says that it runs, over wraps and restarts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.lifetime import Lifetime
from bridge.core.state import Json

TOP = (1 << 32) / 100
"""Seconds after which TimeTicks wrap: 497 days."""


def runs(*readings: tuple[float, float]) -> Lifetime:
    """A lifetime after readings of (the device's time, our time)."""
    life = Lifetime(TOP)
    for time, now in readings:
        life.update(time, now)
    return life


@pytest.mark.parametrize(
    ("readings", "run", "seconds"),
    [
        pytest.param([(50, 0), (65, 15)], 1, 65, id="it goes on"),
        pytest.param([(50, 0), (66.5, 15), (79, 30)], 1, 79, id="answers travel"),
        pytest.param([(50, 0), (3, 15)], 2, 3, id="it began anew"),
        pytest.param([(50, 0), (60, 3600)], 2, 60, id="it began anew and runs longer than the one before"),
        pytest.param([(TOP - 10, 0), (5, 15)], 1, TOP + 5, id="it wraps"),
        pytest.param([(TOP - 10, 0), (5, 15), (20, 30)], 1, TOP + 20, id="it goes on after the wrap"),
        pytest.param([(TOP - 10, 0), (5, 3600)], 2, 5, id="it began anew near the wrap"),
        pytest.param([(100, 0), (TOP - 100, TOP * 2 - 200)], 1, 2 * TOP - 100, id="it wraps unseen"),
        pytest.param([(9000, 0), (9015, 4015)], 1, 9015, id="our clock was set forward"),
        pytest.param([(9000, 0), (9015, -4000)], 1, 9015, id="our clock was set back"),
        pytest.param([(9000, 0), (8000, 15)], 2, 8000, id="its clock was set, or it began anew"),
    ],
)
def test_each_run_is_told_from_the_next(
    readings: list[tuple[float, float]], run: int, seconds: float
) -> None:
    life = runs(*readings)

    assert life.run == run
    assert life.seconds == pytest.approx(seconds)


def test_what_is_known_from_elsewhere_is_believed() -> None:
    life = runs((50, 0))

    life.update(65, 15, restarted=True)

    assert life.run == 2


@given(st.lists(st.floats(0, TOP), min_size=1, max_size=50), st.floats(0, TOP * 0.999))
def test_however_often_it_wraps_the_time_shown_is_the_time_passed(steps: list[float], start: float) -> None:
    life, now = Lifetime(TOP), start
    life.update(start, 0)

    for step in steps:
        now += step
        life.update(now % TOP, now - start)

    assert life.run == 1
    assert life.seconds == pytest.approx(now, abs=0.01)


@pytest.mark.parametrize(("uptime", "run"), [(650, 1), (90, 2), (550, 2)])
def test_a_restart_is_seen_although_the_bridge_was_away(uptime: float, run: int) -> None:
    """The monotonic clock of the machine may have begun anew too; Unix time has not."""
    before, after = runs((50, 1000)), Lifetime(TOP)

    after.restore(json.loads(json.dumps(before.state(offset=500_000))), offset=501_590)
    after.update(uptime, 10)

    assert after.run == run


@pytest.mark.parametrize("state", [None, 3, "x", [], [1, 2], [1, 2, None], ["a", 1, 2], {}])
def test_a_state_that_is_none_is_ignored(state: Json) -> None:
    life = Lifetime()
    life.restore(state, 0)
    life.update(5, 0)

    assert (life.run, life.seconds) == (1, 5)
