"""Queues: callers as Asterisk itself writes them down in queue_log."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.model import Replies
from bridge.asterisk.queues import COUNTED, MANY, OTHER, Queues
from bridge.core.counter import Tally
from bridge.core.sample import Series
from bridge.protocols.ami import AmiMessage, Reply
from tests import recordings
from tests.asterisk.recorded import event, reply, said
from tests.recordings import Heard

Key = tuple[str, ...]
FOLDERS = ("queues-22", "queues-16", "mixed-22")
LATER = 60.0
"""Seconds after which everything is decided."""
EXITS = {"EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "WITHDRAW"}
ENDS = {
    "COMPLETECALLER": "caller",
    "COMPLETEAGENT": "agent",
    "BLINDTRANSFER": "transfer",
    "ATTENDEDTRANSFER": "transfer",
}
BOUND = 5
"""Seconds within which callers should be answered: `servicelevel` where the recordings were made."""

seeds = st.integers(0, 2**32)
quick = settings(max_examples=25)


def model() -> Queues:
    return Queues("hq", Tally())


def take(queues: Queues, messages: Iterable[Heard]) -> None:
    """Hand the events to the model as the tracker does."""
    hears = queues.hears()
    for message, now in messages:
        if message.event in hears and not message.listed:
            hears[message.event](message, now)


def key(series: Series) -> Key:
    return (series.name, *(value for _, value in series.labels[1:]))


def gauges(queues: Queues, now: float) -> dict[Key, float]:
    values = [(key(series), value) for series, value in queues.gauges(now)]
    assert len(dict(values)) == len(values)
    return dict(values)


def totals(queues: Queues) -> dict[Key, float]:
    """What does not read 0."""
    return {key(sample.series): sample.value for sample in queues.totals.samples(0) if sample.value}


def status(*items: str) -> Replies:
    """A reply to QueueStatus: each item is its lines, parted by `|`."""
    events = tuple(event(*(f"Event: {item}".split("|"))) for item in items)
    return {actions.QUEUE_STATUS: Reply(said("Response: Success").response, events)}


def params(queue: str, bound: int = BOUND) -> str:
    return f"QueueParams|Queue: {queue}|ServiceLevel: {bound}"


NAMES = ("support", "sales", "Night & Day 24.7", "keyed", "leaver", "empty")
SERVED = status(*map(params, NAMES))


def happened(
    name: str, *more: str, caller: str = "1.1", queue: str = "support", priority: int = 3
) -> AmiMessage:
    """An event of a caller in a queue."""
    place = ("Context: lab", "Exten: 600", f"Priority: {priority}", f"Uniqueid: {caller}")
    return event(f"Event: {name}", "Privilege: agent,all", *place, f"Queue: {queue}", *more)


# --- what Asterisk wrote down


def _rows(folder: str) -> Iterator[tuple[str, str, list[str]]]:
    for line in recordings.queue_log(folder):
        _, _, queue, _, name, *values = line.split("|")
        yield name, queue, values


def written(folder: str) -> dict[Key, float]:
    """The totals that queue_log gives, worked out from its rows alone."""
    found: Counter[Key] = Counter()
    for name, queue, values in _rows(folder):
        if name == "ENTERQUEUE":
            found["queue.joins", queue] += 1
        elif name == "RINGNOANSWER":
            found["queue.ring_no_answers", queue] += 1
        elif name == "CONNECT":
            held, rung = int(values[0]), int(values[2])
            found["queue.answered", queue] += 1
            found["queue.answered_in_time", queue] += held <= BOUND
            found.update(_times("queue.wait_time", queue, held))
            found.update(_times("queue.ring_time", queue, rung))
        elif name == "ABANDON":
            found["queue.abandons", queue] += 1
            found["queue.abandons_in_time", queue] += int(values[2]) <= BOUND
            found.update(_times("queue.abandon_time", queue, int(values[2])))
        elif name in EXITS:
            found["queue.exits", queue] += 1
        elif name in ENDS:
            found["queue_end.completed", queue, ENDS[name]] += 1
            found.update(_times("queue.talk_time", queue, int(values[1])))
        if name in EXITS | {"CONNECT", "ABANDON"}:
            found["queue.leaves", queue] += 1
    return {series: value for series, value in found.items() if value}


def _times(name: str, queue: str, seconds: int) -> Counter[Key]:
    return Counter({(f"{name}_count", queue): 1, (f"{name}_sum", queue): seconds})


@cache
def played(folder: str) -> dict[Key, float]:
    """The totals of a recording in its order."""
    return played_in(recordings.ami(folder))


def played_in(events: Iterable[Heard]) -> dict[Key, float]:
    queues, last = model(), 0.0
    queues.sync(SERVED, 0, first=True)
    for heard in events:
        take(queues, [heard])
        last = heard.time
    gauges(queues, last + LATER)
    return totals(queues)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_total_equals_the_queue_log(folder: str) -> None:
    """The recordings hold answers, abandons, exits of every kind, members who did not answer, and talks."""
    counted = {
        name: value
        for name, value in played(folder).items()
        if "_le_" not in name[0] and name[0] != "queue.member_calls"
    }

    assert counted == written(folder)
    assert {"queue.joins", "queue.answered", "queue.exits", "queue.ring_no_answers"} <= {
        name[0] for name in counted
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_calls_to_members_were_answered_or_not_or_ended_by_the_caller(folder: str) -> None:
    found: Counter[str] = Counter()
    for (name, *_), value in played(folder).items():
        found[name] += int(value)

    canceled = sum(name == "RINGCANCELED" for name, _, _ in _rows(folder))
    assert found["queue.member_calls"] == found["queue.answered"] + found["queue.ring_no_answers"] + canceled


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_wait_is_counted_under_every_bound_that_it_kept(folder: str) -> None:
    waits = [int(values[0]) for name, queue, values in _rows(folder) if name == "CONNECT"]

    for bound in (5, 10, 15):
        within = sum(wait <= bound for wait in waits)
        assert played(folder).get((f"queue.wait_time_le_{bound}", "support"), 0) == within


def disordered(events: Iterable[Heard], chance: random.Random, lost: float = 0) -> list[Heard]:
    """Each event up to 2 s late, one of five twice."""
    found = [
        Heard(message, time + chance.uniform(0, 2))
        for message, time in events
        if chance.random() >= lost
        for _ in range(1 + (chance.random() < 0.2))
    ]
    return sorted(found, key=lambda heard: heard.time)


@pytest.mark.parametrize("folder", FOLDERS)
@given(seed=seeds)
@quick
def test_disorder_and_doubles_change_no_total(folder: str, seed: int) -> None:
    assert played_in(disordered(recordings.ami(folder), random.Random(seed))) == played(folder)


@given(seed=seeds, lost=st.sampled_from([0, 0.05]), until=st.floats(0.05, 1))
@quick
def test_after_a_poll_gauges_are_right_whatever_was_heard(seed: int, lost: float, until: float) -> None:
    """Asterisk 16 lists 10 callers while events of any part of the same minutes have been heard."""
    replies = {actions.QUEUE_STATUS: reply("16/QueueStatus")}
    events = recordings.ami("queues-16")
    ordered, mixed = model(), model()
    asked = events[-1].time + 10
    ordered.sync(replies, asked, first=True)

    mixed.sync(SERVED, 0, first=True)
    take(mixed, disordered(events[: int(len(events) * until)], random.Random(seed), lost))
    mixed.sync(replies, asked, first=False)

    assert gauges(mixed, asked) == gauges(ordered, asked)


# --- callers who wait


class TestWaiting:
    def test_callers_are_those_of_the_summary_that_asterisk_made_at_the_same_time(self) -> None:
        queues = model()

        queues.sync({actions.QUEUE_STATUS: reply("16/QueueStatus")}, 100, first=True)

        told = gauges(queues, 100)
        for summary in reply("16/QueueSummary").items:
            queue = summary.get("Queue")
            assert told["queue.waiting", queue] == int(summary.get("Callers"))
            assert told["queue.longest_wait", queue] == int(summary.get("LongestHoldTime"))
            assert told["queue.hold_time_average", queue] == int(summary.get("HoldTime"))
            assert told["queue.talk_time_average", queue] == int(summary.get("TalkTime"))
        assert told["queue.waiting", "support"] == 10

    def test_they_change_with_every_event(self) -> None:
        queues = model()
        queues.sync(SERVED, 0, first=True)

        take(queues, [Heard(happened("QueueCallerJoin"), 10)])
        joined = gauges(queues, 14)
        take(queues, [Heard(happened("QueueCallerLeave"), 15)])
        left = gauges(queues, 16)

        assert (joined["queue.waiting", "support"], joined["queue.longest_wait", "support"]) == (1, 4)
        assert (left["queue.waiting", "support"], left["queue.longest_wait", "support"]) == (0, 0)

    def test_the_longest_wait_is_that_of_the_first(self) -> None:
        queues = model()
        queues.sync(
            status(
                params("support"),
                "QueueEntry|Queue: support|Uniqueid: 1.1|Wait: 7",
                "QueueEntry|Queue: support|Uniqueid: 1.2|Wait: 40",
            ),
            100,
            first=True,
        )

        assert gauges(queues, 103)["queue.longest_wait", "support"] == 43

    def test_a_queue_without_callers_reads_0_and_one_that_is_gone_nothing(self) -> None:
        queues = model()
        queues.sync(status(params("support"), params("sales")), 0, first=True)
        before = gauges(queues, 1)

        queues.sync(status(params("support")), 10, first=False)

        assert before["queue.waiting", "sales"] == before["queue.longest_wait", "sales"] == 0
        assert {name[1] for name in gauges(queues, 11)} == {"support"}

    def test_a_realtime_queue_is_there_with_its_first_caller(self) -> None:
        queues = model()
        queues.sync(SERVED, 0, first=True)

        take(queues, [Heard(happened("QueueCallerJoin", queue="night"), 10)])

        assert gauges(queues, 10)["queue.waiting", "night"] == 1

    def test_without_an_answer_only_events_tell(self) -> None:
        queues = model()

        assert queues.sync({}, 0, first=True) == 0
        assert gauges(queues, 1) == {}

    def test_after_a_loss_of_the_connection_nobody_waits_until_a_poll_tells(self) -> None:
        queues = model()
        queues.sync(SERVED, 0, first=True)
        take(queues, [Heard(happened("QueueCallerJoin"), 10)])

        queues.lost()

        assert gauges(queues, 11)["queue.waiting", "support"] == 0


# --- happenings


class TestHappenings:
    def test_what_has_not_happened_yet_reads_0(self) -> None:
        queues = model()

        queues.sync(SERVED, 0, first=True)

        counted = {sample.series for sample in queues.totals.samples(0)}
        assert {metric.series("hq", "empty") for metric in COUNTED} <= counted
        assert totals(queues) == {}

    def test_a_timeout_is_no_abandon_although_asterisk_calls_it_one(self) -> None:
        """QueueCallerAbandon comes for both; the channel of the one ends where Queue() stands."""
        queues = model()
        queues.sync(SERVED, 0, first=True)

        for caller, priority in (("1.1", 3), ("1.2", 4)):
            take(
                queues,
                [
                    Heard(happened("QueueCallerAbandon", "HoldTime: 7", caller=caller), 10),
                    Heard(happened("QueueCallerLeave", caller=caller), 10),
                    Heard(happened("Hangup", caller=caller, priority=priority), 10),
                ],
            )
        gauges(queues, 11)

        told = totals(queues)
        assert (told["queue.abandons", "support"], told["queue.exits", "support"]) == (1, 1)
        assert told["queue.abandon_time_sum", "support"] == 7
        assert ("queue.abandons_in_time", "support") not in told

    def test_the_bound_of_the_service_level_is_in_time(self) -> None:
        queues = model()
        queues.sync(SERVED, 0, first=True)

        for waited in (BOUND - 1, BOUND, BOUND + 1):
            connect = happened("AgentConnect", f"HoldTime: {waited}", "RingTime: 1", caller=f"1.{waited}")
            take(queues, [Heard(connect, 10)])

        told = totals(queues)
        assert (told["queue.answered", "support"], told["queue.answered_in_time", "support"]) == (3, 2)

    def test_a_queue_without_a_service_level_has_0_as_asterisk_has_it(self) -> None:
        queues = model()
        queues.sync(status(params("support", bound=0)), 0, first=True)

        for waited in (0, 1):
            connect = happened("AgentConnect", f"HoldTime: {waited}", caller=f"1.{waited}")
            take(queues, [Heard(connect, 10)])

        assert totals(queues)["queue.answered_in_time", "support"] == 1

    def test_an_unknown_end_is_counted_as_other(self) -> None:
        queues = model()

        take(queues, [Heard(happened("AgentComplete", "Reason: 5551234", "TalkTime: 3"), 10)])

        assert totals(queues)["queue_end.completed", "support", OTHER] == 1

    def test_how_the_last_ones_left_is_decided_when_the_connection_is_lost(self) -> None:
        queues = model()
        take(queues, [Heard(happened("QueueCallerLeave"), 10)])

        queues.lost()

        assert totals(queues)["queue.exits", "support"] == 1

    def test_asterisks_own_counts_go_on_when_they_are_reset(self) -> None:
        queues = model()

        for completed, abandoned in ((5, 2), (7, 2), (1, 0)):
            counts = f"|Completed: {completed}|Abandoned: {abandoned}"
            queues.sync(status(params("support") + counts), 0, first=False)

        told = totals(queues)
        assert told["queue.asterisk_completed", "support"] == 8
        assert told["queue.asterisk_abandoned", "support"] == 2

    def test_service_levels_are_ratios(self) -> None:
        queues = model()

        queues.sync(
            status(params("support") + "|ServicelevelPerf: 66.7|ServicelevelPerf2: 16.7"), 0, first=True
        )

        told = gauges(queues, 0)
        assert told["queue.asterisk_service_level", "support"] == pytest.approx(0.667)
        assert told["queue.asterisk_service_level_2", "support"] == pytest.approx(0.167)
        assert told["queue.service_level_bound", "support"] == BOUND


class TestHostile:
    @given(
        st.sampled_from(sorted(model().hears())),
        st.lists(
            st.tuples(st.sampled_from(["Queue", "HoldTime", "Uniqueid", "TalkTime"]), st.text(max_size=9))
        ),
    )
    def test_no_event_is_an_error(self, name: str, headers: list[tuple[str, str]]) -> None:
        queues = model()
        lines = [f"{header}: {value}" for header, value in headers]

        take(queues, [Heard(event(f"Event: {name}", "Privilege: agent,all", *lines), 10)])

        gauges(queues, 100)
        assert all(value >= 0 for value in totals(queues).values())

    def test_queues_beyond_all_reason_share_a_series(self) -> None:
        queues = model()

        for queue in range(MANY + 10):
            take(queues, [Heard(happened("QueueCallerJoin", queue=str(queue)), 10)])

        assert len({name[1] for name in totals(queues)}) == MANY + 1
        assert totals(queues)["queue.joins", OTHER] == 10
