"""Trunks and endpoints: whether calls can leave, and whether phones can be reached."""

from bridge.asterisk.catalog import calls, endpoints
from bridge.asterisk.catalog import lines as other
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
from bridge.dashboards.query import Quantile, mean

TRUNKS = Row(
    "Trunks",
    (
        number("Trunks", level(endpoints.TRUNK_UP, "pbx", "trunk"), width=8),
        number("Registrations", level(endpoints.REGISTRATION_UP, "pbx", "registration"), width=8),
        stack(
            "Registrations by state",
            level(endpoints.REGISTRATION_STATE_REGISTRATIONS, "state"),
            width=8,
            height=5,
        ),
        lines("Trunks over time", level(endpoints.TRUNK_UP, "pbx", "trunk")),
        lines("Channels of trunks", level(endpoints.TRUNK_CHANNELS, "pbx", "trunk")),
    ),
)

DIALS = Row(
    "What is dialled",
    (
        lines("Legs a minute by technology", pace(calls.DIALS_ATTEMPTS, "technology"), width=8),
        stack("Legs a minute by status", pace(calls.DIALS_RESULTS, "status"), width=8),
        bars("Legs by endpoint", whole(calls.ENDPOINT_DIALS, "pbx", "endpoint")),
        lines("Mean post-dial delay", mean(calls.DIALS_POST_DIAL_DELAY), width=8),
        lines("Mean time to the answer", mean(calls.DIALS_ANSWER_TIME), width=8),
        bars("Answers by endpoint", whole(calls.ENDPOINT_ANSWERS, "pbx", "endpoint")),
        lines(
            "Post-dial delay: 50 and 95 of 100",
            Quantile(calls.DIALS_POST_DIAL_DELAY, 0.5, called="50 %"),
            Quantile(calls.DIALS_POST_DIAL_DELAY, 0.95, called="95 %"),
            width=24,
        ),
    ),
)

ENDPOINTS = Row(
    "Endpoints",
    (
        stack("Endpoints by state", level(endpoints.ENDPOINT_STATE_ENDPOINTS, "state"), width=8),
        lines("Channels of endpoints", level(endpoints.ENDPOINT_CHANNELS, "pbx", "endpoint"), width=8),
        table("States of endpoints", most(endpoints.ENDPOINT_STATE, "pbx", "endpoint"), width=8),
    ),
)

CONTACTS = Row(
    "Contacts",
    (
        stack("Contacts by state", level(endpoints.CONTACT_STATE_CONTACTS, "state"), width=8),
        lines("Round trip of contacts", most(endpoints.CONTACT_RTT, "pbx", "aor"), width=8),
        table(
            "Contacts that answer", level(endpoints.CONTACT_REACHABLE, "pbx", "aor"), width=8, unit="short"
        ),
    ),
)

OTHERS = Row(
    "IAX2, chan_sip and DAHDI",
    (
        number("Peers", level(other.PEER_REACHABLE, "pbx", "peer"), width=6),
        lines("Round trip of peers", most(other.PEER_RTT, "pbx", "peer"), width=6, height=5),
        number("Spans in alarm", level(other.SPAN_ALARM, "pbx", "span"), width=6),
        number("D channels", level(other.SPAN_UP, "pbx", "span"), width=6),
    ),
)

BOARD = Board(
    "trunks",
    "Trunks and endpoints",
    "Whether calls can leave, and whether phones can be reached.",
    (PBXS, Variable("trunk", endpoints.TRUNK_UP), Variable("endpoint", endpoints.ENDPOINT_STATE)),
    (TRUNKS, DIALS, ENDPOINTS, CONTACTS, OTHERS),
    MARKS,
)
