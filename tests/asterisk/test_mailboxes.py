"""Mailboxes: known by events, asked for in turn."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.mailboxes import MAX_MAILBOXES, PER_POLL, Mailboxes
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, reply, said
from tests.asterisk.telling import Telling
from tests.recordings import ami

BOX = "101@default"
ASK = actions.mailbox_count(BOX)


def waiting(box: str, new: int, old: int = 0) -> AmiMessage:
    return event(
        "Event: MessageWaiting", "Privilege: call,all", f"Mailbox: {box}", f"New: {new}", f"Old: {old}"
    )


def test_recorded_events_and_the_reply_to_a_question() -> None:
    pbx = Telling(Mailboxes)

    pbx.hear(*(heard.message for heard in ami("mixed-22")))
    by_events = pbx.gauges()
    pbx.poll({ASK: reply("22/MailboxCount")})

    assert by_events["mailbox.new{101@default}"] == 1
    assert by_events["mailbox.new{101@other.office}"] == 0
    assert pbx.gauges()["mailbox.new{101@default}"] == 0
    assert pbx.gauges()["mailbox.urgent{101@default}"] == 0


def test_urgent_messages_are_among_the_new_ones_whoever_tells() -> None:
    """An event adds them up; a reply tells both apart."""
    pbx = Telling(Mailboxes)
    pbx.hear(waiting(BOX, 3, 4))
    before = pbx.gauges()

    pbx.poll({ASK: said("Response: Success", "UrgMessages: 1", "NewMessages: 2", "OldMessages: 4")})

    assert before == {"mailbox.new{101@default}": 3, "mailbox.old{101@default}": 4}
    assert pbx.gauges() == {**before, "mailbox.urgent{101@default}": 1}


def test_a_change_that_was_never_told_is_counted() -> None:
    pbx = Telling(Mailboxes)
    pbx.poll({})
    pbx.hear(waiting(BOX, 3))

    assert pbx.poll({ASK: said("Response: Success", "NewMessages: 2", "OldMessages: 0")}) == 1
    assert pbx.poll({ASK: said("Response: Success", "NewMessages: 2", "OldMessages: 0")}) == 0


def test_an_event_that_came_after_the_question_is_newer_than_the_answer() -> None:
    pbx = Telling(Mailboxes)
    pbx.poll({})
    pbx.hear(waiting(BOX, 3), after=10)

    pbx.poll({ASK: said("Response: Success", "NewMessages: 2", "OldMessages: 0")}, after=-5)

    assert pbx.gauges()["mailbox.new{101@default}"] == 3


def test_known_ones_are_asked_for_in_turn() -> None:
    pbx = Telling(Mailboxes)
    pbx.hear(*(waiting(f"{box}@default", 1) for box in range(PER_POLL + 10)))

    asked = [pbx.model.further({}), pbx.model.further({})]

    assert [len(turn) for turn in asked] == [PER_POLL, PER_POLL]
    assert len({action for turn in asked for action in turn}) == PER_POLL + 10


def test_those_that_are_listed_as_devices_are_asked_for_too() -> None:
    pbx = Telling(Mailboxes)

    asked = pbx.model.further({actions.DEVICES: reply("22/DeviceStateList")})

    assert {dict(action.headers)["Mailbox"] for action in asked} == {BOX, "102@default", "101@other.office"}
    assert pbx.gauges() == {}


def test_after_a_loss_they_are_known_by_name_alone() -> None:
    pbx = Telling(Mailboxes)
    pbx.hear(waiting(BOX, 1))

    pbx.lose()

    assert pbx.gauges() == {}
    assert pbx.model.further({}) == [ASK]


def test_their_number_is_bounded() -> None:
    pbx = Telling(Mailboxes)

    pbx.hear(*(waiting(str(box), 1) for box in range(MAX_MAILBOXES + 10)))
    pbx.hear(waiting("0", 3))

    assert len(pbx.gauges()) == 2 * MAX_MAILBOXES
    assert pbx.gauges()["mailbox.new{0}"] == 3


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_a_hostile_event_does_no_harm(box: str, new: str, old: str) -> None:
    pbx = Telling(Mailboxes)

    pbx.hear(
        event(
            "Event: MessageWaiting", "Privilege: call,all", f"Mailbox: {box}", f"New: {new}", f"Old: {old}"
        ),
        waiting("a\x00b", 1),
        waiting("x" * 70_000, 1),
    )

    for action in pbx.model.further({}):
        assert action.encode("1").count(b"\r\n") == 4
