"""The engine of all alerts: what goes, what there is room for, and what is known after a restart."""

import json
from dataclasses import replace

import pytest

from bridge.core.alert import State
from bridge.core.rule import Compare, Measure, Rule, Term, Test
from bridge.core.silence import Selector, Silence
from bridge.core.state import Json
from tests.core.model_watch import STALE, WALL, Watch, of, rule, source, trunk

TRUNK_DOWN = rule("trunk_down", "trunk.up", by=("trunk",))
PBX_DOWN = rule("pbx_down", "source.up")
EXPLAINED = replace(TRUNK_DOWN, inhibited_by=("pbx_down",))
SILENT = rule("silent", "calls", Test(Compare.ABOVE, 60), measure=Measure.ABSENCE)


class TestGone:
    """What it watches is not there any more."""

    def test_what_is_silent_has_gone_while_its_pbx_answers(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 0), (trunk("bolt"), 1))
        watch.wait(STALE)
        watch.hear((trunk("bolt"), 1))

        assert watch.wait(STALE / 4) == ["trunk_down acme inactive", "trunk_down acme gone"]
        assert watch.notices[-1].value is None

    def test_it_has_not_while_a_source_is_down_nor_soon_after(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((source("ami"), 1), (source("snmp"), 1), (trunk("acme"), 1), (trunk("far", "branch"), 1))
        told = []
        for up in [0] * 20 + [1] * 4:
            watch.hear((source("ami"), 1), (source("snmp"), up))
            told += watch.wait(STALE / 4)

        assert told == ["trunk_down branch far gone"]
        watch.hear((source("snmp"), 1))
        assert watch.wait(STALE / 4) == ["trunk_down acme gone"]

    def test_what_comes_again_is_new_and_its_numbers_go_on(self) -> None:
        """Even if it told much, and the clock was set back."""
        watch = Watch(TRUNK_DOWN)
        for value in [0, 1] * 500:
            watch.hear((trunk("acme"), value))
        watch.wait(2 * STALE)
        watch.wall -= 3600

        assert watch.hear((trunk("acme"), 1)) == ["trunk_down acme watched"]
        numbers = [notice.number for notice in watch.notices]
        assert numbers == sorted(set(numbers))

    def test_it_is_not_due_any_more(self) -> None:
        watch = Watch(replace(TRUNK_DOWN, repeat=400))
        watch.hear((trunk("acme"), 0))

        assert watch.wait(1000) == ["trunk_down acme inactive", "trunk_down acme gone"]


class TestLimit:
    """Labels may be made up by somebody else."""

    def test_beyond_the_limit_nothing_is_watched_and_that_is_counted(self) -> None:
        watch = Watch(TRUNK_DOWN, limit=2)
        for each in ("acme", "bolt", "core", "core", "dyna"):
            watch.hear((trunk(each), 0))

        assert watch.rules.refused == 3
        assert len(list(watch.rules.everything())) == 2
        assert "core" not in str(watch.rules.state(watch.moment))

    def test_when_there_is_room_again_it_is_watched(self) -> None:
        watch = Watch(TRUNK_DOWN, limit=1)
        watch.hear((trunk("acme"), 1))
        watch.wait(2 * STALE)

        assert watch.hear((trunk("bolt"), 0)) == ["trunk_down bolt firing"]


class Hours:
    """Open from a moment on, in seconds since the begin."""

    def __init__(self, opens: float) -> None:
        self._opens = WALL + opens

    def is_open(self, now: float) -> bool:
        return now >= self._opens

    def changes_after(self, now: float) -> float | None:
        return self._opens if now < self._opens else None


class TestRestart:
    """It goes on."""

    def test_alerts_stand_as_they_stood(self) -> None:
        watch = Watch(replace(TRUNK_DOWN, hold=5))
        watch.hear((trunk("acme"), 0), (trunk("bolt"), 1))
        watch.wait(5)
        watch.hear((trunk("core"), 0))
        before = list(watch.rules.everything())

        assert watch.restart() == []
        assert list(watch.rules.everything()) == before
        assert watch.hear((trunk("acme"), 1), (trunk("bolt"), 1)) == ["trunk_down acme inactive"]

    @pytest.mark.parametrize("clock", [0, -7200, 7200])
    def test_what_must_last_has_not_lasted_while_the_bridge_was_away(self, clock: float) -> None:
        """It saw nothing; and the wall clock may have been set meanwhile."""
        watch = Watch(replace(TRUNK_DOWN, hold=30), replace(SILENT))
        watch.hear((trunk("acme"), 0), (of("calls"), 1))
        watch.wait(20)

        assert watch.restart(away=3600, clock=clock) == []
        assert watch.wait(9) == []
        assert watch.wait(1) == ["trunk_down acme firing"]
        assert watch.wait(29) == []
        assert watch.wait(1) == ["silent firing"]

    def test_a_silence_ends_at_its_time_soon_after_a_restart_or_meanwhile(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 1), (trunk("bolt"), 1))
        watch.rules.silence(Silence(Selector(labels={"trunk": ("acme",)}), WALL + 10), watch.moment)
        watch.rules.silence(Silence(Selector(labels={"trunk": ("bolt",)}), WALL + 25), watch.moment)

        watch.restart(away=20)

        assert [watch.wait(each) for each in (0, 4, 1)] == [
            ["trunk_down acme unsilenced"],
            [],
            ["trunk_down bolt unsilenced"],
        ]

    def test_a_schedule_that_turned_meanwhile_is_gone_by(self) -> None:
        watch = Watch(replace(TRUNK_DOWN, schedule="office"), calendars={"office": Hours(100)})
        watch.hear((trunk("acme"), 0))

        watch.restart(away=200)

        assert watch.wait(0) == ["trunk_down acme firing"]

    def test_what_is_silent_goes_as_if_there_had_been_no_restart(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((source("ami"), 1), (trunk("acme"), 1))
        told = []
        for _ in range(30):
            told += watch.wait(STALE / 20)
            told += watch.restart()

        assert told == ["trunk_down acme gone"]

    def test_a_source_that_was_down_is_down(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((source("ami"), 0), (trunk("acme"), 1))
        watch.restart()

        assert watch.wait(STALE) == []

    def test_numbers_go_on_though_what_had_them_has_gone(self) -> None:
        watch = Watch(TRUNK_DOWN)
        for value in [0, 1] * 500:
            watch.hear((trunk("acme"), value))
        watch.wait(2 * STALE)

        watch.restart(clock=-7200)
        watch.hear((trunk("acme"), 1))

        numbers = [notice.number for notice in watch.notices]
        assert numbers == sorted(set(numbers))


class TestNewRules:
    """The same, with other rules."""

    def test_alerts_whose_rule_has_gone_are_taken_back(self) -> None:
        watch = Watch(TRUNK_DOWN, rule("busy", "channels"))
        watch.hear((trunk("acme"), 0), (trunk("bolt"), 1), (of("channels"), 0))

        assert watch.restart(rule("busy", "channels")) == [
            "trunk_down acme inactive",
            "trunk_down acme gone",
            "trunk_down bolt gone",
        ]
        assert [key.rule for key, _, _ in watch.rules.states()] == ["busy"]

    def test_so_are_those_whose_labels_it_does_not_have_any_more(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 0))

        assert watch.restart(rule("trunk_down", "trunk.up")) == [
            "trunk_down acme inactive",
            "trunk_down acme gone",
        ]

    def test_and_those_for_which_there_is_no_room(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 1), (trunk("bolt"), 1))
        watch.limit = 1

        assert watch.restart() == ["trunk_down bolt gone"]

    def test_what_the_rule_does_not_read_any_more_goes_in_time(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 0))

        watch.restart(replace(TRUNK_DOWN, term=Term("trunk.up", {"trunk": ("!acme",)})))

        assert watch.wait(STALE * 2) == ["trunk_down acme inactive", "trunk_down acme gone"]

    def test_what_was_explained_by_a_rule_that_has_gone_is_not_any_more(self) -> None:
        watch = Watch(EXPLAINED, PBX_DOWN)
        watch.hear((source("ami"), 0), (trunk("acme"), 0))

        assert watch.restart(EXPLAINED) == [
            "pbx_down inactive",
            "pbx_down gone",
            "trunk_down acme released",
        ]
        assert watch.hear((trunk("acme"), 0)) == ["trunk_down acme firing"]

    def test_what_is_explained_by_the_new_rules_is_so_at_once(self) -> None:
        watch = Watch(TRUNK_DOWN, PBX_DOWN)
        watch.hear((source("ami"), 0), (trunk("acme"), 0))

        assert watch.restart(EXPLAINED, PBX_DOWN) == ["trunk_down acme inhibited"]

    def test_another_threshold_counts_from_the_next_sample_on(self) -> None:
        watch = Watch(Rule("long", Term("waiting"), Test(Compare.ABOVE, 5)))
        watch.hear((of("waiting"), 9))

        assert watch.restart(Rule("long", Term("waiting"), Test(Compare.ABOVE, 10))) == []
        assert watch.hear((of("waiting"), 9)) == ["long inactive"]


ALERT: Json = [
    ["trunk_down", "pbx", "hq", "trunk", "acme"],
    {"state": "firing", "number": 5, "since": [1, 2]},
]


class TestDamage:
    """What was written down may have been changed by a hand."""

    @pytest.mark.parametrize(
        "state",
        [
            None,
            [],
            "state",
            {"alerts": 5, "silences": 5, "readers": 5, "presence": 5, "open": 5, "swept": [], "now": "x"},
            {"alerts": [None, [], [None], [["trunk_down"]], [["trunk_down", "queue", "a"], {}]]},
            {"readers": {"trunk_down": {"term": 5}, "other": {}}},
        ],
    )
    def test_what_is_no_state_is_left_out(self, state: Json) -> None:
        watch = Watch(TRUNK_DOWN)

        assert watch.rules.restore(state, watch.moment) == []
        assert list(watch.rules.everything()) == []
        assert watch.hear((trunk("acme"), 0)) == ["trunk_down acme firing"]

    def test_an_alert_that_is_there_twice_is_one(self) -> None:
        watch = Watch(TRUNK_DOWN, limit=2)

        watch.rules.restore({"alerts": [ALERT, ALERT, ALERT]}, watch.moment)

        assert [state for _, _, state in watch.rules.states()] == [State.FIRING]
        assert watch.hear((trunk("bolt"), 1), (trunk("core"), 1)) == ["trunk_down bolt watched"]

    def test_a_silence_that_is_not_there_silences_nothing(self) -> None:
        watch = Watch(TRUNK_DOWN)
        known = json.loads(json.dumps(ALERT))
        known[1]["silenced"] = 1e12

        watch.rules.restore({"alerts": [known]}, watch.moment)

        assert [each.silenced_until for each in watch.rules.everything()] == [None]

    @pytest.mark.parametrize("later", [1e6, 1e300])
    def test_moments_that_have_not_come_yet_keep_nothing_from_happening(self, later: float) -> None:
        watch = Watch(replace(TRUNK_DOWN, hold=5))
        watch.hear((trunk("acme"), 0))
        text = json.dumps(watch.rules.state(watch.moment)).replace(" 0.0", f" {later}")
        known = {**json.loads(text), "now": 0.0}
        watch.rules = watch.built(watch.parts)

        watch.rules.restore(known, watch.moment)

        assert watch.wait(5) == ["trunk_down acme firing"]
        assert "trunk_down acme gone" in watch.wait(STALE * 2)
