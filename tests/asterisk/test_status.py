from collections.abc import Mapping

import pytest

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.status import Status, mailbox
from bridge.protocols.ami import Reply
from tests.asterisk.recorded import reply, said

NOW = 1_795_461_200.0
STARTED = actions.unix_time_of("2026-11-23 19:12:27")


def told(status: Status, replies: Mapping[Action, Reply]) -> dict[str, float]:
    """What a poll tells: `name{label,...}` to value."""
    samples = status.samples(replies, NOW)
    assert len({sample.series for sample in samples}) == len(samples)
    assert all(sample.time == NOW and sample.series.pbx == "hq" for sample in samples)
    return {key(*sample.series[:2]): sample.value for sample in samples}


def key(name: str, labels: tuple[tuple[str, str], ...]) -> str:
    values = ",".join(value for _, value in labels[1:])
    return f"{name}{{{values}}}" if values else name


def getvar(value: str) -> Reply:
    return said("Response: Success", "Variable: x", f"Value: {value}")


class TestRecorded:
    """Replies that Asterisk 22 gave with 60 calls made, and Asterisk 16 with filled queues."""

    def test_settings(self) -> None:
        assert told(Status("hq"), {actions.CORE_SETTINGS: reply("22/CoreSettings")}) == {
            "system.info{22.10.1+dfsg+~cs6.17.60671434-1}": 1,
            "system.version_number": 221001,
            "system.max_calls": 1000,
        }

    def test_core_status_whose_current_calls_are_channels(self) -> None:
        assert told(Status("hq"), {actions.CORE_STATUS: reply("22/CoreStatus")}) == {
            "channels.active": 60,
            "dialplan.processed": 60,
        }

    def test_channels_by_technology_and_state(self) -> None:
        assert told(Status("hq"), {actions.CHANNELS: reply("22/CoreShowChannels")}) == {
            "technology.channels{IAX2}": 1,
            "technology.channels{Local}": 50,
            "technology.channels{PJSIP}": 5,
            "channel_state.channels{ring}": 3,
            "channel_state.channels{ringing}": 3,
            "channel_state.channels{up}": 50,
        }

    def test_bridges_and_the_channels_in_them(self) -> None:
        assert told(Status("hq"), {actions.BRIDGES: reply("22/BridgeList")}) == {
            "bridges.active": 9,
            "channels.bridged": 16,
        }

    def test_queues(self) -> None:
        samples = told(Status("hq"), {actions.QUEUES: reply("16/QueueSummary")})

        assert len(samples) == 4 * 6
        assert {name: value for name, value in samples.items() if name.endswith("{support}")} == {
            "queue.waiting{support}": 10,
            "queue.members{support}": 3,
            "queue.available{support}": 3,
            "queue.hold_time{support}": 2,
            "queue.talk_time{support}": 3,
            "queue.longest_wait{support}": 10,
        }
        assert samples["queue.waiting{Night & Day 24.7}"] == 3
        assert samples["queue.waiting{empty}"] == 0

    def test_devices_of_every_state_also_where_there_are_none(self) -> None:
        assert told(Status("hq"), {actions.DEVICES: reply("22/DeviceStateList")}) == {
            "device_state.devices{unknown}": 0,
            "device_state.devices{not_inuse}": 19,
            "device_state.devices{inuse}": 8,
            "device_state.devices{busy}": 1,
            "device_state.devices{invalid}": 0,
            "device_state.devices{unavailable}": 3,
            "device_state.devices{ringing}": 2,
            "device_state.devices{ringinuse}": 0,
            "device_state.devices{onhold}": 0,
        }

    def test_registrations_without_the_secrets_that_the_list_brings_along(self) -> None:
        assert told(Status("hq"), {actions.REGISTRATIONS: reply("22/PJSIPShowRegistrationsOutbound")}) == {
            "registration.up{register-101}": 1,
            "registration.up{register-refused}": 0,
        }

    def test_a_reachable_contact(self) -> None:
        assert told(Status("hq"), {actions.CONTACTS: reply("22/PJSIPShowContacts")}) == {
            "contact.count{101}": 1,
            "contact.reachable{101}": 1,
            "contact.rtt{101}": 0.000729,
        }

    def test_a_contact_that_went_away_has_no_round_trip(self) -> None:
        assert told(Status("hq"), {actions.CONTACTS: reply("22/PJSIPShowContacts-peer-gone")}) == {
            "contact.count{101}": 1,
            "contact.reachable{101}": 0,
        }

    def test_an_address_of_record_without_contacts_reads_0_and_one_with_static_ones_nothing(self) -> None:
        replies = {
            actions.CONTACTS: reply("22/PJSIPShowContacts-none"),
            actions.AORS: reply("22/PJSIPShowAors"),
        }

        assert told(Status("hq"), replies) == {
            "contact.count{102}": 0,
            "contact.reachable{102}": 0,
            "contact.count{103}": 0,
            "contact.reachable{103}": 0,
        }

    def test_conferences(self) -> None:
        assert told(Status("hq"), {actions.CONFERENCES: reply("22/ConfbridgeListRooms")}) == {
            "conferences.active": 2,
            "conference.parties{room1}": 1,
            "conference.parties{room two.2}": 1,
        }

    def test_no_conference_is_none_although_asterisk_calls_it_an_error(self) -> None:
        replies = {actions.CONFERENCES: reply("22/ConfbridgeListRooms-none")}

        assert told(Status("hq"), replies) == {"conferences.active": 0}

    def test_calls_from_the_command_line_where_nothing_else_tells(self) -> None:
        assert told(Status("hq"), {actions.CLI_CALLS: reply("22/Command-core-show-calls")}) == {
            "dialplan.active": 39,
            "dialplan.processed": 60,
        }

    def test_a_mailbox(self) -> None:
        values = {series.name: value for series, value in mailbox("hq", reply("22/MailboxCount").response)}

        assert values == {"mailbox.new": 0, "mailbox.old": 0}


class TestParking:
    def parked(self, *lots: str) -> Reply:
        items = tuple(
            said(
                "Event: ParkedCall", "ActionID: 1", f"Parkinglot: {lot}", "ParkeeCallerIDNum: 5551234"
            ).response
            for lot in lots
        )
        return Reply(said("Response: Success").response, items)

    def test_an_empty_lot_reads_0(self) -> None:
        replies = {actions.PARKED: self.parked(), actions.LOTS: reply("22/Parkinglots")}

        assert told(Status("hq"), replies) == {"parking.calls{default}": 0}

    def test_calls_are_counted_by_lot(self) -> None:
        replies = {actions.PARKED: self.parked("default", "b", "b"), actions.LOTS: reply("22/Parkinglots")}

        assert told(Status("hq"), replies) == {"parking.calls{default}": 1, "parking.calls{b}": 2}


class TestVanished:
    def test_a_technology_and_a_state_seen_before_go_to_0(self) -> None:
        status = Status("hq")
        status.samples({actions.CHANNELS: reply("22/CoreShowChannels")}, NOW)

        samples = told(status, {actions.CHANNELS: said("Response: Success")})

        assert set(samples) == {
            "technology.channels{IAX2}",
            "technology.channels{Local}",
            "technology.channels{PJSIP}",
            "channel_state.channels{ring}",
            "channel_state.channels{ringing}",
            "channel_state.channels{up}",
        }
        assert set(samples.values()) == {0}

    def test_a_queue_that_is_gone_says_nothing(self) -> None:
        status = Status("hq")
        status.samples({actions.QUEUES: reply("22/QueueSummary")}, NOW)

        assert told(status, {actions.QUEUES: said("Response: Success")}) == {}


class TestTimes:
    """Asterisk tells local times, so it is asked which Unix times these are."""

    def test_the_question_is_asked_once_per_start_and_reload(self) -> None:
        status = Status("hq")
        replies = {actions.CORE_STATUS: reply("22/CoreStatus")}

        first = status.further(replies)
        status.samples({**replies, STARTED: getvar("1795461147")}, NOW)

        assert set(first) == {STARTED}
        assert status.further(replies) == []

    def test_uptime_and_reload_age_are_told_by_the_clock_of_asterisk(self) -> None:
        replies = {
            actions.CORE_STATUS: reply("22/CoreStatus"),
            actions.CLOCK: getvar("1795461200"),
            STARTED: getvar("1795461147"),
        }

        samples = told(Status("hq"), replies)

        assert (samples["system.uptime"], samples["system.reload_age"]) == (53, 53)

    @pytest.mark.parametrize("answer", ["", "nan", "soon"])
    def test_without_an_answer_they_are_not_told(self, answer: str) -> None:
        replies = {
            actions.CORE_STATUS: reply("22/CoreStatus"),
            actions.CLOCK: getvar("1795461200"),
            STARTED: getvar(answer),
        }

        assert set(told(Status("hq"), replies)) == {"channels.active", "dialplan.processed"}

    def test_a_status_without_times_asks_for_none(self) -> None:
        assert Status("hq").further({actions.CORE_STATUS: said("Response: Success")}) == []


class TestProcessedCalls:
    def poll(self, status: Status, started: str, processed: int) -> float:
        day, time = started.split(" ")
        replies = {
            actions.CORE_STATUS: said(
                "Response: Success",
                f"CoreStartupDate: {day}",
                f"CoreStartupTime: {time}",
                f"CoreProcessedCalls: {processed}",
            ),
            actions.unix_time_of(started): getvar(str(hash(started) % 1_000_000)),
        }
        return told(status, replies)["dialplan.processed"]

    def test_the_total_goes_on_over_a_restart(self) -> None:
        status = Status("hq")

        totals = [
            self.poll(status, "2026-11-23 10:00:00", 100),
            self.poll(status, "2026-11-23 10:00:00", 107),
            self.poll(status, "2026-11-23 11:00:00", 3),
        ]

        assert totals == [100, 107, 110]

    def test_a_restart_is_noticed_though_more_calls_were_made_since(self) -> None:
        status = Status("hq")

        totals = [
            self.poll(status, "2026-11-23 10:00:00", 5),
            self.poll(status, "2026-11-23 11:00:00", 8),
        ]

        assert totals == [5, 13]


class TestCommandLine:
    """Asterisk 16 has no CoreProcessedCalls."""

    def test_it_is_asked_only_where_it_is_allowed_and_needed(self) -> None:
        old = {actions.CORE_STATUS: reply("16/CoreStatus"), actions.CALLS: getvar("4")}
        new = {actions.CORE_STATUS: reply("22/CoreStatus"), actions.CALLS: getvar("4")}

        assert actions.CLI_CALLS in Status("hq", cli=True).further(old)
        assert actions.CLI_CALLS not in Status("hq", cli=True).further(new)
        assert actions.CLI_CALLS not in Status("hq").further(old)

    @pytest.mark.parametrize(
        "line", ["0 active calls", "1 active call", "12 of 100 max active calls (12.00% of capacity)"]
    )
    def test_calls_are_read_in_every_spelling(self, line: str) -> None:
        replies = {
            actions.CLI_CALLS: said("Response: Success", f"Output: {line}", "Output: 1 call processed")
        }

        samples = told(Status("hq"), replies)

        assert samples == {"dialplan.active": int(line.partition(" ")[0]), "dialplan.processed": 1}

    def test_what_getvar_tells_is_preferred(self) -> None:
        replies = {actions.CLI_CALLS: reply("22/Command-core-show-calls"), actions.CALLS: getvar("4")}

        assert told(Status("hq"), replies)["dialplan.active"] == 4
