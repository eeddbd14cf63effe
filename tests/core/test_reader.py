"""A term read from samples."""

import json

import pytest

from bridge.core.reader import SETTLED, Reader
from bridge.core.recall import recall_from
from bridge.core.rule import Aggregate, Measure, Patterns, Term
from bridge.core.sample import Labels, Series
from bridge.core.state import Json

HQ = (("pbx", "hq"),)
SALES, SUPPORT = (*HQ, ("queue", "sales")), (*HQ, ("queue", "support"))


def waiting(labels: Labels) -> Series:
    return Series("queue.waiting", labels)


def reader(
    by: tuple[str, ...] = (),
    match: Patterns | None = None,
    measure: Measure = Measure.VALUE,
    aggregate: Aggregate = Aggregate.SUM,
) -> Reader:
    return Reader(Term("queue.waiting", match or {}, measure, 60, aggregate), by)


class TestGroups:
    """One number for each value of the labels by which it is grouped."""

    def test_a_series_belongs_to_the_group_of_its_labels(self) -> None:
        read = reader(by=("queue",))

        assert read.take(waiting(SALES), 3, 0) == SALES
        assert read.take(waiting(SUPPORT), 5, 0) == SUPPORT
        assert (read.read(SALES, 0), read.read(SUPPORT, 0)) == (3, 5)

    def test_labels_of_a_group_are_in_the_order_of_the_rule(self) -> None:
        read = reader(by=("b", "a"))

        assert read.take(waiting((*HQ, ("a", "1"), ("c", "2"), ("b", "3"))), 1, 0) == (
            *HQ,
            ("b", "3"),
            ("a", "1"),
        )

    def test_a_label_that_a_series_lacks_is_left_out(self) -> None:
        assert reader(by=("queue",)).take(waiting(HQ), 1, 0) == HQ

    @pytest.mark.parametrize(
        ("aggregate", "number"),
        [
            (Aggregate.SUM, 8),
            (Aggregate.MAX, 5),
            (Aggregate.MIN, 3),
            (Aggregate.MEAN, 4),
            (Aggregate.COUNT, 2),
        ],
    )
    def test_several_series_become_one_number(self, aggregate: Aggregate, number: float) -> None:
        read = reader(aggregate=aggregate)

        read.take(waiting(SALES), 3, 0)
        read.take(waiting(SUPPORT), 5, 0)

        assert read.read(HQ, 0) == number

    def test_numbers_beyond_all_measure_are_no_error(self) -> None:
        read = reader(aggregate=Aggregate.MEAN)

        read.take(waiting(SALES), 1.7e308, 0)
        read.take(waiting(SUPPORT), 1.7e308, 0)

        assert read.read(HQ, 0) == float("inf")

    def test_series_that_are_not_meant_are_not_read(self) -> None:
        read = reader(match={"queue": ("s*", "!sales")})

        assert read.take(waiting(SALES), 3, 0) is None
        assert read.take(waiting(SUPPORT), 5, 0) == HQ
        assert read.read(HQ, 0) == 5

    def test_of_what_never_came_nothing_is_known(self) -> None:
        assert reader().read(HQ, 0) is None
        assert reader().heard(HQ) is None

    def test_an_alert_with_more_labels_is_told_of_the_group_with_fewer(self) -> None:
        read = reader(by=("queue",))

        read.take(waiting(HQ), 7, 0)

        assert read.read(SALES, 0) == 7
        assert read.read((("pbx", "branch"), ("queue", "sales")), 0) is None


class TestBegin:
    """What a counter was before its first value."""

    def test_the_first_happening_of_all_is_one_where_everything_is_known(self) -> None:
        read, branch = reader(measure=Measure.INCREASE), (("pbx", "branch"),)

        read.take(waiting(SALES), 5, SETTLED + 1, lambda pbx: pbx == "hq")
        read.take(waiting(branch), 700, SETTLED + 1, lambda pbx: pbx == "hq")

        assert read.read(HQ, SETTLED + 1) == 5
        assert read.read(branch, SETTLED + 1) is None

    def test_to_a_new_rule_no_happening_is_the_first(self) -> None:
        read = reader(measure=Measure.INCREASE)
        read.begun = 100

        read.take(waiting(SALES), 5000, SETTLED + 1, lambda _: True)

        assert read.read(HQ, SETTLED + 1) is None

    def test_at_first_every_series_may_have_counted_for_long(self) -> None:
        read = reader(measure=Measure.INCREASE)

        read.take(waiting(SALES), 500, 0)
        read.take(waiting(SUPPORT), 700, 20)
        read.take(waiting(SUPPORT), 701, 30)

        assert read.read(HQ, 30) == 1

    def test_a_series_that_comes_later_has_counted_from_0(self) -> None:
        read = reader(measure=Measure.INCREASE)

        read.take(waiting(SALES), 500, 0)
        read.take(waiting(SALES), 500, SETTLED + 1)
        read.take(waiting(SUPPORT), 3, SETTLED + 1)

        assert read.read(HQ, SETTLED + 1) == 3

    def test_another_pbx_has_a_begin_of_its_own(self) -> None:
        read = reader(measure=Measure.INCREASE)

        read.take(waiting(SALES), 500, 0)
        read.take(waiting((("pbx", "branch"),)), 700, SETTLED + 1)

        assert read.read((("pbx", "branch"),), SETTLED + 1) is None


class TestAbsence:
    """Seconds since one came."""

    def test_it_is_the_time_since_the_last_of_any_of_its_series(self) -> None:
        read = reader(measure=Measure.ABSENCE)

        read.take(waiting(SALES), 1, 10)
        read.take(waiting(SUPPORT), 1, 30)

        assert read.read(HQ, 100) == 70

    def test_what_is_expected_counts_as_heard_of_once(self) -> None:
        read = reader(measure=Measure.ABSENCE)

        assert read.expect("hq", 10) == HQ
        assert read.expect("hq", 50) == HQ
        assert read.read(HQ, 100) == 90

    def test_what_came_is_not_put_back_by_what_is_expected(self) -> None:
        read = reader(measure=Measure.ABSENCE)

        read.take(waiting(SALES), 1, 10)
        read.expect("hq", 50)

        assert read.read(HQ, 100) == 90

    def test_of_a_pbx_that_is_not_meant_nothing_is_expected(self) -> None:
        read = reader(measure=Measure.ABSENCE, match={"pbx": ("!hq",), "queue": ("sales",)})

        assert read.expect("hq", 10) is None
        assert read.expect("branch", 10) == (("pbx", "branch"),)

    def test_it_may_be_expected_anew(self) -> None:
        read = reader(measure=Measure.ABSENCE)
        read.take(waiting(SALES), 1, 10)

        read.expect_anew(HQ, 80)

        assert read.read(HQ, 100) == 20


class TestForgetting:
    """What has gone."""

    def test_series_that_have_gone_count_no_more(self) -> None:
        read = reader()
        read.take(waiting(SALES), 3, 0)
        read.take(waiting(SUPPORT), 5, 9)

        read.forget(lambda pbx, heard: pbx == "hq" and heard < 9)

        assert read.read(HQ, 9) == 5

    def test_a_group_without_series_is_none(self) -> None:
        read = reader()
        read.take(waiting(SALES), 3, 0)

        read.forget(lambda *_: True)

        assert not read.has(HQ)
        assert read.read(HQ, 9) is None

    def test_what_has_gone_may_come_again(self) -> None:
        read = reader()
        read.take(waiting(SALES), 3, 0)
        read.forget(lambda *_: True)

        assert read.take(waiting(SALES), 4, 9) == HQ
        assert read.read(HQ, 9) == 4

    def test_series_that_are_not_meant_are_remembered_for_a_while_only(self) -> None:
        read = reader(match={"queue": ("none",)})
        for each in range(1000):
            read.take(waiting((*HQ, ("queue", str(each)))), 1, 0)

        read.forget(lambda *_: False)

        assert not read._places

    def test_a_group_may_be_dropped(self) -> None:
        read = reader()
        read.take(waiting(SALES), 3, 0)

        read.drop(HQ)

        assert not read.has(HQ)
        assert not read._places


class TestRestart:
    """It goes on."""

    @staticmethod
    def again(read: Reader, other: Reader) -> Reader:
        other.restore(json.loads(json.dumps(read.state())), recall_from(100, 100))
        return other

    def test_all_series_are_known_again(self) -> None:
        read = reader(by=("queue",))
        read.take(waiting(SALES), 3, 0)
        read.take(waiting(SUPPORT), 5, 0)

        other = self.again(read, reader(by=("queue",)))

        assert (other.read(SALES, 100), other.read(SUPPORT, 100)) == (3, 5)
        assert other.state() == read.state()

    def test_with_new_rules_only_what_is_still_meant_is_known(self) -> None:
        read = reader(by=("queue",))
        read.take(waiting(SALES), 3, 0)
        read.take(waiting(SUPPORT), 5, 0)

        other = self.again(read, reader(match={"queue": ("sales",)}))

        assert other.read(HQ, 100) == 3

    def test_a_pbx_that_was_known_is_known_again_though_its_series_have_gone(self) -> None:
        read = reader(measure=Measure.INCREASE)
        read.take(waiting(SALES), 500, -SETTLED)
        read.forget(lambda *_: True)

        other = self.again(read, reader(measure=Measure.INCREASE))

        other.take(waiting(SUPPORT), 3, 101)
        assert other.read(HQ, 101) == 3

    def test_what_is_expected_is_so_again_though_no_series_is_called_so(self) -> None:
        match: Patterns = {"queue": ("sales",)}
        read = reader(measure=Measure.ABSENCE, match=match)
        read.expect("hq", 40)

        other = self.again(read, reader(measure=Measure.ABSENCE, match=match))

        assert other.read(HQ, 100) == 60

    @pytest.mark.parametrize(
        "state",
        [
            None,
            [],
            {"known": 5, "series": 7},
            {"known": {"hq": "x"}, "series": [None, [], [1], [["queue.waiting"], 1, 2]]},
            {"series": [[["queue.waiting", "queue", "a"], 1, 2], [["other", "pbx", "hq"], 1, 2]]},
            {"series": [[["queue.waiting", "pbx", "hq"], "x", 2], [["queue.waiting", "pbx", "hq"]]]},
        ],
    )
    def test_what_is_no_state_is_left_out(self, state: Json) -> None:
        read = reader()

        read.restore(state, recall_from(0, 0))

        assert read.state() == {"begun": 0.0, "known": {}, "series": []}
