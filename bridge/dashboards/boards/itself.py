"""The bridge itself: whether it hears every PBX, and whether everything arrives."""

from bridge.core import own as bridge
from bridge.dashboards.boards.kinds import (
    ALERTS,
    OF_BRIDGE,
    PBXS,
    bars,
    level,
    lines,
    most,
    number,
    own,
    own_speed,
    pace,
    stack,
    table,
)
from bridge.dashboards.panel import Board, Row
from bridge.dashboards.query import Growth, Per

SOURCE = ("pbx", "source")

NOW = Row(
    "Now",
    (
        number("Up for", own(bridge.PROCESS_UPTIME, called="bridge")),
        number("Sources", level(bridge.SOURCE_UP, *SOURCE), width=8),
        number("Sinks", own(bridge.SINK_UP, "sink"), width=8),
        number("Alerts known", own(bridge.ALERTS_KNOWN, called="alerts")),
    ),
)

SOURCES = Row(
    "Sources",
    (
        lines("How long polls take", most(bridge.SOURCE_POLL_TIME, *SOURCE), width=8),
        lines("Events a second", Growth(bridge.SOURCE_EVENTS, Per.SECOND, by=SOURCE), width=8),
        lines(
            "Polls a minute",
            pace(bridge.SOURCE_POLLS, *SOURCE, called="answered"),
            pace(bridge.SOURCE_POLL_FAILURES, *SOURCE, called="failed"),
            pace(bridge.SOURCE_POLLS_SKIPPED, *SOURCE, called="left out"),
            width=8,
        ),
        stack("Errors a minute by reason", pace(bridge.SOURCE_ERRORS, *SOURCE, "reason"), width=8),
        lines("Starts anew a minute", pace(bridge.SOURCE_RESTARTS, *SOURCE), width=8),
        table("By how much sources differ", level(bridge.SOURCE_DISAGREEMENT, "pbx", "metric"), width=8),
    ),
)

SINKS = Row(
    "Sinks",
    (
        lines("Samples delivered a second", own_speed(bridge.SINK_DELIVERED, "sink"), width=8),
        lines("Samples that wait", own(bridge.SINK_BUFFERED, "sink"), width=8),
        bars(
            "Samples lost, by reason",
            Growth(bridge.SINK_DROPPED, Per.RANGE, by=("sink", "reason"), where=OF_BRIDGE),
        ),
        lines("Errors a second by reason", own_speed(bridge.SINK_ERRORS, "sink", "reason"), width=8),
        lines("Deliveries tried again a second", own_speed(bridge.SINK_RETRIES, "sink"), width=8),
        lines("Disk used by spools", own(bridge.SPOOL_BYTES, "sink"), width=8),
    ),
)

LISTENERS = Row(
    "StatsD and HTTP",
    (
        lines("Lines accepted a second", own_speed(bridge.LISTENER_LINES, "listener"), width=8),
        lines("Lines refused a second", own_speed(bridge.LISTENER_BAD_LINES, "listener", "reason"), width=8),
        lines(
            "Packets dropped by the kernel a second",
            own_speed(bridge.LISTENER_KERNEL_DROPS, "listener"),
            width=8,
        ),
        lines("StatsD series alive", own(bridge.LISTENER_SERIES, "listener")),
        lines("HTTP requests refused a second", own_speed(bridge.HTTP_REFUSED, "reason")),
    ),
)

PROCESS = Row(
    "The process",
    (
        lines("Processor", own_speed(bridge.PROCESS_CPU, called="share of one core"), width=6),
        lines("Memory", own(bridge.PROCESS_MEMORY, called="resident"), width=6),
        lines(
            "Files and tasks",
            own(bridge.PROCESS_FILES, called="files"),
            own(bridge.PROCESS_TASKS, called="tasks"),
            width=6,
        ),
        lines(
            "Samples from sources a second",
            own_speed(bridge.PIPELINE_SAMPLES, called="taken"),
            own_speed(bridge.PIPELINE_SUPERSEDED, called="not used, as a better source spoke"),
            width=6,
        ),
    ),
)

BOARD = Board(
    "bridge",
    "The bridge itself",
    "Whether the bridge hears every PBX, and whether everything arrives.",
    (PBXS,),
    (NOW, SOURCES, SINKS, LISTENERS, PROCESS),
    (ALERTS,),
)
