"""Live channels, one series each; only where the channel table is polled over SNMP."""

from bridge.core.metric import Metric, MetricKind

GAUGE, INFO = MetricKind.GAUGE, MetricKind.INFO
CHANNEL = ("channel",)

CHANNEL_STATE = Metric(
    "channel.state",
    GAUGE,
    "State of a live channel: 0 down, 4 ring, 5 ringing, 6 up, 7 busy",
    labels=CHANNEL,
    sources=("snmp",),
)
CHANNEL_HANGUP_CAUSE = Metric(
    "channel.hangup_cause",
    GAUGE,
    "Q.850 cause set on a live channel, 0 while there is none",
    labels=CHANNEL,
    sources=("snmp",),
)
CHANNEL_HANGUP_IN = Metric(
    "channel.hangup_in",
    GAUGE,
    "Time until the scheduled hangup of a live channel",
    "seconds",
    labels=CHANNEL,
    sources=("snmp",),
)
CHANNEL_PRIORITY = Metric(
    "channel.priority", GAUGE, "Dialplan priority of a live channel", labels=CHANNEL, sources=("snmp",)
)
CHANNEL_RINGS = Metric(
    "channel.rings", GAUGE, "Rings counted by a live channel", labels=CHANNEL, sources=("snmp",)
)
CHANNEL_OUTBOUND = Metric(
    "channel.outbound",
    GAUGE,
    "1 if Asterisk dialled the live channel, 0 if it came in",
    labels=CHANNEL,
    sources=("snmp",),
)
CHANNEL_TECHNOLOGY = Metric(
    "channel.technology",
    INFO,
    "Technology of a live channel",
    labels=("channel", "technology"),
    sources=("snmp",),
)
CHANNEL_APPLICATION = Metric(
    "channel.application",
    INFO,
    "Dialplan application that a live channel runs",
    labels=("channel", "application"),
    sources=("snmp",),
)
CHANNEL_CONTEXT = Metric(
    "channel.context",
    INFO,
    "Dialplan context of a live channel",
    labels=("channel", "context"),
    sources=("snmp",),
)
