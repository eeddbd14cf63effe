"""How well people hear each other: jitter, loss, round trip and opinion score."""

from bridge.core.metric import Cardinality, Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
ENTITY = Cardinality.ENTITY
AMI = ("ami",)

# --- by technology; direction is `received` (what Asterisk got) or `sent` (what the other end got)

STREAMS = ("technology", "direction")
RTCP = "Only of ends that send RTCP and whose media passes through Asterisk"
TICKS = (
    f"{RTCP}. RTCP counts jitter in ticks of the codec's clock, which two sender reports of the stream tell"
    "; where there are none the clock of the other direction is taken, or 8000 Hz"
)
TRIP = f"{RTCP}. Measured by Asterisk's own clock on reports of what it sent; the first of a stream has none"
SCORE = (
    f"{RTCP}. By the simplified E-model of G.107 for G.711 with loss concealment, whatever the codec is; the"
    " delay is half of the round trip, twice the jitter, and 30 ms. It is not Asterisk's MES"
)

MEDIA_JITTER = Metric(
    "media.jitter",
    GAUGE,
    "Jitter, mean of all reports since the last poll",
    "seconds",
    STREAMS,
    AMI,
    caveat=TICKS,
)
MEDIA_LOSS = Metric(
    "media.loss",
    GAUGE,
    "Share of packets lost, mean of all reports since the last poll",
    "ratio",
    STREAMS,
    AMI,
    caveat=RTCP,
)
MEDIA_RTT = Metric(
    "media.rtt",
    GAUGE,
    "Round trip of media, mean since the last poll",
    "seconds",
    STREAMS,
    AMI,
    caveat=TRIP,
)
MEDIA_MOS = Metric(
    "media.mos",
    GAUGE,
    "Estimated opinion score from 1 to 4.41, mean of all reports since the last poll",
    labels=STREAMS,
    sources=AMI,
    caveat=SCORE,
)
MEDIA_MOS_WORST = Metric(
    "media.mos_worst",
    GAUGE,
    "The lowest estimated opinion score of a report since the last poll",
    labels=STREAMS,
    sources=AMI,
    caveat=SCORE,
)
MEDIA_REPORTS = Metric(
    "media.reports", COUNTER, "Reports on streams of speech", labels=STREAMS, sources=AMI, caveat=RTCP
)
MEDIA_PACKETS_LOST = Metric(
    "media.packets_lost", COUNTER, "Packets of speech lost", labels=STREAMS, sources=AMI, caveat=RTCP
)

# --- the same by endpoint

ENDS = ("endpoint", "direction")

TRUNK_MEDIA_JITTER = Metric(
    "trunk_media.jitter",
    GAUGE,
    "Jitter of an endpoint's media, mean of all reports since the last poll",
    "seconds",
    ENDS,
    AMI,
    ENTITY,
    TICKS,
)
TRUNK_MEDIA_LOSS = Metric(
    "trunk_media.loss",
    GAUGE,
    "Share of an endpoint's packets lost, mean of all reports since the last poll",
    "ratio",
    ENDS,
    AMI,
    ENTITY,
    RTCP,
)
TRUNK_MEDIA_RTT = Metric(
    "trunk_media.rtt",
    GAUGE,
    "Round trip of an endpoint's media, mean since the last poll",
    "seconds",
    ENDS,
    AMI,
    ENTITY,
    TRIP,
)
TRUNK_MEDIA_MOS = Metric(
    "trunk_media.mos",
    GAUGE,
    "Estimated opinion score of an endpoint's media, mean of all reports since the last poll",
    "",
    ENDS,
    AMI,
    ENTITY,
    SCORE,
)
TRUNK_MEDIA_MOS_WORST = Metric(
    "trunk_media.mos_worst",
    GAUGE,
    "The lowest estimated opinion score of an endpoint's media since the last poll",
    "",
    ENDS,
    AMI,
    ENTITY,
    SCORE,
)
TRUNK_MEDIA_REPORTS = Metric(
    "trunk_media.reports", COUNTER, "Reports on an endpoint's streams of speech", "", ENDS, AMI, ENTITY, RTCP
)
TRUNK_MEDIA_PACKETS_LOST = Metric(
    "trunk_media.packets_lost", COUNTER, "An endpoint's packets of speech lost", "", ENDS, AMI, ENTITY, RTCP
)
