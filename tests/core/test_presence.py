"""Since when all sources of a PBX answer."""

import json

import pytest

from bridge.core.presence import Presence
from bridge.core.recall import recall_from
from bridge.core.sample import Series
from bridge.core.state import Json

STALE = 300.0


@pytest.fixture
def presence() -> Presence:
    return Presence(STALE, 0)


def hear(presence: Presence, source: str, up: float, now: float, pbx: str = "hq") -> None:
    presence.hear(Series("source.up", (("pbx", pbx), ("source", source))), up, now)


def test_a_pbx_of_which_nothing_is_told_answers_from_the_begin(presence: Presence) -> None:
    assert presence.since("hq", 50) == 0


def test_it_answers_since_its_first_source_was_up(presence: Presence) -> None:
    hear(presence, "ami", 1, 10)
    hear(presence, "ami", 1, 20)

    assert presence.since("hq", 50) == 10


def test_while_one_source_is_down_it_does_not_answer(presence: Presence) -> None:
    hear(presence, "ami", 1, 10)
    hear(presence, "snmp", 0, 20)

    assert presence.since("hq", 50) is None
    assert presence.since("branch", 50) == 0


def test_it_answers_again_when_all_are_up(presence: Presence) -> None:
    hear(presence, "ami", 0, 10)
    hear(presence, "snmp", 0, 10)
    hear(presence, "ami", 1, 20)
    assert presence.since("hq", 25) is None

    hear(presence, "snmp", 1, 30)

    assert presence.since("hq", 50) == 30


def test_a_source_that_nobody_tells_of_is_forgotten(presence: Presence) -> None:
    """New settings have it no more: what only it told may go, a while later."""
    hear(presence, "ami", 1, 10)
    hear(presence, "snmp", 0, 10)
    hear(presence, "ami", 1, 11 + STALE)

    assert presence.since("hq", 11 + STALE) == 11 + STALE


def test_a_source_that_was_up_may_be_forgotten_without_a_trace(presence: Presence) -> None:
    hear(presence, "ami", 1, 10)

    assert presence.since("hq", 11 + STALE) == 10


class TestMissed:
    """For how long something is missed."""

    def test_it_is_missed_since_it_was_heard_of(self, presence: Presence) -> None:
        hear(presence, "ami", 1, 10)

        assert presence.missed("hq", 40, 50) == 10

    def test_it_is_not_missed_for_longer_than_its_pbx_answers(self, presence: Presence) -> None:
        hear(presence, "ami", 0, 10)
        hear(presence, "ami", 1, 45)

        assert presence.missed("hq", 5, 50) == 5

    def test_it_is_not_missed_while_its_pbx_does_not_answer(self, presence: Presence) -> None:
        hear(presence, "ami", 0, 10)

        assert presence.missed("hq", 5, 50) == 0


class TestRestart:
    """It goes on."""

    def test_what_it_knew_it_knows_again(self, presence: Presence) -> None:
        hear(presence, "ami", 1, 10)
        hear(presence, "ami", 0, 10, pbx="branch")

        other = Presence(STALE, 5050)
        other.restore(json.loads(json.dumps(presence.state())), recall_from(50, 5050))

        assert [other.since(pbx, 5050) for pbx in ("hq", "branch", "new")] == [5010, None, 5000]
        assert presence.state() != other.state()

    @pytest.mark.parametrize(
        "state", [None, [], {"begun": "x", "pbxs": 5}, {"pbxs": {"hq": None, "a": [], "b": ["x", {}]}}]
    )
    def test_what_is_no_state_is_left_out(self, presence: Presence, state: Json) -> None:
        presence.restore(state, recall_from(0, 0))

        assert presence.state() == {"begun": 0, "pbxs": {}}

    def test_of_a_pbx_what_is_no_source_is_left_out(self, presence: Presence) -> None:
        presence.restore({"pbxs": {"hq": [0, {"ami": [True, 0], "snmp": "x", "x": [1]}]}}, recall_from(0, 0))

        assert presence.state() == {"begun": 0, "pbxs": {"hq": [0, {"ami": [True, 0]}]}}


def test_labels_that_nobody_gives_are_no_error(presence: Presence) -> None:
    presence.hear(Series("source.up"), 0, 10)

    assert presence.since("", 10) is None
