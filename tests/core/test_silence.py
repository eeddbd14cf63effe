"""Alerts of which nobody is told, and the words by which people name alerts."""

import json

import pytest

from bridge.core.alert import Key
from bridge.core.rule import Patterns
from bridge.core.silence import Selector, Silence, Silences, silence_in
from bridge.core.state import Json

KEY = Key("trunk_down", (("pbx", "hq"), ("trunk", "acme")))
OTHER = Key("queue_long", (("pbx", "hq"), ("queue", "sales")))


class TestSelector:
    """Which alerts are meant."""

    @pytest.mark.parametrize(
        ("selector", "meant"),
        [
            (Selector(), True),
            (Selector("trunk_*"), True),
            (Selector("queue_*"), False),
            (Selector(labels={"trunk": ("a*",)}), True),
            (Selector(labels={"trunk": ("!acme",)}), False),
            (Selector(labels={"queue": ("sales",)}), False),
            (Selector(id=KEY.id), True),
            (Selector(id=f"{KEY.id}-17"), True),
            (Selector(id=OTHER.id), False),
            (Selector(id=KEY.id[:5]), False),
            (Selector("queue_*", id=KEY.id), False),
        ],
    )
    def test_all_that_is_given_must_fit(self, selector: Selector, meant: bool) -> None:
        assert selector.means(KEY) is meant


class TestSilence:
    """One of them."""

    def test_the_same_has_the_same_id_and_another_has_another(self) -> None:
        silence = Silence(Selector("a"), 100.0, "why")

        assert silence.id == Silence(Selector("a"), 100.0, "why").id
        assert silence.id != Silence(Selector("b"), 100.0, "why").id
        assert silence.id != Silence(Selector("a"), 101.0, "why").id
        assert silence.id != Silence(Selector("a"), 100.0, "because").id

    @pytest.mark.parametrize("labels", [{}, {"trunk": ("a*", "!acme"), "pbx": ("hq",)}])
    def test_what_was_shown_is_read_again(self, labels: Patterns) -> None:
        silence = Silence(Selector("trunk_*", labels, KEY.id), 100.0, "gr\u00fc\u00df\udcff")

        read = silence_in(json.loads(json.dumps(silence.shown())))

        assert read == silence
        assert read.id == silence.id

    @pytest.mark.parametrize(
        "state",
        [
            None,
            [],
            {},
            {"until": 5},
            {"until": "5", "matcher": {"rule": "*"}},
            {"until": True, "matcher": {"rule": "*"}},
            {"until": 5, "matcher": []},
            {"until": 5, "matcher": {"rule": "*", "labels": {"trunk": [5]}}},
            {"until": 5, "matcher": {"rule": "*", "labels": {"trunk": "acme"}}},
            {"until": 5, "matcher": {"rule": "*", "labels": {"trunk": []}}},
        ],
    )
    def test_what_is_none_is_none_and_never_one_of_more_than_was_asked_for(self, state: Json) -> None:
        assert silence_in(state) is None

    def test_without_a_rule_it_is_of_nothing(self) -> None:
        silence = silence_in({"until": 5, "matcher": {"labels": {}, "id": ""}})

        assert silence is not None
        assert not silence.selector.means(KEY)


class TestSilences:
    """Those in force."""

    @pytest.fixture
    def silences(self) -> Silences:
        return Silences()

    def test_an_alert_is_silent_until_the_last_of_its_silences_ends(self, silences: Silences) -> None:
        silences.add(Silence(Selector("trunk_*"), 100.0))
        silences.add(Silence(Selector(), 50.0))

        assert silences.until(KEY) == 100
        assert silences.until(OTHER) == 50

    def test_without_one_people_are_told(self, silences: Silences) -> None:
        assert silences.until(KEY) is None

    def test_the_same_is_not_there_twice(self, silences: Silences) -> None:
        silences.add(Silence(Selector(), 50.0))
        silences.add(Silence(Selector(), 50.0))

        assert len(silences.in_force) == 1

    def test_one_may_be_ended_by_its_id(self, silences: Silences) -> None:
        silence = Silence(Selector(), 50.0)
        silences.add(silence)

        assert silences.end("unknown") == []
        assert silences.end(silence.id) == [silence]
        assert silences.in_force == []

    def test_it_ends_at_its_time_and_not_before(self, silences: Silences) -> None:
        silence = Silence(Selector(), 50.0)
        silences.add(silence)

        assert silences.expire(49.9) == []
        assert silences.expire(50.0) == [silence]
        assert silences.expire(50.0) == []

    def test_what_was_in_force_is_so_after_a_restart(self, silences: Silences) -> None:
        silences.add(Silence(Selector("trunk_*", {"trunk": ("acme",)}), 100.0, "why"))
        other = Silences()

        other.restore(json.loads(json.dumps(silences.state())))

        assert other.in_force == silences.in_force

    @pytest.mark.parametrize("state", [None, 5, "x", {}, [None, 5, {}, [[]]]])
    def test_what_is_no_state_is_left_out(self, silences: Silences, state: Json) -> None:
        silences.restore(state)

        assert silences.in_force == []
