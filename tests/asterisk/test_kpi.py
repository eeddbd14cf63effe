"""Key figures, each by its definition, over a window that slides."""

from collections.abc import Mapping
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.catalog import CATALOG, calls, kpi, queues
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, SYSTEM_MAX_CALLS
from bridge.asterisk.kpi import OF_CALLS, OF_QUEUES, TERMS, WINDOW, Kpis
from bridge.asterisk.tracker import Tracker
from bridge.core.counter import Tally
from bridge.core.erlang import erlang_b
from bridge.core.metric import Metric
from bridge.core.sample import Sample, Series
from tests.recordings import ami, queue_log

POLL = 15.0
MINUTE, HOUR = 60.0, 3600.0


class Pbx:
    """A PBX whose counters and gauges are set by hand, polled every 15 s; the first poll is done."""

    def __init__(self) -> None:
        self.totals = Tally()
        self.gauges: dict[Series, float] = {}
        self.kpis = Kpis("hq")
        self.now = 1_000.0
        self.poll(after=0)

    def count(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        self.totals.add(metric.series("hq", *labels), amount)

    def ended(self, **results: int) -> None:
        for result, amount in results.items():
            self.count(calls.CALLS_RESULTS, result, amount=amount)

    def show(self, metric: Metric, value: float, *labels: str) -> None:
        self.gauges[metric.series("hq", *labels)] = value

    def poll(self, after: float = POLL) -> dict[str, float]:
        """The key figures after a poll, by name; of queues, those of the last one."""
        self.now += after
        samples = [*self.totals.samples(0), *(Sample(*each, 0) for each in self.gauges.items())]
        return {series.name: value for series, value in self.kpis.values(samples, self.now)}


class TestCalls:
    def test_asr_abr_and_ner_are_shares_of_seizures_and_bids(self) -> None:
        pbx = Pbx()

        pbx.ended(answered=50, busy=10, no_answer=10, cancelled=5, rejected=5)
        pbx.ended(unallocated=8, failed=1, other=1, congestion=10)
        figures = pbx.poll()

        assert figures["kpi.asr"] == 50 / 90
        assert figures["kpi.abr"] == 50 / 100
        assert figures["kpi.ner"] == 80 / 90

    def test_a_pbx_that_nobody_answers_has_a_ratio_of_0(self) -> None:
        pbx = Pbx()

        pbx.ended(busy=3)

        assert pbx.poll()["kpi.asr"] == 0

    def test_when_no_call_found_a_circuit_there_is_a_bid_but_no_seizure(self) -> None:
        pbx = Pbx()

        pbx.ended(congestion=3)
        figures = pbx.poll()

        assert figures["kpi.abr"] == 0
        assert "kpi.asr" not in figures

    def test_durations(self) -> None:
        pbx = Pbx()

        for seconds in (3.0, 57.0, 120.0):
            calls.CALLS_TALK_TIME.observe(pbx.totals, seconds, "hq")
        for seconds in (10.0, 70.0, 130.0, 0.0):
            calls.CALLS_DURATION.observe(pbx.totals, seconds, "hq")
        calls.DIALS_POST_DIAL_DELAY.observe(pbx.totals, 2.5, "hq")
        calls.DIALS_ANSWER_TIME.observe(pbx.totals, 9, "hq")
        pbx.ended(answered=3, congestion=1)
        figures = pbx.poll()

        assert figures["kpi.acd"] == 60
        assert figures["kpi.mht"] == 70
        assert figures["kpi.short_calls"] == 1 / 3
        assert figures["kpi.pdd"] == 2.5
        assert figures["kpi.answer_time"] == 9

    def test_erlangs_are_the_mean_of_calls_at_once_by_time(self) -> None:
        pbx = Pbx()
        pbx.show(calls.CALLS_ACTIVE, 4)
        pbx.poll()
        pbx.show(calls.CALLS_ACTIVE, 10)

        pbx.poll(after=30)

        assert pbx.poll(after=10)["kpi.erlangs"] == pytest.approx((4 * 30 + 10 * 10) / (15 + 30 + 10))

    def test_attempts_by_second(self) -> None:
        pbx = Pbx()

        pbx.count(calls.CALLS_ATTEMPTS, amount=30)
        pbx.poll()
        pbx.count(calls.CALLS_ATTEMPTS, amount=15)

        assert pbx.poll()["kpi.cps"] == 1.5

    def test_blocking_is_told_only_where_there_is_a_limit(self) -> None:
        pbx = Pbx()
        pbx.show(DIALPLAN_ACTIVE, 5)
        pbx.show(SYSTEM_MAX_CALLS, 0)
        pbx.poll()

        without = pbx.poll(after=1e6)
        pbx.show(SYSTEM_MAX_CALLS, 10)

        assert "kpi.blocking" not in without
        assert pbx.poll()["kpi.blocking"] == pytest.approx(erlang_b(5, 10))


class TestBusyHour:
    def attempts(self, *quarters: int) -> float:
        """The busy hour after so many attempts in each quarter of an hour."""
        pbx = Pbx()
        pbx.now = 0.0
        pbx.count(calls.CALLS_ATTEMPTS, amount=0)
        figures = pbx.poll(after=MINUTE)
        for amount in quarters:
            pbx.count(calls.CALLS_ATTEMPTS, amount=amount)
            figures = pbx.poll(after=15 * MINUTE)
        return figures["kpi.bhca"]

    def test_it_is_the_busiest_hour_and_not_the_last_one(self) -> None:
        assert self.attempts(1, 10, 20, 30, 40, 5, 1, 1, 1, 1) == 100

    def test_before_an_hour_has_passed_it_is_what_there_was(self) -> None:
        assert self.attempts(3, 4) == 7

    def test_it_forgets_after_a_day(self) -> None:
        assert self.attempts(100, *[1] * 97) == 4


class TestQueues:
    def test_service_levels_differ_by_what_they_divide_by(self) -> None:
        pbx = Pbx()

        for metric, amount in (
            (queues.QUEUE_ANSWERED, 70),
            (queues.QUEUE_ANSWERED_IN_TIME, 60),
            (queues.QUEUE_ABANDONS, 20),
            (queues.QUEUE_ABANDONS_IN_TIME, 10),
            (queues.QUEUE_EXITS, 10),
        ):
            pbx.count(metric, "support", amount=amount)
        pbx.show(queues.QUEUE_SERVICE_LEVEL_BOUND, 60, "support")
        for wait in (5.0, 20.0, 21.0):
            queues.QUEUE_WAIT_TIME.observe(pbx.totals, wait, "hq", "support")
        figures = pbx.poll()

        assert figures["queue_kpi.service_level"] == 60 / 100
        assert figures["queue_kpi.service_level_answered"] == 60 / 70
        assert figures["queue_kpi.service_level_patient"] == 60 / 90
        assert figures["queue_kpi.service_level_20"] == 2 / 100
        assert figures["queue_kpi.abandon_rate"] == 20 / 100

    @pytest.mark.parametrize("bound", [None, 0])
    def test_without_a_bound_there_is_no_service_level_by_it(self, bound: float | None) -> None:
        pbx = Pbx()

        pbx.count(queues.QUEUE_ANSWERED, "support")
        if bound is not None:
            pbx.show(queues.QUEUE_SERVICE_LEVEL_BOUND, bound, "support")

        assert [name for name in pbx.poll() if "level" in name] == ["queue_kpi.service_level_20"]

    def test_speed_of_answer_and_handling_time_are_means(self) -> None:
        pbx = Pbx()

        for wait, talk in ((10.0, 100.0), (20.0, 300.0)):
            queues.QUEUE_WAIT_TIME.observe(pbx.totals, wait, "hq", "support")
            queues.QUEUE_TALK_TIME.observe(pbx.totals, talk, "hq", "support")
        figures = pbx.poll()

        assert figures["queue_kpi.asa"] == 15
        assert figures["queue_kpi.aht"] == 200

    def test_occupancy_is_the_share_of_time_in_calls(self) -> None:
        pbx = Pbx()
        pbx.show(queues.QUEUE_STATE_MEMBERS, 2, "support", "inuse")
        pbx.show(queues.QUEUE_STATE_MEMBERS, 1, "support", "onhold")
        pbx.show(queues.QUEUE_STATE_MEMBERS, 5, "support", "unavailable")
        pbx.show(queues.QUEUE_AVAILABLE, 1, "support")
        pbx.poll()

        assert pbx.poll()["queue_kpi.occupancy"] == 0.75

    def test_each_queue_has_its_own(self) -> None:
        pbx = Pbx()

        pbx.count(queues.QUEUE_ANSWERED, "support", amount=3)
        pbx.count(queues.QUEUE_ANSWERED, "sales", amount=1)
        pbx.count(queues.QUEUE_ABANDONS, "sales", amount=1)
        figures = dict(pbx.kpis.values(pbx.totals.samples(0), pbx.now))

        assert figures[kpi.QUEUE_KPI_ABANDON_RATE.series("hq", "support")] == 0
        assert figures[kpi.QUEUE_KPI_ABANDON_RATE.series("hq", "sales")] == 0.5


class TestWindow:
    def test_what_did_not_happen_says_nothing(self) -> None:
        assert Pbx().poll() == {}

    def test_what_leaves_the_window_leaves_the_figure(self) -> None:
        pbx = Pbx()
        pbx.ended(busy=1)
        pbx.poll()
        pbx.ended(answered=1)

        assert pbx.poll(after=WINDOW / 2)["kpi.asr"] == 0.5
        assert pbx.poll(after=WINDOW / 2 + POLL)["kpi.asr"] == 1
        assert "kpi.asr" not in pbx.poll(after=WINDOW)

    def test_totals_of_the_bridge_before_are_no_happenings_of_now(self) -> None:
        restored = Tally()
        restored.add(calls.CALLS_RESULTS.series("hq", "answered"), 1_000_000)
        kpis = Kpis("hq")

        assert dict(kpis.values(restored.samples(0), 10.0)) == {}

    def test_a_counter_that_falls_makes_no_figure_negative_or_giant(self) -> None:
        pbx = Pbx()
        pbx.ended(answered=1000, busy=1000)
        pbx.poll()

        pbx.totals = Tally()
        pbx.ended(answered=1, busy=1)
        pbx.poll()
        pbx.ended(answered=2, busy=0)

        assert pbx.poll()["kpi.asr"] == (1000 + 2) / (2000 + 2)

    def test_while_the_connection_is_lost_nothing_is_watched(self) -> None:
        pbx = Pbx()
        pbx.show(calls.CALLS_ACTIVE, 8)
        pbx.poll()
        pbx.poll()

        pbx.kpis.lost()
        pbx.show(calls.CALLS_ACTIVE, 0)
        pbx.poll(after=300)

        assert pbx.poll()["kpi.erlangs"] == pytest.approx(8 * 15 / 45)


def test_recorded_queues_have_the_figures_of_asterisks_own_queue_log() -> None:
    """24 callers of Asterisk 16 in three queues, some of them connected."""
    heard = ami("queues-16")
    tracker = Tracker("hq", kpi_window=24 * HOUR)
    tracker.sync({}, heard[0].time)
    tracker.samples(heard[0].time, 0)

    for message, time in heard:
        tracker.take(message, time)
    tracker.samples(heard[-1].time, 0)
    known = {sample.series: sample.value for sample in tracker.samples(heard[-1].time + MINUTE, 0)}

    rows = [line.split("|") for line in queue_log("queues-16") if "|support|" in line]
    waits = [int(row[5]) for row in rows if row[4] == "CONNECT"]
    talks = [int(row[6]) for row in rows if row[4].startswith("COMPLETE")]
    offered = sum(row[4] == "ENTERQUEUE" for row in rows)
    assert known[kpi.QUEUE_KPI_ASA.series("hq", "support")] == pytest.approx(fmean(waits))
    assert known[kpi.QUEUE_KPI_AHT.series("hq", "support")] == pytest.approx(fmean(talks))
    assert known[kpi.QUEUE_KPI_SERVICE_LEVEL_20.series("hq", "support")] == len(waits) / offered
    assert known[kpi.QUEUE_KPI_ABANDON_RATE.series("hq", "support")] == 0


COUNTS = st.dictionaries(
    st.sampled_from([term for term in TERMS if term.metric.labels in {(), ("result",)}]),
    st.floats(0, 1e6),
    max_size=8,
)


@given(st.lists(st.tuples(COUNTS, st.floats(0, 2000)), min_size=2, max_size=8))
def test_whatever_counters_do_no_figure_is_negative(
    polls: list[tuple[Mapping[object, float], float]],
) -> None:
    """Counters may fall, vanish and come back."""
    kpis, now = Kpis("hq"), 0.0
    for counts, passed in polls:
        now += passed
        samples = [
            Sample(term.metric.series("hq", *term.labels), value, 0)  # type: ignore[attr-defined]
            for term, value in counts.items()
        ]
        figures = dict(kpis.values(samples, now))

        assert all(value >= 0 for value in figures.values())


def test_every_figure_is_made_of_what_the_catalogue_has() -> None:
    assert {term.metric.name for term in TERMS} <= set(CATALOG)
    assert {ratio.metric.name for ratio in (*OF_CALLS, *OF_QUEUES)} <= set(CATALOG)
    assert all(CATALOG[ratio.metric.name].help for ratio in (*OF_CALLS, *OF_QUEUES))
