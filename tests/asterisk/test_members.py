"""Members: who answers for each queue, by the list, and by events in between."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.members import BY_NUMBER, Members
from bridge.asterisk.model import Replies
from bridge.asterisk.words import UNKNOWN
from bridge.core.counter import Tally
from bridge.protocols.ami import AmiMessage, Reply
from tests import recordings
from tests.asterisk.recorded import event, reply, said
from tests.asterisk.test_queues import Key, disordered, key

RECORDED = {actions.QUEUE_STATUS: reply("16/QueueStatus")}
CLOCK = 1_795_461_200.0
"""Unix time of the Asterisk, at monotonic 100."""


def model() -> Members:
    return Members("hq", Tally())


def gauges(members: Members, now: float) -> dict[Key, float]:
    values = [(key(series), value) for series, value in members.gauges(now)]
    assert len(dict(values)) == len(values)
    return dict(values)


def totals(members: Members) -> dict[Key, float]:
    return {key(sample.series): sample.value for sample in members.totals.samples(0)}


def changed(change: str = "Status", **fields: object) -> AmiMessage:
    """A QueueMember event."""
    record = {"Queue": "support", "MemberName": "Ann", "Interface": "PJSIP/201", **fields}
    lines = [f"{name}: {value}" for name, value in record.items()]
    return event(f"Event: QueueMember{change}", "Privilege: agent,all", *lines)


def status(*members: Mapping[str, object]) -> Replies:
    """A reply to QueueStatus of the queues support and sales."""
    items = [event("Event: QueueParams", f"Queue: {queue}") for queue in ("support", "sales")]
    for fields in members:
        record = {"Queue": "support", "Name": "Ann", "Location": "PJSIP/201", **fields}
        items.append(event("Event: QueueMember", *(f"{name}: {value}" for name, value in record.items())))
    return {actions.QUEUE_STATUS: Reply(said("Response: Success").response, tuple(items))}


def clock(at: float) -> Replies:
    return {actions.CLOCK: said("Response: Success", "Variable: EPOCH", f"Value: {at:.0f}")}


def take(members: Members, message: AmiMessage, now: float) -> None:
    members.hears()[message.event](message, now)


class TestStates:
    def test_members_are_those_of_the_summary_that_asterisk_made_at_the_same_time(self) -> None:
        members = model()

        members.sync(RECORDED, 0, first=True)

        told = gauges(members, 0)
        summaries = reply("16/QueueSummary").items
        assert len(summaries) == 4
        for summary in summaries:
            assert told["queue.members", summary.get("Queue")] == int(summary.get("LoggedIn"))
            assert told["queue.available", summary.get("Queue")] == int(summary.get("Available"))

    @pytest.mark.parametrize(("number", "state"), BY_NUMBER.items())
    def test_each_number_is_a_state(self, number: str, state: str) -> None:
        members = model()

        members.sync(status({"Status": number}), 0, first=True)

        told = gauges(members, 0)
        states = {
            name[2]: value for name, value in told.items() if name[:2] == ("queue_state.members", "support")
        }
        assert states == {each: each == state for each in BY_NUMBER.values()}
        assert told["queue.members", "support"] == (state not in {"unavailable", "invalid"})
        assert told["queue.available", "support"] == (state in {"not_inuse", UNKNOWN})

    @pytest.mark.parametrize("number", ["", "9", "-1", "one", "9" * 10_000])
    def test_nonsense_is_an_unknown_state(self, number: str) -> None:
        members = model()

        members.sync(status({"Status": number}), 0, first=True)

        assert gauges(members, 0)["queue_state.members", "support", UNKNOWN] == 1

    def test_who_is_paused_is_not_available_whatever_the_device_does(self) -> None:
        members = model()

        members.sync(status({"Status": 1, "Paused": 1}), 0, first=True)

        told = gauges(members, 0)
        assert (told["queue.paused", "support"], told["queue.available", "support"]) == (1, 0)
        assert told["queue_state.members", "support", "not_inuse"] == 1

    def test_a_queue_without_members_reads_0_and_one_that_is_gone_nothing(self) -> None:
        members = model()
        members.sync(RECORDED, 0, first=True)
        before = gauges(members, 0)

        members.sync(status(), 10, first=False)

        assert before["queue.members", "empty"] == before["queue_state.members", "empty", "busy"] == 0
        assert {name[1] for name in gauges(members, 10) if len(name) > 1} == {"support", "sales"}

    def test_without_an_answer_nothing_is_told_of_queues(self) -> None:
        members = model()

        members.sync({}, 0, first=True)

        assert gauges(members, 0) == {}


class TestEvents:
    def test_every_event_carries_the_whole_state(self) -> None:
        members = model()
        members.sync(status(), 0, first=True)

        take(members, changed("Added", Status=1), 1)
        added = gauges(members, 1)
        take(members, changed("Pause", Status=2, Paused=1), 2)
        paused = gauges(members, 2)
        take(members, changed("Removed", Status=2, Paused=1), 3)
        removed = gauges(members, 3)

        assert added["queue.available", "support"] == 1
        assert (paused["queue.available", "support"], paused["queue.paused", "support"]) == (0, 1)
        assert removed["queue.members", "support"] == removed["queue.paused", "support"] == 0

    def test_what_was_heard_after_the_question_is_newer_than_the_list(self) -> None:
        members = model()
        members.sync(status(), 0, first=True)

        take(members, changed(Status=2), 11)
        members.sync(status({"Status": 1}), 10, first=False)

        assert gauges(members, 12)["queue_state.members", "support", "inuse"] == 1

    def test_a_change_that_no_event_told_is_a_correction_once_it_is_overdue(self) -> None:
        members = model()
        members.sync(status({"Status": 1}), 0, first=True)

        corrections = [members.sync(status({"Status": 2}), asked, first=False) for asked in (10, 20, 30)]

        assert corrections == [0, 1, 0]

    def test_calls_taken_change_without_an_event_and_are_none(self) -> None:
        members = model()

        corrections = [
            members.sync(status({"Status": 1, "CallsTaken": calls}), calls, first=not calls)
            for calls in range(4)
        ]

        assert corrections == [0, 0, 0, 0]

    def test_after_a_loss_of_the_connection_nothing_is_known(self) -> None:
        members = model()
        members.sync(RECORDED, 0, first=True)

        members.lost()

        assert gauges(members, 1) == {}

    @given(seed=st.integers(0, 2**32), lost=st.sampled_from([0, 0.05]), until=st.floats(0.05, 1))
    @settings(max_examples=25)
    def test_after_a_poll_gauges_are_right_whatever_was_heard(
        self, seed: int, lost: float, until: float
    ) -> None:
        events = recordings.ami("queues-16")
        asked = events[-1].time + 10
        ordered, mixed = model(), model()
        ordered.sync(RECORDED, asked, first=True)

        mixed.sync(status(), 0, first=True)
        hears = mixed.hears()
        for message, now in disordered(events[: int(len(events) * until)], random.Random(seed), lost):
            if message.event in hears:
                hears[message.event](message, now)
        mixed.sync(RECORDED, asked, first=False)

        assert gauges(mixed, asked) == gauges(ordered, asked)


class TestAgents:
    def test_one_device_that_answers_for_two_queues_is_one_agent(self) -> None:
        members = model()
        ann = {"StateInterface": "PJSIP/201", "Status": 1}

        members.sync(
            status(
                {**ann},
                {**ann, "Queue": "sales", "Paused": 1},
                {"Location": "PJSIP/202", "StateInterface": "PJSIP/202", "Status": 2, "Paused": 1},
                {"Location": "PJSIP/203", "StateInterface": "PJSIP/203", "Status": 5},
            ),
            0,
            first=True,
        )

        told = gauges(members, 0)
        assert (told["agents.count",], told["agents.available",], told["agents.paused",]) == (2, 1, 1)

    def test_each_agent_by_name(self) -> None:
        members = model()
        record = {"Status": 2, "InCall": 1, "LastCall": CLOCK - 50, "LoginTime": CLOCK - 500}

        members.sync({**status(record), **clock(CLOCK)}, 100, first=True)

        told = {
            name[0]: value for name, value in gauges(members, 103).items() if name[1:] == ("support", "Ann")
        }
        assert told == {
            "agent.available": 0,
            "agent.in_call": 1,
            "agent.paused": 0,
            "agent.paused_time": 0,
            "agent.last_call_age": 53,
            "agent.logged_in_time": 503,
        }

    def test_the_time_of_a_pause_runs_while_it_lasts(self) -> None:
        members = model()
        paused = {"Paused": 1, "LastPause": CLOCK - 20}
        members.sync({**status(paused), **clock(CLOCK)}, 100, first=True)

        during = gauges(members, 105)["agent.paused_time", "support", "Ann"]
        take(members, changed("Pause", Paused=0, LastPause=CLOCK - 20), 106)

        assert during == 25
        assert gauges(members, 107)["agent.paused_time", "support", "Ann"] == 0

    def test_without_the_clock_of_asterisk_there_are_no_ages(self) -> None:
        members = model()

        members.sync(status({"LastCall": CLOCK, "LoginTime": CLOCK}), 0, first=True)

        names = {name[0] for name in gauges(members, 1)}
        assert "agent.in_call" in names
        assert not names & {"agent.paused_time", "agent.last_call_age", "agent.logged_in_time"}

    def test_calls_go_on_when_asterisk_resets_them(self) -> None:
        members = model()

        for calls in (3, 5, 1):
            members.sync(status({"CallsTaken": calls}), 0, first=False)

        assert totals(members)["agent.calls", "support", "Ann"] == 6

    def test_events_do_not_count_calls_since_an_older_one_would_look_like_a_reset(self) -> None:
        members = model()
        members.sync(status({"CallsTaken": 3}), 0, first=True)

        for calls in (5, 4):
            take(members, changed(CallsTaken=calls), 1)
        members.sync(status({"CallsTaken": 5}), 10, first=False)

        assert totals(members)["agent.calls", "support", "Ann"] == 5

    def test_members_of_one_name_count_their_calls_together(self) -> None:
        members = model()

        for calls in (1, 2):
            members.sync(status({"CallsTaken": calls}, {"Location": "X/2", "CallsTaken": 10}), 0, first=False)

        assert totals(members)["agent.calls", "support", "Ann"] == 12


@given(
    st.sampled_from(sorted(model().hears())), st.dictionaries(st.sampled_from(["Queue", "Status"]), st.text())
)
def test_no_event_is_an_error(name: str, fields: dict[str, str]) -> None:
    members = model()
    members.sync(status(), 0, first=True)

    take(members, changed(name.removeprefix("QueueMember"), **fields), 1)

    gauges(members, 2)
