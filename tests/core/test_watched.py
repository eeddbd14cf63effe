"""One rule, what it reads, and its alerts."""

import json

import pytest

from bridge.core.alert import Key, Moment, State
from bridge.core.course import Alert
from bridge.core.recall import recall_from
from bridge.core.rule import Compare, Measure, Rule, Term, Test
from bridge.core.sample import Labels, Series
from bridge.core.watched import Watched

HQ = (("pbx", "hq"),)
SALES, SUPPORT = (*HQ, ("queue", "sales")), (*HQ, ("queue", "support"))
ABOVE_3 = Test(Compare.ABOVE, 3, clear=1)


class Desk:
    """A rule, told what comes; its schedule is open but for the 100th second."""

    def __init__(self, rule: Rule) -> None:
        self.watched = Watched(rule, lambda time: time != 100)

    def alert(self, labels: Labels, state: State = State.INACTIVE) -> Alert:
        alert = Alert(self.watched.rule, Key("long", labels), Moment(0, 0))
        alert.state = state
        self.watched.add(alert)
        return alert

    def hear(self, labels: Labels, value: float, now: float = 0, part: str = "term") -> None:
        reader = self.watched.readers[part]
        assert reader.take(Series(reader.term.metric, labels), value, now) is not None

    def look(self, alert: Alert, now: float = 0) -> tuple[float | None, bool]:
        return self.watched.look(alert, Moment(now, now))


class TestLook:
    """What is watched, and whether that is bad."""

    def test_it_is_bad_by_its_test(self) -> None:
        desk = Desk(Rule("long", Term("waiting"), ABOVE_3))
        alert = desk.alert(HQ)

        desk.hear(HQ, 3)
        assert desk.look(alert) == (3, False)

        desk.hear(HQ, 4)
        assert desk.look(alert) == (4, True)

    def test_what_fires_is_bad_until_it_is_clearly_good(self) -> None:
        desk = Desk(Rule("long", Term("waiting"), ABOVE_3))
        desk.hear(HQ, 2)

        assert desk.look(desk.alert(HQ, State.PENDING)) == (2, False)
        assert desk.look(desk.alert(HQ, State.FIRING)) == (2, True)

    def test_what_is_not_known_is_not_bad(self) -> None:
        desk = Desk(Rule("long", Term("waiting"), Test(Compare.UNEQUAL, 5)))

        assert desk.look(desk.alert(HQ)) == (None, False)

    def test_outside_its_schedule_nothing_is_bad(self) -> None:
        desk = Desk(Rule("long", Term("waiting"), ABOVE_3))
        alert = desk.alert(HQ)
        desk.hear(HQ, 9)

        assert [desk.look(alert, now) for now in (99, 100, 101)] == [(9, True), (9, False), (9, True)]

    def test_a_ratio_is_not_known_without_both_parts_or_where_it_would_be_by_0(self) -> None:
        desk = Desk(Rule("long", Term("waiting"), Test(Compare.ABOVE, 0.5), divisor=Term("members")))
        alert = desk.alert(HQ)

        desk.hear(HQ, 3)
        assert desk.look(alert) == (None, False)
        desk.hear(HQ, 0, part="divisor")
        assert desk.look(alert) == (None, False)
        desk.hear(HQ, 4, part="divisor")
        assert desk.look(alert) == (0.75, True)

    @pytest.mark.parametrize(("value", "divisor"), [(1e308, 1e-9), (-1e308, 1e-9), (1e301, 1)])
    def test_what_is_beyond_all_measure_is_not_known(self, value: float, divisor: float) -> None:
        desk = Desk(Rule("long", Term("waiting"), ABOVE_3, divisor=Term("members")))

        desk.hear(HQ, value)
        desk.hear(HQ, divisor, part="divisor")

        assert desk.look(desk.alert(HQ)) == (None, False)

    def test_what_is_given_must_hold_too(self) -> None:
        desk = Desk(Rule("long", Term("waiting"), ABOVE_3, given=(Term("open"), Test(Compare.EQUAL, 1))))
        alert = desk.alert(HQ)
        desk.hear(HQ, 9)

        assert desk.look(alert) == (9, False)
        desk.hear(HQ, 1, part="given")
        assert desk.look(alert) == (9, True)
        desk.hear(HQ, 0, part="given")
        assert desk.look(alert) == (9, False)

    @pytest.mark.parametrize("compare", [Compare.BELOW, Compare.EQUAL, Compare.UNEQUAL])
    def test_a_window_that_is_not_full_is_not_bad_for_what_it_lacks(self, compare: Compare) -> None:
        term = Term("calls", measure=Measure.INCREASE, over=60)
        desk = Desk(Rule("long", term, Test(compare, 7), given=(term, Test(compare, 7))))
        for part in ("term", "given"):
            desk.hear(HQ, 100, 0, part)
            desk.hear(HQ, 100, 30, part)

        assert desk.look(desk.alert(HQ), 30) == (None, False)

    def test_what_it_already_holds_may_be_too_much(self) -> None:
        term = Term("calls", measure=Measure.INCREASE, over=60)
        desk = Desk(Rule("long", term, Test(Compare.ABOVE, 7)))
        desk.hear(HQ, 100, 0)
        desk.hear(HQ, 109, 30)

        assert desk.look(desk.alert(HQ), 30) == (9, True)


class TestAbsence:
    """What does not come."""

    RULE = Rule("long", Term("waiting", measure=Measure.ABSENCE), Test(Compare.ABOVE, 0.2))

    def test_it_is_absent_once_it_was_missed_for_so_long(self) -> None:
        desk = Desk(self.RULE)
        alert = desk.alert(HQ)
        desk.hear(HQ, 1, 10)

        assert desk.look(alert, 10.1)[1] is False
        assert desk.look(alert, 10.3)[1] is True

    @pytest.mark.parametrize("heard", [0.1, 0.3, 10.1, 12345.678])
    def test_when_it_is_due_it_is_absent_whatever_a_sum_of_floats_lacks(self, heard: float) -> None:
        desk = Desk(self.RULE)
        alert = desk.alert(HQ)
        desk.hear(HQ, 1, heard)
        due = desk.watched.due(alert)

        value, bad = desk.look(alert, due)

        assert bad
        assert value is not None
        assert value >= 0.2

    def test_what_was_seen_to_be_absent_is_not_due_again(self) -> None:
        desk = Desk(self.RULE)
        alert = desk.alert(HQ)
        desk.hear(HQ, 1, 10)
        assert desk.watched.due(alert) == 10.2

        alert.value, _ = desk.look(alert, 100)

        assert desk.watched.due(alert) == float("inf")

    @pytest.mark.parametrize("state", [State.PENDING, State.FIRING])
    def test_what_is_told_to_be_absent_is_due_by_its_own_course(self, state: State) -> None:
        desk = Desk(self.RULE)
        desk.hear(HQ, 1, 10)

        assert desk.watched.due(desk.alert(HQ, state)) == float("inf")

    def test_what_has_values_is_not_due_by_itself(self) -> None:
        desk = Desk(Rule("long", Term("waiting"), ABOVE_3))
        desk.hear(HQ, 1, 10)

        assert desk.watched.due(desk.alert(HQ)) == float("inf")


class TestAlerts:
    """Whom something is about."""

    RULE = Rule("long", Term("waiting"), ABOVE_3, by=("queue",), given=(Term("open"), ABOVE_3))

    def test_a_further_term_touches_all_that_have_its_labels(self) -> None:
        desk = Desk(self.RULE)
        sales, support = desk.alert(SALES), desk.alert(SUPPORT)

        assert desk.watched.touched(HQ) == [sales, support]
        assert desk.watched.touched(SALES) == [sales]
        assert desk.watched.touched((*HQ, ("queue", "other"))) == []
        assert desk.watched.touched((("pbx", "branch"),)) == []

    def test_alerts_agree_with_labels_as_far_as_both_have_them(self) -> None:
        desk = Desk(self.RULE)
        sales, support, whole = desk.alert(SALES), desk.alert(SUPPORT), desk.alert(HQ)
        desk.alert((("pbx", "branch"), ("queue", "sales")))

        assert list(desk.watched.agreeing(HQ)) == [sales, support, whole]
        assert list(desk.watched.agreeing((*SALES, ("trunk", "acme")))) == [sales, whole]
        assert list(desk.watched.agreeing((*HQ, ("queue", "other")))) == [whole]

    def test_an_alert_that_was_dropped_is_not_known(self) -> None:
        desk = Desk(self.RULE)
        whole = desk.alert(HQ)

        desk.watched.drop(whole)

        assert list(desk.watched.agreeing(SALES)) == []
        assert desk.watched.alerts == {}

    @pytest.mark.parametrize(
        ("labels", "fits"),
        [
            ((), False),
            (HQ, True),
            (SALES, True),
            ((("queue", "sales"),), False),
            ((("queue", "sales"), ("pbx", "hq")), False),
            ((*HQ, ("trunk", "acme")), False),
            ((*HQ, ("pbx", "hq")), False),
            ((*SALES, ("queue", "sales")), False),
        ],
    )
    def test_only_some_labels_can_be_those_of_its_alerts(self, labels: Labels, fits: bool) -> None:
        assert Desk(self.RULE).watched.fits(labels) is fits


def test_all_that_it_read_is_known_after_a_restart() -> None:
    rule = Rule("long", Term("a"), ABOVE_3, divisor=Term("b"), given=(Term("c"), ABOVE_3))
    desk, other = Desk(rule), Desk(rule)
    for part, value in (("term", 8), ("divisor", 2), ("given", 4)):
        desk.hear(HQ, value, part=part)

    other.watched.restore(json.loads(json.dumps(desk.watched.state())), recall_from(0, 0))

    assert other.look(other.alert(HQ)) == (4, True)
    assert other.watched.state() == desk.watched.state()
