"""Timelines of everything that may happen to alerts, against a model that is too simple to be wrong.

Each is lived through twice: straight, and with a restart of the bridge after every step. Scaled by
TEST_TIMELINES (60; the bar is 500).
"""

import os
from collections.abc import Mapping, Sequence

import pytest

from bridge.core.alert import Happening, Key
from tests.core.model import Told
from tests.core.model_timelines import Engine, Step, lived, modelled, timeline

TIMELINES = int(os.environ.get("TEST_TIMELINES", "40"))
PARTS = 10


def first_difference(found: Mapping[Key, Sequence[Told]], wanted: Mapping[Key, Sequence[Told]]) -> str:
    """The first notice that is not as the model has it; empty if all are."""
    differences = []
    for key in found.keys() | wanted.keys():
        ours, theirs = found.get(key, ()), wanted.get(key, ())
        if ours != theirs:
            place = next(
                (i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None
            )
            at = min(len(ours), len(theirs)) if place is None else place
            pair = (*ours[at : at + 1], None)[0], (*theirs[at : at + 1], None)[0]
            when = min(each[2] for each in pair if each)
            differences.append((when, f"{key}: notice {at} is {pair[0]}, not {pair[1]}"))
    return min(differences, default=(0, ""))[1]


@pytest.mark.parametrize("part", range(PARTS))
def test_engine_and_model_tell_the_same_with_and_without_restarts(part: int) -> None:
    for seed in range(part, TIMELINES, PARTS):
        steps = timeline(seed)

        wanted = modelled(steps)

        for restarts in (False, True):
            engine = lived(steps, restarts=restarts)
            assert not first_difference(engine.told(), wanted), f"seed {seed}, restarts {restarts}"
            assert_numbered(engine)


def assert_numbered(engine: Engine) -> None:
    """What is told of an alert has a number of its own, which is higher than the one before."""
    last: dict[Key, int] = {}
    for notice in engine.notices:
        assert notice.number > last.get(notice.key, 0)
        last[notice.key] = notice.number


def test_timelines_bring_everything() -> None:
    """The timelines are of no use if something never happens in them."""
    steps: list[Step] = [step for seed in range(60) for step in timeline(seed)]
    told = [each for seed in range(60) for each in told_in(timeline(seed))]

    assert {each[0] for each in told} == set(Happening)
    assert all(any(each[place] for each in told) for place in (5, 6, 7, 8))
    assert any(step.clock for step in steps)
    assert len(told) > 60 * 50


def told_in(steps: Sequence[Step]) -> list[Told]:
    return [each for told in modelled(steps).values() for each in told]
