"""What only Asterisk's own StatsD tells, and what is told of it."""

from bridge.core.histogram import Histogram
from bridge.core.metric import Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
STATSD = ("statsd",)
CHAN_STATS = "Needs res_chan_stats, which is not built by default"

CHANNELS_LIFETIME = Histogram(
    "channels.lifetime",
    "How long channels lived, ringing included",
    (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
    sources=STATSD,
    caveat=f"{CHAN_STATS}. Of channels, not of calls: an ordinary call has two",
)
CONTACTS_REMOVED = Metric(
    "contacts.removed",
    COUNTER,
    "Contacts that were removed or have expired",
    sources=STATSD,
    caveat="Asterisk calls it a gauge, of contacts in the state Removed, but it only grows",
)
STASIS_MESSAGE_COUNT = Metric(
    "stasis_message.count",
    COUNTER,
    "Messages on Asterisk's internal topic of channels, by type",
    labels=("type",),
    sources=STATSD,
    caveat=f"{CHAN_STATS}. A measure of load: 10 to 30 for each channel. Beyond 64 types: other",
)
STATSD_ANCHOR_CORRECTIONS = Metric(
    "statsd_anchor.corrections",
    COUNTER,
    "Polls that found a gauge to be something else than StatsD's changes had added up to",
    labels=("metric",),
    sources=STATSD,
    caveat="Now and then is normal: UDP loses packets, and a poll is not of one moment",
)
STATSD_ANCHOR_SILENCE = Metric(
    "statsd_anchor.silence",
    GAUGE,
    "Time since Asterisk itself was last heard over StatsD",
    "seconds",
    sources=STATSD,
    caveat="A PBX without calls that qualifies no contacts has nothing to say",
)
