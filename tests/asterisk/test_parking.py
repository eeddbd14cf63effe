"""Parking: occupied spaces, how long, and how it ended."""

import pytest

from bridge.asterisk import actions
from bridge.asterisk.parking import Parking
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event, events, reply
from tests.asterisk.telling import NOTHING, Telling, listed

LOTS = {actions.LOTS: reply("22/Parkinglots")}
NONE = {**LOTS, actions.PARKED: reply("22/ParkedCalls")}


def parked(name: str, channel: str, space: int = 701, duration: str = "0") -> AmiMessage:
    return event(
        f"Event: {name}",
        "Privilege: call,all",
        f"ParkeeUniqueid: {channel}",
        "Parkinglot: default",
        f"ParkingSpace: {space}",
        f"ParkingDuration: {duration}",
    )


@pytest.fixture
def pbx() -> Telling:
    pbx = Telling(Parking)
    pbx.poll(NONE)
    return pbx


class TestPolled:
    def test_an_empty_lot_reads_0(self, pbx: Telling) -> None:
        assert pbx.gauges() == {"parking.calls{default}": 0}

    def test_a_call_of_a_recorded_list_is_no_happening(self, pbx: Telling) -> None:
        pbx.poll({**LOTS, actions.PARKED: reply("16/ParkedCalls")})

        assert pbx.gauges() == {"parking.calls{default}": 1}
        assert pbx.counts() == {}

    def test_calls_are_counted_by_lot(self, pbx: Telling) -> None:
        calls = ({"ParkeeUniqueid": name, "Parkinglot": lot} for name, lot in (("a", "default"), ("b", "x")))

        pbx.poll({**LOTS, actions.PARKED: listed("ParkedCall", *calls)})

        assert pbx.gauges() == {"parking.calls{default}": 1, "parking.calls{x}": 1}

    def test_a_lot_that_vanished_with_its_calls_says_0_once_more(self, pbx: Telling) -> None:
        pbx.hear(event("Event: ParkedCall", "ParkeeUniqueid: a", "Parkinglot: dynamic"), after=1)
        pbx.gauges()

        pbx.poll(NONE)

        assert pbx.gauges() == {"parking.calls{default}": 0, "parking.calls{dynamic}": 0}
        assert pbx.gauges() == {"parking.calls{default}": 0}


class TestHeard:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [("UnParkedCall", "unparked"), ("ParkedCallTimeOut", "timeout"), ("ParkedCallGiveUp", "giveup")],
    )
    def test_a_call_is_parked_and_leaves_for_a_reason(self, pbx: Telling, name: str, reason: str) -> None:
        pbx.hear(parked("ParkedCall", "a"), after=1)

        assert pbx.gauges() == {"parking.calls{default}": 1}

        pbx.hear(parked(name, "a", duration="12"), after=1)

        counts = pbx.counts()
        assert pbx.gauges() == {"parking.calls{default}": 0}
        assert counts["parking.parked{default}"] == counts[f"parking.ended{{default,{reason}}}"] == 1
        assert counts["parking.time_sum{default}"] == 12
        assert (counts["parking.time_le_10{default}"], counts["parking.time_le_30{default}"]) == (0, 1)

    def test_a_doubled_event_counts_once(self, pbx: Telling) -> None:
        there, back = parked("ParkedCall", "a"), parked("UnParkedCall", "a")

        pbx.hear(there, there, back, back)

        assert pbx.counts()["parking.parked{default}"] == 1
        assert pbx.counts()["parking.time_count{default}"] == 1

    def test_a_space_that_is_taken_again_before_its_end_was_told_stays_taken(self, pbx: Telling) -> None:
        pbx.hear(parked("ParkedCall", "a"), parked("ParkedCall", "b"), parked("ParkedCallGiveUp", "a"))

        assert pbx.gauges() == {"parking.calls{default}": 1}

    def test_who_takes_the_place_of_a_parked_call_is_parked_instead(self, pbx: Telling) -> None:
        pbx.hear(parked("ParkedCall", "a"), parked("ParkedCallSwap", "b"))

        assert pbx.gauges() == {"parking.calls{default}": 1}
        assert pbx.counts() == {"parking.parked{default}": 1, "parking.swaps{default}": 1}

        pbx.hear(parked("UnParkedCall", "b"))

        assert pbx.gauges() == {"parking.calls{default}": 0}

    def test_a_channel_that_is_no_more_is_not_parked(self, pbx: Telling) -> None:
        pbx.hear(parked("ParkedCall", "a"), event("Event: Hangup", "Uniqueid: a"))

        assert pbx.gauges() == {"parking.calls{default}": 0}

    @pytest.mark.parametrize("duration", ["", "soon"])
    def test_a_duration_that_is_none_is_no_sample(self, pbx: Telling, duration: str) -> None:
        pbx.hear(parked("UnParkedCall", "a", duration=duration))

        assert pbx.counts() == {"parking.ended{default,unparked}": 1}


class TestWithoutClassCall:
    """The account may list neither lots nor parked calls, as with `write=reporting` alone."""

    def test_calls_are_known_by_events(self) -> None:
        pbx = Telling(Parking)
        pbx.poll({})

        pbx.hear(parked("ParkedCall", "a"), after=1)
        pbx.poll({})

        assert pbx.gauges() == {"parking.calls{default}": 1}

    def test_a_call_whose_channel_is_no_more_is_not_parked(self) -> None:
        pbx = Telling(Parking)
        pbx.hear(parked("ParkedCall", "a"), parked("ParkedCall", "b", 702))

        pbx.poll({actions.CHANNELS: listed("CoreShowChannel", {"Uniqueid": "b"})})

        assert pbx.gauges() == {"parking.calls{default}": 1}


def test_after_a_break_only_the_list_is_believed(pbx: Telling) -> None:
    pbx.hear(parked("ParkedCall", "a"), after=1)

    pbx.lose()
    pbx.poll({**LOTS, actions.PARKED: NOTHING})

    assert pbx.gauges() == {"parking.calls{default}": 0}


@pytest.mark.parametrize(
    ("name", "reason", "seconds"), [("22/bridges", "unparked", 2), ("16/channel-use", "timeout", 6)]
)
def test_what_was_parked_is_what_the_log_of_channel_events_has(
    pbx: Telling, name: str, reason: str, seconds: int
) -> None:
    recorded = events(name)
    rows = [message.get("EventName") for message in recorded if message.event == "CEL"]

    pbx.hear(*recorded, after=0.1)

    counts = pbx.counts()
    assert counts["parking.parked{default}"] == rows.count("PARK_START") == 1
    assert counts[f"parking.ended{{default,{reason}}}"] == rows.count("PARK_END") == 1
    assert counts["parking.time_sum{default}"] == seconds
