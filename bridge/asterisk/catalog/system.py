"""The PBX itself, its interfaces, its dialplan, and who attacks it."""

from bridge.core.metric import Metric, MetricKind

COUNTER, GAUGE, INFO = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.INFO
POLLED = ("ami", "snmp")

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
