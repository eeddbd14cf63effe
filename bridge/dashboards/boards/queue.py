"""Queues and agents: who waits, for how long, and who is there to answer."""

from bridge.asterisk.catalog import kpi, queues
from bridge.dashboards.boards.kinds import (
    MARKS,
    PBXS,
    bars,
    level,
    lines,
    most,
    number,
    pace,
    stack,
    table,
    whole,
)
from bridge.dashboards.panel import Board, Row, Variable
from bridge.dashboards.query import Quantile, mean, share

QUEUE = ("pbx", "queue")
AGENT = ("queue", "agent")

NOW = Row(
    "Now",
    (
        number("Callers who wait", level(queues.QUEUE_WAITING, *QUEUE), width=6),
        number("Longest wait", most(queues.QUEUE_LONGEST_WAIT, *QUEUE), width=6),
        number("Members who can be called", level(queues.QUEUE_AVAILABLE, *QUEUE), width=6),
        number("Members", level(queues.QUEUE_MEMBERS, *QUEUE), width=6),
    ),
)

CALLERS = Row(
    "Callers",
    (
        lines("Callers who wait", level(queues.QUEUE_WAITING, *QUEUE)),
        lines(
            "Callers a minute",
            pace(queues.QUEUE_JOINS, called="came"),
            pace(queues.QUEUE_ANSWERED, called="were answered"),
            pace(queues.QUEUE_ABANDONS, called="gave up"),
            pace(queues.QUEUE_EXITS, called="left otherwise"),
        ),
        lines("Mean wait until the answer", mean(queues.QUEUE_WAIT_TIME, *QUEUE), width=8),
        lines("Mean wait of those who gave up", mean(queues.QUEUE_ABANDON_TIME, *QUEUE), width=8),
        lines("Answered within 20 s", share(queues.QUEUE_WAIT_TIME, 20, *QUEUE), width=8),
        lines(
            "Wait until the answer: 50 and 95 of 100",
            Quantile(queues.QUEUE_WAIT_TIME, 0.5, by=QUEUE, called="50 %"),
            Quantile(queues.QUEUE_WAIT_TIME, 0.95, by=QUEUE, called="95 %"),
        ),
        lines("Mean talk", mean(queues.QUEUE_TALK_TIME, *QUEUE)),
    ),
)

FIGURES = Row(
    "Key figures of the last 15 minutes",
    (
        lines("Service level", level(kpi.QUEUE_KPI_SERVICE_LEVEL_20, *QUEUE), width=8),
        lines("Share that gave up", level(kpi.QUEUE_KPI_ABANDON_RATE, *QUEUE), width=8),
        lines("Occupancy", level(kpi.QUEUE_KPI_OCCUPANCY, *QUEUE), width=8),
        lines("Average speed of answer", level(kpi.QUEUE_KPI_ASA, *QUEUE)),
        lines("Average handling time", level(kpi.QUEUE_KPI_AHT, *QUEUE)),
    ),
)

MEMBERS = Row(
    "Members",
    (
        stack("Members by state", level(queues.QUEUE_STATE_MEMBERS, "state")),
        lines(
            "Members",
            level(queues.QUEUE_MEMBERS, *QUEUE, called="there"),
            level(queues.QUEUE_AVAILABLE, *QUEUE, called="can be called"),
            level(queues.QUEUE_PAUSED, *QUEUE, called="paused"),
        ),
        lines(
            "People, each counted once",
            level(queues.AGENTS_COUNT, called="there"),
            level(queues.AGENTS_AVAILABLE, called="can be called"),
            level(queues.AGENTS_PAUSED, called="paused"),
            width=8,
        ),
        lines(
            "Calls to members a minute",
            pace(queues.QUEUE_MEMBER_CALLS, *QUEUE, called="rung"),
            pace(queues.QUEUE_RING_NO_ANSWERS, *QUEUE, called="not answered"),
            width=8,
        ),
        bars("Calls by who ended them", whole(queues.QUEUE_END_COMPLETED, "reason")),
    ),
)

NAMED = Row(
    "Agents by name: only with BRIDGE_PRIVACY__AGENT",
    (
        bars("Calls taken", whole(queues.AGENT_CALLS, *AGENT)),
        table("Time since the last call", level(queues.AGENT_LAST_CALL_AGE, *AGENT), width=8),
        lines("In a call", level(queues.AGENT_IN_CALL, *AGENT), width=8),
    ),
)

BOARD = Board(
    "queues",
    "Queues and agents",
    "Who waits in the queues, for how long, and who is there to answer.",
    (PBXS, Variable("queue", queues.QUEUE_WAITING)),
    (NOW, CALLERS, FIGURES, MEMBERS, NAMED),
    MARKS,
)
