"""Dials: each leg counted once, with the times that its words tell; what was originated and picked up."""

from collections import Counter

import pytest

from bridge.asterisk.dials import Dials, dialled
from bridge.core.settling import GATHERED, SETTLED
from bridge.protocols.ami import AmiMessage
from tests import recordings
from tests.asterisk.happenings import channel, channels, dial, hangup, snapshot
from tests.asterisk.recorded import event
from tests.asterisk.telling import Telling

BEGIN = dial("DialBegin", "1")
RINGING = dial("DialState", "1", "RINGING")
ANSWERED = dial("DialEnd", "1", "ANSWER")
TRUNK = "PJSIP/trunk-0000002a"


def connected() -> Telling:
    """A PBX without channels, after its first poll."""
    pbx = Telling(Dials)
    pbx.poll(channels())
    return pbx


def settled(pbx: Telling) -> dict[str, float]:
    """The totals when no late event is expected any more, without those that are 0."""
    pbx.now += SETTLED
    assert pbx.gauges() == {}
    return {key: value for key, value in pbx.counts().items() if value and "_le_" not in key}


def totals(*messages: AmiMessage, after: float = 0.0) -> dict[str, float]:
    """What the events add up to."""
    pbx = connected()
    pbx.hear(*messages, after=after)
    return settled(pbx)


@pytest.mark.parametrize("folder", recordings.AMI)
class TestRecorded:
    """What the events of recorded sessions add up to, beside the same counted in another way."""

    def test_every_leg_has_one_result_although_some_have_two_ends_and_some_none(self, folder: str) -> None:
        events = [heard.message for heard in recordings.ami(folder)]

        counts = totals(*events)

        begins = [message for message in events if message.event == "DialBegin"]
        ends = [message for message in events if message.event == "DialEnd"]
        answers = [message for message in ends if message.get("DialStatus") == "ANSWER"]
        legs = Counter(begin.get("DestChannel").partition("/")[0] for begin in begins)
        assert of(counts, "dials.attempts") == legs
        assert sum(of(counts, "dials.results").values()) == len(begins)
        assert of(counts, "dials.results")["answer"] == counts["dials.answer_time_count"] == len(answers)

    def test_originated_calls_have_the_result_that_asterisk_responds(self, folder: str) -> None:
        events = [heard.message for heard in recordings.ami(folder)]

        counts = totals(*events)

        responses = Counter(
            message.get("Reason") == "4" for message in events if message.event == "OriginateResponse"
        )
        found = of(counts, "originates.results")
        assert found["answered"] == responses[True]
        assert sum(found.values()) == responses.total()


def of(counts: dict[str, float], name: str) -> dict[str, float]:
    """The label of each series of a metric, and its value."""
    return {key[len(name) + 1 : -1]: value for key, value in counts.items() if key.startswith(f"{name}{{")}


class TestTimes:
    def test_a_leg_that_rings_and_is_answered(self) -> None:
        assert totals(BEGIN, RINGING, ANSWERED, after=2) == {
            "dials.attempts{PJSIP}": 1,
            "dials.results{answer}": 1,
            "dials.post_dial_delay_count": 1,
            "dials.post_dial_delay_sum": 2,
            "dials.ring_time_count": 1,
            "dials.ring_time_sum": 2,
            "dials.answer_time_count": 1,
            "dials.answer_time_sum": 4,
            "endpoint.dials{phone}": 1,
            "endpoint.answers{phone}": 1,
        }

    def test_the_delay_ends_with_early_media_too_but_not_when_the_call_proceeds(self) -> None:
        told = ("PROCEEDING", "PROGRESS", "RINGING")

        counts = totals(BEGIN, *(dial("DialState", "1", status) for status in told), ANSWERED, after=1)

        assert counts["dials.post_dial_delay_sum"] == 2
        assert counts["dials.ring_time_sum"] == 2

    def test_without_ringing_the_delay_ends_with_the_answer_and_nothing_rang(self) -> None:
        counts = totals(BEGIN, ANSWERED, after=1)

        assert counts["dials.post_dial_delay_sum"] == 1
        assert "dials.ring_time_count" not in counts

    def test_where_no_dial_state_comes_the_state_of_the_leg_tells_that_it_rings(self) -> None:
        rings = channel("Newstate", "1", "Ringing", of="0")

        counts = totals(BEGIN, rings, ANSWERED, after=1)

        assert (counts["dials.post_dial_delay_sum"], counts["dials.ring_time_sum"]) == (1, 1)

    def test_a_leg_that_never_rang_and_was_not_answered_has_no_times(self) -> None:
        counts = totals(BEGIN, dial("DialEnd", "1", "CONGESTION"), after=1)

        assert set(counts) == {"dials.attempts{PJSIP}", "dials.results{congestion}", "endpoint.dials{phone}"}

    def test_in_disorder_and_doubled_nothing_is_counted_twice_or_left_out(self) -> None:
        words = (BEGIN, RINGING, ANSWERED, hangup("1"))

        counts = [totals(*words), totals(*words[::-1], *words), totals(*words[::-1], *words[::-1])]

        assert counts[0] == counts[1] == counts[2]
        assert counts[0]["dials.ring_time_count"] == 1


class TestResults:
    @pytest.mark.parametrize(
        ("status", "result"),
        [("BUSY", "busy"), ("NOANSWER", "noanswer"), ("GOTO:lab^5551234^1", "goto"), ("5551234", "other")],
    )
    def test_a_result_is_a_status_that_is_known(self, status: str, result: str) -> None:
        assert of(totals(BEGIN, dial("DialEnd", "1", status)), "dials.results") == {result: 1}

    @pytest.mark.parametrize(
        "statuses", [("NOANSWER", "CANCEL"), ("CANCEL", "NOANSWER"), ("CANCEL", "x", "NOANSWER")]
    )
    def test_of_two_ends_of_one_leg_the_one_that_says_more_counts(self, statuses: tuple[str, ...]) -> None:
        ends = (dial("DialEnd", "1", status) for status in statuses)

        assert of(totals(BEGIN, *ends), "dials.results") == {"noanswer": 1}

    @pytest.mark.parametrize("words", [(BEGIN, hangup("1")), (hangup("1"), BEGIN)])
    def test_a_leg_that_hangs_up_without_an_end_of_dialling(self, words: tuple[AmiMessage, ...]) -> None:
        assert of(totals(*words), "dials.results") == {"other": 1}

    def test_a_leg_of_which_only_the_end_is_told_was_dialled_too(self) -> None:
        counts = totals(ANSWERED)

        assert counts["dials.attempts{PJSIP}"] == counts["dials.results{answer}"] == 1
        assert "dials.answer_time_count" not in counts

    def test_a_channel_that_only_rings_is_no_leg(self) -> None:
        assert totals(channel("Newstate", "1", "Ringing"), hangup("1")) == {}

    def test_when_the_connection_is_lost_what_has_ended_is_counted(self) -> None:
        pbx = connected()
        pbx.hear(BEGIN, ANSWERED)

        pbx.lose()

        assert pbx.counts()["dials.results{answer}"] == 1


class TestPickup:
    """Asterisk says that who picks up was dialled and has answered, and only lets the leg hang up."""

    WORDS = (
        BEGIN,
        event("Event: Pickup", "Privilege: call,all", *snapshot("9", "Up"), "TargetUniqueid: 1"),
        dial("DialEnd", "9", "ANSWER", of="0"),
        hangup("1", 26),
    )

    @pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 1, 3), (3, 2, 1, 0), (0, 1, 1, 2, 2, 3)])
    def test_the_leg_was_answered_though_not_by_its_endpoint(self, order: tuple[int, ...]) -> None:
        counts = totals(*(self.WORDS[place] for place in order))

        assert {key: value for key, value in counts.items() if not key.endswith(("_count", "_sum"))} == {
            "pickups.count": 1,
            "dials.attempts{PJSIP}": 1,
            "dials.results{answer}": 1,
            "endpoint.dials{phone}": 1,
        }

    def test_who_picks_up_may_have_been_dialled_before(self) -> None:
        own = dial("DialBegin", "9"), dial("DialEnd", "9", "ANSWER")

        counts = totals(*own, *self.WORDS)

        assert (counts["dials.attempts{PJSIP}"], counts["dials.results{answer}"]) == (2, 2)


class TestOriginated:
    @pytest.mark.parametrize(
        ("reason", "result"),
        [
            ("0", "failed"),
            ("1", "cancelled"),
            ("3", "no_answer"),
            ("4", "answered"),
            ("5", "busy"),
            ("8", "congestion"),
            ("77", "other"),
        ],
    )
    def test_the_reason_tells_once(self, reason: str, result: str) -> None:
        response = event("Event: OriginateResponse", "Privilege: call,all", f"Reason: {reason}")

        assert of(totals(response, response), "originates.results") == {result: 1}


class TestEndpoints:
    @pytest.mark.parametrize(
        ("name", "endpoint"),
        [
            (TRUNK, "trunk"),
            ("PJSIP/a-trunk-beef-0000002a", "a-trunk-beef"),
            ("SIP/peer-0000002a", "peer"),
            ("IAX2/iax-peer-815", "iax-peer"),
            ("DAHDI/i1/5551234-3", "i1"),
            ("DAHDI/17-1", "17"),
            ("Local/101@lab-0000002a;1", ""),
            ("Surrogate/5551234", ""),
            ("PJSIP/trunk", ""),
            ("", ""),
        ],
    )
    def test_a_leg_names_its_endpoint_and_never_the_number(self, name: str, endpoint: str) -> None:
        assert dialled(name) == endpoint

    def test_dials_and_answers_are_counted_by_endpoint(self) -> None:
        begins = (dial("DialBegin", key, name=TRUNK) for key in ("1", "2"))

        counts = totals(*begins, dial("DialEnd", "1", "ANSWER", name=TRUNK), dial("DialEnd", "2", "BUSY"))

        assert counts["endpoint.dials{trunk}"] == 2
        assert counts["endpoint.answers{trunk}"] == 1


class TestPolled:
    def test_a_leg_whose_channel_is_gone_is_forgotten(self) -> None:
        pbx = connected()
        pbx.hear(BEGIN)

        for _ in range(3):
            pbx.poll(channels())
        pbx.hear(hangup("1"))

        assert of(settled(pbx), "dials.results") == {}

    def test_one_that_has_ended_is_counted_however_often_is_polled_before(self) -> None:
        pbx = connected()
        pbx.hear(BEGIN, ANSWERED, hangup("1"))

        for _ in range(3):
            pbx.poll(channels(), after=0.1)

        assert of(settled(pbx), "dials.results") == {"answer": 1}

    def test_a_leg_that_is_listed_goes_on(self) -> None:
        pbx = connected()
        pbx.hear(BEGIN)

        for _ in range(3):
            pbx.poll(channels(snapshot("1", "Ringing")))
        pbx.hear(ANSWERED)

        assert settled(pbx)["dials.answer_time_sum"] == 3

    def test_without_the_right_to_list_channels_a_break_forgets_them(self) -> None:
        pbx = Telling(Dials)
        pbx.poll({})
        pbx.hear(BEGIN)

        pbx.lose()
        pbx.poll({})
        pbx.hear(hangup("1"))

        assert of(settled(pbx), "dials.results") == {}


def test_events_without_headers_do_no_harm() -> None:
    totals(*(event(f"Event: {name}") for name in connected().model.hears()))


def test_what_has_ended_is_counted_between_polls_too_so_that_none_has_too_much_to_do() -> None:
    pbx = connected()
    pbx.hear(BEGIN, ANSWERED)

    pbx.now += SETTLED + GATHERED
    pbx.hear(hangup("2"))

    assert of(pbx.counts(), "dials.results") == {"answer": 1}
