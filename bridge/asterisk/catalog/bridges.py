"""Bridges, conferences, parking and transfers."""

from bridge.core.metric import Metric, MetricKind

GAUGE = MetricKind.GAUGE

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
