"""What is done with a channel for a while: holds, recordings, spies."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.channel_use import ChannelUse
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, events
from tests.asterisk.telling import NOTHING, Telling, listed

NONE = {actions.CHANNELS: NOTHING, actions.BRIDGES: NOTHING}


def of(name: str, channel: str = "a", key: str = "Uniqueid", number: int = 0) -> AmiMessage:
    return event(f"Event: {name}", "Privilege: call,all", f"Timestamp: {number}", f"{key}: {channel}")


def hangup(channel: str = "a") -> AmiMessage:
    return of("Hangup", channel)


@pytest.fixture
def pbx() -> Telling:
    pbx = Telling(ChannelUse)
    pbx.poll(NONE)
    return pbx


def test_before_anything_is_heard_nothing_goes_on(pbx: Telling) -> None:
    assert pbx.gauges() == {"holds.active": 0, "recordings.active": 0, "spies.active": 0}
    assert pbx.counts() == {"holds.count": 0, "recordings.count": 0, "spies.count": 0}


@pytest.mark.parametrize(
    ("begin", "end", "key", "group"),
    [
        ("Hold", "Unhold", "Uniqueid", "holds"),
        ("MixMonitorStart", "MixMonitorStop", "Uniqueid", "recordings"),
        ("MonitorStart", "MonitorStop", "Uniqueid", "recordings"),
        ("ConfbridgeRecord", "ConfbridgeStopRecord", "BridgeUniqueid", "recordings"),
        ("ChanSpyStart", "ChanSpyStop", "SpyerUniqueid", "spies"),
    ],
)
def test_a_use_goes_on_from_its_begin_to_its_end(
    pbx: Telling, begin: str, end: str, key: str, group: str
) -> None:
    pbx.hear(of(begin, key=key), after=1)

    assert pbx.gauges()[f"{group}.active"] == 1

    pbx.hear(of(end, key=key), after=4)

    assert pbx.gauges()[f"{group}.active"] == 0
    assert pbx.counts()[f"{group}.count"] == pbx.counts()[f"{group}.time_count"] == 1
    assert pbx.counts()[f"{group}.time_sum"] == 4


def test_who_hangs_up_on_hold_was_on_hold_until_then(pbx: Telling) -> None:
    pbx.hear(of("Hold"), hangup(), after=3)

    assert pbx.gauges()["holds.active"] == 0
    assert pbx.counts()["holds.time_sum"] == 3


def test_a_channel_may_have_several_recordings(pbx: Telling) -> None:
    pbx.hear(of("MixMonitorStart", number=1), of("MixMonitorStart", number=2), of("MixMonitorStop"), after=1)

    assert pbx.gauges()["recordings.active"] == 1

    pbx.hear(hangup(), after=1)

    assert pbx.gauges()["recordings.active"] == 0
    assert pbx.counts()["recordings.time_count"] == 2


def test_the_recording_of_a_room_ends_with_it(pbx: Telling) -> None:
    pbx.hear(of("ConfbridgeRecord", key="BridgeUniqueid"), of("ConfbridgeEnd", key="BridgeUniqueid"), after=2)

    assert pbx.gauges()["recordings.active"] == 0
    assert pbx.counts()["recordings.time_sum"] == 2


def test_an_end_whose_begin_was_never_heard_gives_no_duration(pbx: Telling) -> None:
    """Asterisk says Unhold of each channel that is transferred, whether it was on hold or not."""
    pbx.hear(of("Unhold"), after=1)

    assert pbx.counts() == {"holds.count": 0, "recordings.count": 0, "spies.count": 0}


def test_word_of_nobody_is_no_word(pbx: Telling) -> None:
    pbx.hear(event("Event: Hold"), event("Event: Unhold"), event("Event: ChanSpyStart", "SpyerUniqueid: "))

    assert set(pbx.counts().values()) == {0}


def test_a_use_of_a_channel_that_is_no_more_is_dropped_and_counted(pbx: Telling) -> None:
    pbx.hear(of("Hold", "lost"), of("Hold", "alive"), of("ConfbridgeRecord", "room", "BridgeUniqueid"))

    corrections = pbx.poll(
        {
            actions.CHANNELS: listed("CoreShowChannel", {"Uniqueid": "alive"}),
            actions.BRIDGES: listed("BridgeListItem", {"BridgeUniqueid": "room"}),
        }
    )

    assert corrections == 1
    assert pbx.gauges() == {"holds.active": 1, "recordings.active": 1, "spies.active": 0}
    assert "holds.time_count" not in pbx.counts()


def test_an_account_that_may_not_list_channels_is_told_by_events(pbx: Telling) -> None:
    pbx.hear(of("Hold"), after=1)

    assert pbx.poll({actions.BRIDGES: NOTHING}) == 0
    assert pbx.gauges()["holds.active"] == 1


def test_what_began_before_a_break_is_not_known_after_it(pbx: Telling) -> None:
    pbx.hear(of("Hold"), after=1)

    pbx.lose()
    pbx.poll(NONE)
    pbx.hear(of("Unhold"), after=10)

    assert pbx.gauges()["holds.active"] == 0
    assert "holds.time_count" not in pbx.counts()


def test_the_uses_of_a_recorded_session(pbx: Telling) -> None:
    """Asterisk 16: two recordings of a channel, of which one is stopped, one of a room, and a spy."""
    pbx.hear(*events("16/channel-use"), after=0.01)

    counts = pbx.counts()
    assert (counts["recordings.count"], counts["recordings.time_count"]) == (3, 3)
    assert (counts["spies.count"], counts["spies.time_count"]) == (1, 1)
    assert counts["holds.count"] == 0
    assert set(pbx.gauges().values()) == {0}


@given(st.integers(1, 4), st.booleans(), st.randoms(use_true_random=False))
def test_disorder_and_doubles_change_neither_counts_nor_what_goes_on(
    times: int, gone: bool, chance: random.Random
) -> None:
    words = [of(name, number=number) for number in range(times) for name in ("Hold", "Unhold")]
    words += [of("Hold", number=times), *([hangup()] if gone else [])]
    disordered = words * 2
    chance.shuffle(disordered)
    pbx = Telling(ChannelUse)
    pbx.poll(NONE)

    pbx.hear(*disordered, after=0.05)

    assert pbx.counts()["holds.count"] == times + 1
    assert pbx.counts()["holds.time_count"] == times + gone
    assert pbx.gauges()["holds.active"] == (not gone)
