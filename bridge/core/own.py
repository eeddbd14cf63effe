"""What the bridge reports about itself and about its sources and sinks.

The catalogue lists these beside Asterisk's metrics; they stand here since the pipeline counts with them.
"""

from bridge.core.metric import Metric, MetricKind

GAUGE, COUNTER, INFO = MetricKind.GAUGE, MetricKind.COUNTER, MetricKind.INFO

# --- what the bridge knows about each of its sources on this PBX

SOURCE = ("source",)
SOURCE_UP = Metric("source.up", GAUGE, "1 while the source answers", labels=SOURCE)
SOURCE_POLL_TIME = Metric("source.poll_time", GAUGE, "How long the last poll took", "seconds", labels=SOURCE)
SOURCE_POLLS = Metric("source.polls", COUNTER, "Polls that were answered", labels=SOURCE)
SOURCE_POLL_FAILURES = Metric("source.poll_failures", COUNTER, "Polls that failed", labels=SOURCE)
SOURCE_POLLS_SKIPPED = Metric(
    "source.polls_skipped", COUNTER, "Polls left out since the one before still ran", labels=SOURCE
)
SOURCE_RESTARTS = Metric("source.restarts", COUNTER, "Times the source was started again", labels=SOURCE)
SOURCE_EVENTS = Metric("source.events", COUNTER, "Events received", labels=SOURCE)
SOURCE_ERRORS = Metric(
    "source.errors",
    COUNTER,
    "Things received that could not be used, and lost AMI sessions, by reason",
    labels=("source", "reason"),
    caveat="Sessions of AMI end by unreachable, tls, login, forbidden, timeout, closed or protocol",
)
SOURCE_DISAGREEMENT = Metric(
    "source.disagreement",
    GAUGE,
    "By how much the sources of a gauge differ that are fresh; of its series, the one with the most",
    labels=("metric",),
    caveat="Sources measure at different moments: on a busy PBX they differ for a while. What stays is wrong",
)

# --- alerts

ALERTS_STANDING = Metric(
    "alerts.standing",
    GAUGE,
    "Alerts that are pending or firing, by severity and state",
    labels=("severity", "state"),
)
ALERTS_TRANSITIONS = Metric(
    "alert_rule.transitions", COUNTER, "Times alerts came into a state", labels=("rule", "state")
)
ALERTS_FIRING = Metric("alert_rule.firing", GAUGE, "Alerts of a rule that fire now", labels=("rule",))

# --- the bridge itself (pbx is `bridge`)

BRIDGE_INFO = Metric("process.info", INFO, "Version of the bridge as text", labels=("version",))
PROCESS_UPTIME = Metric("process.uptime", GAUGE, "Time since the bridge started", "seconds")
PROCESS_CPU = Metric("process.cpu", COUNTER, "Processor time used by the bridge", "seconds")
PROCESS_MEMORY = Metric("process.memory", GAUGE, "Resident memory of the bridge", "bytes")
PROCESS_FILES = Metric("process.files", GAUGE, "Files and sockets that the bridge has open")
PROCESS_TASKS = Metric("process.tasks", GAUGE, "Tasks that run in the bridge's event loop")
PIPELINE_SAMPLES = Metric("pipeline.samples", COUNTER, "Samples handed in by sources", labels=SOURCE)
PIPELINE_SUPERSEDED = Metric(
    "pipeline.superseded",
    COUNTER,
    "Samples not used since a more trusted source spoke for the series",
    labels=SOURCE,
)
PIPELINE_DISCARDED = Metric(
    "pipeline.discarded", COUNTER, "Samples not used since they are not finite numbers", labels=SOURCE
)
PIPELINE_HIDDEN = Metric(
    "pipeline.hidden", COUNTER, "Samples not used since a privacy setting hides them", labels=SOURCE
)
RELOADS = Metric("config.reloads", COUNTER, "Times new settings were taken")
RELOAD_FAILURES = Metric(
    "config.reload_failures", COUNTER, "Times new settings were refused, and the old ones stayed"
)
ALERTS_KNOWN = Metric("rules.alerts", GAUGE, "Alerts that are known, inactive ones included")
ALERTS_REFUSED = Metric(
    "rules.refused", COUNTER, "Samples that no rule could watch, since there are too many alerts"
)
ALERTS_FAULTS = Metric("rules.faults", COUNTER, "Defects met while watching: please report the log line")
REQUESTS_DONE = Metric("requests.done", COUNTER, "Requests about alerts carried out", labels=("verb",))
REQUESTS_REFUSED = Metric(
    "requests.refused", COUNTER, "Requests about alerts refused, by reason", labels=("reason",)
)
SCHEDULE_FAULTS = Metric(
    "schedule.faults",
    GAUGE,
    "Calendars of a schedule that cannot be used, so that what was known of them stays",
    labels=("schedule",),
)
STATE_FAILURES = Metric("memory.failures", COUNTER, "Times the state could not be saved")
SINK = ("sink",)
SINK_UP = Metric("sink.up", GAUGE, "1 while the sink takes what it is given", labels=SINK)
SINK_ACCEPTED = Metric(
    "sink.accepted", COUNTER, "Samples meant for the sink, those found in its spool included", labels=SINK
)
SINK_DELIVERED = Metric("sink.delivered", COUNTER, "Samples the sink took", labels=SINK)
SINK_DROPPED = Metric("sink.dropped", COUNTER, "Samples lost, by reason", labels=("sink", "reason"))
SINK_BUFFERED = Metric("sink.buffered", GAUGE, "Samples neither delivered nor dropped yet", labels=SINK)
SINK_UNCONFIRMED = Metric(
    "sink.unconfirmed",
    GAUGE,
    "Of those, samples that were sent and may be lost with the peer",
    labels=SINK,
)
SINK_ERRORS = Metric("sink.errors", COUNTER, "Failures of the sink, by reason", labels=("sink", "reason"))
SINK_RETRIES = Metric("sink.retries", COUNTER, "Deliveries tried again", labels=SINK)
SPOOL_UP = Metric("spool.up", GAUGE, "1 while what waits for the sink can be kept on disk", labels=SINK)
SPOOL_SAMPLES = Metric("spool.samples", GAUGE, "Samples that wait on disk", labels=SINK)
SPOOL_BYTES = Metric("spool.bytes", GAUGE, "Disk used by the spool", "bytes", labels=SINK)
STORE_SERIES = Metric("store.series", GAUGE, "Series in the local store")
STORE_BYTES = Metric("store.bytes", GAUGE, "Disk used by the local store", "bytes")
STORE_REMOVED = Metric(
    "store.removed",
    COUNTER,
    "Series that left the local store, by reason",
    labels=("reason",),
    caveat="room (silent for longest, and another needed its room: see BRIDGE_STORE__SIZE), damaged (its "
    "file is kept aside)",
)
HTTP_REFUSED = Metric(
    "http.refused",
    COUNTER,
    "Connections that were not given what they asked for, by reason",
    labels=("reason",),
    caveat="malformed, method, path, body, too_long; timeout (no whole request within 1 s), incomplete (left "
    "before it had asked), crowded (a newer client came), slow (did not fetch the answer)",
)
LISTENER = ("listener",)
LISTENER_PACKETS = Metric("listener.packets", COUNTER, "Datagrams or stream reads", labels=LISTENER)
LISTENER_LINES = Metric("listener.lines", COUNTER, "Metric lines accepted", labels=LISTENER)
LISTENER_BAD_LINES = Metric(
    "listener.bad_lines", COUNTER, "Lines refused, by reason", labels=("listener", "reason")
)
LISTENER_REFUSED = Metric(
    "listener.refused", COUNTER, "Packets refused since the sender is not allowed", labels=LISTENER
)
LISTENER_KERNEL_DROPS = Metric(
    "listener.kernel_drops", COUNTER, "Datagrams that the kernel dropped: DATA LOSS", labels=LISTENER
)
LISTENER_BUFFER = Metric(
    "listener.receive_buffer", GAUGE, "Socket buffer that the kernel gave", "bytes", labels=LISTENER
)
LISTENER_SERIES = Metric("listener.series", GAUGE, "StatsD series alive", labels=LISTENER)
LISTENER_OVERFLOW = Metric(
    "listener.overflow", COUNTER, "Values refused by the cap on series: DATA LOSS", labels=LISTENER
)

OWN: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of the above."""
