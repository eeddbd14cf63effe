"""AMI packets of the simulated PBX, against what real servers send."""

import pytest

from bridge.demo.packets import (
    EVENT_CLASSES,
    encode,
    error,
    event,
    fully_booted,
    listing,
    mixed,
    snapshot,
    success,
)
from bridge.demo.pbx import CARRIER, OFFICE, Pbx, State
from bridge.demo.traffic import Traffic
from bridge.protocols.ami import AmiParser

START = 1_700_000_000.0
GREETING = b"Asterisk Call Manager/11.0.0\r\n"


def test_a_packet_is_lines_that_an_empty_line_ends() -> None:
    assert encode([("Event", "X"), ("Key", "a: b")]) == b"Event: X\r\nKey: a: b\r\n\r\n"


def test_an_answer_holds_the_action_id_that_came() -> None:
    assert success({"actionid": "7"}, ("Ping", "Pong")) == [
        ("Response", "Success"),
        ("ActionID", "7"),
        ("Ping", "Pong"),
    ]


def test_an_answer_to_an_action_without_id_has_none() -> None:
    assert error({}, "Permission denied") == [("Response", "Error"), ("Message", "Permission denied")]


def test_a_list_is_a_head_its_items_and_what_completes_it() -> None:
    head, item, tail = listing({"actionid": "1"}, "AorList", [[("ObjectName", "101")]])

    assert ("EventList", "start") in head
    assert item == [("Event", "AorList"), ("ActionID", "1"), ("ObjectName", "101")]
    assert dict(tail) == {
        "Event": "AorListComplete",
        "ActionID": "1",
        "EventList": "Complete",
        "ListItems": "1",
    }


def test_a_list_may_mix_several_kinds_of_items() -> None:
    _, *found, tail = mixed(
        {}, [("QueueParams", [("Queue", "support")]), ("QueueEntry", [])], "QueueStatusComplete"
    )

    assert found == [[("Event", "QueueParams"), ("Queue", "support")], [("Event", "QueueEntry")]]
    assert ("ListItems", "2") in tail


def test_the_dialled_channel_has_the_same_fields_with_a_prefix() -> None:
    channel = Pbx(START).call_in(CARRIER, "5550100", OFFICE[0])

    plain, dest = snapshot(channel), snapshot(channel, "Dest")

    assert [("Dest" + key, value) for key, value in plain] == dest


def test_a_hangup_is_told_as_asterisk_tells_it() -> None:
    pbx = Pbx(START)
    caller = pbx.call_in(CARRIER, "5550100", OFFICE[0])
    pbx.enter(caller, State.UP)
    pbx.hangup(caller, 17)

    packet = dict(event(pbx.take()[-1]))

    assert packet["Event"] == "Hangup"
    assert packet["Privilege"] == "call,all"
    assert packet["Uniqueid"] == packet["Linkedid"] == caller.uniqueid
    assert packet["ChannelStateDesc"] == "Up"
    assert (packet["Cause"], packet["Cause-txt"]) == ("17", "User busy")


def test_a_contact_that_is_lost_is_told_with_a_round_trip_of_zero() -> None:
    pbx = Pbx(START)
    pbx.qualify(OFFICE[0], None)

    packet = dict(event(pbx.take()[-1]))

    assert (packet["Event"], packet["ContactStatus"], packet["RoundtripUsec"]) == (
        "ContactStatus",
        "Unreachable",
        "0",
    )


def test_of_a_question_to_a_contact_ami_says_nothing() -> None:
    pbx = Pbx(START)
    pbx.qualify(OFFICE[0], 0.01)

    assert event(pbx.take()[0]) == []


def test_fully_booted_tells_for_how_long_the_pbx_runs() -> None:
    pbx = Pbx(START)
    pbx.now += 90

    assert dict(fully_booted(pbx))["Uptime"] == "90"


@pytest.mark.parametrize("seed", range(5))
def test_every_event_of_half_an_hour_is_understood_by_the_bridge(seed: int) -> None:
    """What the bridge's own parser reads back is what happened."""
    happenings = Traffic(seed, START).step(START + 1800)
    told = [happening for happening in happenings if happening.event in EVENT_CLASSES]

    read = AmiParser().feed(GREETING + b"".join(encode(event(happening)) for happening in told))

    assert [message.event for message in read] == [happening.event for happening in told]
