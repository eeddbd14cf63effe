"""Waiting longer after each failure, by a random share, so that a fleet does not return all at once."""

import random
from collections.abc import Callable


class Backoff:
    """Full jitter: after the n-th failure in a row wait between 0 and min(longest, first * 2**n).

    Args:
        first: the upper bound of the first wait in seconds.
        longest: the upper bound of every wait in seconds.
        uniform: draws the wait from a range; a test passes one that is not random.
    """

    def __init__(
        self,
        first: float = 1.0,
        longest: float = 30.0,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._first = first
        self._longest = longest
        self._uniform = uniform
        self._failures = 0

    def wait(self) -> float:
        """Seconds to wait after one more failure."""
        bound = min(self._longest, self._first * 2 ** min(self._failures, 30))
        self._failures += 1
        return self._uniform(0, bound)

    def reset(self) -> None:
        """Forget the failures: it worked."""
        self._failures = 0
