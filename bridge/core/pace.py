"""Pace: how fast what was kept back may follow what happens now."""

from math import exp

MEMORY = 60.0
"""Seconds over which the live rate is averaged: longer than any flush interval in use."""
BURST = 1.0
"""Seconds of allowance that may be saved up."""


class Pace:
    """Lets a backlog through at a multiple of the live rate, so that a peer that is back is not flooded.

    Args:
        factor: how many times the live rate.
        least: the lowest limit, a second; for the time when little or nothing is live.
    """

    def __init__(self, factor: float, least: float) -> None:
        self._factor = factor
        self._least = least
        self._rate = 0.0
        self._seen = float("-inf")
        self._allowance = 0.0
        self._filled = float("-inf")

    def live(self, amount: int, now: float) -> None:
        """Take note that `amount` came at `now`, in monotonic seconds."""
        self._rate = self._rate * exp((self._seen - now) / MEMORY) + amount / MEMORY
        self._seen = now

    def open(self, now: float) -> bool:
        """Whether more of the backlog may go now."""
        limit = max(self._least, self._factor * self._rate)
        self._allowance = min(BURST * limit, self._allowance + limit * (now - self._filled))
        self._filled = now
        return self._allowance > 0

    def spend(self, amount: int) -> None:
        """So much of the backlog went; what goes beyond the allowance is made up for by a longer wait."""
        self._allowance -= amount
