"""What a session remembers of the answers of its agent, so that the next ones fill an Ethernet frame each."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from bridge.asterisk.mib import Oid
from bridge.sources.snmp.wire import Reply

FEW = 20
"""How many variables are asked for at once while nothing is known of them: the answer mostly fits into one
frame, and every agent takes that many."""
FRAME, MOST = 1200, 60
"""Octets of variables that fit into one frame with all that is around them, and the most variables that are
asked for at once if they are so small."""
T = TypeVar("T")
KEPT = 1024
"""How many answers, and how many columns, are remembered."""


class Rows(NamedTuple):
    """How many rows a column had, and how many of them a frame holds."""

    amount: int
    in_frame: int


UNKNOWN = Rows(1 << 31, FEW)


class Sizes:
    """The sizes of answers, by the first of the variables that were asked for, and of columns.

    Attributes:
        most: the most variables that are asked for at once; FEW where an agent is silent to more.
    """

    def __init__(self) -> None:
        self.most = MOST
        self._answers: dict[Oid, tuple[int, int]] = {}
        self._columns: dict[Oid, Rows] = {}

    def at_once(self, oids: Sequence[Oid]) -> int:
        """How many of these, from the first on, fill a frame, judged by how they were answered in parts."""
        amount = octets = 0
        while amount < len(oids) and (known := self._answers.get(oids[amount])):
            octets += known[1]
            if octets > FRAME or amount + known[0] > self.most:
                break
            amount += known[0]
        return max(amount, FEW)

    def answered(self, oids: Sequence[Oid], octets: int) -> None:
        """Remember how long an answer was; 0 where that is not known."""
        if octets:
            _keep(self._answers, oids[0], (len(oids), octets))

    def rows(self, column: Oid) -> Rows:
        """What is to be expected of a column."""
        return self._columns.get(column, UNKNOWN)

    def walked(self, column: Oid, rows: Rows) -> None:
        """Remember what a column was like."""
        _keep(self._columns, column, rows)


def _keep(kept: dict[Oid, T], oid: Oid, what: T) -> None:
    if len(kept) >= KEPT:
        kept.clear()
    kept[oid] = what


def in_frame(reply: Reply) -> int:
    """How many variables like these a frame holds."""
    if not reply.octets:
        return FEW
    return min(max(FEW, FRAME * len(reply.variables) // reply.octets), MOST)
