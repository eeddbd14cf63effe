"""The traffic of the simulated PBX: laws that hold for every seed and every way of stepping."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.asterisk.catalog.queues import QUEUE_ABANDONS, QUEUE_END_COMPLETED, QUEUE_WAITING
from bridge.asterisk.tracker import Tracker
from bridge.demo.packets import EVENT_CLASSES, encode, event
from bridge.demo.pbx import AGENTS, Happening
from bridge.demo.traffic import LONGEST_CALL, RESULTS, Traffic
from bridge.protocols.ami import AmiMessage

START = 1_700_000_000.0
SEEDS = st.integers(0, 2**32)
PAUSES = st.lists(st.floats(0.01, 120), min_size=1, max_size=25)


def played(seed: int, seconds: float, step: float = 30.0) -> tuple[Traffic, list[Happening]]:
    """Traffic of `seconds`, and all that happened."""
    traffic = Traffic(seed, START)
    happenings: list[Happening] = []
    while traffic.pbx.now < START + seconds:
        happenings += traffic.step(min(traffic.pbx.now + step, START + seconds))
    return traffic, happenings


@given(SEEDS, PAUSES)
@settings(max_examples=40)
def test_at_every_moment_the_counts_agree(seed: int, pauses: list[float]) -> None:
    """Calls are what the callers' channels are, and a bridge is never left with one of two."""
    traffic = Traffic(seed, START)
    processed = 0
    for pause in pauses:
        traffic.step(traffic.pbx.now + pause)

        channels = traffic.pbx.channels.values()
        assert traffic.pbx.dialplan_active == len({channel.linkedid for channel in channels})
        assert 0 <= traffic.pbx.dialplan_active <= len(channels) <= 2 * traffic.pbx.dialplan_active
        assert traffic.pbx.processed >= processed
        for bridge, members in traffic.pbx.bridges().items():
            assert bridge == "standup-room" or len(members) == 2
        assert set(traffic.pbx.queue.waiting) <= set(traffic.pbx.channels)
        processed = traffic.pbx.processed


@given(SEEDS, PAUSES)
@settings(max_examples=25)
def test_the_same_seed_tells_the_same_story_in_whatever_steps(seed: int, pauses: list[float]) -> None:
    whole, parts = Traffic(seed, START), Traffic(seed, START)

    told = [happening for pause in pauses for happening in parts.step(parts.pbx.now + pause)]

    assert whole.step(parts.pbx.now) == told
    assert whole.pbx.channels == parts.pbx.channels


@given(SEEDS)
@settings(max_examples=10)
def test_happenings_come_in_order_of_time(seed: int) -> None:
    _, happenings = played(seed, 600)

    times = [happening.time for happening in happenings]

    assert times == sorted(times)


@given(SEEDS)
@settings(max_examples=10)
def test_every_channel_that_began_ends_once_or_is_still_there(seed: int) -> None:
    traffic, happenings = played(seed, 1800)

    begun = Counter(
        each.channel.uniqueid for each in happenings if each.event == "Newchannel" and each.channel
    )
    ended = Counter(each.channel.uniqueid for each in happenings if each.event == "Hangup" and each.channel)

    assert set(begun.values()) == set(ended.values()) == {1}
    assert ended.keys() <= begun.keys()
    assert begun.keys() - ended.keys() == traffic.pbx.channels.keys()


@given(SEEDS)
@settings(max_examples=10)
def test_every_call_ends(seed: int) -> None:
    traffic, _ = played(seed, 3 * LONGEST_CALL)

    ages = [traffic.pbx.now - channel.created for channel in traffic.pbx.channels.values()]

    assert max(ages, default=0) <= LONGEST_CALL


@given(SEEDS)
@settings(max_examples=10)
def test_a_dialled_leg_ends_with_the_cause_of_its_result(seed: int) -> None:
    _, happenings = played(seed, 900)

    statuses = {
        each.dest.uniqueid: each.fields["DialStatus"]
        for each in happenings
        if each.event == "DialEnd" and each.dest
    }

    for each in happenings:
        if each.event == "Hangup" and each.channel and each.channel.outgoing:
            assert each.fields["Cause"] == str(RESULTS[statuses[each.channel.uniqueid]])


@given(SEEDS)
@settings(max_examples=10)
def test_an_agent_takes_one_call_at_a_time(seed: int) -> None:
    traffic = Traffic(seed, START)
    for _ in range(600):
        traffic.step(traffic.pbx.now + 1)

        assert all(len(traffic.pbx.of(agent)) <= 1 for agent in AGENTS)


def test_callers_who_waited_were_answered_abandoned_or_still_wait() -> None:
    traffic, happenings = played(7, 7200)

    counts = Counter(happening.event for happening in happenings)

    assert counts["QueueCallerJoin"] == counts["QueueCallerLeave"] + len(traffic.pbx.queue.waiting)
    assert counts["QueueCallerAbandon"] == traffic.pbx.queue.abandoned
    assert counts["AgentCalled"] - counts["AgentConnect"] in {0, 1, 2, 3}
    assert counts["AgentComplete"] == traffic.pbx.queue.completed
    assert counts["QueueCallerLeave"] == counts["AgentConnect"] + counts["QueueCallerAbandon"]


def test_who_is_paused_is_not_called() -> None:
    _, happenings = played(5, 7200)
    paused: set[str] = set()

    for each in happenings:
        if each.event == "QueueMemberPause":
            change = paused.add if each.fields["Paused"] == "1" else paused.discard
            change(each.fields["Interface"])
        elif each.event == "AgentCalled":
            assert each.fields["Interface"] not in paused

    assert any(each.event == "QueueMemberPause" for each in happenings)


@given(SEEDS)
@settings(max_examples=10)
def test_the_bridge_counts_what_the_queue_counts(seed: int) -> None:
    traffic, happenings = played(seed, 3600)
    tracker = Tracker("demo")
    tracker.sync({}, START)
    for each in happenings:
        if each.event in EVENT_CLASSES:
            tracker.take(AmiMessage(encode(event(each)).rstrip()), each.time)

    samples = tracker.samples(traffic.pbx.now + 60, traffic.pbx.now)

    told = {sample.series: sample.value for sample in samples}
    queue = traffic.pbx.queue
    ends = (
        QUEUE_END_COMPLETED.series("demo", queue.name, "agent"),
        QUEUE_ABANDONS.series("demo", queue.name),
    )
    assert [told.get(end, 0) for end in ends] == [queue.completed, queue.abandoned]
    assert told.get(QUEUE_WAITING.series("demo", queue.name), 0) == len(queue.waiting)


def test_an_hour_is_believable() -> None:
    """Some ten calls are up, a quarter waits for agents, most are answered, some ring in vain."""
    traffic = Traffic(1, START)
    traffic.step(START + 600)
    seen: Counter[str] = Counter()
    calls: list[int] = []
    for _ in range(3600):
        seen.update(each.fields.get("DialStatus", each.event) for each in traffic.step(traffic.pbx.now + 1))
        calls.append(traffic.pbx.dialplan_active)

    assert 4 < sum(calls) / len(calls) < 15
    assert max(calls) < 40
    assert seen["ANSWER"] > seen["BUSY"] + seen["NOANSWER"] > 0
    assert seen["CONGESTION"] > 0
    assert seen["QueueCallerAbandon"] > 0
