"""What people ask of the alerts: done as asked, or refused with words."""

import pytest
from structlog.testing import capture_logs

from bridge.core.alert import Happening
from bridge.pipeline.requests import (
    BURST,
    GLOBS_LIMIT,
    RATE,
    SHOWN_ALERTS,
    SHOWN_IDS,
    Requests,
)
from tests.pipeline.asked import RULES, World, trunk


@pytest.fixture
def world() -> World:
    return World()


class TestAck:
    def test_the_alerts_that_are_meant_and_fire_are_acknowledged(self, world: World) -> None:
        response = world.ask("ack", {"rule": "trunk_*", "pbx": "hq", "transaction": 7})

        ids = [world.alert("hq a").id, world.alert("hq b").id]
        assert response == {"data": {"acknowledged": 2, "alerts": ids}, "status": "ok", "transaction": 7}
        assert world.notices() == [(Happening.ACKNOWLEDGED, "hq a"), (Happening.ACKNOWLEDGED, "hq b")]
        assert world.done("ack") == 1

    def test_labels_take_globs_and_lists_of_them(self, world: World) -> None:
        response = world.ask("ack", {"labels": {"pbx": ["h*", "lab"], "trunk": ["?", "!b"]}})

        assert response["data"]["acknowledged"] == 2
        assert [labels for _, labels in world.notices()] == ["hq a", "lab a"]

    def test_to_acknowledge_again_is_no_mistake(self, world: World) -> None:
        """A message with QoS 1 may come twice."""
        world.ask("ack", {"all": True})

        assert world.ask("ack", {"all": True}) == {"data": {"acknowledged": 0, "alerts": []}, "status": "ok"}

    def test_what_does_not_fire_is_told(self, world: World) -> None:
        assert world.ask("ack", {"rule": "queue_*"}) == {
            "data": {},
            "status": "error",
            "error": "none of the 1 alerts that are meant fires",
        }
        assert world.ask("ack", {"pbx": "berlin"})["error"] == "no alert is meant"
        assert world.refused("nothing_meant") == 2
        assert world.notices() == []

    def test_many_alerts_are_counted_and_not_all_named(self) -> None:
        data = World(trunks=150).ask("ack", {"all": True})["data"]

        assert data["acknowledged"] == 154
        assert len(data["alerts"]) == SHOWN_IDS

    @pytest.mark.parametrize("seen", ["alert", "first", "last"])
    def test_an_id_means_the_alert_whatever_was_told_of_it_since(self, world: World, seen: str) -> None:
        first = world.alert("hq a").id
        world.ask("silence", {"id": first, "duration": 60})
        last = world.alert("hq a").id
        assert first != last

        world.notices()
        data = world.ask("ack", {"id": {"alert": first[:12], "first": first, "last": last}[seen]})["data"]

        assert data["acknowledged"] == 1
        assert world.notices() == [(Happening.ACKNOWLEDGED, "hq a")]

    def test_an_id_of_what_is_over_does_not_mean_what_has_begun_since(self, world: World) -> None:
        """Who acknowledges late, on a telephone, cares for what he saw and for nothing else."""
        seen = world.alert("hq a").id
        world.see(trunk("hq a 1"))
        world.see(trunk("hq a 0"))
        now = world.alert("hq a").id

        refused = world.ask("ack", {"id": seen})

        assert refused["error"] == f"what {seen} tells of is over; what there is now is {now}"
        assert not world.alert("hq a").acknowledged
        assert world.ask("ack", {"id": now})["data"]["acknowledged"] == 1

    def test_an_id_that_was_never_told_is_refused(self, world: World) -> None:
        alert = world.alert("hq a")

        late = world.ask("ack", {"id": f"{alert.key.id}-{alert.number + 1}"})
        strange = world.ask("ack", {"id": "000000000000-1"})
        others = world.ask("ack", {"id": alert.id, "pbx": "lab"})

        assert late["error"].startswith(f"nothing was told as {alert.key.id}-{alert.number + 1} yet")
        assert strange["error"] == "no alert that is meant has the id 000000000000"
        assert others["error"] == f"no alert that is meant has the id {alert.key.id}"
        assert world.notices() == []


class TestSilence:
    def test_nobody_is_told_until_it_ends(self, world: World) -> None:
        response = world.ask("silence", {"labels": {"trunk": "a"}, "duration": "2h", "comment": "works"})

        until = world.clock.now + 7200
        assert response["data"] == {"id": response["data"]["id"], "until": until, "alerts": 2}
        assert world.alert("hq a").silenced_until == world.alert("lab a").silenced_until == until
        assert world.alert("hq b").silenced_until is None
        (silence,) = world.ask("list")["data"]["silences"]
        assert (silence["id"], silence["comment"]) == (response["data"]["id"], "works")

    def test_it_may_come_before_the_alert(self, world: World) -> None:
        data = world.ask("silence", {"labels": {"trunk": "new"}, "duration": 60})["data"]
        world.see(trunk("hq new 0"))

        assert data["alerts"] == 0
        assert world.alert("hq new").silenced_until == data["until"]

    def test_the_same_again_takes_its_place_and_is_told_once(self, world: World) -> None:
        for duration in (7200, 60, 600):
            world.notices()
            data = world.ask("silence", {"labels": {"trunk": "a"}, "pbx": "hq", "duration": duration})["data"]

            assert world.alert("hq a").silenced_until == world.clock.now + duration
            assert world.notices() == [(Happening.SILENCED, "hq a")]
            assert [each["id"] for each in world.ask("list")["data"]["silences"]] == [data["id"]]

    def test_the_same_twice_at_once_is_one(self, world: World) -> None:
        """A message with QoS 1 may come twice."""
        first = world.ask("silence", {"all": True, "duration": 60})
        world.notices()

        assert world.ask("silence", {"all": True, "duration": 60}) == first
        assert world.notices() == []

    def test_one_by_the_id_of_what_was_told_is_for_the_alert(self, world: World) -> None:
        alert = world.alert("hq a")

        world.ask("silence", {"id": alert.id, "duration": 60})

        (silence,) = world.ask("list")["data"]["silences"]
        assert silence["matcher"]["id"] == alert.key.id

    def test_there_is_room_for_some_only(self, world: World) -> None:
        """The globs count: that of the rule, and one for the PBX."""
        for number in range(GLOBS_LIMIT // 2):
            assert world.ask("silence", {"pbx": f"site{number}", "duration": 60})["status"] == "ok"

        full = world.ask("silence", {"pbx": "hq", "duration": 60})
        again = world.ask("silence", {"pbx": "site0", "duration": 60})
        world.clock.now += 61
        later = world.ask("silence", {"pbx": "hq", "duration": 60})

        assert full["error"] == "64 silences are in force, with 128 globs; the most is 128: end some"
        assert (again["status"], later["status"]) == ("ok", "ok")

    def test_it_can_be_ended(self, world: World) -> None:
        data = world.ask("silence", {"pbx": "hq", "duration": "1h"})["data"]
        world.notices()

        ended = world.ask("unsilence", {"id": data["id"]})["data"]

        assert ended == {"id": data["id"], "alerts": 3}
        assert {happening for happening, _ in world.notices()} == {Happening.UNSILENCED}
        assert world.ask("unsilence", {"id": data["id"]})["error"].startswith(
            "no silence in force has the id"
        )

    def test_it_can_be_ended_when_its_alert_has_gone(self, world: World) -> None:
        data = world.ask("silence", {"id": world.alert("hq a").id, "duration": "1h"})["data"]
        world.follow(RULES[1:])

        assert world.ask("unsilence", {"id": data["id"]})["data"]["alerts"] == 0


class TestList:
    def test_alerts_that_fire_come_before_those_that_are_pending(self, world: World) -> None:
        alerts = world.ask("list")["data"]["alerts"]

        assert [(each["state"], *each["labels"].values()) for each in alerts] == [
            ("firing", "hq", "a"),
            ("firing", "hq", "b"),
            ("firing", "lab", "a"),
            ("firing", "lab", "b"),
            ("pending", "hq", "sales"),
        ]
        assert alerts[0] == world.alert("hq a").shown()
        assert world.told == []

    def test_a_state_can_be_chosen(self, world: World) -> None:
        def listed(state: object) -> list[str]:
            return [each["state"] for each in world.ask("list", {"state": state})["data"]["alerts"]]

        assert listed("pending") == ["pending"]
        assert listed(["inactive", "pending"]) == ["pending", "inactive"]
        assert len(listed("all")) == 6

    def test_a_long_list_says_how_many_are_missing(self) -> None:
        data = World(trunks=600).ask("list")["data"]

        assert len(data["alerts"]) == SHOWN_ALERTS
        assert data["more"] == 605 - SHOWN_ALERTS


def test_health_is_what_the_bridge_shows(world: World) -> None:
    assert world.ask("health") == {"data": {"states": {"ok": True}}, "status": "ok"}


def test_a_defect_is_answered_and_logged_and_counted(world: World) -> None:
    def defect() -> dict[str, object]:
        raise RuntimeError("caller 4711")

    requests = Requests(world.alerts, world.health, world.clock, defect)
    with capture_logs() as logs:
        response = requests.answer("health", b'{"transaction":0}')

    assert response.shown() == {
        "data": {},
        "status": "error",
        "error": "the bridge has failed at it: its log says where",
        "transaction": 0,
    }
    assert [line["log_level"] for line in logs] == ["error"]
    assert world.refused("defect") == 1


class TestStrangers:
    """Whoever reaches the broker."""

    def test_what_the_broker_has_retained_is_ignored(self, world: World) -> None:
        before = world.state()

        assert world.hear(b'{"all":true}', verb="ack", retained=True) is None
        assert world.state() == before
        assert world.refused("retained") == 1

    def test_too_many_are_told_once_and_then_ignored(self, world: World) -> None:
        answers = [world.hear(b'{"transaction":%d}' % number) for number in range(100)]

        good, bad = answers[: int(BURST)], answers[int(BURST) :]
        assert [each["status"] for each in good] == ["ok"] * int(BURST)
        assert bad[0] == {
            "data": {},
            "status": "error",
            "error": "too many requests: ask again in a few seconds",
            "transaction": 20,
        }
        assert bad[1:] == [None] * len(bad[1:])
        assert world.refused("limited") == 80

    def test_in_the_long_run_ten_a_second_are_carried_out(self, world: World) -> None:
        answers = []
        for _ in range(10_000):
            world.clock.now += 0.01
            answers.append(world.hear())

        assert world.done("health") == pytest.approx(100 * RATE + BURST, abs=1)
        assert [each["status"] for each in answers if each].count("error") == 1

    def test_when_they_have_been_few_for_a_while_one_is_told_again(self, world: World) -> None:
        first = [world.hear() for _ in range(30)]
        world.clock.now += 60
        second = [world.hear() for _ in range(30)]

        for answers in (first, second):
            assert [each["status"] for each in answers if each].count("error") == 1

    def test_what_takes_long_counts_for_many(self) -> None:
        world = World()

        def slow() -> dict[str, object]:
            world.clock.now += 1.0
            return {}

        world.requests = Requests(world.alerts, world.health, world.clock, slow)
        answers = []
        for _ in range(1000):
            world.clock.now += 0.1
            answers.append(world.hear())

        passed = 1000 * 0.1 + world.done("health")
        assert world.done("health") == pytest.approx(passed / 10, abs=2)

    def test_what_is_refused_does_not_hold_up_a_person_at_the_machine(self, world: World) -> None:
        while world.hear() is not None:
            pass

        assert world.ask("list")["status"] == "ok"

    def test_a_verb_that_makes_a_topic_beyond_measure_is_not_answered(self, world: World) -> None:
        assert world.hear(verb="\0" * 65_000) is None
        assert world.refused("unknown_verb") == 1
