"""The simulated PBX: what changes its state, and the account of it."""

import pytest

from bridge.demo.pbx import AGENTS, CARRIER, OFFICE, Channel, Happening, Pbx, State
from bridge.demo.queue import average

START = 1_700_000_000.0
PHONE = OFFICE[0]


def events(happenings: list[Happening]) -> list[str]:
    return [happening.event for happening in happenings]


def ringing(pbx: Pbx) -> tuple[Channel, Channel]:
    """A call from outside that rings at a phone."""
    caller = pbx.call_in(CARRIER, "5550100", PHONE)
    callee = pbx.dial(caller, PHONE)
    pbx.enter(callee, State.RINGING)
    return caller, callee


def test_a_call_is_one_dialplan_execution_and_two_channels() -> None:
    pbx = Pbx(START)

    ringing(pbx)

    assert (pbx.dialplan_active, pbx.processed, len(pbx.channels), pbx.bridged) == (1, 1, 2, 0)


def test_both_legs_of_a_call_share_the_linkedid_of_the_caller() -> None:
    pbx = Pbx(START)

    caller, callee = ringing(pbx)

    assert callee.linkedid == caller.linkedid == caller.uniqueid != callee.uniqueid


def test_the_account_says_what_happened_in_order_and_is_emptied_by_taking_it() -> None:
    pbx = Pbx(START)
    caller, callee = ringing(pbx)
    pbx.dial_end(caller, callee, "NOANSWER")
    pbx.hangup(callee, 19)
    pbx.hangup(caller, 19)

    account = pbx.take()

    assert events(account) == [
        "Newchannel",
        "Newchannel",
        "DialBegin",
        "Newstate",
        "DialEnd",
        "Hangup",
        "Hangup",
    ]
    assert pbx.take() == []
    assert not pbx.channels


def test_a_happening_keeps_the_channel_as_it_was_then() -> None:
    """The AMI server tells of a step when it is over; the events must not show its end."""
    pbx = Pbx(START)
    _, callee = ringing(pbx)
    pbx.enter(callee, State.UP)

    states = [each.channel.state for each in pbx.take() if each.event == "Newstate" and each.channel]

    assert states == [State.RINGING, State.UP]


def test_a_bridge_lists_who_is_in_it() -> None:
    pbx = Pbx(START)
    caller, callee = ringing(pbx)
    pbx.bridge(caller, "b1", callee.number)
    pbx.bridge(callee, "b1", caller.number)

    bridges = pbx.bridges()

    assert [channel.uniqueid for channel in bridges["b1"]] == [caller.uniqueid, callee.uniqueid]
    assert pbx.bridged == 2


def test_a_caller_who_waits_and_is_answered_moves_the_average_by_a_quarter() -> None:
    pbx = Pbx(START)
    caller = pbx.call_in(CARRIER, "5550100", "600")
    pbx.join_queue(caller)
    pbx.now += 8

    pbx.leave_queue(caller)

    assert pbx.queue.hold_time == average(0, 8) == 2
    assert not pbx.queue.waiting
    assert pbx.queue.abandoned == 0


def test_hanging_up_is_told_before_abandoning_and_that_before_leaving() -> None:
    """So does Asterisk."""
    pbx = Pbx(START)
    first, second = (pbx.call_in(CARRIER, "5550100", "600") for _ in range(2))
    pbx.join_queue(first)
    pbx.join_queue(second)
    pbx.take()
    pbx.now += 30

    pbx.leave_queue(second, abandoned=True)

    hangup, abandon, leave = pbx.take()
    assert hangup.event == "HangupRequest"
    assert abandon.event == "QueueCallerAbandon"
    assert dict(abandon.fields) == {
        "Queue": "support",
        "Position": "2",
        "OriginalPosition": "2",
        "HoldTime": "30",
    }
    assert leave.event == "QueueCallerLeave"
    assert leave.fields["Count"] == "1"


def test_a_call_to_an_agent_is_told_from_ringing_to_its_end() -> None:
    pbx = Pbx(START)
    agent = AGENTS[0]
    caller = pbx.call_in(CARRIER, "5550100", "600")
    pbx.join_queue(caller)
    pbx.now += 8
    callee = pbx.call_agent(caller, agent)
    pbx.enter(callee, State.RINGING)
    pbx.take()

    pbx.now += 3
    pbx.connect(caller, callee, rang=3)
    pbx.enter(callee, State.UP)
    pbx.now += 60
    pbx.hangup(callee, 16)
    pbx.complete(caller, callee, waited=11, talked=60)

    account = [each for each in pbx.take() if each.event not in {"Newstate", "Hangup"}]
    assert events(account) == [
        "QueueCallerLeave",
        "AgentConnect",
        "QueueMemberStatus",
        "QueueMemberStatus",
        "AgentComplete",
    ]
    assert (account[1].fields["HoldTime"], account[1].fields["RingTime"]) == ("11", "3")
    assert [each.fields["Status"] for each in account[2:4]] == ["2", "1"]
    assert (account[4].fields["TalkTime"], account[4].fields["Reason"]) == ("60", "agent")


def test_a_pause_is_told_with_its_reason_and_its_begin() -> None:
    pbx = Pbx(START)
    pbx.now += 60

    pbx.pause(AGENTS[0], "lunch")
    pbx.pause(AGENTS[0], "")

    lunch, back = pbx.take()
    assert lunch.event == back.event == "QueueMemberPause"
    assert (lunch.fields["Paused"], lunch.fields["PausedReason"]) == ("1", "lunch")
    assert back.fields["Paused"] == "0"
    assert lunch.fields["LastPause"] == back.fields["LastPause"] == f"{START + 60:.0f}"


@pytest.mark.parametrize(
    ("state", "word"),
    [(State.DOWN, "NOT_INUSE"), (State.RINGING, "RINGING"), (State.UP, "INUSE")],
)
def test_the_state_of_a_phone_is_that_of_its_channel(state: State, word: str) -> None:
    pbx = Pbx(START)
    _, callee = ringing(pbx)

    pbx.enter(callee, state)

    assert dict(pbx.devices())[f"PJSIP/{PHONE}"] == word


def test_a_phone_that_does_not_answer_is_unavailable_and_takes_no_call() -> None:
    pbx = Pbx(START)
    agent = AGENTS[0]
    assert pbx.free(agent)

    pbx.qualify(agent, None)

    assert dict(pbx.devices())[f"PJSIP/{agent}"] == "UNAVAILABLE"
    assert not pbx.free(agent)


def test_a_contact_is_news_only_when_its_status_changes() -> None:
    pbx = Pbx(START)

    for rtt in (0.01, None, None, 0.02):
        pbx.qualify(PHONE, rtt)

    told = [each.contact.status for each in pbx.take() if each.event == "ContactStatus" and each.contact]
    assert told == ["Unreachable", "Reachable"]


def test_new_messages_light_the_lamp_of_a_mailbox() -> None:
    pbx = Pbx(START)

    pbx.voicemail[PHONE] += 1

    assert dict(pbx.devices())[f"MWI:{PHONE}@default"] == "INUSE"
