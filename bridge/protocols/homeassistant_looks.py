"""How a metric looks in Home Assistant: its kind of entity, class, unit, and whether it is shown at once.

A ratio becomes percent, since no device class takes a plain share; there is no class for percent of calls,
so it has none. Seconds are `duration`, bytes are `data_size`; a plain count has neither class nor unit.

Shown at once is what says how something is now, and what counts for the PBX as a whole. The rest is there,
but has to be switched on in Home Assistant: counters of a single thing, the bounds and sums of histograms,
whatever is split up by a label of BREAKDOWNS, and how the machinery works, but for PLAIN.
"""

import re
from dataclasses import dataclass
from typing import Literal

from bridge.core import own
from bridge.core.metric import Metric, MetricKind

Component = Literal["sensor", "binary_sensor", "event", "button"]

THINGS = frozenset({
    "agent", "aor", "conference", "endpoint", "listener", "lot", "mailbox", "peer", "queue", "registration",
    "schedule", "sink", "source", "span", "trunk",
})  # fmt: skip
"""Labels that name something which was configured: it comes, and it goes."""
QUALIFIERS = frozenset({"direction", "technology"})
"""Labels of which there are few values, each of them as interesting as the whole."""
BREAKDOWNS = frozenset({
    "cause", "event", "metric", "reason", "result", "rule", "service", "severity", "state", "status", "type",
    "verb",
})  # fmt: skip
"""Labels that split a number up."""
UNSEEN = frozenset({"channel", "security_address"})
"""Groups that never become entities: a channel lives for a call, and strangers choose their addresses."""

MACHINERY = frozenset({
    "ami", "modules", "reload_result", "snmp", "stasis_message", "statsd_anchor", "system", "taskprocessors",
})  # fmt: skip
"""Groups of how Asterisk works inside; the bridge's own are such, too."""
_OWN = frozenset(metric.name for metric in own.OWN)
PLAIN = frozenset({"system.uptime", "system.info", "process.uptime", "process.info", "process.memory"})
"""Of the machinery, what one looks at first."""

HISTOGRAM = re.compile(r".+_(?:count|sum|le_[0-9_]+)")
"""The second word of a counter of a histogram."""

ABOVE_ZERO = "'ON' if x is number and x>0 else 'OFF' if x is number else ''"
AT_ZERO = "'OFF' if x is number and x>0 else 'ON' if x is number else ''"
ENDPOINT = "'ON' if x==2 else 'OFF' if x==1 else 'None' if x is number else ''"
"""2 is online, 1 is offline, 0 is not known."""

BINARY = {
    "trunk.up": ("connectivity", ABOVE_ZERO),
    "registration.up": ("connectivity", ABOVE_ZERO),
    "peer_registration.up": ("connectivity", ABOVE_ZERO),
    "peer.reachable": ("connectivity", ABOVE_ZERO),
    "endpoint.state": ("connectivity", ENDPOINT),
    "contact.reachable": ("connectivity", ABOVE_ZERO),
    "span.up": ("connectivity", ABOVE_ZERO),
    "span.alarm": ("problem", ABOVE_ZERO),
    "snmp.connected": ("connectivity", ABOVE_ZERO),
    "agent.available": ("", ABOVE_ZERO),
    "agent.in_call": ("", ABOVE_ZERO),
    "agent.paused": ("", ABOVE_ZERO),
    own.SOURCE_UP.name: ("connectivity", ABOVE_ZERO),
    own.SINK_UP.name: ("connectivity", ABOVE_ZERO),
    own.SPOOL_UP.name: ("problem", AT_ZERO),
}
"""Metrics that say yes or no: their device class, and the state by the value x."""

UNITS = {"seconds": ("duration", "s"), "bytes": ("data_size", "B"), "ratio": ("", "%")}
"""The unit of a metric, and which device class and unit it has in Home Assistant."""
MILLISECONDS = frozenset({"rtt", "jitter", "poll_time", "event_lag"})
"""Durations that are far below a second, to be shown with three digits behind the point."""
HUNDREDTHS = frozenset({"mos", "mos_worst", "cps", "erlangs"})
PERCENT = "(x*100)|round(4) if x is number else ''"
AS_IT_IS = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How a number is shown.

    Attributes:
        component: the kind of entity.
        state: the state by the value x, as an expression of Jinja; empty if it is the value itself.
        device_class, state_class, unit: as Home Assistant names them; empty if there is none.
        precision: digits behind the point; None if all.
        diagnostic: it is about how something works, and not about calls.
        enabled: it is shown at once.
    """

    component: Component = "sensor"
    state: str = AS_IT_IS
    device_class: str = ""
    state_class: str = "measurement"
    unit: str = ""
    precision: int | None = None
    diagnostic: bool = False
    enabled: bool = True


def look(metric: Metric) -> Look | None:
    """How a metric of the catalogue looks; None if it is never shown."""
    group, _, what = metric.name.partition(".")
    if group in UNSEEN:
        return None
    diagnostic = group in MACHINERY or is_own(metric)
    if binary := BINARY.get(metric.name):
        device_class, state = binary
        return Look("binary_sensor", state, device_class, "", diagnostic=diagnostic)
    device_class, unit = UNITS.get(metric.unit, ("", ""))
    return Look(
        "sensor",
        PERCENT if unit == "%" else AS_IT_IS,
        device_class,
        STATE_CLASSES[metric.kind],
        unit,
        precision(group, what, unit),
        diagnostic,
        is_enabled(metric, diagnostic=diagnostic),
    )


def is_own(metric: Metric) -> bool:
    """Whether the bridge tells it of itself."""
    return metric.name in _OWN


STATE_CLASSES = {
    MetricKind.GAUGE: "measurement",
    MetricKind.COUNTER: "total_increasing",
    MetricKind.INFO: "",
}


def precision(group: str, what: str, unit: str) -> int | None:
    """Digits behind the point that tell something."""
    if what in HUNDREDTHS:
        return 2
    if not unit:
        return None
    if unit == "s" and what in MILLISECONDS:
        return 3
    return 1 if unit == "%" or group.endswith("kpi") else 0


def is_enabled(metric: Metric, *, diagnostic: bool) -> bool:
    """Whether a number that is not yes or no is shown at once."""
    if diagnostic:
        return metric.name in PLAIN
    if not BREAKDOWNS.isdisjoint(metric.labels):
        return False
    if metric.kind is MetricKind.COUNTER:
        return not metric.labels and not HISTOGRAM.fullmatch(metric.name.partition(".")[2])
    return True


SHOWN_STATISTICS = frozenset({"value", "rate", "mean"})
"""What is shown at once of a user's own bucket: a gauge, how often, and how long on average."""


def bucket_look(statistic: str) -> Look:
    """How a number of a user's own bucket looks, of which nobody knows the unit."""
    return Look(enabled=statistic in SHOWN_STATISTICS)
