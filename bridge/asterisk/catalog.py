"""The catalogue: every metric that the bridge names itself, and nothing else.

`docs/metrics.md` and Prometheus' HELP, TYPE and unit come from it. The names are the field's: a group is
the thing that is measured (queue, contact, technology), the second word is what is counted of it.
"""

from bridge.core.metric import Metric, MetricKind
from bridge.core.own import OWN

GAUGE, COUNTER, INFO = MetricKind.GAUGE, MetricKind.COUNTER, MetricKind.INFO
POLLED = ("ami", "snmp")

# --- the PBX itself

SYSTEM_UPTIME = Metric("system.uptime", GAUGE, "Time since Asterisk started", "seconds", sources=POLLED)
SYSTEM_RELOAD_AGE = Metric(
    "system.reload_age", GAUGE, "Time since the last reload of any module", "seconds", sources=POLLED
)
SYSTEM_VERSION = Metric(
    "system.version_number",
    GAUGE,
    "Asterisk version as a number: 22.4.1 is 220401, a development build is 999999",
    sources=POLLED,
)
SYSTEM_INFO = Metric("system.info", INFO, "Asterisk version as text", labels=("version",), sources=POLLED)
SYSTEM_PID = Metric("system.pid", GAUGE, "Process id of Asterisk", sources=("snmp",))
SYSTEM_MODULES = Metric(
    "system.modules", GAUGE, "Registered modules, built-in and idle ones included", sources=("snmp",)
)
SYSTEM_INDICATIONS = Metric("system.indications", GAUGE, "Tone zones known to Asterisk", sources=("snmp",))
SYSTEM_MAX_CALLS = Metric(
    "system.max_calls", GAUGE, "Configured limit of calls, 0 is no limit", sources=("ami",)
)
SYSTEM_RELOADS = Metric("system.reloads", COUNTER, "Reloads seen while connected", sources=("ami",))
SYSTEM_STARTS = Metric("system.starts", COUNTER, "Starts of Asterisk seen while connected", sources=("ami",))
SYSTEM_SHUTDOWNS = Metric("system.shutdowns", COUNTER, "Shutdowns seen while connected", sources=("ami",))

# --- calls and channels

CALLS_ACTIVE = Metric(
    "calls.active",
    GAUGE,
    "Dialplan executions now, which is what Asterisk itself reports as active calls",
    sources=POLLED,
)
CALLS_PROCESSED = Metric(
    "calls.processed", COUNTER, "Dialplan executions since Asterisk started", sources=POLLED
)
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
BRIDGES_ACTIVE = Metric("bridges.active", GAUGE, "Bridges now, parking and conferences too", sources=("ami",))
CONFERENCES_ACTIVE = Metric("conferences.active", GAUGE, "ConfBridge rooms in use now", sources=("ami",))
CONFERENCE_PARTIES = Metric(
    "conference.parties",
    GAUGE,
    "Parties in a ConfBridge room now",
    labels=("conference",),
    sources=("ami",),
)
PARKING_CALLS = Metric(
    "parking.calls", GAUGE, "Calls parked now, by parking lot", labels=("lot",), sources=("ami",)
)

# --- live channels, one series each; only where the channel table is polled

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

# --- queues

QUEUE = ("queue",)
QUEUE_WAITING = Metric("queue.waiting", GAUGE, "Callers waiting now", labels=QUEUE, sources=("ami",))
QUEUE_MEMBERS = Metric(
    "queue.members",
    GAUGE,
    "Members whose device is neither unavailable nor invalid",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_AVAILABLE = Metric(
    "queue.available", GAUGE, "Members idle and not paused", labels=QUEUE, sources=("ami",)
)
QUEUE_HOLD_TIME = Metric(
    "queue.hold_time",
    GAUGE,
    "Asterisk's moving average of waiting time",
    "seconds",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_TALK_TIME = Metric(
    "queue.talk_time",
    GAUGE,
    "Asterisk's moving average of talk time",
    "seconds",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_LONGEST_WAIT = Metric(
    "queue.longest_wait",
    GAUGE,
    "How long the first caller has waited",
    "seconds",
    labels=QUEUE,
    sources=("ami",),
)
QUEUE_JOINS = Metric("queue.joins", COUNTER, "Callers that entered", labels=QUEUE, sources=("ami",))
QUEUE_LEAVES = Metric(
    "queue.leaves", COUNTER, "Callers that left, for whatever reason", labels=QUEUE, sources=("ami",)
)
QUEUE_ABANDONS = Metric(
    "queue.abandons", COUNTER, "Callers that hung up while waiting", labels=QUEUE, sources=("ami",)
)

# --- devices, trunks, mailboxes, security

DEVICE_STATE_DEVICES = Metric(
    "device_state.devices", GAUGE, "Devices now, by device state", labels=("state",), sources=("ami",)
)
REGISTRATION_UP = Metric(
    "registration.up",
    GAUGE,
    "1 while the outbound registration is registered",
    labels=("registration",),
    sources=("ami",),
)
CONTACT_COUNT = Metric(
    "contact.count", GAUGE, "Contacts of an address of record", labels=("aor",), sources=("ami",)
)
CONTACT_REACHABLE = Metric(
    "contact.reachable",
    GAUGE,
    "Contacts of an address of record that answer",
    labels=("aor",),
    sources=("ami",),
)
CONTACT_RTT = Metric(
    "contact.rtt",
    GAUGE,
    "Round trip of the slowest reachable contact",
    "seconds",
    labels=("aor",),
    sources=("ami",),
)
MAILBOX_NEW = Metric("mailbox.new", GAUGE, "New messages in a mailbox", labels=("mailbox",), sources=("ami",))
MAILBOX_OLD = Metric("mailbox.old", GAUGE, "Old messages in a mailbox", labels=("mailbox",), sources=("ami",))
SECURITY_EVENTS = Metric(
    "security.events",
    COUNTER,
    "Security events of severity error, by service and event",
    labels=("service", "event"),
    sources=("ami",),
)

AMI_EXCESS_PRIVILEGES = Metric(
    "ami.excess_privileges",
    GAUGE,
    "Actions that change things and that the AMI account may run; write=reporting leaves none",
    sources=("ami",),
)
SNMP_CONNECTED = Metric(
    "snmp.connected",
    GAUGE,
    "1 while res_snmp is registered with the SNMP agent, 0 while only the agent answers",
    sources=("snmp",),
)

CATALOG: dict[str, Metric] = {
    metric.name: metric
    for metric in (*[value for value in list(globals().values()) if isinstance(value, Metric)], *OWN)
}
"""Every metric by its name."""

TRUST: dict[str, tuple[str, ...]] = {metric.name: metric.sources for metric in CATALOG.values()}
"""Metric name to its sources, most trusted first."""
