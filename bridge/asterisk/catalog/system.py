"""The PBX itself, its interfaces, its dialplan, and who attacks it."""

from bridge.core.metric import Cardinality, Metric, MetricKind

COUNTER, GAUGE, INFO = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.INFO
POLLED = ("ami", "snmp")
EVENTS = "Needs class system in the account's `read`"
CLI = "Needs class command in the account's `write`, and the setting `cli`"

SYSTEM_UPTIME = Metric(
    "system.uptime", GAUGE, "Time since Asterisk started", "seconds", sources=POLLED, ages=True
)
SYSTEM_RELOAD_AGE = Metric(
    "system.reload_age",
    GAUGE,
    "Time since the last reload of any module",
    "seconds",
    sources=POLLED,
    ages=True,
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
SYSTEM_STARTS = Metric(
    "system.starts",
    COUNTER,
    "Starts of Asterisk since the bridge knows it",
    sources=("ami",),
    caveat="Two starts between two looks count as one",
)
SYSTEM_SHUTDOWNS = Metric(
    "system.shutdowns", COUNTER, "Shutdowns seen while connected", sources=("ami",), caveat=EVENTS
)
SYSTEM_RELOADS = Metric(
    "system.reloads", COUNTER, "Reloads carried out while connected", sources=("ami",), caveat=EVENTS
)
RELOAD_RESULT_RELOADS = Metric(
    "reload_result.reloads",
    COUNTER,
    "Reloads asked for while connected, by what came of it",
    labels=("result",),
    sources=("ami",),
    caveat=EVENTS,
)
MODULES_LOADS = Metric(
    "modules.loads", COUNTER, "Modules loaded while connected", sources=("ami",), caveat=EVENTS
)
MODULES_UNLOADS = Metric(
    "modules.unloads", COUNTER, "Modules unloaded while connected", sources=("ami",), caveat=EVENTS
)
MODULES_FAILURES = Metric(
    "modules.failures",
    COUNTER,
    "Loads and unloads of modules that failed or were declined while connected",
    sources=("ami",),
    caveat=EVENTS,
)
DIALPLAN_ACTIVE = Metric(
    "dialplan.active",
    GAUGE,
    "Dialplan executions now, which is what Asterisk itself reports as active calls",
    sources=POLLED,
)
DIALPLAN_PROCESSED = Metric(
    "dialplan.processed", COUNTER, "Dialplan executions since Asterisk started", sources=POLLED
)
SECURITY_EVENTS = Metric(
    "security.events",
    COUNTER,
    "Security events of severity error, by service and event",
    labels=("service", "event"),
    sources=("ami",),
    caveat="Needs class security in the account's `read`",
)
SECURITY_ADDRESS_EVENTS = Metric(
    "security_address.events",
    COUNTER,
    "Security events of severity error, by remote address and event",
    labels=("address", "event"),
    sources=("ami",),
    cardinality=Cardinality.UNBOUNDED,
    caveat="As for security.events. Of the first 1,000 addresses; events of further ones are under other",
)
TASKPROCESSORS_COUNT = Metric(
    "taskprocessors.count", GAUGE, "Taskprocessors of Asterisk now", sources=("ami",), caveat=CLI
)
TASKPROCESSORS_QUEUED = Metric(
    "taskprocessors.queued", GAUGE, "Tasks that wait in all taskprocessors", sources=("ami",), caveat=CLI
)
TASKPROCESSORS_MAX_DEPTH = Metric(
    "taskprocessors.max_depth",
    GAUGE,
    "The longest queue that any of the taskprocessors of now has ever had",
    sources=("ami",),
    caveat=CLI,
)
TASKPROCESSORS_OVER_HIGH_WATER = Metric(
    "taskprocessors.over_high_water",
    GAUGE,
    "Taskprocessors whose queue is at their high water mark or above it now",
    sources=("ami",),
    caveat=CLI,
)
TASKPROCESSORS_ALERTS = Metric(
    "taskprocessors.alerts",
    GAUGE,
    "Taskprocessors that are in alert by Asterisk's own count: PJSIP refuses new calls while there is one",
    sources=("ami",),
    caveat=CLI,
)
AMI_EVENT_LAG = Metric(
    "ami.event_lag",
    GAUGE,
    "How late events came since the last poll, at worst",
    "seconds",
    sources=("ami",),
    caveat="Needs timestampevents=yes in manager.conf. Counted from when Asterisk wrote the event, not from "
    "what it is about; too great by the way of one question to Asterisk, which is not known",
)
AMI_EXCESS_PRIVILEGES = Metric(
    "ami.excess_privileges",
    GAUGE,
    "Actions that change things or tell secrets and that the account may run; write=reporting leaves none",
    sources=("ami",),
)
SNMP_CONNECTED = Metric(
    "snmp.connected",
    GAUGE,
    "1 while res_snmp is registered with the SNMP agent, 0 while only the agent answers",
    sources=("snmp",),
)
AMI_RESYNC_CORRECTIONS = Metric(
    "ami.resync_corrections",
    COUNTER,
    "Things that a poll found and of which no event told, or that ended unheard",
    sources=("ami",),
)
AMI_EVENTS_MISSED = Metric(
    "ami.events_missed",
    COUNTER,
    "Events that came faster than they could be taken: DATA LOSS",
    sources=("ami",),
)
