"""How one alert goes."""

from math import inf

import pytest

from bridge.core.alert import Happening, Notice, Severity, State
from bridge.core.course import Alert, orphaned, summary
from bridge.core.recall import recall_from
from bridge.core.state import Json
from tests.core.model_life import AHEAD, KEY, Life, at, rule


class TestStates:
    """Inactive, pending, firing."""

    def test_without_a_hold_it_fires_at_once(self) -> None:
        life = Life(rule())

        assert life.bad(1) == ["firing"]
        assert life.good(2) == ["inactive"]

    def test_it_must_be_bad_for_a_while(self) -> None:
        life = Life(rule(hold=30))

        assert life.bad(1) == ["pending"]
        assert life.bad(30) == []
        assert life.bad(31) == ["firing"]

    def test_time_alone_fires_it(self) -> None:
        life = Life(rule(hold=30))
        life.bad(1)

        assert life.alert.due() == 31
        assert life.wait(30.9) == []
        assert life.wait(31) == ["firing"]
        assert life.alert.due() == inf

    def test_what_is_good_in_time_never_fires(self) -> None:
        life = Life(rule(hold=30))
        life.bad(1)

        assert life.good(20) == ["inactive"]
        assert life.alert.due() == inf
        assert life.bad(25) == ["pending"]
        assert life.alert.due() == 55

    def test_what_goes_on_is_not_told_again(self) -> None:
        life = Life(rule())
        life.good(0)
        life.bad(1)

        assert [life.bad(2), life.wait(3), life.good(4), life.good(5)] == [[], [], ["inactive"], []]

    def test_a_notice_says_how_it_stands(self) -> None:
        life = Life(rule(hold=30))
        life.notices += life.alert.look(0.0, True, at(1))

        assert life.notices == [
            Notice(
                KEY,
                Happening.PENDING,
                AHEAD + 1,
                int(AHEAD) + 1,
                State.PENDING,
                Severity.CRITICAL,
                AHEAD + 1,
                0.0,
                0,
                "0 is bad",
            )
        ]

    def test_how_it_stands_has_the_number_and_time_of_the_last_notice(self) -> None:
        life = Life(rule(hold=30))
        life.bad(1)
        life.alert.value = 5

        standing = life.alert.standing(Happening.WATCHED)

        assert (standing.number, standing.time, standing.value) == (int(AHEAD) + 1, AHEAD + 1, 5)


class TestReminders:
    """While it fires and nobody cares."""

    def test_they_come_again_and_again(self) -> None:
        life = Life(rule(repeat=10))
        life.bad(0)

        assert life.alert.due() == 10
        assert [life.wait(now) for now in (9, 10, 19, 20)] == [[], ["reminder"], [], ["reminder"]]

    def test_one_that_is_late_puts_off_the_next(self) -> None:
        life = Life(rule(repeat=10))
        life.bad(0)

        assert [life.wait(now) for now in (35, 40, 45)] == [["reminder"], [], ["reminder"]]

    def test_what_is_acknowledged_is_not_reminded_of_until_it_fires_anew(self) -> None:
        life = Life(rule(repeat=10))
        life.bad(0)
        life.acknowledge(5)
        assert life.wait(50) == []

        life.good(60)
        life.bad(70)

        assert life.wait(80) == ["reminder"]

    def test_what_was_silenced_or_explained_is_reminded_of_a_while_after_that(self) -> None:
        life = Life(rule(repeat=10))
        life.bad(0)
        life.silence(AHEAD + 50, 1)
        assert life.wait(30) == []
        life.silence(None, 50)
        assert [life.wait(now) for now in (59, 60)] == [[], ["reminder"]]

        life.inhibit(True, 61)
        assert life.wait(90) == []
        life.inhibit(False, 95)
        assert [life.wait(now) for now in (104, 105)] == [[], ["reminder"]]


class TestAcknowledging:
    """Somebody cares."""

    def test_what_fires_is_acknowledged_once(self) -> None:
        life = Life(rule())
        life.bad(0)

        assert life.acknowledge(1) == ["acknowledged"]
        assert life.acknowledge(2) == []

    def test_what_does_not_fire_cannot_be_acknowledged(self) -> None:
        life = Life(rule(hold=5))

        assert life.acknowledge(0) == []
        life.bad(1)
        assert life.acknowledge(2) == []

    def test_it_ends_with_the_alert(self) -> None:
        life = Life(rule())
        life.bad(0)
        life.acknowledge(1)

        life.notices += life.alert.look(1.0, False, at(2))

        assert [notice.acknowledged for notice in life.notices] == [False]


class TestInhibiting:
    """A graver alert explains it."""

    def test_what_begins_meanwhile_waits(self) -> None:
        life = Life(rule())
        assert life.inhibit(True, 0) == []

        assert life.bad(1) == ["pending"]
        assert life.wait(99) == []
        assert life.alert.due() == inf

    def test_what_was_seen_before_it_ended_is_not_believed(self) -> None:
        life = Life(rule(hold=5))
        life.inhibit(True, 0)
        life.bad(1)

        assert life.inhibit(False, 50) == ["released"]
        assert life.wait(60) == []
        assert life.bad(61) == ["firing"]

    def test_what_is_over_with_it_never_fires(self) -> None:
        life = Life(rule())
        life.inhibit(True, 0)
        life.bad(1)
        life.inhibit(False, 50)

        assert life.good(51) == ["inactive"]

    def test_what_fires_goes_on_and_people_see_why(self) -> None:
        life = Life(rule())
        life.bad(0)

        assert life.inhibit(True, 1) == ["inhibited"]
        assert life.inhibit(True, 2) == []
        assert life.alert.standing(Happening.WATCHED).inhibited
        assert life.good(3) == ["inactive"]
        assert not life.alert.standing(Happening.WATCHED).inhibited


class TestSilencing:
    """Nobody is told."""

    def test_it_is_told_once_and_again_if_its_end_moves(self) -> None:
        life = Life(rule())

        assert life.silence(AHEAD + 50, 0) == ["silenced"]
        assert life.silence(AHEAD + 50, 1) == []
        assert life.silence(AHEAD + 20, 2) == ["silenced"]
        assert life.silence(None, 20) == ["unsilenced"]
        assert life.silence(None, 21) == []

    def test_it_goes_on_meanwhile(self) -> None:
        life = Life(rule())
        life.silence(AHEAD + 50, 0)

        life.notices += life.alert.look(0.0, True, at(1))

        assert [(notice.happening, notice.silenced_until) for notice in life.notices] == [
            (Happening.FIRING, AHEAD + 50)
        ]


class TestFlapping:
    """It comes and goes."""

    def test_one_that_fires_too_often_is_over_only_when_it_was_calm(self) -> None:
        life = Life(rule(flaps=2, calm=60))
        told = [[*life.bad(now), *life.good(now + 5)] for now in (0, 10, 20)]
        assert told == [["firing", "inactive"], ["firing", "inactive"], ["firing"]]
        assert life.alert.standing(Happening.WATCHED).flapping

        assert life.alert.due() == 85
        assert life.bad(30) == []
        assert life.good(40) == []
        assert life.wait(99) == []
        assert life.wait(100) == ["inactive"]
        assert not life.alert.standing(Happening.WATCHED).flapping

    def test_one_that_fires_seldom_does_not_flap(self) -> None:
        life = Life(rule(flaps=2, calm=60))

        told = [[*life.bad(now), *life.good(now + 5)] for now in (0, 40, 80, 120)]

        assert told == [["firing", "inactive"]] * 4

    def test_the_limit_itself_is_still_often(self) -> None:
        life = Life(rule(flaps=1, calm=60))
        life.bad(0)
        life.good(5)
        life.bad(60)

        assert life.alert.standing(Happening.WATCHED).flapping

    def test_without_a_limit_it_never_flaps(self) -> None:
        life = Life(rule(flaps=0, calm=60))

        told = [[*life.bad(now), *life.good(now)] for now in range(50)]

        assert told == [["firing", "inactive"]] * 50


class TestLeaving:
    """What it watches is not there any more."""

    def test_what_is_inactive_has_gone(self) -> None:
        life = Life(rule())
        life.notices += life.alert.leave(at(1))

        assert life.told == ["gone"]

    @pytest.mark.parametrize("hold", [0, 30])
    def test_what_is_not_is_over_first(self, hold: float) -> None:
        life = Life(rule(hold=hold))
        life.bad(0)
        life.acknowledge(1)

        life.notices += life.alert.leave(at(2))

        assert [(each.happening, each.state, each.value, each.acknowledged) for each in life.notices] == [
            (Happening.INACTIVE, State.INACTIVE, None, False),
            (Happening.GONE, State.INACTIVE, None, False),
        ]

    def test_so_it_is_with_one_whose_rule_has_gone(self) -> None:
        orphan = orphaned(KEY, at(0))
        orphan.state = State.FIRING

        assert [notice.happening for notice in orphan.leave(at(1))] == [Happening.INACTIVE, Happening.GONE]


class TestRestart:
    """What was written down."""

    def test_most_alerts_are_inactive_and_take_little_room(self) -> None:
        life = Life(rule())
        life.notices += life.alert.look(1.0, False, at(0))
        life.notices.append(life.alert.notice(Happening.WATCHED, at(0)))

        assert life.alert.kept() == {"number": int(AHEAD) + 1, "since": [AHEAD, 0.0], "value": 1.0}

    @pytest.mark.parametrize(
        "state",
        [
            None,
            [],
            {},
            {"state": "burning", "number": "x", "since": 5, "value": [], "told": {}, "marks": 5, "fired": 7},
            {"since": [1], "fired": [None, "x"], "marks": [None, 5]},
        ],
    )
    def test_what_is_no_state_is_left_out(self, state: Json) -> None:
        alert = Alert(rule(), KEY, at(5))

        alert.restore(state, recall_from(5, 5))

        assert alert.state is State.INACTIVE
        assert alert.number == int(AHEAD) + 5
        assert alert.value is None


def test_a_summary_is_told_all_that_is_known_of_the_alert() -> None:
    sentence = "{rule} {severity}: {trunk} of {pbx} has {value}, not {threshold}"

    assert summary(rule(text=sentence), KEY, 4) == "trunk_down critical: acme of hq has 4, not 0"
    assert summary(rule(text="{value}"), KEY, None) == "unknown"
