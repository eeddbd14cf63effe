"""Level: how many there are at once, and how many there were at most."""


class Level:
    """A number that goes up and down, and the highest that it was in an interval.

    Attributes:
        now: how many there are.
    """

    def __init__(self) -> None:
        self.now = 0
        self._peak = 0

    def rise(self) -> None:
        """There is one more."""
        self.now += 1
        self._peak = max(self._peak, self.now)

    def fall(self) -> None:
        """There is one less."""
        self.now = max(0, self.now - 1)

    def correct(self, now: int) -> None:
        """There are so many, as was counted anew."""
        self.now = now
        self._peak = max(self._peak, now)

    def end(self) -> int:
        """End the interval; return the most that there were in it, and begin the next with what there is."""
        peak, self._peak = self._peak, self.now
        return peak
