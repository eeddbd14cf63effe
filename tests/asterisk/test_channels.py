"""Channels: told by events, corrected by the list, counted as Asterisk counts them."""

import re
from collections import Counter

import pytest

from bridge.asterisk import actions
from bridge.asterisk.causes import cause_name
from bridge.asterisk.channels import TECHNOLOGIES, Channels
from bridge.protocols.ami import AmiMessage, Reply
from tests import recordings
from tests.asterisk.happenings import channel, channels, hangup, snapshot
from tests.asterisk.recorded import event, events, reply
from tests.asterisk.telling import Telling

NAMES = {"Local/x@lab-00000001;1", "Local/x@lab-00000001;2"}


def connected() -> Telling:
    """A PBX without channels, after its first poll."""
    pbx = Telling(Channels)
    pbx.poll(channels())
    return pbx


@pytest.mark.parametrize("folder", recordings.AMI)
class TestRecorded:
    """What the events of recorded sessions add up to, beside what Asterisk wrote into CEL meanwhile."""

    def heard(self, folder: str) -> Telling:
        pbx = connected()
        pbx.hear(*(heard.message for heard in recordings.ami(folder)))
        return pbx

    def test_every_channel_is_counted_that_cel_has(self, folder: str) -> None:
        counts = self.heard(folder).counts()

        rows = recordings.table(folder, "cel-custom")
        answers = [row for row in rows if row[0] == "ANSWER" and not row[6].startswith("Local/")]
        assert counts["channels.created"] == sum(row[0] == "CHAN_START" for row in rows) > 0
        assert counts["channels.answered"] == len(answers)

    def test_every_hangup_has_the_cause_that_cel_has(self, folder: str) -> None:
        counts = self.heard(folder).counts()

        causes = Counter(
            cause_name(re.search(r'"hangupcause":(\d+)', row[14])[1])  # type: ignore[index]
            for row in recordings.table(folder, "cel-custom")
            if row[0] == "HANGUP" and not row[6].startswith("Local/")
        )
        found = {key: value for key, value in counts.items() if key.startswith("hangups")}
        assert found == {f"hangups.count{{{cause}}}": times for cause, times in causes.items()}

    def test_none_is_left_when_all_have_hung_up(self, folder: str) -> None:
        gauges = self.heard(folder).gauges()

        assert {value for key, value in gauges.items() if key != "channels.peak"} == {0}
        assert gauges["channels.peak"] > 0


class TestPolled:
    def test_the_list_tells_technologies_and_states_and_the_count_what_is_not_listed(self) -> None:
        pbx = Telling(Channels)
        poll = {
            actions.CHANNELS: reply("22/CoreShowChannels"),
            actions.CORE_STATUS: reply("22/CoreStatus"),
        }

        pbx.poll(poll)

        assert pbx.gauges() == {
            "channels.active": 60,
            "channels.peak": 60,
            "technology.channels{Local}": 50,
            "technology.channels{PJSIP}": 5,
            "technology.channels{IAX2}": 1,
            "channel_state.channels{up}": 50,
            "channel_state.channels{ringing}": 3,
            "channel_state.channels{ring}": 3,
        }

    def test_a_technology_and_a_state_that_are_gone_read_0(self) -> None:
        pbx = Telling(Channels)
        pbx.poll(channels(snapshot("1", "Ring")))

        pbx.poll(channels())

        assert pbx.gauges() == {
            "channels.active": 0,
            "channels.peak": 1,
            "technology.channels{PJSIP}": 0,
            "channel_state.channels{ring}": 0,
        }

    def test_a_lost_end_is_corrected_at_once_and_counted_when_it_is_overdue(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"))

        corrections = [pbx.poll(channels()), pbx.poll(channels()), pbx.poll(channels())]

        assert pbx.gauges()["channels.active"] == 0
        assert corrections == [0, 1, 0]

    def test_a_lost_begin_is_corrected_at_once_and_counted_when_it_is_overdue(self) -> None:
        pbx = connected()

        corrections = [pbx.poll(channels(snapshot("1", "Up"))) for _ in range(3)]

        assert pbx.gauges()["channel_state.channels{up}"] == 1
        assert corrections == [0, 1, 0]
        assert pbx.counts()["channels.created"] == 0

    def test_a_lost_change_of_state_is_corrected(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1", "Ring"))

        pbx.poll(channels(snapshot("1", "Up")))

        assert pbx.gauges()["channel_state.channels{up}"] == 1

    def test_a_state_that_was_told_after_the_question_is_newer_than_the_answer(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1", "Ring"))
        asked = pbx.now + 1
        pbx.hear(channel("Newstate", "1", "Up"), after=1.5)

        pbx.model.sync(channels(snapshot("1", "Ring")), asked, first=False)

        assert pbx.gauges()["channel_state.channels{up}"] == 1

    def test_without_the_right_to_list_them_events_alone_tell(self) -> None:
        pbx = Telling(Channels)
        pbx.poll({})
        pbx.hear(channel("Newchannel", "1"))

        pbx.poll({})

        assert pbx.gauges()["channels.active"] == 1

    def test_then_nothing_is_known_of_those_from_before_a_break(self) -> None:
        pbx = Telling(Channels)
        pbx.poll({})
        pbx.hear(channel("Newchannel", "1"))

        pbx.lose()
        pbx.poll({})

        assert pbx.gauges()["channels.active"] == 0


class TestInternal:
    """A conference's announcer is counted by Asterisk, but no event tells of it and no list has it."""

    def poll(self, pbx: Telling, *keys: str, counted: int, meanwhile: tuple[AmiMessage, ...] = ()) -> float:
        """Ask, hear something while the answer comes, and return how many channels there are."""
        asked = pbx.now + 1
        pbx.now = asked + 0.1
        pbx.hear(*meanwhile)
        rows = (snapshot(key, "Up") for key in keys)
        pbx.model.sync(channels(*rows, counted=counted), asked, first=False)
        return pbx.gauges()["channels.active"]

    def test_they_count_until_the_next_poll(self) -> None:
        pbx = connected()

        assert self.poll(pbx, "1", "2", counted=3) == 3
        pbx.hear(hangup("1"))
        assert pbx.gauges()["channels.active"] == 2
        assert self.poll(pbx, "2", counted=1) == 1

    def test_a_channel_that_ended_between_count_and_list_is_none(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"), channel("Newchannel", "2"))

        assert self.poll(pbx, "1", counted=2, meanwhile=(hangup("2"),)) == 1

    def test_a_channel_that_began_between_count_and_list_hides_none(self) -> None:
        pbx = connected()
        self.poll(pbx, counted=1)

        assert self.poll(pbx, "1", counted=1, meanwhile=(channel("Newchannel", "1"),)) == 2

    def test_where_asterisk_does_not_count_there_are_only_those_that_are_known(self) -> None:
        pbx = connected()
        self.poll(pbx, counted=1)

        pbx.poll(
            {**channels(), actions.CORE_STATUS: Reply(event("Response: Success", "CoreCurrentCalls: x"))}
        )

        assert pbx.gauges()["channels.active"] == 0

    def conference(self, what: str) -> AmiMessage:
        return event(f"Event: Confbridge{what}", "Privilege: call,all", "BridgeUniqueid: b")

    def test_a_conference_has_two_until_it_ends(self) -> None:
        pbx = connected()

        told = []
        for what in ("Start", "Start", "End", "End"):
            pbx.hear(self.conference(what))
            told.append(pbx.gauges()["channels.active"])

        assert told == [2, 2, 0, 0]

    def test_the_end_of_a_conference_may_be_told_first(self) -> None:
        pbx = connected()

        told = []
        for what in ("End", "Start"):
            pbx.hear(self.conference(what))
            told.append(pbx.gauges()["channels.active"])

        assert told == [0, 0]

    def test_a_quiet_conference_has_none_as_the_poll_tells(self) -> None:
        pbx = connected()
        pbx.hear(self.conference("Start"))

        assert self.poll(pbx, counted=0) == 0


class TestEvents:
    def test_word_of_a_channel_that_comes_twice_or_late_counts_once(self) -> None:
        pbx = connected()
        begin, up, end = channel("Newchannel", "1"), channel("Newstate", "1", "Up"), hangup("1", 17)

        pbx.hear(end, up, begin, begin, up, end)

        assert pbx.counts() == {
            "channels.created": 1,
            "channels.answered": 1,
            "hangups.count{user_busy}": 1,
        }
        assert pbx.gauges()["channels.active"] == 0

    def test_the_halves_of_a_local_channel_are_neither_answered_nor_hung_up(self) -> None:
        pbx = connected()

        for name in sorted(NAMES):
            pbx.hear(
                channel("Newchannel", name, name=name),
                channel("Newstate", name, "Up", name=name),
                hangup(name, name=name),
            )

        assert pbx.counts() == {"channels.created": 2, "channels.answered": 0}

    def test_a_channel_that_is_up_when_it_is_created_was_not_answered(self) -> None:
        pbx = connected()

        pbx.hear(channel("Newchannel", "1", "Up"))

        assert pbx.counts()["channels.answered"] == 0

    def test_the_peak_is_the_most_at_once_since_it_was_told_last(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"), channel("Newstate", "2", "Up"), hangup("1"))

        peaks = [pbx.gauges()["channels.peak"], pbx.gauges()["channels.peak"]]

        assert peaks == [2, 1]

    def test_over_a_break_of_the_connection_a_channel_is_the_same(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"), channel("Newchannel", "2"))

        pbx.lose()
        corrections = pbx.poll(channels(snapshot("1", "Up")))
        pbx.hear(hangup("1"))

        assert corrections == 0
        assert pbx.gauges()["channels.active"] == 0
        assert pbx.counts()["hangups.count{normal_clearing}"] == 1

    def test_however_strange_the_names_there_are_few_series(self) -> None:
        pbx = connected()

        for number in range(TECHNOLOGIES + 9):
            pbx.hear(channel("Newchannel", f"{number}", f"Odd {number}", name=f"T{number}/x"))
        pbx.hear(channel("Newchannel", "y", name="T" * 65_536 + "/x"), event("Event: Newchannel"))

        assert len(pbx.gauges()) < 100
        assert pbx.gauges()["technology.channels{other}"] == 11


@pytest.mark.parametrize("session", ["22/events", "16/events"])
def test_callers_and_channels_never_become_labels(session: str) -> None:
    pbx = connected()

    pbx.hear(*events(session))

    labels = {key.partition("{")[2] for key in (*pbx.gauges(), *pbx.counts())}
    assert not [label for label in labels if re.search(r"Lab|/|[0-9]{4}|;", label)]
