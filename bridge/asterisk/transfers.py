"""Transfers: blind and attended, and what became of them."""

from collections.abc import Mapping
from functools import partial

from bridge.asterisk.catalog.bridges import TRANSFERS_COUNT
from bridge.asterisk.model import Model, Take
from bridge.asterisk.words import word
from bridge.core.counter import Tally
from bridge.core.recent import Recent
from bridge.protocols.ami import AmiMessage

TYPES = {"BlindTransfer": "blind", "AttendedTransfer": "attended"}
RESULTS = ("success", "fail", "invalid", "not_permitted")


class Transfers(Model):
    """Each transfer is told once, when it is done; one who failed may try again at once."""

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._heard = Recent()
        for kind in TYPES.values():
            for result in RESULTS:
                totals.add(TRANSFERS_COUNT.series(pbx, kind, result), 0)

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        return {event: partial(self._transfer, kind) for event, kind in TYPES.items()}

    def _transfer(self, kind: str, message: AmiMessage, now: float) -> None:
        if self._heard.news(hash(message.raw), now):
            result = word(message.get("Result"))
            self.totals.add(TRANSFERS_COUNT.series(self.pbx, kind, result if result in RESULTS else "other"))
