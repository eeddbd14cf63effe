"""The edge node: who is born and dies when, and what hosts are told; judged by a host of their own.

A test that holds a statement of the specification has its mark (`tck-id-...`) as its name.
"""

from collections import Counter

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.system import DIALPLAN_ACTIVE, SYSTEM_INFO
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import Series
from tests.protocols.sparkplug_world import ACTIVE, BRANCH, NOW, UP, UPTIME, WAITING, World, at
from tests.sparkplug_host import DOUBLE, REBIRTH, STRING, Past, parse


class TestSessions:
    """Chapters 5.4 and 6.4.19: bdSeq ties births and deaths of the node together."""

    def test_topics_nbirth_bdseq_matching(self) -> None:
        world = World()

        world.host.hear(world.connect())

        assert world.host.bd_seqs == [0, 1]
        assert world.host.dead == [1]
        assert not world.host.alive

    def test_topics_nbirth_bdseq_increment_from_0_to_255_and_round(self) -> None:
        world = World()
        for _ in range(300):
            world.connect()

        assert world.host.bd_seqs == [number % 256 for number in range(301)]

    def test_a_session_that_did_not_come_about_uses_up_no_number(self) -> None:
        world = World()
        wills = [world.node.begin(NOW) for _ in range(3)]

        assert [parse(will.payload).metrics[0].long_value for will in wills] == [1, 1, 1]

    def test_operational_behavior_data_commands_rebirth_action_2_and_3(self) -> None:
        """All births again, and the same bdSeq."""
        world = World()
        world.write(at(WAITING, 2), at(BRANCH, 1), at(UPTIME, 5))

        world.rebirth()

        assert world.heard == [("NBIRTH", ""), ("DBIRTH", "hq"), ("DBIRTH", "branch")]
        assert world.host.bd_seqs == [0, 0, 0]
        assert world.host.value("hq", "queue/support/waiting") == 2
        assert not any(known.stale for known in world.host.known.values())

    def test_what_is_from_before_a_session_is_stale_until_a_sample_confirms_it(self) -> None:
        world = World()
        world.write(at(WAITING, 2), at(ACTIVE, 7))

        world.connect()
        before = {name: world.host.known["hq", name].stale for name in world.host.names("hq")}
        world.write(at(WAITING, 2, NOW + 1))

        assert before == {"queue/support/waiting": True, "dialplan/active": True}
        assert not world.host.known["hq", "queue/support/waiting"].stale
        assert world.host.known["hq", "dialplan/active"].stale

    def test_the_same_samples_again_after_a_break_lose_nothing(self) -> None:
        """As Delivery gives them again, if it is not known whether they went."""
        world = World()
        batch = [at(WAITING, 1), at(WAITING, 2, NOW + 1), at(WAITING, 3, NOW + 2), at(ACTIVE, 1)]
        world.node.update(batch, NOW)

        world.connect()
        world.write(*batch)

        assert world.host.value("hq", "queue/support/waiting") == 3
        assert world.host.past == [
            Past("hq", "queue/support/waiting", 1, NOW),
            Past("hq", "queue/support/waiting", 2, NOW + 1),
        ]
        assert not world.lost


class TestSequence:
    """Chapter 6.4.5: seq."""

    def test_payloads_sequence_num_incrementing(self) -> None:
        """The host asserts each step, over births, data and deaths of 300 turns."""
        world = World()
        for turn in range(300):
            now = NOW + turn
            world.write(at(WAITING, turn, now), at(UPTIME, turn, now), now=now)
            world.write(at(UP, turn % 2, now), now=now)

        verbs = Counter(verb for verb, _ in world.host.log)
        assert min(verbs["NDATA"], verbs["DDATA"], verbs["DBIRTH"], verbs["DDEATH"]) > 100

    def test_payloads_nbirth_seq(self) -> None:
        world = World()
        world.write(at(WAITING, 1))

        assert [parse(each.payload).seq for each in world.node.births(NOW)] == [0, 1]


class TestBirths:
    """Chapters 6.4.19 and 6.4.20."""

    def test_payloads_dbirth_order(self) -> None:
        """The births of all devices come before any data."""
        world = World()

        world.write(at(BRANCH, 1, NOW - 1), at(BRANCH, 2), at(WAITING, 1), at(UPTIME, 5))

        assert world.heard == [("NBIRTH", ""), ("DBIRTH", "branch"), ("DBIRTH", "hq"), ("DDATA", "branch")]

    def test_topics_nbirth_metrics(self) -> None:
        world = World()

        world.write(at(UPTIME, 5.5))

        known = world.host.known["", "process/uptime"]
        assert (known.value, known.unit, known.datatype) == (5.5, "seconds", DOUBLE)
        assert world.host.names("") == {"bdSeq", REBIRTH, "process/uptime"}

    def test_topics_dbirth_metric_reqs(self) -> None:
        """A metric that is new is told by a birth of its device, and that of no other."""
        world = World()
        world.write(at(WAITING, 2), at(BRANCH, 1))

        world.write(at(ACTIVE, 7), at(BRANCH, 3))

        assert world.heard == [("DBIRTH", "hq"), ("DDATA", "branch")]
        assert world.host.value("hq", "dialplan/active") == 7
        assert world.host.value("hq", "queue/support/waiting") == 2

    def test_a_new_metric_of_the_bridge_is_a_birth_of_everything(self) -> None:
        world = World()
        world.write(at(WAITING, 2))

        world.write(at(UPTIME, 5))

        assert world.heard == [("NBIRTH", ""), ("DBIRTH", "hq")]

    def test_payloads_alias_uniqueness_over_the_node_and_its_devices(self) -> None:
        """The host asserts it."""
        world = World()

        world.write(*(at(DIALPLAN_ACTIVE.series(f"pbx{number}"), 1) for number in range(40)), at(UPTIME, 1))

        assert len(world.host.alive) == 41

    def test_a_text_is_a_string_that_changes(self) -> None:
        world = World()
        world.write(at(SYSTEM_INFO.series("hq", "22.10.0"), 1))
        before = world.host.known["hq", "system/version"]

        world.write(at(SYSTEM_INFO.series("hq", "22.10.1"), 1, NOW + 1))

        assert (before.value, before.datatype) == ("22.10.0", STRING)
        assert world.host.value("hq", "system/version") == "22.10.1"
        assert world.heard == [("DDATA", "hq")]

    def test_no_two_metrics_of_the_catalogue_have_the_same_name(self) -> None:
        world = World(2 * len(CATALOG))

        world.write(*(at(_series(metric), 1) for metric in CATALOG.values()))

        assert len(world.host.names("hq")) == len(CATALOG)
        assert not world.lost

    def test_of_several_values_the_birth_tells_the_last_and_data_the_others_as_past(self) -> None:
        world = World()

        world.write(at(WAITING, 1), at(WAITING, 2, NOW + 1), at(WAITING, 3, NOW + 2))

        assert world.host.value("hq", "queue/support/waiting") == 3
        assert [past.value for past in world.host.past] == [1, 2]


class TestData:
    """Chapter 5.16: by exception, in order, and what comes late as history."""

    def test_operational_behavior_data_publish_dbirth_change(self) -> None:
        """A value that has not changed is not told again."""
        world = World()
        world.write(at(WAITING, 2), at(UPTIME, 1))

        world.write(at(WAITING, 2, NOW + 1), at(UPTIME, 1, NOW + 1))

        assert world.heard == []
        assert not world.lost

    def test_operational_behavior_data_publish_dbirth_order(self) -> None:
        """The host asserts the order; several values of a metric go in one message."""
        world = World()
        world.write(at(WAITING, 0, NOW - 9), at(ACTIVE, 0, NOW - 9))

        world.write(at(ACTIVE, 5, NOW + 1), at(WAITING, 1, NOW - 1), at(WAITING, 2), at(ACTIVE, 6, NOW + 2))

        assert world.heard == [("DDATA", "hq")]
        assert world.host.value("hq", "queue/support/waiting") == 2
        assert world.host.known["hq", "dialplan/active"].time == NOW + 2

    def test_what_comes_late_is_historical_and_changes_nothing(self) -> None:
        world = World()
        world.write(at(WAITING, 2), at(UPTIME, 9))

        world.write(at(WAITING, 5, NOW - 60), at(WAITING, 6, NOW - 50), at(UPTIME, 1, NOW - 60))

        assert world.heard == [("NDATA", ""), ("DDATA", "hq")]
        assert world.host.value("hq", "queue/support/waiting") == 2
        assert [past.value for past in world.host.past] == [1, 5, 6]

    def test_of_two_values_in_the_same_millisecond_the_last_is_told(self) -> None:
        world = World()
        world.write(at(WAITING, 0, NOW - 1))

        world.write(at(WAITING, 1), at(WAITING, 2, NOW + 0.0001), at(WAITING, 3, NOW + 0.00005))

        assert world.host.value("hq", "queue/support/waiting") == 2
        assert world.lost == {"superseded": 2}

    def test_of_two_values_in_the_same_millisecond_none_is_told_if_the_last_is_known(self) -> None:
        world = World()
        world.write(at(WAITING, 1, NOW - 1))

        world.write(at(WAITING, 0), at(WAITING, 1))

        assert world.heard == []

    def test_a_clock_that_was_ahead_for_a_moment_leaves_nothing_but_history(self) -> None:
        world = World()
        world.write(at(WAITING, 0, NOW - 1))

        world.write(at(WAITING, 1, NOW + 1e6), at(WAITING, 2))

        assert world.host.value("hq", "queue/support/waiting") == 2
        assert world.host.past == [Past("hq", "queue/support/waiting", 1, NOW + 1e6)]

    def test_a_clock_that_was_ahead_does_not_stop_a_metric(self) -> None:
        world = World()
        world.write(at(WAITING, 1, NOW + 1e6))

        world.write(at(WAITING, 2))

        assert world.host.value("hq", "queue/support/waiting") == 2


def _series(metric: Metric) -> Series:
    """A series of each metric, all of the same PBX."""
    values = [f"{key}-value" for key in metric.labels]
    if metric.kind is MetricKind.INFO:
        values[-1] = "words"
    return metric.series("hq", *values)


@pytest.mark.parametrize("kind", MetricKind)
def test_every_kind_of_metric_is_in_the_catalogue(kind: MetricKind) -> None:
    """So that the test of all names says something."""
    assert any(metric.kind is kind for metric in CATALOG.values())
