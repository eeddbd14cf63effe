"""Calls, channels, and how they were dialled and ended."""

from bridge.core.metric import Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
POLLED = ("ami", "snmp")

CHANNELS_ACTIVE = Metric(
    "channels.active", GAUGE, "Channels now, both halves of Local pairs included", sources=POLLED
)
CHANNELS_BRIDGED = Metric(
    "channels.bridged", GAUGE, "Channels that are in a bridge: two for an ordinary call", sources=POLLED
)
CHANNELS_CREATED = Metric("channels.created", COUNTER, "Channels created while connected", sources=("ami",))
TECHNOLOGY_CHANNELS = Metric(
    "technology.channels", GAUGE, "Channels now, by technology", labels=("technology",), sources=POLLED
)
CHANNEL_STATE_CHANNELS = Metric(
    "channel_state.channels", GAUGE, "Channels now, by channel state", labels=("state",), sources=("ami",)
)
HANGUPS_COUNT = Metric(
    "hangups.count", COUNTER, "Channels hung up, by Q.850 cause name", labels=("cause",), sources=("ami",)
)
DIALS_ATTEMPTS = Metric(
    "dials.attempts",
    COUNTER,
    "Outgoing legs dialled, by technology",
    labels=("technology",),
    sources=("ami",),
)
DIALS_RESULTS = Metric(
    "dials.results", COUNTER, "Outgoing legs ended, by dial status", labels=("status",), sources=("ami",)
)
