"""RTCP events: units, the wrong and the missing values, and clocks measured by sender reports."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.rtcp import RATES, WRAP, Clock, Report, report, round_trip, ssrc
from bridge.protocols.ami import AmiMessage
from tests.asterisk.recorded import event
from tests.recordings import ami

BLOCK = {
    "Report0SourceSSRC": "0x0515597c",
    "Report0FractionLost": "64",
    "Report0CumulativeLost": "7",
    "Report0IAJitter": "80",
    "Report0LSR": "145057566",
    "RTT": "0.0250",
}


def told(**changed: str) -> AmiMessage:
    """An event with a report block, some headers changed or, where empty, left out."""
    headers = {**BLOCK, **changed}
    return event("Event: RTCPReceived", *(f"{key}: {value}" for key, value in headers.items() if value))


def sender(time: float, ticks: float) -> AmiMessage:
    return event("Event: RTCPSent", f"SentNTP: {time:.6f}", f"SentRTP: {ticks:.0f}")


class TestReport:
    """The report block."""

    def test_loss_is_told_in_256ths(self) -> None:
        assert report(told()) == Report(source=0x0515597C, loss=0.25, lost=7, jitter=80)

    def test_packets_that_came_twice_are_a_loss_below_0_in_24_bits(self) -> None:
        block = report(told(Report0CumulativeLost="16777214"))

        assert block is not None
        assert block.lost == -2

    @pytest.mark.parametrize("key", ["FractionLost", "CumulativeLost", "IAJitter", "SourceSSRC"])
    @pytest.mark.parametrize("value", ["", "x", "-1", "nan", "1e300", "4294967296"])
    def test_nonsense_is_no_report(self, key: str, value: str) -> None:
        assert report(told(**{f"Report0{key}": value})) is None or key == "SourceSSRC"

    def test_an_event_without_a_block_has_none(self) -> None:
        assert report(event("Event: RTCPSent", "SSRC: 0x1", "ReportCount: 0")) is None

    @pytest.mark.parametrize(("text", "number"), [("0x4f3b1d5b", 0x4F3B1D5B), ("", None), ("0xz", None)])
    def test_streams_have_numbers(self, text: str, number: int | None) -> None:
        assert ssrc(text) == number


class TestRoundTrip:
    """RTT of RTCPReceived."""

    def test_it_is_in_seconds(self) -> None:
        assert round_trip(told()) == 0.025

    @pytest.mark.parametrize("trip", ["0.0000", "", "-1", "61", "x"])
    def test_0_is_not_measured_and_nonsense_neither(self, trip: str) -> None:
        assert round_trip(told(RTT=trip)) is None

    def test_a_report_that_answers_none_of_ours_measures_none(self) -> None:
        assert round_trip(told(Report0LSR="0")) is None


class TestClock:
    """The rate of a stream's clock."""

    def test_recorded_calls_with_g711_have_8000_and_a_stream_that_jumps_has_none(self) -> None:
        reports = [each for each, _ in ami("rtp-22") if each.event == "RTCPSent"]
        reports.sort(key=lambda each: each.get("Uniqueid"))

        clocks = []
        for first, second in pairwise(reports):
            if first.get("Uniqueid") == second.get("Uniqueid"):
                clock = Clock()
                clock.take(first)
                clock.take(second)
                clocks.append(clock.rate)

        assert Counter(clocks) == {8000: 41, None: 1}

    @given(
        st.sampled_from(RATES),
        st.integers(0, WRAP - 1),
        st.floats(0.5, 60),
        st.floats(-0.02, 0.02),
        st.booleans(),
    )
    def test_any_rate_is_told_by_two_reports_in_any_order_over_a_wrap(
        self, rate: int, start: int, seconds: float, late: float, swapped: bool
    ) -> None:
        first = sender(1e9, start)
        second = sender(1e9 + seconds, (start + int(rate * (seconds + late))) % WRAP)
        clock = Clock()

        for each in (second, first) if swapped else (first, second):
            clock.take(each)

        assert clock.rate == rate

    def test_one_report_or_the_same_twice_tells_nothing(self) -> None:
        clock = Clock()

        for _ in range(2):
            clock.take(sender(1e9, 160))

        assert clock.rate is None

    def test_a_jump_of_the_clock_leaves_what_is_known(self) -> None:
        clock = Clock()
        for time, ticks in ((0, 0), (5, 40_000), (10, 3_000_000_000)):
            clock.take(sender(1e9 + time, ticks))

        assert clock.rate == 8000

    def test_a_receiver_report_has_no_clock(self) -> None:
        clock = Clock()

        clock.take(told())

        assert clock.rate is None
