"""Media quality: units, directions, and that neither order nor doubles change it."""

from collections import Counter
from collections.abc import Mapping
from statistics import fmean
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.asterisk import actions
from bridge.asterisk.catalog import media as catalog
from bridge.asterisk.media import GRACE, MAX_CHANNELS, PATIENCE, SILENCE, Media
from bridge.core.counter import Tally
from bridge.core.emodel import opinion, rating
from bridge.protocols.ami import AmiMessage, Reply
from tests.asterisk.recorded import event, said
from tests.recordings import ami

SENT, RECEIVED = "sent", "received"
HEARD = [message for message, _ in ami("rtp-22") if message.event in {"RTCPSent", "RTCPReceived", "Hangup"}]
Known = dict[tuple[str, ...], float]


class Lab:
    """A model, its totals, and a clock that moves by hand."""

    def __init__(self, *older: str) -> None:
        self.totals = Tally()
        self.media = Media("hq", self.totals)
        channels = tuple(event("Event: CoreShowChannel", f"Uniqueid: {one}") for one in older)
        listed = {actions.CHANNELS: Reply(said("Response: Success").response, channels)}
        self.media.sync(listed, 0.0, first=True)
        self.now = 100.0

    def hear(self, *messages: AmiMessage) -> None:
        for message in messages:
            self.media.hears()[message.event](message, self.now)

    def meet(self) -> None:
        """Two reports in each direction, by which the clocks are known, in an interval of their own."""
        self.hear(*both(0), *both(5))
        self.poll()

    def poll(self, after: float = 1.0) -> Known:
        """Gauges and totals, by name and labels."""
        self.now += after
        told = {**dict(self.media.gauges(self.now)), **{s.series: s.value for s in self.totals.samples(0)}}
        return {(series.name, *(value for _, value in series.labels[1:])): v for series, v in told.items()}


def rtcp(
    direction: str,
    second: float = 5,
    block: Mapping[str, float] = MappingProxyType({}),
    *,
    rate: int = 8000,
    channel: str = "PJSIP/trunk-00000001",
    uniqueid: str = "1",
    trip: str = "",
    **also: float,
) -> AmiMessage:
    """A report on the stream in `direction` as Asterisk tells it, `second` seconds into the call."""
    ours, theirs = "0x0000000a", "0x0000000b"
    known = {"FractionLost": 0, "CumulativeLost": 0, "IAJitter": 0, "LSR": 1, **block, **also}
    return event(
        f"Event: RTCP{'Received' if direction == SENT else 'Sent'}",
        "Privilege: reporting,all",
        *([f"Channel: {channel}", f"Uniqueid: {uniqueid}"] if uniqueid else []),
        *([f"RTT: {trip}"] if trip else []),
        f"SSRC: {'0xeeaf08a5' if direction == SENT else ours}",
        *([f"SentNTP: {1e9 + second:.6f}", f"SentRTP: {second * rate:.0f}"] if rate else []),
        f"Report0SourceSSRC: {ours if direction == SENT else theirs}",
        *(f"Report0{key}: {value}" for key, value in known.items()),
    )


def both(
    second: float, rate: int = 8000, *, jitter: float = 0, lost: float = 0, share: float = 0
) -> list[AmiMessage]:
    block = {"IAJitter": jitter, "CumulativeLost": lost, "FractionLost": share}
    return [rtcp(direction, second, block, rate=rate) for direction in (SENT, RECEIVED)]


class TestUnits:
    """What a report says, in base units."""

    def test_rtcp_sent_tells_what_asterisk_received_and_the_other_way_round(self) -> None:
        lab = Lab()

        lab.meet()
        lab.hear(rtcp(RECEIVED, 10, FractionLost=128), rtcp(SENT, 10, FractionLost=64))
        known = lab.poll()

        assert known["media.loss", "PJSIP", RECEIVED] == 0.5
        assert known["media.loss", "PJSIP", SENT] == 0.25

    @pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
    def test_jitter_is_in_seconds_by_the_clock_of_the_stream(self, rate: int) -> None:
        lab = Lab()

        lab.hear(*both(0, rate, jitter=rate // 100), *both(5, rate, jitter=rate // 50))
        known = lab.poll()

        assert known["media.jitter", "PJSIP", RECEIVED] == pytest.approx(0.015)
        assert known["media.jitter", "PJSIP", SENT] == pytest.approx(0.015)

    def test_each_direction_has_the_clock_of_its_own_sender(self) -> None:
        lab = Lab()

        for second in (0, 5):
            lab.hear(rtcp(RECEIVED, second, rate=48_000, IAJitter=80), rtcp(SENT, second, IAJitter=480))
        known = lab.poll()

        assert known["media.jitter", "PJSIP", SENT] == pytest.approx(0.010)
        assert known["media.jitter", "PJSIP", RECEIVED] == pytest.approx(0.010)

    def test_round_trips_that_were_not_measured_are_none(self) -> None:
        lab = Lab()

        lab.meet()
        lab.hear(rtcp(SENT, 10, trip="0.0000"), rtcp(SENT, 15, trip="0.0300"))
        lab.hear(rtcp(SENT, 20, trip="0.0500"), rtcp(SENT, 25, trip="9.0", LSR=0))

        assert lab.poll()["media.rtt", "PJSIP", SENT] == pytest.approx(0.04)

    def test_the_score_is_of_half_the_round_trip_twice_the_jitter_and_30_ms(self) -> None:
        lab = Lab()

        lab.meet()
        lab.hear(rtcp(SENT, 10, trip="0.1000", IAJitter=80, FractionLost=2), rtcp(RECEIVED, 10))
        known = lab.poll()

        expected = opinion(rating(0.050 + 0.020 + 0.030, 2 / 256))
        best = opinion(rating(0.050 + 0.030, 0))
        assert known["media.mos_worst", "PJSIP", SENT] == pytest.approx(expected)
        assert known["media.mos", "PJSIP", SENT] == pytest.approx(expected)
        assert known["media.mos", "PJSIP", RECEIVED] == pytest.approx(best)

    def test_packets_lost_are_those_told_since_the_last_report(self) -> None:
        lab = Lab()

        lab.meet()
        lab.hear(rtcp(SENT, 5, CumulativeLost=3))
        lab.poll()
        lab.hear(rtcp(SENT, 10, CumulativeLost=10), rtcp(SENT, 15, CumulativeLost=16_777_215))
        known = lab.poll()

        assert known["media.packets_lost", "PJSIP", SENT] == 10
        assert known["trunk_media.packets_lost", "trunk", SENT] == 10
        assert known["media.packets_lost", "PJSIP", RECEIVED] == 0

    def test_what_was_lost_before_we_listened_is_not_counted(self) -> None:
        lab = Lab("1")

        lab.hear(*both(0, lost=40), *both(5, lost=50))
        lab.hear(rtcp(SENT, 100, CumulativeLost=50), rtcp(SENT, 105, CumulativeLost=53))

        assert lab.poll()["media.packets_lost", "PJSIP", SENT] == 13

    def test_video_has_no_opinion_score(self) -> None:
        lab = Lab()

        lab.hear(*both(0, 90_000, share=200), *both(5, 90_000, share=200))

        assert lab.poll() == {}

    def test_a_clock_that_jumps_tells_nothing(self) -> None:
        lab = Lab()

        lab.meet()
        lab.hear(rtcp(SENT, 10, IAJitter=4_000_000_000))
        known = lab.poll()

        assert ("media.jitter", "PJSIP", SENT) not in known
        assert known["media.reports", "PJSIP", SENT] == 2


class TestClocks:
    """Reports whose clock is not known yet wait for it."""

    def test_the_first_report_waits_for_the_second(self) -> None:
        lab = Lab()

        lab.hear(*both(0, 48_000, jitter=480))
        assert lab.poll() == {}
        lab.hear(*both(5, 48_000, jitter=480))

        assert lab.poll()["media.jitter", "PJSIP", SENT] == pytest.approx(0.010)

    def test_a_call_too_short_for_two_is_judged_at_its_end_as_g711(self) -> None:
        lab = Lab()

        lab.hear(*both(0, jitter=80), event("Event: Hangup", "Uniqueid: 1", "Cause: 16"))
        assert lab.poll(after=1) == {}

        assert lab.poll(after=GRACE)["media.jitter", "PJSIP", SENT] == pytest.approx(0.010)

    def test_a_phone_without_rtcp_is_judged_by_the_clock_of_asterisk(self) -> None:
        lab = Lab()

        lab.hear(*(rtcp(RECEIVED, second, rate=16_000, IAJitter=160) for second in range(PATIENCE + 1)))
        known = lab.poll()

        assert known["media.jitter", "PJSIP", RECEIVED] == pytest.approx(0.010)
        assert ("media.reports", "PJSIP", SENT) not in known


class TestIntervals:
    def test_an_interval_without_reports_says_nothing_and_totals_stay(self) -> None:
        lab = Lab()
        lab.hear(*both(0), *both(5))
        lab.poll()

        known = lab.poll()

        assert known["media.reports", "PJSIP", SENT] == 2
        assert not [
            name for name, *_ in known if name.endswith((".mos", ".jitter", ".loss", ".rtt", "worst"))
        ]

    def test_it_is_the_same_whether_reports_are_judged_in_steps_or_at_the_look(self) -> None:
        at_once, in_steps = Lab(), Lab()
        for lab in (at_once, in_steps):
            lab.meet()
            lab.hear(*both(10, jitter=80, lost=3, share=8), rtcp(SENT, 11, trip="0.25"))

        for _ in in_steps.media.steps({}, in_steps.now, first=False):
            pass

        assert in_steps.poll() == at_once.poll()

    def test_reports_judged_in_steps_are_counted_if_the_connection_is_lost_before_the_look(self) -> None:
        lab = Lab()
        lab.meet()
        lab.hear(*both(10))

        for _ in lab.media.steps({}, lab.now, first=False):
            pass
        lab.media.lost()

        assert lab.totals[catalog.MEDIA_REPORTS.series("hq", "PJSIP", SENT)] == 3

    def test_after_a_loss_of_the_connection_old_reports_are_counted_but_not_shown(self) -> None:
        lab = Lab()
        lab.hear(*both(0), *both(5))

        lab.media.lost()

        assert {key[0] for key in lab.poll()} == {
            "media.reports",
            "media.packets_lost",
            "trunk_media.reports",
            "trunk_media.packets_lost",
        }

    @pytest.mark.parametrize("end", ["hangup", "silence"])
    def test_streams_are_forgotten(self, end: str) -> None:
        lab = Lab()
        lab.hear(*both(0))

        if end == "hangup":
            lab.hear(event("Event: Hangup", "Uniqueid: 1"))
        lab.poll(after=GRACE if end == "hangup" else SILENCE)

        assert not lab.media._channels


class TestLabels:
    @pytest.mark.parametrize(
        ("channel", "technology", "endpoint"),
        [
            ("PJSIP/trunk-00000001", "PJSIP", "trunk"),
            ("PJSIP/sip.provider.net-00000001", "PJSIP", "sip.provider.net"),
            ("SIP/peer-00000001", "SIP", "peer"),
            ("SIP/10.1.2.3-00000001", "SIP", None),
            ("UnicastRTP/10.1.2.3:4000-0x7f00", "UnicastRTP", None),
            ("Strange/x-00000001", "other", None),
            (f"PJSIP/{'x' * 65_000}-00000001", "PJSIP", None),
            ("nonsense", "unknown", None),
        ],
    )
    def test_only_configured_endpoints_are_named(
        self, channel: str, technology: str, endpoint: str | None
    ) -> None:
        lab = Lab()

        lab.hear(*(rtcp(SENT, second, channel=channel) for second in range(PATIENCE + 1)))
        known = lab.poll()

        assert ("media.mos", technology, SENT) in known
        assert {key[1] for key in known if key[0].startswith("trunk")} == ({endpoint} if endpoint else set())

    def test_a_report_without_a_channel_counts_as_of_unknown_technology(self) -> None:
        lab = Lab()

        lab.hear(*(rtcp(SENT, second, uniqueid="") for second in range(PATIENCE + 1)))

        assert lab.poll()["media.reports", "unknown", SENT] == PATIENCE + 1

    def test_channels_that_never_end_do_not_fill_the_memory(self) -> None:
        lab = Lab()

        for number in range(MAX_CHANNELS + 5):
            lab.hear(rtcp(SENT, uniqueid=f"c{number}"))

        assert len(lab.media._channels) == MAX_CHANNELS


class TestRecorded:
    """Recorded calls on Asterisk 22, with G.711 over the loopback."""

    def test_every_report_counts_once_in_its_direction(self) -> None:
        lab = Lab()

        lab.hear(*HEARD)
        known = lab.poll(after=GRACE)

        kinds = Counter(message.event for message in HEARD)
        assert known["media.reports", "PJSIP", RECEIVED] == kinds["RTCPSent"] == 49
        assert known["media.reports", "PJSIP", SENT] == kinds["RTCPReceived"] == 49
        by_endpoint = {key[1]: value for key, value in known.items() if key[0] == "trunk_media.reports"}
        assert by_endpoint == {"trunk": 14, "loop": 28, "101": 7}

    def test_the_loopback_is_nearly_perfect(self) -> None:
        lab = Lab()

        lab.hear(*HEARD)
        known = lab.poll(after=GRACE)

        ticks = [int(m.get("Report0IAJitter")) for m in HEARD if m.event == "RTCPReceived"]
        trips = [float(m.get("RTT")) for m in HEARD if m.get("RTT") not in {"", "0.0000"}]
        assert known["media.jitter", "PJSIP", SENT] == pytest.approx(fmean(ticks) / 8000)
        assert known["media.rtt", "PJSIP", SENT] == pytest.approx(fmean(trips))
        assert known["media.loss", "PJSIP", SENT] == 0
        assert known["media.mos_worst", "PJSIP", SENT] > 4.3

    @settings(max_examples=60)
    @given(st.permutations(HEARD), st.sets(st.sampled_from(HEARD)))
    def test_neither_order_nor_doubles_change_anything(
        self, shuffled: list[AmiMessage], doubled: set[AmiMessage]
    ) -> None:
        straight, crooked = Lab(), Lab()

        straight.hear(*HEARD)
        crooked.hear(*shuffled, *doubled)

        assert crooked.poll(after=GRACE) == pytest.approx(straight.poll(after=GRACE))


HOSTILE = st.dictionaries(
    st.sampled_from(
        ["Channel", "Uniqueid", "SSRC", "RTT", "SentNTP", "SentRTP"]
        + [f"Report0{key}" for key in ("SourceSSRC", "FractionLost", "CumulativeLost", "IAJitter", "LSR")]
    ),
    st.text(max_size=12) | st.sampled_from(["0", "1e308", "-1e308", "nan", "0x1", "PJSIP/a-00000001", "1e9"]),
)


@given(st.lists(st.tuples(st.sampled_from(["RTCPSent", "RTCPReceived", "Hangup"]), HOSTILE), max_size=8))
def test_no_event_whatever_it_holds_is_a_fault(hostile: list[tuple[str, dict[str, str]]]) -> None:
    lab = Lab()

    for name, headers in hostile:
        lines = (f"{key}: {value}" for key, value in headers.items())
        lab.hear(AmiMessage("\r\n".join((f"Event: {name}", *lines)).encode(errors="replace")))

    assert all(value >= 0 for value in lab.poll(after=SILENCE).values())
