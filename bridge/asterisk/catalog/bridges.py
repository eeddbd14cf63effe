"""Bridges, conferences, parking, transfers, and what is done with a channel for a while."""

from bridge.core.histogram import Histogram
from bridge.core.metric import Cardinality, Metric, MetricKind

COUNTER, GAUGE = MetricKind.COUNTER, MetricKind.GAUGE
ENTITY = Cardinality.ENTITY
AMI = ("ami",)
CONFERENCE, LOT = ("conference",), ("lot",)
SINCE_CONNECT = "What began before the bridge connected is not known"
WITHOUT_CALL = "An account without class call is told only of calls that were parked while connected"
DYNAMIC = "Of names that the dialplan makes up, the first 1,000 are told apart; the others are `other`"

BRIDGES_ACTIVE = Metric(
    "bridges.active",
    GAUGE,
    "Bridges now, parking and conferences too",
    sources=AMI,
    caveat="A parking lot keeps its bridge when it is empty again",
)
BRIDGE_TYPE_BRIDGES = Metric(
    "bridge_type.bridges",
    GAUGE,
    "Bridges now, by type: basic, base (conferences), parking, holding, stasis",
    labels=("type",),
    sources=AMI,
)
BRIDGES_CREATED = Metric("bridges.created", COUNTER, "Bridges created while connected", sources=AMI)
BRIDGES_ENTERS = Metric(
    "bridges.enters",
    COUNTER,
    "Entries of channels into bridges while connected; one channel may enter many times",
    sources=AMI,
)
BRIDGES_LEAVES = Metric(
    "bridges.leaves", COUNTER, "Exits of channels from bridges while connected", sources=AMI
)

CONFERENCES_ACTIVE = Metric("conferences.active", GAUGE, "ConfBridge rooms in use now", sources=AMI)
CONFERENCES_STARTED = Metric(
    "conferences.started", COUNTER, "ConfBridge rooms that began while connected", sources=AMI
)
CONFERENCE_PARTIES = Metric(
    "conference.parties",
    GAUGE,
    "Parties in a ConfBridge room now; 0 once when it ends, then nothing",
    labels=CONFERENCE,
    sources=AMI,
    cardinality=ENTITY,
    caveat=DYNAMIC,
)
CONFERENCE_JOINS = Metric(
    "conference.joins",
    COUNTER,
    "Parties that joined a ConfBridge room",
    labels=CONFERENCE,
    sources=AMI,
    cardinality=ENTITY,
    caveat=DYNAMIC,
)

PARKING_CALLS = Metric(
    "parking.calls",
    GAUGE,
    "Calls parked now, by parking lot",
    labels=LOT,
    sources=AMI,
    cardinality=ENTITY,
    caveat=WITHOUT_CALL,
)
PARKING_PARKED = Metric(
    "parking.parked",
    COUNTER,
    "Calls that were parked while connected",
    labels=LOT,
    sources=AMI,
    cardinality=ENTITY,
)
PARKING_ENDED = Metric(
    "parking.ended",
    COUNTER,
    "Parked calls that left the lot: unparked, timeout, or giveup (the parked party hung up)",
    labels=("lot", "reason"),
    sources=AMI,
    cardinality=ENTITY,
)
PARKING_SWAPS = Metric(
    "parking.swaps",
    COUNTER,
    "Parked channels whose place another took, as after an attended transfer to a lot",
    labels=LOT,
    sources=AMI,
    cardinality=ENTITY,
)
PARKING_TIME = Histogram(
    "parking.time",
    "Time that calls were parked",
    (10, 30, 60, 120, 300),
    labels=LOT,
    sources=AMI,
    cardinality=ENTITY,
    caveat="In whole seconds, as Asterisk tells it",
)

TRANSFERS_COUNT = Metric(
    "transfers.count",
    COUNTER,
    "Transfers, blind or attended, by result: success, fail, invalid, not_permitted, other",
    labels=("type", "result"),
    sources=AMI,
)

HOLDS_ACTIVE = Metric("holds.active", GAUGE, "Channels on hold now", sources=AMI, caveat=SINCE_CONNECT)
HOLDS_COUNT = Metric("holds.count", COUNTER, "Times that a channel was put on hold", sources=AMI)
HOLDS_TIME = Histogram(
    "holds.time", "Time that channels were on hold", (5, 15, 30, 60, 120, 300), sources=AMI
)
RECORDINGS_ACTIVE = Metric(
    "recordings.active",
    GAUGE,
    "Recordings that run now: by MixMonitor, by Monitor, and of conferences",
    sources=AMI,
    caveat=SINCE_CONNECT,
)
RECORDINGS_COUNT = Metric("recordings.count", COUNTER, "Recordings begun while connected", sources=AMI)
RECORDINGS_TIME = Histogram(
    "recordings.time", "Time that recordings ran", (10, 60, 300, 1800, 3600), sources=AMI
)
SPIES_ACTIVE = Metric(
    "spies.active", GAUGE, "Channels that listen to others by ChanSpy now", sources=AMI, caveat=SINCE_CONNECT
)
SPIES_COUNT = Metric("spies.count", COUNTER, "Times that a channel began to listen to another", sources=AMI)
SPIES_TIME = Histogram(
    "spies.time", "Time that channels listened to others", (10, 60, 300, 1800), sources=AMI
)
