"""One number out of several: the most trusted source that is fresh speaks, and a counter goes on."""

import json

import pytest

from bridge.core import own
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.state import Json
from bridge.core.trust import FORGOTTEN, Trust

GAUGE, COUNTER = MetricKind.GAUGE, MetricKind.COUNTER
THREE, TWO = ("ami", "snmp", "statsd"), ("ami", "snmp")
CATALOG = {
    metric.name: metric
    for metric in (
        Metric("channels.active", GAUGE, "Channels", sources=THREE),
        Metric("technology.channels", GAUGE, "Channels", labels=("technology",), sources=TWO),
        Metric("dialplan.processed", COUNTER, "Executions", sources=TWO),
        Metric("system.uptime", GAUGE, "Uptime", sources=TWO, ages=True),
        Metric("contact.rtt", GAUGE, "Round trip", labels=("aor",), sources=("ami",)),
    )
}
CHANNELS = Series("channels.active", (("pbx", "hq"),))
PROCESSED = Series("dialplan.processed", (("pbx", "hq"),))
RTT = Sample(Series("contact.rtt", (("pbx", "hq"), ("aor", "101"))), 0.02, 0)
DISAGREEMENT = own.SOURCE_DISAGREEMENT.series("hq", "channels.active")


class Desk:
    """Trust, and what it has published."""

    def __init__(self) -> None:
        self.trust = Trust(CATALOG, freshness=60)
        self.published: list[float] = []

    def hears(self, source: str, value: float, now: float, series: Series = CHANNELS) -> list[float]:
        """What is published of one sample."""
        passed = self.trust.believed(source, [Sample(series, value, now)], now)
        assert all(sample.series == series for sample in passed)
        self.published += [sample.value for sample in passed]
        return [sample.value for sample in passed]

    def disagreements(self, now: float) -> dict[Series, float]:
        return dict(self.trust.disagreements(now))


@pytest.fixture
def desk() -> Desk:
    return Desk()


class TestGauges:
    """Who has the word."""

    def test_the_trusted_source_silences_the_others_while_it_is_fresh(self, desk: Desk) -> None:
        assert desk.hears("ami", 12, now=0) == [12]
        assert desk.hears("snmp", 10, now=59) == []

    def test_another_takes_over_when_the_trusted_one_falls_silent(self, desk: Desk) -> None:
        desk.hears("ami", 12, now=0)

        assert desk.hears("snmp", 10, now=60) == [10]
        assert desk.hears("statsd", 11, now=61) == []

    def test_a_source_that_is_lost_loses_the_word_at_once(self, desk: Desk) -> None:
        desk.hears("ami", 12, now=0)

        desk.trust.lost("ami", "hq")

        assert desk.hears("snmp", 10, now=1) == [10]

    def test_a_source_that_is_lost_on_one_pbx_keeps_the_word_on_another(self, desk: Desk) -> None:
        desk.hears("ami", 12, now=0)

        desk.trust.lost("ami", "branch")

        assert desk.hears("snmp", 10, now=1) == []

    def test_a_listener_that_is_lost_is_lost_for_all_pbxs(self, desk: Desk) -> None:
        desk.hears("ami", 12, now=0)

        desk.trust.lost("ami", BRIDGE)

        assert desk.hears("snmp", 10, now=1) == [10]

    def test_the_trusted_source_takes_the_word_back_at_once(self, desk: Desk) -> None:
        desk.hears("snmp", 10, now=0)

        assert desk.hears("ami", 12, now=1) == [12]
        assert desk.hears("snmp", 10, now=2) == []

    def test_what_only_one_source_knows_always_passes(self, desk: Desk) -> None:
        assert desk.trust.believed("ami", [RTT], now=0) == [RTT]
        assert desk.trust.believed("statsd", [RTT], now=0) == [RTT]

    def test_what_is_in_no_catalogue_always_passes(self, desk: Desk) -> None:
        own_bucket = Sample(Series("statsd.shop.orders"), 3, 0)

        assert desk.trust.believed("statsd", [own_bucket], now=0) == [own_bucket]

    def test_each_series_has_a_speaker_of_its_own(self, desk: Desk) -> None:
        desk.hears("ami", 12, now=0)

        assert desk.hears("snmp", 3, now=1, series=Series("channels.active", (("pbx", "branch"),))) == [3]


class TestDisagreement:
    """By how much sources differ is a number of its own."""

    def test_three_sources_give_one_series_and_their_disagreement(self, desk: Desk) -> None:
        """SNMP says 10, AMI 12 and StatsD 11, three times; then all say the same."""
        found = []
        for poll in range(3):
            now = poll * 15
            for source, value in (("snmp", 10), ("ami", 12), ("statsd", 11)):
                desk.hears(source, value, now)
            found.append(desk.disagreements(now + 1))
        for source in ("ami", "snmp", "statsd"):
            desk.hears(source, 12, now=45)

        assert desk.published[1:] == [12, 12, 12, 12]
        assert found == [{DISAGREEMENT: 2}] * 3
        assert desk.disagreements(46) == {DISAGREEMENT: 0}

    def test_the_first_sample_of_all_may_come_from_anyone(self, desk: Desk) -> None:
        assert desk.hears("snmp", 10, now=0) == [10]

    def test_who_is_alone_disagrees_with_nobody(self, desk: Desk) -> None:
        desk.hears("ami", 12, now=0)

        assert desk.disagreements(1) == {DISAGREEMENT: 0}

    @pytest.mark.parametrize("how", ["silent", "lost"])
    def test_who_is_gone_disagrees_no_more(self, desk: Desk, how: str) -> None:
        desk.hears("ami", 12, now=0)
        desk.hears("snmp", 10, now=50)
        if how == "lost":
            desk.trust.lost("ami", "hq")

        assert desk.disagreements(51 if how == "lost" else 70) == {DISAGREEMENT: 0}

    def test_of_many_series_the_one_with_the_most_counts(self, desk: Desk) -> None:
        for technology, difference in (("PJSIP", 1), ("Local", 4)):
            series = Series("technology.channels", (("pbx", "hq"), ("technology", technology)))
            desk.hears("ami", 9, 0, series)
            desk.hears("snmp", 9 - difference, 0, series)

        assert desk.disagreements(1) == {own.SOURCE_DISAGREEMENT.series("hq", "technology.channels"): 4}

    def test_an_age_is_compared_at_one_moment(self, desk: Desk) -> None:
        uptime = Series("system.uptime", (("pbx", "hq"),))
        desk.hears("ami", 1000, 20, uptime)
        desk.hears("snmp", 1008, 29, uptime)

        assert desk.disagreements(30) == {own.SOURCE_DISAGREEMENT.series("hq", "system.uptime"): 1}

    def test_counters_do_not_disagree(self, desk: Desk) -> None:
        """Each has its own beginning: only what they rise by is the same."""
        desk.hears("ami", 1000, 0, PROCESSED)
        desk.hears("snmp", 5, 0, PROCESSED)

        assert desk.disagreements(1) == {}

    def test_series_that_nobody_tells_are_forgotten(self, desk: Desk) -> None:
        desk.hears("ami", 12, now=0)
        desk.hears("ami", 5, 0, PROCESSED)

        assert desk.disagreements(FORGOTTEN + 61) == {}
        assert desk.trust.state() == []


class TestCounters:
    """The published counter is the sum of what those say who have the word."""

    def test_a_change_of_source_neither_falls_nor_jumps(self, desk: Desk) -> None:
        for now, ami, snmp in ((0, 1000, 40), (15, 1010, 50), (30, 1030, 70)):
            desk.hears("ami", ami, now, PROCESSED)
            desk.hears("snmp", snmp, now, PROCESSED)
        desk.trust.lost("ami", "hq")
        desk.hears("snmp", 75, 45, PROCESSED)
        desk.hears("snmp", 80, 60, PROCESSED)
        desk.hears("ami", 1045, 75, PROCESSED)

        assert desk.published == [1000, 1010, 1030, 1035, 1040, 1045]

    def test_what_came_while_nobody_had_the_word_is_made_up_for(self, desk: Desk) -> None:
        """AMI is silent, but SNMP is believed only when AMI is no longer fresh."""
        for now, snmp in ((0, 40), (30, 47), (60, 55)):
            if now == 0:
                desk.hears("ami", 1000, now, PROCESSED)
            desk.hears("snmp", snmp, now, PROCESSED)

        assert desk.published == [1000, 1015]

    def test_what_happened_between_two_readings_is_not_counted_twice(self, desk: Desk) -> None:
        """SNMP was read before AMI was: what AMI has counted between is not new."""
        desk.hears("snmp", 100, 0, PROCESSED)
        desk.hears("ami", 100, 1, PROCESSED)
        desk.hears("snmp", 105, 14, PROCESSED)
        desk.hears("ami", 110, 15, PROCESSED)
        desk.trust.lost("ami", "hq")
        desk.hears("snmp", 112, 30, PROCESSED)

        assert desk.published == [100, 100, 110, 112]

    def test_what_one_counts_too_much_is_not_saved_up_for_its_turn(self, desk: Desk) -> None:
        """Only what it has counted since the reading before the other's last is taken over."""
        for now in range(0, 150, 15):
            desk.hears("ami", 100 + now, now, PROCESSED)
            desk.hears("snmp", 100 + 3 * now, now, PROCESSED)
        desk.trust.lost("ami", "hq")
        desk.hears("snmp", 100 + 3 * 135 + 6, 150, PROCESSED)

        assert 0 <= desk.published[-1] - desk.published[-2] <= 45 + 6

    def test_a_source_that_begins_afresh_takes_nothing_away(self, desk: Desk) -> None:
        published = [desk.hears("ami", value, 0, PROCESSED) for value in (100, 3, 5)]

        assert published == [[100], [100], [102]]

    def test_it_goes_on_after_a_restart_of_the_bridge(self, desk: Desk) -> None:
        desk.hears("ami", 1000, 0, PROCESSED)
        desk.hears("snmp", 40, 1, PROCESSED)
        after = Desk()

        after.trust.restore(json.loads(json.dumps(desk.trust.state())), now=5000)
        after.hears("snmp", 45, 5001, PROCESSED)
        after.hears("ami", 1007, 5002, PROCESSED)

        assert after.published == [1005, 1007]

    def test_what_is_hidden_is_not_written_down(self, desk: Desk) -> None:
        desk.hears("ami", 1000, 0, PROCESSED)

        assert desk.trust.state(lambda series: series == PROCESSED) == []

    @pytest.mark.parametrize(
        "state",
        [None, 1, [1], [[["dialplan.processed", "pbx", "hq"], {"total": "x"}]], [[["other.name"], {}]]],
    )
    def test_a_state_that_is_none_is_ignored(self, desk: Desk, state: Json) -> None:
        desk.trust.restore(state, now=0)

        assert desk.hears("ami", 7, 1, PROCESSED) == [7]
