"""What the events RTCPSent and RTCPReceived say of a stream of media.

Each holds two things. Its report block tells how a stream arrived: in RTCPSent what Asterisk received from
the channel, in RTCPReceived what the other end received from Asterisk. And if it is a sender report, it tells
how far the stream that goes the other way has come, by the clock of the day and by the clock of the stream.
"""

from typing import NamedTuple

from bridge.asterisk.words import number
from bridge.protocols.ami import AmiMessage

RATES = (8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 90_000)
"""Clock rates of streams in Hz; 90,000 is that of video."""
VIDEO_RATE = 90_000
RATE_SLACK = 0.04
"""By how much of it a measured rate may differ from the true one: a packet of 20 ms in half a second."""
SHORTEST, LONGEST = 0.4, 300.0
"""Seconds between two sender reports from which a rate is measured: Asterisk sends them every 0.5 to 60 s."""
WRAP = 1 << 32
"""Where the clock of a stream begins anew."""
SLOWEST = 60.0
"""Seconds of a round trip above which it is nonsense: RTCP counts it in 16 bits of seconds."""


class Report(NamedTuple):
    """How one stream arrived.

    Attributes:
        source: its SSRC.
        loss: share of its packets lost since the report before, 0..1.
        lost: packets lost since it began; below 0 if more came than were sent, as doubled ones do.
        jitter: how unevenly it arrived, in ticks of its clock.
    """

    source: int
    loss: float
    lost: float
    jitter: float


def report(message: AmiMessage) -> Report | None:
    """The report block of an event; None if it has none."""
    source = ssrc(message.get("Report0SourceSSRC"))
    lost, share = number(message.get("Report0CumulativeLost")), number(message.get("Report0FractionLost"))
    jitter = number(message.get("Report0IAJitter"))
    if source is None or lost is None or share is None or jitter is None:
        return None
    if not (0 <= lost < 1 << 24 and 0 <= share < 1 << 8 and 0 <= jitter < WRAP):
        return None
    return Report(source, share / 256, lost - (1 << 24) if lost >= 1 << 23 else lost, jitter)


def round_trip(message: AmiMessage) -> float | None:
    """The round trip in seconds; None if it was not measured, which Asterisk tells as 0."""
    trip = number(message.get("RTT"))
    return trip if trip and 0 < trip < SLOWEST and message.get("Report0LSR") != "0" else None


def ssrc(text: str) -> int | None:
    """The number of a stream, written `0x4f3b1d5b`."""
    try:
        return int(text[:10], 16)
    except ValueError:
        return None


class Clock:
    """The clock of a stream, measured by the sender reports of the stream itself, in whatever order.

    Attributes:
        rate: its rate in Hz; None while it is not known.
    """

    def __init__(self) -> None:
        self.rate: int | None = None
        self._last: tuple[float, float] | None = None

    def take(self, message: AmiMessage) -> None:
        """Take an event with a sender report of the stream, or without one, which says nothing."""
        time, ticks = number(message.get("SentNTP")), number(message.get("SentRTP"))
        if time is None or ticks is None:
            return
        earlier, later = sorted((self._last or (time, ticks), (time, ticks)))
        self._last = later
        seconds = later[0] - earlier[0]
        if SHORTEST <= seconds <= LONGEST:
            measured = (later[1] - earlier[1]) % WRAP / seconds
            if self.rate is None or not _fits(measured, self.rate):
                self.rate = next((rate for rate in RATES if _fits(measured, rate)), self.rate)


def _fits(measured: float, rate: int) -> bool:
    """Whether it may be that rate; no two are so near that it may be both."""
    return abs(measured - rate) <= RATE_SLACK * rate
