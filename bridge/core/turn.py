"""Turn: a share of many things at a time, so that all come in turn."""

from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Turn:
    """Whose turn it is.

    Args:
        share: how many come at a time.
    """

    def __init__(self, share: int) -> None:
        self._share = share
        self._next = 0

    def take(self, things: Sequence[Thing]) -> list[Thing]:
        """The next ones of `things`, each at most once."""
        start = self._next if self._next < len(things) else 0
        turn = [*things[start:], *things[:start]][: self._share]
        self._next = (start + len(turn)) % max(1, len(things))
        return turn
