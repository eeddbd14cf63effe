"""What holds for an alert whatever happens to it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.alert import Happening, Notice, State
from bridge.core.course import Alert
from bridge.core.recall import recall_from
from bridge.core.rule import Rule
from tests.core.model_life import AHEAD, KEY, Life, at, rule

steps = st.lists(
    st.tuples(
        st.sampled_from(("bad", "good", "wait", "inhibit", "release", "silence", "unsilence", "acknowledge")),
        st.integers(0, 20),
    ),
    max_size=40,
)
rules = st.builds(
    rule, st.sampled_from((0, 5)), st.sampled_from((0, 7)), st.integers(0, 2), st.sampled_from((10, 30))
)


def lived(watched: Rule, steps: list[tuple[str, int]], *, restarts: bool = False) -> list[Notice]:
    life, now = Life(watched), 0
    for verb, wait in steps:
        now += wait
        life.notices += life.alert.elapse(at(now))
        match verb:
            case "bad" | "good":
                life.notices += life.alert.look(5.0, verb == "bad", at(now))
            case "inhibit" | "release":
                life.notices += life.alert.inhibit(verb == "inhibit", at(now))
            case "silence" | "unsilence":
                life.notices += life.alert.silence(AHEAD + 9999 if verb == "silence" else None, at(now))
            case "acknowledge":
                life.notices += life.alert.acknowledge(at(now))
        if restarts:
            kept, silenced = json.loads(json.dumps(life.alert.kept())), life.alert.silenced
            life.alert = Alert(watched, KEY, at(now))
            life.alert.restore(kept, recall_from(now, now))
            life.alert.silenced = silenced
    return life.notices


@given(rules, steps)
def test_states_follow_each_other_as_they_may(watched: Rule, steps: list[tuple[str, int]]) -> None:
    before = State.INACTIVE
    allowed = {
        (State.INACTIVE, State.PENDING),
        (State.INACTIVE, State.FIRING),
        (State.PENDING, State.FIRING),
        (State.PENDING, State.INACTIVE),
        (State.FIRING, State.INACTIVE),
    }

    for notice in lived(watched, steps):
        if notice.is_transition:
            assert notice.state.value == notice.happening.value
            assert (before, notice.state) in allowed
            assert not (watched.hold and (before, notice.state) == (State.INACTIVE, State.FIRING))
            before = notice.state
        assert notice.state is before


@given(rules, steps)
def test_numbers_rise_by_one(watched: Rule, steps: list[tuple[str, int]]) -> None:
    numbers = [notice.number for notice in lived(watched, steps)]

    assert numbers == [int(AHEAD) + 1 + place for place in range(len(numbers))]


@given(rules, steps)
def test_what_is_explained_neither_begins_to_fire_nor_is_reminded_of(
    watched: Rule, steps: list[tuple[str, int]]
) -> None:
    for notice in lived(watched, steps):
        assert not (notice.inhibited and notice.happening in {Happening.FIRING, Happening.REMINDER})


@given(rules, steps)
def test_a_restart_at_every_step_changes_nothing(watched: Rule, steps: list[tuple[str, int]]) -> None:
    assert lived(watched, steps, restarts=True) == lived(watched, steps)
