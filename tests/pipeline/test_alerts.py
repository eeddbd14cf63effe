"""The rules at work: samples come in as they pass the pipeline, and notices go out as samples."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bridge.core import own
from bridge.core.alert import Notice, State, notice_in
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.silence import Selector
from bridge.pipeline.alerts import MEMORY, Watch
from tests.pipeline.alerts_plant import ACME, BUSY, SILENT, TRUNK_DOWN, FailingOnce, Faulty, Plant, sample


@pytest.fixture
def plant() -> Plant:
    return Plant()


class TestObserving:
    """What passes the pipeline."""

    def test_what_is_bad_is_told_to_every_outlet(self, plant: Plant) -> None:
        others: list[Sample] = []
        plant.alerts.outlets = [plant.accept, others.extend]
        plant.alerts.follow(Watch([TRUNK_DOWN]))

        plant.alerts.observe([sample(0)])

        assert plant.told == ["trunk_down firing"]
        assert [notice_in(each).key for each in others] == [ACME]

    def test_if_there_is_nothing_to_say_nothing_is_said(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN]))

        plant.alerts.observe([sample(1, metric="nobody.cares")])
        plant.alerts.observe([])

        assert plant.batches == []

    def test_it_is_known_which_metrics_are_wanted(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN, BUSY]))

        assert plant.alerts.metrics() == {"trunk.up", "trunk.channels", own.SOURCE_UP.name}

    def test_how_alerts_stand_may_be_asked(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN]))
        plant.alerts.observe([sample(0), sample(1, "bolt")])

        standing = plant.alerts.standing(ACME)

        assert standing
        assert standing.state is State.FIRING
        assert [each.state for each in plant.alerts.everything()] == [State.FIRING, State.INACTIVE]
        assert [each.key for each in plant.alerts.active()] == [ACME]
        assert plant.alerts.silences() == []

    def test_transitions_are_counted_and_how_alerts_stand_is_gauged(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN], limit=2))
        for value in (0, 1, 0):
            plant.alerts.observe([sample(value), sample(1, "bolt"), sample(1, "core")])

        counted = [
            plant.health.counted(own.ALERTS_TRANSITIONS.series("hq", "trunk_down", state)) for state in State
        ]
        assert counted == [1, 0, 2]
        assert plant.gauge(own.ALERTS_KNOWN.series(BRIDGE)) == 2
        assert plant.gauge(own.ALERTS_FIRING.series("hq", "trunk_down")) == 1
        assert plant.gauge(own.ALERTS_STANDING.series("hq", "warning", "firing")) == 1
        assert plant.gauge(own.ALERTS_STANDING.series("hq", "critical", "firing")) == 0
        assert plant.gauge(own.ALERTS_REFUSED.series(BRIDGE)) == 3

    def test_what_fires_and_what_is_over_is_written_down_whatever_labels_are_called(
        self, plant: Plant
    ) -> None:
        labels = tuple(
            (name, name.upper()) for name in ("pbx", "event", "severity", "level", "rule", "summary")
        )
        rule = replace(TRUNK_DOWN, by=tuple(name for name, _ in labels[1:]))
        plant.alerts.follow(Watch([rule]))

        with capture_logs() as lines:
            plant.alerts.observe([Sample(Series("trunk.up", labels), 0, 0)])
            plant.alerts.observe([Sample(Series("trunk.up", labels), 1, 0)])

        assert [(line["event"], line["log_level"], line["rule"]) for line in lines] == [
            ("alert", "warning", "trunk_down"),
            ("alert is over", "info", "trunk_down"),
        ]
        assert "event=EVENT" in lines[0]["labels"]
        assert plant.faults == 0


class TestFollowing:
    """New settings."""

    def test_alerts_whose_rule_has_gone_are_taken_back_and_the_others_go_on(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN, BUSY]))
        plant.alerts.observe([sample(0), sample(9, metric="trunk.channels")])
        assert plant.told == ["trunk_down firing", "busy firing"]

        plant.alerts.follow(Watch([BUSY]))

        assert plant.told == ["trunk_down inactive", "trunk_down gone"]
        plant.alerts.observe([sample(9, metric="trunk.channels"), sample(0)])
        assert plant.told == []

    def test_the_same_rules_again_change_nothing(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN, SILENT], pbxs=["hq"]))
        plant.alerts.observe([sample(0), sample(1, "bolt")])
        assert plant.told == ["silent watched", "trunk_down firing", "trunk_down watched"]

        plant.alerts.follow(Watch([TRUNK_DOWN, SILENT], pbxs=["hq"]))

        assert plant.told == []

    def test_a_pbx_of_which_nothing_comes_is_missed(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([SILENT], pbxs=["hq", "branch"]))

        assert [notice.key.pbx for notice in plant.came] == ["hq", "branch"]

    def test_what_was_refused_stays_counted(self, plant: Plant) -> None:
        """It is a counter, and those never go backwards."""
        for _ in range(2):
            plant.alerts.follow(Watch([TRUNK_DOWN], limit=1))
            plant.alerts.observe([sample(1), sample(1, "bolt")])

        assert plant.gauge(own.ALERTS_REFUSED.series(BRIDGE)) == 2


class TestMemory:
    """Restarts of the bridge."""

    def test_alerts_go_on_where_they_were(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN]))
        plant.alerts.observe([sample(0)])
        before = plant.alerts.everything()
        plant.memory.turn_over()

        after = Plant(memory=plant.memory)
        after.alerts.follow(Watch([TRUNK_DOWN]))

        assert after.told == []
        assert after.alerts.everything() == before
        after.alerts.observe([sample(1)])
        assert after.told == ["trunk_down inactive"]
        after.alerts.follow(Watch([TRUNK_DOWN]))
        assert [each.state for each in after.alerts.everything()] == [State.INACTIVE]

    def test_what_is_known_is_kept_though_nothing_is_watched_yet(self, plant: Plant) -> None:
        """A bridge that ends before it has begun must not forget."""
        plant.alerts.follow(Watch([TRUNK_DOWN]))
        plant.alerts.observe([sample(0)])
        plant.memory.turn_over()
        Plant(memory=plant.memory)
        plant.memory.turn_over()

        after = Plant(memory=plant.memory)
        after.alerts.follow(Watch([TRUNK_DOWN]))

        assert [each.state for each in after.alerts.everything()] == [State.FIRING]

    def test_it_is_kept_under_its_key(self, plant: Plant) -> None:
        plant.memory.turn_over()

        assert plant.memory.recall(MEMORY) is not None


class TestDefects:
    """One in the rules is no matter of others."""

    def test_it_is_counted_and_told_once_a_minute_and_never_reaches_the_pipeline(self, plant: Plant) -> None:
        calendar = Faulty()
        calendar.broken = False
        plant.alerts.follow(Watch([replace(TRUNK_DOWN, schedule="x"), BUSY], {"x": calendar}))
        calendar.broken = True

        with capture_logs() as lines:
            for _ in range(5):
                plant.alerts.observe([sample(0)])

        assert plant.faults == 5
        assert [line["log_level"] for line in lines] == ["error"]
        plant.alerts.observe([sample(9, metric="trunk.channels")])
        assert plant.told == ["busy firing"]

    def test_none_has_been_met_at_first(self, plant: Plant) -> None:
        assert plant.gauge(own.ALERTS_FAULTS.series(BRIDGE)) == 0

    def test_an_outlet_that_fails_is_one_too(self, plant: Plant) -> None:
        def refuse(_: object) -> None:
            raise ZeroDivisionError

        plant.alerts.outlets = [refuse]
        plant.alerts.follow(Watch([TRUNK_DOWN]))

        plant.alerts.observe([sample(0)])

        assert plant.faults == 1

    def test_with_one_in_what_was_known_it_begins_afresh(self, plant: Plant) -> None:
        """What was silent because of a trunk is looked at again when the rule of that has gone."""
        calendar = Faulty()
        calendar.broken = False
        silent = replace(SILENT, schedule="x", inhibited_by=("trunk_down",))
        plant.alerts.follow(Watch([silent, TRUNK_DOWN], {"x": calendar}, pbxs=["hq"]))
        plant.alerts.observe([Sample(Series("trunk.up", (("pbx", "hq"),)), 0, 0)])
        assert plant.told == ["silent watched", "trunk_down firing"]

        plant.alerts.follow(Watch([silent], {"x": FailingOnce()}, pbxs=["hq"]))

        assert plant.faults == 1
        assert plant.told == ["silent watched"]


class TestPeople:
    """What they ask for."""

    def test_what_comes_of_it_is_told_to_everyone_and_to_them(self, plant: Plant) -> None:
        plant.alerts.follow(Watch([TRUNK_DOWN]))
        plant.alerts.observe([sample(0)])

        found = plant.alerts.say(lambda rules, now: rules.acknowledge(Selector("trunk_*"), now))

        assert found == [plant.came[-1]]

    def test_what_cannot_be_done_is_for_them_alone(self, plant: Plant) -> None:
        def refuse(*_: object) -> list[Notice]:
            raise ValueError("no such alert")

        with pytest.raises(ValueError, match="no such alert"):
            plant.alerts.say(refuse)
        assert plant.faults == 0
