"""Calls: channels of one Linkedid, counted as CEL counts them, and what came of them."""

import pytest

from bridge.asterisk.calls import Calls
from bridge.core.settling import GATHERED, SETTLED
from bridge.protocols.ami import AmiMessage
from tests import recordings
from tests.asterisk.happenings import channel, channels, dial, hangup, snapshot
from tests.asterisk.recorded import event
from tests.asterisk.telling import Telling

DISPOSITIONS = {
    "ANSWERED": {"answered"},
    "NO ANSWER": {"no_answer", "cancelled", "rejected", "unallocated"},
    "BUSY": {"busy"},
    "CONGESTION": {"congestion"},
}
"""Disposition of CDR to the results that it stands for; to CDR all that no other word fits has no answer."""


def connected() -> Telling:
    """A PBX without channels, after its first poll."""
    pbx = Telling(Calls)
    pbx.poll(channels())
    return pbx


def settled(pbx: Telling) -> dict[str, float]:
    """The totals when no late event is expected any more, without those that are 0."""
    pbx.now += SETTLED
    pbx.gauges()
    return {key: value for key, value in pbx.counts().items() if value and "_le_" not in key}


def results(*messages: AmiMessage) -> list[str]:
    """What came of the calls that the events tell of."""
    pbx = connected()
    pbx.hear(*messages)
    found = settled(pbx)
    return [key[14:-1] for key in found if key.startswith("calls.results")]


@pytest.mark.parametrize("folder", recordings.AMI)
class TestRecorded:
    """What the events of recorded sessions add up to, beside what Asterisk wrote down itself meanwhile."""

    def heard(self, folder: str) -> Telling:
        pbx = connected()
        pbx.hear(*(heard.message for heard in recordings.ami(folder)))
        pbx.now += SETTLED
        assert pbx.gauges()["calls.active"] == 0
        return pbx

    def test_calls_begin_are_answered_and_end_as_cel_has_it(self, folder: str) -> None:
        counts = self.heard(folder).counts()

        rows = recordings.table(folder, "cel-custom")
        firsts = [row for row in rows if row[10] == row[11]]
        assert counts["calls.ended"] == sum(row[0] == "LINKEDID_END" for row in rows) > 0
        assert counts["calls.attempts"] == sum(row[0] == "CHAN_START" for row in firsts)
        assert counts["calls.answered"] == sum(row[0] == "ANSWER" for row in firsts)

    def test_what_came_of_them_is_what_cdr_says(self, folder: str) -> None:
        counts = self.heard(folder).counts()

        said: dict[str, str] = {}
        for *_, disposition, _, _, unique, linked, _, _ in recordings.table(folder, "cdr-custom"):
            if unique == linked and said.get(linked) != "ANSWERED":
                said[linked] = disposition
        assert len(said) == counts["calls.ended"]
        for disposition, names in DISPOSITIONS.items():
            found = sum(counts[f"calls.results{{{name}}}"] for name in names)
            assert found == [*said.values()].count(disposition)


class TestCall:
    def test_a_call_is_told_from_its_begin_to_its_end(self) -> None:
        pbx = connected()

        pbx.hear(channel("Newchannel", "a-1.1"))
        pbx.hear(channel("Newchannel", "a-1.2", of="a-1.1"), channel("Newstate", "a-1.1", "Up"), after=5)
        during = pbx.gauges()
        pbx.hear(hangup("a-1.1"), hangup("a-1.2", of="a-1.1"), after=20)

        assert during == {"calls.active": 1, "calls.peak": 1}
        assert pbx.gauges()["calls.active"] == 0
        assert settled(pbx) == {
            "calls.attempts": 1,
            "calls.answered": 1,
            "calls.ended": 1,
            "calls.results{answered}": 1,
            "calls.setup_time_count": 1,
            "calls.setup_time_sum": 10,
            "calls.talk_time_count": 1,
            "calls.talk_time_sum": 20,
            "calls.duration_count": 1,
            "calls.duration_sum": 50,
        }

    def test_an_end_is_counted_when_late_words_have_come_and_then_at_once_where_none_will(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"), hangup("1"))

        pbx.gauges()
        before = pbx.counts()["calls.ended"]
        pbx.lose()

        assert (before, pbx.counts()["calls.ended"]) == (0, 1)

    def test_the_peak_is_the_most_at_once_since_it_was_told_last(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"), channel("Newchannel", "2"), hangup("1"))

        peaks = [pbx.gauges()["calls.peak"], pbx.gauges()["calls.peak"]]

        assert peaks == [2, 1]

    def test_an_answer_of_another_than_the_first_channel_is_not_that_of_the_call(self) -> None:
        pbx = connected()

        pbx.hear(channel("Newchannel", "1"), channel("Newstate", "2", "Up", of="1"))

        assert pbx.counts()["calls.answered"] == 0


class TestJoined:
    """A bridge gives the channels of the younger call the Linkedid of the older."""

    def joined(self) -> Telling:
        pbx = connected()
        pbx.hear(
            *(channel("Newchannel", key) for key in ("x-1.1", "x-1.3")),
            channel("Newchannel", "x-1.4", of="x-1.3"),
            *(channel("Newstate", key, "Up") for key in ("x-1.1", "x-1.3")),
            after=1,
        )
        pbx.hear(hangup("x-1.3"), after=1)
        pbx.hear(channel("BridgeEnter", "x-1.4", "Up", of="x-1.1"), after=1)
        return pbx

    def test_the_call_that_loses_its_last_channel_has_ended(self) -> None:
        pbx = self.joined()

        active = pbx.gauges()["calls.active"]

        found = settled(pbx)
        assert active == 1
        assert (found["calls.attempts"], found["calls.ended"], found["calls.results{answered}"]) == (2, 1, 1)
        assert found["calls.talk_time_sum"] == 1

    def test_late_word_of_the_younger_call_takes_no_channel_back(self) -> None:
        pbx = self.joined()

        pbx.hear(channel("Newstate", "x-1.4", "Up", of="x-1.3"))

        assert pbx.gauges()["calls.active"] == 1

    def test_what_no_event_has_told_a_poll_or_the_hangup_does(self) -> None:
        polled, hung_up = connected(), connected()
        for pbx in (polled, hung_up):
            pbx.hear(channel("Newchannel", "x-1.1"), channel("Newchannel", "x-1.3"))

        polled.poll(channels(snapshot("x-1.1", "Up"), snapshot("x-1.3", "Up", of="x-1.1")))
        hung_up.hear(hangup("x-1.3", of="x-1.1"))

        for pbx in (polled, hung_up):
            assert pbx.gauges()["calls.active"] == 1
            assert settled(pbx)["calls.ended"] == 1


class TestResults:
    @pytest.mark.parametrize(
        ("cause", "result"),
        [
            (16, "cancelled"),
            (17, "busy"),
            (19, "no_answer"),
            (1, "unallocated"),
            (34, "congestion"),
            (0, "other"),
        ],
    )
    def test_without_a_dial_the_cause_of_the_first_channel_tells(self, cause: int, result: str) -> None:
        assert results(channel("Newchannel", "1"), hangup("1", cause)) == [result]

    @pytest.mark.parametrize(
        ("status", "cause", "result"),
        [
            ("BUSY", 16, "busy"),
            ("CANCEL", 0, "cancelled"),
            ("CHANUNAVAIL", 0, "failed"),
            ("CHANUNAVAIL", 3, "unallocated"),
            ("CONGESTION", 34, "congestion"),
            ("NOANSWER", 34, "no_answer"),
            ("NOANSWER", 1, "unallocated"),
            ("NOANSWER", 21, "rejected"),
            ("DONTCALL", 16, "rejected"),
            ("GOTO:lab^1^1", 17, "busy"),
            ("ANSWER", 16, "cancelled"),
        ],
    )
    def test_a_dial_status_tells_and_where_it_does_not_say_why_the_cause(
        self, status: str, cause: int, result: str
    ) -> None:
        call = (
            channel("Newchannel", "1"),
            dial("DialBegin", "2", of="1"),
            dial("DialEnd", "2", status, of="1"),
            hangup("2", of="1"),
            hangup("1", cause),
        )

        assert results(*call) == [result]

    def test_the_leg_that_was_dialled_last_decides_in_whatever_order_it_is_told(self) -> None:
        first, last = dial("DialEnd", "1.2", "BUSY", of="1.1"), dial("DialEnd", "1.10", "CANCEL", of="1.1")
        begin = channel("Newchannel", "1.1")
        ends = hangup("1.1"), hangup("1.2", of="1.1"), hangup("1.10", of="1.1")

        assert results(begin, first, last, *ends) == results(last, *ends, first, begin) == ["cancelled"]

    def test_a_leg_that_a_queue_gives_up_and_then_cancels_had_no_answer(self) -> None:
        ends = dial("DialEnd", "2", "NOANSWER", of="1"), dial("DialEnd", "2", "CANCEL", of="1")

        assert results(channel("Newchannel", "1"), *ends, hangup("2", of="1"), hangup("1")) == ["no_answer"]

    def test_a_caller_who_gives_up_over_sip_without_a_reason_has_cancelled(self) -> None:
        ended = event("Event: Hangup", *snapshot("1", "Ring"), "Cause: 127")

        assert results(channel("Newchannel", "1"), ended) == ["cancelled"]

    def test_an_originated_channel_that_rang_to_the_end_had_no_answer(self) -> None:
        ended = event("Event: Hangup", *snapshot("1", "Ringing"), "Cause: 0")

        assert results(channel("Newchannel", "1", "Down"), ended) == ["no_answer"]


class TestPolled:
    def test_a_call_from_before_the_connection_counts_at_its_end_but_has_no_times(self) -> None:
        pbx = Telling(Calls)
        pbx.poll(channels(snapshot("1", "Up")))

        active = pbx.gauges()["calls.active"]
        pbx.hear(channel("Newchannel", "2", of="1"), hangup("1"), hangup("2", of="1"))

        assert active == 1
        assert settled(pbx) == {"calls.ended": 1, "calls.results{answered}": 1}

    def test_a_call_goes_on_over_a_break_of_the_connection(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"), channel("Newstate", "1", "Up"), channel("Newchannel", "2"))

        pbx.lose()
        pbx.poll(channels(snapshot("1", "Up")), after=10)
        pbx.hear(hangup("1"))

        found = settled(pbx)
        assert (found["calls.ended"], found["calls.talk_time_sum"]) == (2, 10)

    def test_a_call_whose_end_was_lost_ends_without_a_duration(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"))

        pbx.poll(channels())

        assert pbx.gauges()["calls.active"] == 0
        assert settled(pbx) == {"calls.attempts": 1, "calls.ended": 1, "calls.results{other}": 1}

    def test_an_end_that_a_poll_knew_first_does_not_end_the_others_of_the_call(self) -> None:
        pbx = connected()
        pbx.hear(channel("Newchannel", "1"), channel("Newchannel", "2", of="1"))

        pbx.poll(channels(snapshot("2", "Up", of="1")))
        pbx.hear(hangup("1"))

        assert "calls.ended" not in settled(pbx)
        assert pbx.gauges()["calls.active"] == 1
        pbx.hear(hangup("2", of="1"))
        assert settled(pbx)["calls.ended"] == 1

    def test_what_only_lists_have_told_is_not_counted(self) -> None:
        pbx = connected()

        pbx.poll(channels(snapshot("1", "Up")))
        pbx.poll(channels())

        assert settled(pbx) == {}

    def test_without_the_right_to_list_them_events_alone_tell_and_a_break_forgets_them(self) -> None:
        pbx = Telling(Calls)
        pbx.poll({})
        pbx.hear(channel("Newchannel", "1"))

        pbx.poll({})
        before = pbx.gauges()["calls.active"]
        pbx.lose()
        pbx.poll({})

        assert (before, pbx.gauges()["calls.active"]) == (1, 0)


def test_what_has_ended_is_counted_between_polls_too_so_that_none_has_too_much_to_do() -> None:
    pbx = connected()
    pbx.hear(channel("Newchannel", "1"), hangup("1"))

    pbx.now += SETTLED + GATHERED
    pbx.hear(channel("Newchannel", "2"), hangup("2"))

    assert pbx.counts()["calls.ended"] == 1


def test_events_without_headers_do_no_harm() -> None:
    pbx = connected()

    pbx.hear(*(event(f"Event: {name}") for name in pbx.model.hears()))

    assert pbx.gauges()["calls.active"] == 0
