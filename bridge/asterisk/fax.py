"""Fax: what Asterisk counts of it, and the pages that went through."""

from collections.abc import Mapping
from functools import partial

from bridge.asterisk import actions
from bridge.asterisk.catalog.lines import (
    FAX_COMPLETED,
    FAX_FAILED,
    FAX_PAGES_RECEIVED,
    FAX_PAGES_SENT,
    FAX_RECEIVES,
    FAX_SESSIONS,
    FAX_TRANSMITS,
)
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number
from bridge.core.counter import Tally
from bridge.core.metric import Metric
from bridge.core.recent import Recent
from bridge.protocols.ami import AmiMessage

COUNTERS = (
    (FAX_TRANSMITS, "TransmitAttempts"),
    (FAX_RECEIVES, "ReceiveAttempts"),
    (FAX_COMPLETED, "CompletedFAXes"),
    (FAX_FAILED, "FailedFAXes"),
)
"""Counters that Asterisk keeps, and their headers."""
PAGES = {"SendFAX": FAX_PAGES_SENT, "ReceiveFAX": FAX_PAGES_RECEIVED}
"""The events that tell of a fax when it is over."""


class Fax(Model):
    """Only where res_fax is loaded, without which Asterisk does not know the question."""

    asks = (actions.FAX,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._sessions: float | None = None
        self._heard = Recent()

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        return {event: partial(self._over, metric) for event, metric in PAGES.items()}

    def _over(self, metric: Metric, message: AmiMessage, now: float) -> None:
        pages = number(message.get("PagesTransferred"))
        if pages is not None and pages >= 0 and self._heard.news(hash(message.raw), now):
            self.totals.add(metric.series(self.pbx), pages)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - it stands for itself
        """Take what Asterisk counts; arguments as of Model."""
        for statistics in items(replies, actions.FAX, "FAXStats"):
            self._sessions = number(statistics.get("CurrentSessions"))
            for metric, key in COUNTERS:
                if (reading := number(statistics.get(key))) is not None:
                    self.totals.follow(metric.series(self.pbx), reading)
            for metric in PAGES.values():
                self.totals.add(metric.series(self.pbx), 0)
        return 0

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - as the last poll told it
        """The sessions at the last poll."""
        if self._sessions is not None and self._sessions >= 0:
            yield FAX_SESSIONS.series(self.pbx), self._sessions

    def lost(self) -> None:
        """Faxes come and go unheard."""
        self._sessions = None
