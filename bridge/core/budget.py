"""Budget: a share of the time that something may take, some of which can be saved up."""


class Budget:
    """All times are monotonic seconds.

    Args:
        share: of all time, what may be spent in the long run.
        most: seconds of work that can be saved up, so that what comes now and then never waits.
    """

    def __init__(self, share: float, most: float) -> None:
        self._share = share
        self._most = most
        self._left = most
        self._at = 0.0

    def wait(self, now: float) -> float:
        """How long to wait before anything more may be spent; 0 for not at all."""
        self._save(now)
        return max(0.0, -self._left / self._share)

    def spend(self, seconds: float, now: float) -> None:
        """So much was spent by `now`."""
        self._save(now)
        self._left -= seconds

    def _save(self, now: float) -> None:
        self._left = min(self._most, self._left + (now - self._at) * self._share)
        self._at = now
