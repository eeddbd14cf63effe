"""Conferences: rooms and parties, moved by events, set by polls."""

import pytest

from bridge.asterisk import actions
from bridge.asterisk.conferences import Conferences
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import event, events, reply
from tests.asterisk.telling import Telling, listed

NONE = {actions.CONFERENCES: reply("22/ConfbridgeListRooms-none")}


def conference(name: str, channel: str = "", room: str = "room1") -> AmiMessage:
    return event(
        f"Event: Confbridge{name}", "Privilege: call,all", f"Conference: {room}", f"Uniqueid: {channel}"
    )


def parties(**rooms: int) -> dict[actions.Action, Reply]:
    items = ({"Conference": room, "Parties": str(count)} for room, count in rooms.items())
    return {actions.CONFERENCES: listed("ConfbridgeListRooms", *items)}


MEETING = (conference("Start"), conference("Join", "a"), conference("Join", "b"))


@pytest.fixture
def pbx() -> Telling:
    pbx = Telling(Conferences)
    pbx.poll(NONE)
    return pbx


class TestPolled:
    def test_a_list_tells_rooms_and_their_parties(self, pbx: Telling) -> None:
        pbx.poll({actions.CONFERENCES: reply("22/ConfbridgeListRooms")})

        assert pbx.gauges() == {
            "conferences.active": 2,
            "conference.parties{room1}": 1,
            "conference.parties{room two.2}": 1,
        }

    def test_no_conference_is_none_although_asterisk_calls_it_an_error(self, pbx: Telling) -> None:
        assert pbx.gauges() == {"conferences.active": 0}

    def test_a_party_that_came_unheard_is_there_and_counted(self, pbx: Telling) -> None:
        pbx.hear(*MEETING, after=1)

        corrections = [pbx.poll(parties(room1=3)) for _ in range(3)]

        assert pbx.gauges()["conference.parties{room1}"] == 3
        assert corrections == [0, 1, 0]


class TestHeard:
    def test_parties_come_and_go_between_polls(self, pbx: Telling) -> None:
        pbx.hear(*MEETING, conference("Leave", "a"), after=1)

        assert pbx.gauges() == {"conferences.active": 1, "conference.parties{room1}": 1}
        assert pbx.counts() == {"conferences.started": 1, "conference.joins{room1}": 2}

    def test_a_room_that_has_ended_says_0_once_more(self, pbx: Telling) -> None:
        pbx.hear(*MEETING, after=1)
        pbx.gauges()

        pbx.hear(conference("Leave", "a"), conference("Leave", "b"), conference("End"), after=1)

        assert pbx.gauges() == {"conferences.active": 0, "conference.parties{room1}": 0}
        assert pbx.gauges() == {"conferences.active": 0}

    def test_a_doubled_event_counts_once(self, pbx: Telling) -> None:
        pbx.hear(*MEETING, *MEETING, after=0.1)

        assert pbx.gauges()["conference.parties{room1}"] == 2
        assert pbx.counts()["conference.joins{room1}"] == 2

    def test_who_joins_again_is_counted_again(self, pbx: Telling) -> None:
        pbx.hear(conference("Join", "a"), conference("Leave", "a"), conference("Join", "a"), after=2)

        assert pbx.counts()["conference.joins{room1}"] == 2
        assert pbx.gauges()["conference.parties{room1}"] == 1

    def test_who_left_without_having_joined_makes_no_room_emptier_than_empty(self, pbx: Telling) -> None:
        pbx.hear(conference("Leave", "x"), conference("Start"), conference("Leave", "y"))

        assert pbx.gauges() == {"conferences.active": 1, "conference.parties{room1}": 0}

    def test_what_waited_for_the_first_poll_is_counted_but_is_in_its_answer(self) -> None:
        pbx = Telling(Conferences)
        pbx.poll(parties(room1=2))

        pbx.hear(*MEETING, conference("End", room="room0"), after=-5)

        assert pbx.gauges()["conference.parties{room1}"] == 2
        assert pbx.counts()["conference.joins{room1}"] == 2

    def test_who_joined_after_the_poll_was_asked_is_not_taken_back_by_it(self, pbx: Telling) -> None:
        pbx.hear(*MEETING, after=1)

        pbx.poll(parties(room1=1), after=-0.5)

        assert pbx.gauges()["conference.parties{room1}"] == 2


def test_a_room_that_ended_during_a_break_says_0(pbx: Telling) -> None:
    pbx.hear(*MEETING, after=1)
    pbx.gauges()

    pbx.lose()
    corrections = pbx.poll(NONE)

    assert pbx.gauges() == {"conferences.active": 0, "conference.parties{room1}": 0}
    assert corrections == 0


def test_an_account_that_may_not_list_them_is_told_by_events(pbx: Telling) -> None:
    pbx.lose()
    pbx.poll({})

    pbx.hear(*MEETING, after=1)

    assert pbx.gauges() == {"conferences.active": 1, "conference.parties{room1}": 2}


def test_the_rooms_of_a_recorded_session(pbx: Telling) -> None:
    pbx.hear(*events("22/bridges"), after=0.1)

    assert pbx.counts() == {
        "conferences.started": 2,
        "conference.joins{room1}": 1,
        "conference.joins{room two.2}": 1,
    }
    assert pbx.gauges() == {"conferences.active": 0}
