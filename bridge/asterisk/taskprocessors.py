"""Taskprocessors: the queues of work inside Asterisk, which grow when it cannot keep up.

No event and no other action tells of them, so this is the one subject that is known only where the account
may run commands. A PBX has hundreds, most of one call or one phone: they are added up, never named.
"""

from collections.abc import Iterator, Sequence

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.system import (
    TASKPROCESSORS_ALERTS,
    TASKPROCESSORS_COUNT,
    TASKPROCESSORS_MAX_DEPTH,
    TASKPROCESSORS_OVER_HIGH_WATER,
    TASKPROCESSORS_QUEUED,
)
from bridge.asterisk.model import Model, Replies, Values
from bridge.core.counter import Tally

TITLES = ("Processed", "In Queue", "Max Depth", "Low water", "High water", "Low time", "High time")
"""The columns behind the name. The last two came late in 20, 22 and 23, the two before them in 13."""
QUEUED, DEPTH, HIGH_WATER = 1, 2, 4
LONGEST = 20
"""Digits of a number: those of 64 bits."""
ALERTS = "Subsystem"
"""How the head of the list of alerts begins."""


class Taskprocessors(Model):
    """Sums over all taskprocessors, as the last poll told."""

    asks = (actions.CLI_TASKPROCESSORS, actions.CLI_ALERTS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._rows: list[tuple[int, ...]] = []
        self._alerts: int | None = None

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - no events tell of it
        """Take what the commands printed."""
        self._rows = list(_rows(_output(replies, actions.CLI_TASKPROCESSORS)))
        self._alerts = _alerts(_output(replies, actions.CLI_ALERTS))
        return 0

    def gauges(self, _: float) -> Values:
        """What the last poll told."""
        if self._rows:
            over = sum(len(row) > HIGH_WATER and 0 < row[HIGH_WATER] <= row[QUEUED] for row in self._rows)
            yield TASKPROCESSORS_COUNT.series(self.pbx), len(self._rows)
            yield TASKPROCESSORS_QUEUED.series(self.pbx), sum(row[QUEUED] for row in self._rows)
            yield TASKPROCESSORS_MAX_DEPTH.series(self.pbx), max(row[DEPTH] for row in self._rows)
            yield TASKPROCESSORS_OVER_HIGH_WATER.series(self.pbx), over
        if self._alerts is not None:
            yield TASKPROCESSORS_ALERTS.series(self.pbx), self._alerts

    def lost(self) -> None:
        """Nothing is known until the next poll."""
        self._rows, self._alerts = [], None


def _output(replies: Replies, action: Action) -> Sequence[str]:
    return replies[action].response.getall("Output") if action in replies else ()


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """The numbers behind each name, in the order of TITLES. A name may hold blanks and digits."""
    columns = 0
    for line in lines:
        if line.startswith("Processor"):
            columns = sum(title in line for title in TITLES)
        else:
            cells = line.rsplit(maxsplit=columns)
            numbers = [_whole(cell) for cell in cells[1:]]
            if columns > DEPTH and len(numbers) == columns and None not in numbers:
                yield tuple(number or 0 for number in numbers)


def _alerts(lines: Sequence[str]) -> int | None:
    """How many alerts stand in all subsystems; None if the list was not given."""
    if not any(line.startswith(ALERTS) for line in lines):
        return None
    return sum(_whole(line.rpartition(" ")[2]) or 0 for line in lines)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else None
