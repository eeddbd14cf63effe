"""The engine of all alerts: samples and the time go in, notices come out."""

from dataclasses import replace

import pytest

from bridge.core.alert import Happening, Key, State
from bridge.core.rule import Compare, Measure, Rule, Term, Test
from bridge.core.silence import Selector, Silence
from tests.core.model_watch import STALE, WALL, Watch, of, rule, source, trunk

ABOVE_0 = Test(Compare.ABOVE, 0)
TRUNK_DOWN = rule("trunk_down", "trunk.up", by=("trunk",))
PBX_DOWN = rule("pbx_down", "source.up")
EXPLAINED = replace(TRUNK_DOWN, inhibited_by=("pbx_down",))
SILENT = rule("silent", "calls", Test(Compare.ABOVE, 60), measure=Measure.ABSENCE)
ACME = Key("trunk_down", (("pbx", "hq"), ("trunk", "acme")))


class Hours:
    """Open from one time to another, in seconds since the begin."""

    def __init__(self, opens: float, closes: float) -> None:
        self._turns = (WALL + opens, WALL + closes)

    def is_open(self, now: float) -> bool:
        return self._turns[0] <= now < self._turns[1]

    def changes_after(self, now: float) -> float | None:
        return next((each for each in self._turns if each > now), None)


class TestTake:
    """What is watched has moved."""

    def test_what_is_new_and_good_is_told_to_be_there_once(self) -> None:
        watch = Watch(TRUNK_DOWN)

        assert watch.hear((trunk("acme"), 1)) == ["trunk_down acme watched"]
        assert watch.hear((trunk("acme"), 1)) == []

    def test_what_is_new_and_bad_is_told_to_be_bad(self) -> None:
        assert Watch(TRUNK_DOWN).hear((trunk("acme"), 0)) == ["trunk_down acme firing"]

    def test_what_no_rule_watches_is_nothing(self) -> None:
        watch = Watch(TRUNK_DOWN)

        assert watch.hear((of("queue.waiting"), 99), (of("trunk.upper"), 0)) == []
        assert watch.rules.metrics == {"trunk.up", "source.up"}

    def test_what_comes_at_once_is_seen_as_a_whole(self) -> None:
        watch = Watch(Rule("bad", Term("failed"), Test(Compare.ABOVE, 0.5), divisor=Term("tried")))
        watch.hear((of("failed"), 1), (of("tried"), 9))

        assert watch.hear((of("failed"), 8), (of("tried"), 99)) == []
        assert watch.hear((of("failed"), 8), (of("tried"), 10)) == ["bad firing"]

    def test_a_further_term_alone_may_decide(self) -> None:
        watch = Watch(Rule("bad", Term("failed"), ABOVE_0, given=(Term("tried"), ABOVE_0)))
        watch.hear((of("failed"), 8))

        assert watch.hear((of("tried"), 1)) == ["bad firing"]
        assert watch.hear((of("tried"), 0)) == ["bad inactive"]

    def test_a_further_term_alone_is_no_alert(self) -> None:
        watch = Watch(Rule("bad", Term("failed"), ABOVE_0, given=(Term("tried"), ABOVE_0)))

        assert watch.hear((of("tried"), 1)) == []


class TestTick:
    """Time alone has moved."""

    def test_it_is_known_when_something_is_due(self) -> None:
        watch = Watch(replace(TRUNK_DOWN, hold=5))
        watch.hear((trunk("acme"), 0))

        assert watch.rules.due == 5
        assert watch.wait(4.9) == []
        assert watch.wait(0.1) == ["trunk_down acme firing"]

    def test_a_tick_too_many_does_nothing(self) -> None:
        watch = Watch(replace(TRUNK_DOWN, hold=5))
        watch.hear((trunk("acme"), 0))

        assert watch.said(watch.rules.tick(watch.moment)) == []


class TestCauses:
    """Of what one alert explains nobody is told."""

    @pytest.mark.parametrize("order", [1, -1])
    def test_what_begins_with_its_cause_does_not_fire_in_whatever_order_they_come(self, order: int) -> None:
        watch = Watch(EXPLAINED, PBX_DOWN)
        watch.hear((source("ami"), 1), (trunk("acme"), 1))

        told = watch.hear(*[(source("ami"), 0.0), (trunk("acme"), 0.0)][::order])

        assert told == ["pbx_down firing", "trunk_down acme pending"]

    @pytest.mark.parametrize("restarts", [False, True])
    def test_nor_does_what_is_due_together_with_its_cause(self, restarts: bool) -> None:
        watch = Watch(replace(EXPLAINED, hold=5), replace(PBX_DOWN, hold=5))
        watch.hear((trunk("acme"), 0))
        watch.hear((source("ami"), 0))
        if restarts:
            watch.restart()

        assert watch.wait(5) == ["pbx_down firing", "trunk_down acme inhibited"]

    def test_what_is_new_may_be_explained_already(self) -> None:
        watch = Watch(EXPLAINED, PBX_DOWN)
        watch.hear((source("ami"), 0))

        assert watch.hear((trunk("acme"), 0)) == ["trunk_down acme pending"]

    def test_when_the_cause_is_over_what_is_seen_then_counts(self) -> None:
        watch = Watch(EXPLAINED, PBX_DOWN)
        watch.hear((source("ami"), 0), (trunk("acme"), 0), (trunk("bolt"), 0))

        assert watch.hear((source("ami"), 1)) == [
            "pbx_down inactive",
            "trunk_down acme released",
            "trunk_down bolt released",
        ]
        assert watch.wait(10) == []
        assert watch.hear((trunk("acme"), 0), (trunk("bolt"), 1)) == [
            "trunk_down acme firing",
            "trunk_down bolt inactive",
        ]

    def test_a_cause_that_has_gone_explains_nothing(self) -> None:
        watch = Watch(
            replace(TRUNK_DOWN, inhibited_by=("span_down",)), rule("span_down", "span.up", by=("span",))
        )
        watch.hear((of("span.up", span="1"), 0), (trunk("acme"), 0))
        for _ in range(5):
            watch.wait(STALE / 5)
            watch.hear((trunk("acme"), 0))

        assert watch.wait(STALE / 4) == [
            "span_down 1 inactive",
            "span_down 1 gone",
            "trunk_down acme released",
        ]


class TestAbsence:
    """What does not come."""

    def test_what_stops_to_come_is_missed(self) -> None:
        watch = Watch(SILENT)
        watch.hear((of("calls"), 1))
        watch.wait(59)
        watch.hear((of("calls"), 2))

        assert watch.wait(59.9) == []
        assert watch.wait(0.1) == ["silent firing"]
        assert watch.hear((of("calls"), 3)) == ["silent inactive"]

    def test_what_is_expected_is_missed_though_it_never_came(self) -> None:
        watch = Watch(SILENT)

        assert watch.said(watch.rules.expect(["hq", "branch"], watch.moment)) == [
            "silent watched",
            "silent branch watched",
        ]
        watch.wait(30)
        assert watch.said(watch.rules.expect(["hq"], watch.moment)) == []
        assert watch.wait(30) == ["silent firing", "silent branch firing"]

    def test_what_is_expected_is_missed_for_as_long_as_it_takes(self) -> None:
        watch = Watch(SILENT)
        watch.rules.expect(["hq"], watch.moment)

        assert watch.wait(7 * 86_400) == ["silent firing"]
        assert watch.restart() == []
        assert watch.hear((of("calls"), 1)) == ["silent inactive"]

    def test_what_came_once_and_was_not_expected_is_missed_for_a_day(self) -> None:
        watch = Watch(replace(SILENT, by=("queue",)))
        watch.hear((of("calls", queue="old"), 1))

        assert watch.wait(2 * 86_400) == ["silent old firing", "silent old inactive", "silent old gone"]

    def test_of_a_rule_with_more_labels_it_is_not_known_what_to_expect(self) -> None:
        watch = Watch(replace(SILENT, by=("queue",)))

        assert watch.rules.expect(["hq"], watch.moment) == []

    def test_what_is_absent_outside_its_schedule_is_missed_when_that_opens(self) -> None:
        watch = Watch(replace(SILENT, schedule="office"), calendars={"office": Hours(500, 900)})
        watch.hear((of("calls"), 1))

        assert watch.wait(499) == []
        assert watch.wait(1) == ["silent firing"]

    def test_what_is_absent_but_not_given_is_missed_when_it_is(self) -> None:
        watch = Watch(replace(SILENT, given=(Term("open"), ABOVE_0)))
        watch.hear((of("calls"), 1), (of("open"), 0))

        assert watch.wait(250) == []
        assert watch.hear((of("open"), 1)) == ["silent firing"]

    def test_after_its_pbx_was_away_it_is_missed_anew(self) -> None:
        """Nothing could come meanwhile; and if nothing comes now, that is told."""
        watch = Watch(replace(SILENT, inhibited_by=("pbx_down",)), PBX_DOWN)
        watch.hear((of("calls"), 1), (source("ami"), 0))
        assert watch.wait(100) == ["silent pending"]

        assert watch.hear((source("ami"), 1)) == ["pbx_down inactive", "silent released", "silent inactive"]
        assert watch.wait(59) == []
        assert watch.wait(1) == ["silent firing"]

    def test_what_is_absent_for_longer_than_anything_is_kept_is_still_missed(self) -> None:
        week = 7 * 86_400.0
        watch = Watch(replace(SILENT, test=Test(Compare.ABOVE, week)))
        watch.hear((of("calls"), 1))

        assert watch.wait(week - 1) == []
        assert watch.wait(1) == ["silent firing"]


class TestSchedule:
    """When it is watched."""

    def test_what_fires_is_over_when_it_closes_and_fires_again_when_it_opens(self) -> None:
        watch = Watch(replace(TRUNK_DOWN, schedule="office"), calendars={"office": Hours(100, 200)})
        watch.hear((trunk("acme"), 0))

        assert [watch.wait(each) for each in (99, 1, 99, 1)] == [
            [],
            ["trunk_down acme firing"],
            [],
            ["trunk_down acme inactive"],
        ]

    def test_what_would_fire_when_it_closes_does_not(self) -> None:
        """A schedule is open until its end, which is no part of it."""
        watch = Watch(replace(TRUNK_DOWN, schedule="office", hold=5), calendars={"office": Hours(0, 200)})
        watch.wait(195)
        watch.hear((trunk("acme"), 0))

        assert watch.wait(5) == ["trunk_down acme inactive"]

    @pytest.mark.parametrize("step", [150.0, -150.0])
    def test_if_the_wall_clock_is_set_the_next_tick_goes_by_it(self, step: float) -> None:
        hours = Hours(100, 1000) if step > 0 else Hours(-1000, -100)
        watch = Watch(replace(TRUNK_DOWN, schedule="office"), calendars={"office": hours})
        watch.hear((trunk("acme"), 0))

        watch.wall += step

        assert watch.wait(0) == ["trunk_down acme firing"]

    def test_it_is_looked_at_the_wall_clock_each_minute(self) -> None:
        watch = Watch(replace(TRUNK_DOWN, schedule="office"), calendars={"office": Hours(3600, 9999)})

        assert watch.rules.due == 60

    def test_a_schedule_that_is_not_there_is_open(self) -> None:
        assert Watch(replace(TRUNK_DOWN, schedule="x")).hear((trunk("acme"), 0)) == ["trunk_down acme firing"]


class TestPeople:
    """What they say."""

    def test_what_is_meant_and_fires_is_acknowledged(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 0), (trunk("bolt"), 0), (trunk("core"), 1))

        told = watch.said(watch.rules.acknowledge(Selector(labels={"trunk": ("[ac]*",)}), watch.moment))

        assert told == ["trunk_down acme acknowledged"]

    def test_a_silence_is_of_all_that_is_meant_whenever_it_came(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 1), (trunk("bolt"), 1))

        silence = Silence(Selector(labels={"trunk": ("a*",)}), WALL + 60)
        assert watch.said(watch.rules.silence(silence, watch.moment)) == ["trunk_down acme silenced"]
        watch.hear((trunk("ajax"), 0))

        assert watch.notices[-1].silenced_until == WALL + 60
        assert watch.rules.silences == [silence]
        assert watch.wait(59) == []
        assert watch.wait(1) == ["trunk_down acme unsilenced", "trunk_down ajax unsilenced"]
        assert watch.rules.silences == []

    def test_it_may_be_ended(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 1))
        silence = Silence(Selector(), WALL + 60)
        watch.rules.silence(silence, watch.moment)

        assert watch.said(watch.rules.unsilence("unknown", watch.moment)) == []
        assert watch.said(watch.rules.unsilence(silence.id, watch.moment)) == ["trunk_down acme unsilenced"]

    def test_the_last_of_several_silences_counts(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 1))
        for until in (60, 90, 30):
            watch.rules.silence(Silence(Selector(), WALL + until), watch.moment)

        assert [watch.wait(each) for each in (89, 1)] == [[], ["trunk_down acme unsilenced"]]

    def test_how_alerts_stand_may_be_asked(self) -> None:
        watch = Watch(TRUNK_DOWN)
        watch.hear((trunk("acme"), 0), (trunk("bolt"), 1))

        standing = watch.rules.standing(ACME)

        assert standing is not None
        assert (standing.happening, standing.state, standing.value) == (Happening.WATCHED, State.FIRING, 0)
        assert [state for _, _, state in watch.rules.states()] == [State.FIRING, State.INACTIVE]
        assert [each.key for each in watch.rules.everything()] == [each.key for each in watch.notices]
        assert watch.rules.standing(Key("trunk_down", (("pbx", "other"),))) is None
        assert watch.rules.standing(Key("other", ACME.labels)) is None
