"""What the simulated PBX answers to AMI actions."""

import time

import pytest

from bridge.demo.manager import ACTIONS, answer
from bridge.demo.pbx import AGENTS, CARRIER, OFFICE, Pbx, State
from bridge.demo.traffic import Traffic

START = 1_700_000_000.0


def ask(pbx: Pbx, action: str, **headers: str) -> list[dict[str, str]]:
    """The packets that are answered."""
    request = {"action": action, "actionid": "1", **headers}
    return [dict(packet) for packet in answer(pbx, request)]


def items(pbx: Pbx, action: str) -> list[dict[str, str]]:
    """The items of a list."""
    head, *found, tail = ask(pbx, action)
    assert head["Response"] == "Success"
    assert tail["ListItems"] == str(len(found))
    return found


@pytest.fixture
def busy() -> Pbx:
    """A PBX in the middle of the day."""
    traffic = Traffic(3, START)
    traffic.step(START + 900)
    return traffic.pbx


@pytest.mark.parametrize("action", [name for name, _, _ in ACTIONS.values()])
def test_every_packet_of_every_answer_carries_the_action_id(busy: Pbx, action: str) -> None:
    packets = answer(busy, {"action": action.upper(), "actionid": "abc"})

    assert packets
    assert all(("ActionID", "abc") in packet for packet in packets)


def test_an_action_that_is_not_known_is_refused(busy: Pbx) -> None:
    (refusal,) = ask(busy, "Originate")

    assert refusal["Response"] == "Error"
    assert refusal["Message"].startswith("Invalid/unknown command: Originate")


def test_the_list_of_commands_names_each_with_its_classes(busy: Pbx) -> None:
    (commands,) = ask(busy, "ListCommands")

    assert commands["CoreStatus"].endswith("(Priv: system,reporting,all)")
    assert {name for name, _, _ in ACTIONS.values()} <= commands.keys()


def test_current_calls_are_channels_and_the_variable_is_calls(busy: Pbx) -> None:
    (status,), (calls,) = ask(busy, "CoreStatus"), ask(busy, "Getvar", variable="SYSINFO(numcalls)")

    assert status["CoreCurrentCalls"] == str(len(busy.channels))
    assert status["CoreProcessedCalls"] == str(busy.processed)
    assert calls["Value"] == str(busy.dialplan_active)


def test_the_local_time_of_the_start_can_be_turned_into_unix_time(busy: Pbx) -> None:
    (status,) = ask(busy, "CoreStatus")
    moment = f"{status['CoreStartupDate']} {status['CoreStartupTime']}"

    (answered,) = ask(busy, "Getvar", variable=f"STRPTIME({moment},,%Y-%m-%d %H:%M:%S)")

    assert answered["Value"] == str(int(START))


def test_a_variable_that_is_not_known_is_empty(busy: Pbx) -> None:
    (answered,) = ask(busy, "Getvar", variable="SHELL(id)")

    assert answered["Value"] == ""


def test_every_channel_is_listed_with_its_age_and_bridge(busy: Pbx) -> None:
    listed = items(busy, "CoreShowChannels")

    assert {item["Uniqueid"] for item in listed} == set(busy.channels)
    assert sum(bool(item["BridgeId"]) for item in listed) == busy.bridged
    for item in listed:
        age = time.strptime(item["Duration"], "%H:%M:%S")
        seconds = age.tm_hour * 3600 + age.tm_min * 60 + age.tm_sec
        assert seconds == int(busy.now - busy.channels[item["Uniqueid"]].created)


def test_the_queue_lists_itself_its_members_and_who_waits() -> None:
    pbx = Pbx(START)
    caller = pbx.call_in(CARRIER, "5550100", "600")
    pbx.join_queue(caller)
    pbx.enter(pbx.call_agent(caller, AGENTS[0]), State.RINGING)
    pbx.qualify(AGENTS[1], None)
    pbx.pause(AGENTS[2], "break")
    pbx.now += 12

    params, *members, entry = items(pbx, "QueueStatus")

    assert (params["Event"], params["Queue"], params["Calls"]) == ("QueueParams", "support", "1")
    assert {member["Event"] for member in members} == {"QueueMember"}
    assert [(member["Status"], member["Paused"]) for member in members] == [
        ("6", "0"),
        ("5", "0"),
        ("1", "1"),
    ]
    assert (entry["Event"], entry["Uniqueid"], entry["Wait"]) == ("QueueEntry", caller.uniqueid, "12")


def test_in_an_empty_queue_nobody_waits() -> None:
    listed = items(Pbx(START), "QueueStatus")

    assert not [item for item in listed if item["Event"] == "QueueEntry"]


def test_the_carrier_is_registered_but_no_registered_contact() -> None:
    pbx = Pbx(START)

    contacts = {item["Endpoint"] for item in items(pbx, "PJSIPShowContacts")}

    assert contacts == {*OFFICE, *AGENTS}
    assert [item["Status"] for item in items(pbx, "PJSIPShowRegistrationsOutbound")] == ["Registered"]
    assert len(items(pbx, "PJSIPShowAors")) == len(contacts) + 1


def test_a_contact_that_does_not_answer_has_no_round_trip() -> None:
    pbx = Pbx(START)
    pbx.qualify(OFFICE[0], None)

    lost = items(pbx, "PJSIPShowContacts")[0]

    assert (lost["Status"], lost["RoundtripUsec"]) == ("Unreachable", "N/A")


def test_no_conference_is_an_error_as_asterisk_has_it() -> None:
    (refusal,) = ask(Pbx(START), "ConfbridgeListRooms")

    assert (refusal["Response"], refusal["Message"]) == ("Error", "No active conferences.")


def test_a_conference_is_a_bridge_and_a_room() -> None:
    pbx = Pbx(START)
    for _ in range(3):
        caller = pbx.call_in(CARRIER, "5550100", "700")
        pbx.execute(caller, "ConfBridge", "standup")
        pbx.bridge(caller, "standup-room")

    (room,), (bridge,) = items(pbx, "ConfbridgeListRooms"), items(pbx, "BridgeList")

    assert (room["Conference"], room["Parties"]) == ("standup", "3")
    assert (bridge["BridgeTechnology"], bridge["BridgeNumChannels"]) == ("softmix", "3")


def test_nobody_is_parked_in_the_one_lot() -> None:
    pbx = Pbx(START)

    assert items(pbx, "ParkedCalls") == []
    assert [lot["Name"] for lot in items(pbx, "Parkinglots")] == ["default"]


def test_a_mailbox_tells_its_new_messages() -> None:
    pbx = Pbx(START)
    pbx.messages(OFFICE[0], 3)

    (box,) = ask(pbx, "MailboxCount", mailbox=f"{OFFICE[0]}@default")

    assert (box["NewMessages"], box["OldMessages"]) == ("3", "0")


def test_devices_are_listed_with_their_states(busy: Pbx) -> None:
    listed = {item["Device"]: item["State"] for item in items(busy, "DeviceStateList")}

    assert listed == dict(busy.devices())
