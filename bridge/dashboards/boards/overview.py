"""PBX overview: all PBXs at one glance, and from each number a way to where more is told."""

from bridge.asterisk.catalog import calls, endpoints, kpi, media, queues, system
from bridge.core import own as bridge
from bridge.dashboards.boards.kinds import (
    FIRING,
    MARKS,
    PBXS,
    bars,
    least,
    level,
    lines,
    middle,
    most,
    number,
    pace,
    stack,
    table,
    whole,
)
from bridge.dashboards.panel import Board, Row

NOW = Row(
    "Now",
    (
        number("Sources", least(bridge.SOURCE_UP), leads_to="bridge"),
        number("Calls", level(calls.CALLS_ACTIVE), leads_to="pbx"),
        number("Callers who wait", level(queues.QUEUE_WAITING), leads_to="queues"),
        number("Trunks", least(endpoints.TRUNK_UP), leads_to="trunks"),
        number("Opinion score", middle(media.MEDIA_MOS), leads_to="voice"),
        number("Alerts that fire", level(bridge.ALERTS_STANDING, where=FIRING)),
    ),
)

CALLS = Row(
    "Calls",
    (
        lines("Calls at once", level(calls.CALLS_ACTIVE)),
        lines(
            "Calls a minute",
            pace(calls.CALLS_ATTEMPTS, called="begun"),
            pace(calls.CALLS_ANSWERED, called="answered"),
        ),
        lines("Answer-seizure ratio", level(kpi.KPI_ASR), width=8),
        lines("Network effectiveness ratio", level(kpi.KPI_NER), width=8),
        lines("Average call duration", level(kpi.KPI_ACD), width=8),
        bars("Calls by result", whole(calls.CALLS_RESULTS, "result")),
        bars("Hangups by cause", whole(calls.HANGUPS_COUNT, "cause")),
        bars("Dialled legs by status", whole(calls.DIALS_RESULTS, "status")),
    ),
)

PEOPLE = Row(
    "Queues, trunks and endpoints",
    (
        lines("Callers who wait", level(queues.QUEUE_WAITING), leads_to="queues"),
        lines("Longest wait", most(queues.QUEUE_LONGEST_WAIT), leads_to="queues"),
        lines("Channels of trunks", level(endpoints.TRUNK_CHANNELS, "pbx", "trunk"), leads_to="trunks"),
        stack("Endpoints by state", level(endpoints.ENDPOINT_STATE_ENDPOINTS, "state"), leads_to="trunks"),
    ),
)

ALERTS = Row(
    "Alerts and restarts",
    (
        stack("Alerts that fire", level(bridge.ALERTS_STANDING, "severity", where=FIRING), width=8),
        table("Alerts by rule", level(bridge.ALERTS_FIRING, "pbx", "rule"), width=8),
        lines("Time since Asterisk started", level(system.SYSTEM_UPTIME), width=8),
    ),
)

BOARD = Board(
    "overview",
    "PBX overview",
    "All PBXs at one glance: calls, queues, trunks and alerts.",
    (PBXS,),
    (NOW, CALLS, PEOPLE, ALERTS),
    MARKS,
)
