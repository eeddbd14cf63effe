"""What holds for the engine of all alerts whatever comes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.alert import Happening, Key, Moment, State
from bridge.core.rule import Compare, Rule, Term, Test
from bridge.core.rules import LIMIT, Rules
from bridge.core.sample import Sample, Series
from tests.core.model import Told
from tests.core.model_timelines import START, Engine, Step, labelled, lived, timeline

SEEDS = st.integers(0, 10**6)


def told(steps: Sequence[Step], engine: Engine | None = None) -> dict[Key, list[Told]]:
    engine = engine or Engine()
    for step in steps:
        step.apply(engine)
    return engine.told()


class Hasty(Engine):
    """Ticks all the time, due or not."""

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            super().wait(0.25)
        super().wait(seconds % 0.25)


@given(SEEDS)
@settings(max_examples=15)
def test_to_tick_when_it_is_due_is_as_good_as_to_tick_all_the_time(seed: int) -> None:
    steps = [replace(step, wait=min(step.wait, 60)) for step in timeline(seed)]

    assert told(steps, Hasty()) == told(steps)


@given(SEEDS)
@settings(max_examples=20)
def test_what_no_rule_watches_changes_nothing(seed: int) -> None:
    steps = timeline(seed)
    strangers = [Sample(Series("nobody.cares", (("pbx", pbx),)), 5.0, 0) for pbx in ("hq", "new")]

    with_strangers = [replace(step, samples=[*strangers, *step.samples, *strangers]) for step in steps]

    assert told(with_strangers) == told(steps)


@given(SEEDS)
@settings(max_examples=20)
def test_the_order_of_what_comes_at_once_does_not_matter(seed: int) -> None:
    random = Random(seed)
    steps = [
        replace(step, samples=list({sample.series: sample for sample in step.samples}.values()))
        for step in timeline(seed)
    ]

    shuffled = [replace(step, samples=random.sample(step.samples, len(step.samples))) for step in steps]

    assert told(shuffled) == told(steps)


@given(SEEDS)
@settings(max_examples=30)
def test_states_follow_each_other_as_they_may(seed: int) -> None:
    engine = lived(timeline(seed), restarts=False)
    before: dict[Key, State] = {}
    for notice in engine.notices:
        last = before.get(notice.key, State.INACTIVE)
        if notice.is_transition:
            assert notice.state.value == notice.happening.value
            assert notice.state is not last
            assert (last, notice.state) != (State.FIRING, State.PENDING)
        else:
            assert notice.state is last
        if notice.happening is Happening.GONE:
            assert notice.state is State.INACTIVE
        before[notice.key] = notice.state
    standing = {notice.key: notice.state for notice in engine.engine.everything()}

    assert standing.items() <= before.items()


@given(SEEDS)
@settings(max_examples=30)
def test_how_alerts_stand_is_what_was_told_last(seed: int) -> None:
    engine = lived(timeline(seed), restarts=False)

    for standing in engine.engine.everything():
        last = [notice for notice in engine.notices if notice.key == standing.key][-1]
        assert standing == replace(
            last, happening=Happening.WATCHED, value=standing.value, summary=standing.summary
        )


# --- damage

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([1e300, -1e300, 10**400, "firing", "pbx", float("nan"), float("inf")]),
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=5), deeper, max_size=3),
    max_leaves=6,
)


def places(state: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to everything in a state."""
    yield path
    inner = state.items() if isinstance(state, dict) else enumerate(state) if isinstance(state, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))


def put(state: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The state with something else at a place."""
    if not path:
        return value
    key, *rest = path
    state[key] = put(state[key], tuple(rest), value)
    return state


KNOWN = [
    json.dumps(lived(timeline(seed)[:25], restarts=False).engine.state(Moment(START.time, START.monotonic)))
    for seed in range(3)
]


def goes_on(state: Any, seed: int) -> None:
    """It takes any state, and lives on: the harness sees to it that what is due is done."""
    engine = Engine()
    engine.engine = engine.new()
    engine.notices += engine.engine.restore(state, engine.now)
    for step in timeline(seed)[:12]:
        step.apply(engine)
    json.dumps(engine.engine.state(engine.now), allow_nan=False)


@given(junk, SEEDS)
@settings(max_examples=60)
def test_any_json_may_be_the_state(state: Any, seed: int) -> None:
    goes_on(state, seed)


@given(st.sampled_from(KNOWN), st.data(), SEEDS)
@settings(max_examples=150)
def test_anything_may_be_somewhere_in_the_state(text: str, data: st.DataObject, seed: int) -> None:
    state = json.loads(text)
    everywhere = list(places(state))
    for _ in range(data.draw(st.integers(1, 6))):
        path = data.draw(st.sampled_from(everywhere))
        try:
            state = put(state, path, data.draw(junk))
        except (KeyError, IndexError, TypeError):  # something above it was put in already
            continue

    goes_on(state, seed)


# --- amounts


def test_there_is_room_for_so_many_alerts_and_the_rest_is_counted() -> None:
    rule = Rule("down", Term("trunk.up"), Test(Compare.EQUAL, 0), by=("trunk",), hold=5, repeat=60)
    engine = Rules([rule], START)
    samples = [Sample(labelled("trunk.up", "hq", trunk=str(each)), 0.0, 0) for each in range(LIMIT + 500)]

    notices = engine.take(samples, START)
    notices += engine.tick(Moment(START.time + 5, START.monotonic + 5))

    assert len(notices) == 2 * LIMIT
    assert engine.refused == 500
    assert len(list(engine.states())) == LIMIT
    assert engine.due == pytest.approx(START.monotonic + 60, abs=5)
