import re
from collections import Counter

import pytest

from bridge.asterisk.causes import cause_name
from bridge.asterisk.events import MAX_MAILBOXES, SECURITY, EventTotals, measurements
from bridge.core.sample import Kind, Series
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, events, raw

NOW = 1_795_461_200.0


def totals(*messages: AmiMessage) -> dict[tuple[str, ...], float]:
    """What the events add up to: (name, label values ...) to value."""
    taken = EventTotals("hq")
    for message in messages:
        taken.take(message, 0.0)
    return flat(taken)


def flat(taken: EventTotals) -> dict[tuple[str, ...], float]:
    return {short(sample.series): sample.value for sample in taken.samples(NOW)}


def short(series: Series) -> tuple[str, ...]:
    return (series.name, *(value for _, value in series.labels[1:]))


def counted(name: str, header: str, session: str) -> Counter[str]:
    """How often a recorded event has each value of a header, counted by another way than ours."""
    blocks = raw(session).decode().split("\r\n\r\n")
    found = (
        re.search(rf"^{header}: (.*)\r$", block + "\r", re.MULTILINE)
        for block in blocks
        if f"Event: {name}\r" in block
    )
    return Counter(match[1] for match in found if match)


@pytest.mark.parametrize("session", ["22/events", "16/events"])
class TestRecorded:
    """Sessions of Asterisk 16 and 22 with calls of all kinds."""

    def test_channels(self, session: str) -> None:
        result = totals(*events(session))

        assert result["channels.created",] == counted("Newchannel", "Channel", session).total() == 25

    def test_hangups_by_cause(self, session: str) -> None:
        result = totals(*events(session))

        causes: Counter[str] = Counter()
        for number, times in counted("Hangup", "Cause", session).items():
            causes[cause_name(number)] += times
        assert {key[1]: value for key, value in result.items() if key[0] == "hangups.count"} == causes

    def test_dials(self, session: str) -> None:
        result = totals(*events(session))

        attempts = Counter(
            name.split("/")[0] for name in counted("DialBegin", "DestChannel", session).elements()
        )
        results = {
            status.lower(): times for status, times in counted("DialEnd", "DialStatus", session).items()
        }
        assert {key[1]: value for key, value in result.items() if key[0] == "dials.attempts"} == attempts
        assert {key[1]: value for key, value in result.items() if key[0] == "dials.results"} == results

    def test_queues(self, session: str) -> None:
        result = totals(*events(session))

        for metric, name in (("joins", "Join"), ("leaves", "Leave"), ("abandons", "Abandon")):
            expected = counted(f"QueueCaller{name}", "Queue", session)
            assert expected
            assert {key[1]: value for key, value in result.items() if key[0] == f"queue.{metric}"} == expected


class TestMeanings:
    def test_failed_log_ins_count_and_successful_ones_do_not(self) -> None:
        result = totals(*events("16/events-failures"))

        security = {key[1:]: value for key, value in result.items() if key[0] == "security.events"}
        assert security["ami", "InvalidPassword"] == 1
        assert security["ami", "InvalidAccountID"] == 1
        assert {name for _, name in security} <= set(SECURITY)
        assert not {"SuccessfulAuth", "ChallengeSent"} & {name for _, name in security}

    def test_a_security_event_that_is_no_error_is_ordinary(self) -> None:
        assert totals(event("Event: FailedACL", "Privilege: security,all", "Severity: Informational")) == {}

    def test_an_item_of_a_list_is_no_happening_though_named_like_one(self) -> None:
        item = event("Event: MessageWaiting", "ActionID: 4", "Mailbox: 101@default", "New: 1", "Old: 0")

        assert totals(item) == {}

    def test_a_dial_that_goes_to_an_extension_does_not_tell_which(self) -> None:
        goto = event("Event: DialEnd", "Privilege: call,all", "DialStatus: GOTO:ctx^5551234^1")
        odd = event("Event: DialEnd", "Privilege: call,all", "DialStatus: 5551234")

        assert totals(goto, odd) == {("dials.results", "goto"): 1, ("dials.results", "other"): 1}

    @pytest.mark.parametrize(("status", "count"), [("0", 1), ("1", 0), ("4", 0)])
    def test_only_a_reload_that_was_carried_out_counts(self, status: str, count: int) -> None:
        reload = event("Event: Reload", "Privilege: system,all", "Module: All", f"Status: {status}")

        assert totals(reload).get(("system.reloads",), 0) == count

    def test_message_waiting_gives_levels_and_not_counts(self) -> None:
        waiting = event(
            "Event: MessageWaiting", "Privilege: call,all", "Mailbox: 101@default", "New: 2", "Old: 5"
        )

        assert [(short(m.series), m.kind, m.value) for m in measurements("hq", waiting)] == [
            (("mailbox.new", "101@default"), Kind.GAUGE, 2),
            (("mailbox.old", "101@default"), Kind.GAUGE, 5),
        ]

    def test_callers_and_channels_never_become_labels(self) -> None:
        everything = [*events("22/events"), *events("16/events"), *events("16/events-failures")]

        labels = {value for key in totals(*everything) for value in key[1:]}

        assert not [label for label in labels if re.search(r"Lab|/|[0-9]{4}|;", label)]

    def test_an_unknown_event_says_nothing(self) -> None:
        assert totals(event("Event: VarSet", "Privilege: dialplan,all", "Variable: x")) == {}


class TestBoots:
    def booted(self, uptime: float, reloaded: float) -> AmiMessage:
        return event(
            "Event: FullyBooted",
            "Privilege: system,all",
            f"Uptime: {uptime:.0f}",
            f"LastReload: {reloaded:.0f}",
        )

    def test_the_first_log_in_is_no_start_but_begins_the_counts_at_0(self) -> None:
        assert totals(self.booted(100, 50)) == {
            ("system.starts",): 0,
            ("system.shutdowns",): 0,
            ("system.reloads",): 0,
        }

    def test_a_later_start_is_counted_and_the_same_one_told_again_is_not(self) -> None:
        taken = EventTotals("hq")

        for uptime, monotonic in ((100, 1000.0), (160, 1061.2), (3, 1100.0), (14, 1110.9)):
            taken.take(self.booted(uptime, 0), monotonic)

        assert flat(taken)["system.starts",] == 1
        assert taken.boots == 4

    def test_ages_go_on_from_what_was_told_and_a_reload_begins_anew(self) -> None:
        taken = EventTotals("hq")
        taken.take(self.booted(100, 40), 1000.0)

        before = {sample.series.name: sample.value for sample in taken.ages(1010.0, NOW)}
        taken.take(event("Event: Reload", "Privilege: system,all", "Status: 0"), 1015.0)
        after = {sample.series.name: sample.value for sample in taken.ages(1020.0, NOW)}

        assert before == {"system.uptime": 110, "system.reload_age": 50}
        assert after == {"system.uptime": 120, "system.reload_age": 5}

    def test_without_fully_booted_there_are_no_ages(self) -> None:
        assert list(EventTotals("hq").ages(1.0, NOW)) == []

    def test_one_without_numbers_says_nothing(self) -> None:
        taken = EventTotals("hq")

        taken.take(event("Event: FullyBooted", "Privilege: system,all"), 1.0)

        assert list(taken.ages(1.0, NOW)) == []


class TestMailboxes:
    def waiting(self, box: str, new: int) -> AmiMessage:
        return event(
            "Event: MessageWaiting", "Privilege: call,all", f"Mailbox: {box}", f"New: {new}", "Old: 0"
        )

    def test_the_last_word_stands_and_a_count_that_was_asked_for_corrects_it(self) -> None:
        taken = EventTotals("hq")
        taken.take(self.waiting("101@default", 1), 0.0)
        taken.take(self.waiting("101@default", 2), 0.0)

        before = flat(taken)["mailbox.new", "101@default"]
        taken.refresh(event("Response: Success", "Mailbox: 101@default", "NewMessages: 7", "OldMessages: 1"))

        assert (before, flat(taken)["mailbox.new", "101@default"]) == (2, 7)

    def test_after_a_loss_of_the_connection_they_are_known_by_name_alone(self) -> None:
        taken = EventTotals("hq")
        taken.take(self.waiting("101@default", 1), 0.0)

        taken.lost()

        assert flat(taken) == {}
        assert taken.mailboxes == ("101@default",)

    def test_their_number_is_bounded(self) -> None:
        taken = EventTotals("hq")

        for box in range(MAX_MAILBOXES + 10):
            taken.take(self.waiting(str(box), 1), 0.0)
        taken.take(self.waiting("0", 3), 0.0)

        assert len(taken.mailboxes) == MAX_MAILBOXES
        assert flat(taken)["mailbox.new", "0"] == 3
