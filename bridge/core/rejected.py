"""Rejected: a line of StatsD that was refused, as the page shows it."""

from typing import NamedTuple

from bridge.core.privacy import shape

KEPT = 20
"""How many of the newest are remembered."""


class Rejected(NamedTuple):
    """A line that was refused.

    Attributes:
        time: when, in Unix seconds.
        listener: where it came in.
        sender: who sent it, as the log shows it.
        reason: the word under which it is counted.
        line: the begin of it, as it came.
        shown: whether it may be seen as it is; else only its shape may.
    """

    time: float
    listener: str
    sender: str
    reason: str
    line: bytes
    shown: bool = False

    def text(self) -> str:
        """What may be seen of the line; made only when somebody looks, since a flood is not read."""
        return readable(self.line) if self.shown else shape(self.line)


def readable(line: bytes) -> str:
    """A line as it is, safe for a terminal."""
    return str(line)[2:-1]
