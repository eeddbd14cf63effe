"""Voice quality: what RTCP tells of the speech that passes through Asterisk."""

from bridge.asterisk.catalog import media
from bridge.dashboards.boards.kinds import MARKS, PBXS, least, lines, middle, most, number, pace, table
from bridge.dashboards.panel import Board, Row, Variable

ALL = ("pbx", "direction")
TRUNK = ("pbx", "endpoint", "direction")

NOW = Row(
    "Now",
    (
        number("Opinion score", middle(media.MEDIA_MOS), width=6),
        number("Packets lost", middle(media.MEDIA_LOSS), width=6),
        number("Jitter", middle(media.MEDIA_JITTER), width=6),
        number("Round trip", middle(media.MEDIA_RTT), width=6),
    ),
)

SPEECH = Row(
    "All speech",
    (
        lines("Opinion score", middle(media.MEDIA_MOS, *ALL)),
        lines("Lowest opinion score", least(media.MEDIA_MOS_WORST, *ALL)),
        lines("Share of packets lost", middle(media.MEDIA_LOSS, *ALL), width=8),
        lines("Jitter", middle(media.MEDIA_JITTER, *ALL), width=8),
        lines("Round trip", middle(media.MEDIA_RTT, *ALL), width=8),
        lines("Packets lost a minute", pace(media.MEDIA_PACKETS_LOST, *ALL)),
        lines("Reports a minute", pace(media.MEDIA_REPORTS, *ALL)),
    ),
)

TRUNKS = Row(
    "By trunk",
    (
        lines("Opinion score", middle(media.TRUNK_MEDIA_MOS, *TRUNK)),
        table("Lowest opinion score", least(media.TRUNK_MEDIA_MOS_WORST, *TRUNK)),
        lines("Share of packets lost", middle(media.TRUNK_MEDIA_LOSS, *TRUNK), width=8),
        lines("Jitter", most(media.TRUNK_MEDIA_JITTER, *TRUNK), width=8),
        lines("Round trip", most(media.TRUNK_MEDIA_RTT, *TRUNK), width=8),
    ),
)

BOARD = Board(
    "voice",
    "Voice quality",
    "How speech arrives, by what both ends report of it.",
    (PBXS, Variable("endpoint", media.TRUNK_MEDIA_MOS)),
    (NOW, SPEECH, TRUNKS),
    MARKS,
)
