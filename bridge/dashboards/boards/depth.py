"""One PBX in depth: everything that one Asterisk tells of itself."""

from bridge.asterisk.catalog import bridges, calls, endpoints, kpi, statsd, system
from bridge.asterisk.catalog import lines as faxes
from bridge.dashboards.boards.kinds import (
    MARKS,
    ONE_PBX,
    bars,
    level,
    lines,
    number,
    pace,
    stack,
    table,
    whole,
)
from bridge.dashboards.panel import Board, Row
from bridge.dashboards.query import Quantile, mean

NOW = Row(
    "Now",
    (
        number("Up for", level(system.SYSTEM_UPTIME)),
        number("Since the last reload", level(system.SYSTEM_RELOAD_AGE)),
        number("Calls", level(calls.CALLS_ACTIVE)),
        number("Channels", level(calls.CHANNELS_ACTIVE)),
        number("Most calls at once", level(calls.CALLS_PEAK)),
        number("Modules", level(system.SYSTEM_MODULES)),
    ),
)

CALLS = Row(
    "Calls and channels",
    (
        lines(
            "Calls and channels at once",
            level(calls.CALLS_ACTIVE, called="calls"),
            level(calls.CHANNELS_ACTIVE, called="channels"),
            level(calls.CHANNELS_BRIDGED, called="channels in a bridge"),
            level(system.DIALPLAN_ACTIVE, called="dialplan executions"),
        ),
        lines(
            "A minute",
            pace(calls.CALLS_ATTEMPTS, called="calls begun"),
            pace(calls.CALLS_ANSWERED, called="calls answered"),
            pace(calls.CHANNELS_CREATED, called="channels created"),
            pace(system.DIALPLAN_PROCESSED, called="dialplan executions"),
        ),
        stack("Channels by technology", level(calls.TECHNOLOGY_CHANNELS, "technology"), width=8),
        stack("Channels by state", level(calls.CHANNEL_STATE_CHANNELS, "state"), width=8),
        stack("Bridges by type", level(bridges.BRIDGE_TYPE_BRIDGES, "type"), width=8),
        bars("Calls by result", whole(calls.CALLS_RESULTS, "result")),
        bars("Hangups by cause", whole(calls.HANGUPS_COUNT, "cause")),
        bars("Originated calls by result", whole(calls.ORIGINATES_RESULTS, "result")),
    ),
)

TIMES = Row(
    "How long it takes",
    (
        lines(
            "Mean of calls",
            mean(calls.CALLS_SETUP_TIME, called="to the answer"),
            mean(calls.CALLS_TALK_TIME, called="from the answer"),
            mean(calls.CALLS_DURATION, called="in all"),
        ),
        lines(
            "Mean of dialled legs",
            mean(calls.DIALS_POST_DIAL_DELAY, called="to the first ringing"),
            mean(calls.DIALS_RING_TIME, called="of ringing"),
            mean(calls.DIALS_ANSWER_TIME, called="to the answer"),
        ),
        lines(
            "Duration of calls: 50, 95 and 99 of 100",
            *(Quantile(calls.CALLS_DURATION, each, called=f"{each:.0%}") for each in (0.5, 0.95, 0.99)),
            width=24,
        ),
    ),
)

FIGURES = Row(
    "Key figures of the last 15 minutes",
    (
        lines(
            "Ratios",
            level(kpi.KPI_ASR, called="answer-seizure"),
            level(kpi.KPI_ABR, called="answer-bid"),
            level(kpi.KPI_NER, called="network effectiveness"),
            level(kpi.KPI_SHORT_CALLS, called="short calls"),
            width=8,
        ),
        lines(
            "Durations",
            level(kpi.KPI_ACD, called="average call"),
            level(kpi.KPI_MHT, called="mean holding"),
            level(kpi.KPI_PDD, called="post-dial delay"),
            level(kpi.KPI_ANSWER_TIME, called="to the answer"),
            width=8,
        ),
        lines("Erlangs", level(kpi.KPI_ERLANGS), width=8),
        lines("Call attempts a second", level(kpi.KPI_CPS)),
        lines("Busy hour call attempts", level(kpi.KPI_BHCA)),
    ),
)

SERVICES = Row(
    "Conferences, parking and the like",
    (
        lines("Parties in conferences", level(bridges.CONFERENCE_PARTIES, "conference"), width=8),
        lines("Calls parked", level(bridges.PARKING_CALLS, "lot"), width=8),
        bars("Transfers", whole(bridges.TRANSFERS_COUNT, "type", "result")),
        lines(
            "Now",
            level(bridges.HOLDS_ACTIVE, called="on hold"),
            level(bridges.RECORDINGS_ACTIVE, called="recorded"),
            level(bridges.SPIES_ACTIVE, called="listened to"),
            width=8,
        ),
        table("New messages in mailboxes", level(endpoints.MAILBOX_NEW, "mailbox"), width=8),
        lines(
            "Faxes a minute",
            pace(faxes.FAX_COMPLETED, called="went through"),
            pace(faxes.FAX_FAILED, called="failed"),
            width=8,
        ),
    ),
)

MACHINE = Row(
    "Asterisk itself",
    (
        lines("Tasks that wait in taskprocessors", level(system.TASKPROCESSORS_QUEUED), width=8),
        stack("Security events a minute", pace(system.SECURITY_EVENTS, "service", "event"), width=8),
        stack("Devices by state", level(endpoints.DEVICE_STATE_DEVICES, "state"), width=8),
        lines("How late AMI events come", level(system.AMI_EVENT_LAG), width=8),
        lines("What polls had to correct a minute", pace(system.AMI_RESYNC_CORRECTIONS), width=8),
        lines("Time since StatsD was heard", level(statsd.STATSD_ANCHOR_SILENCE), width=8),
    ),
)

BOARD = Board(
    "pbx",
    "One PBX in depth",
    "Everything that one Asterisk tells of itself.",
    (ONE_PBX,),
    (NOW, CALLS, TIMES, FIGURES, SERVICES, MACHINE),
    MARKS,
)
