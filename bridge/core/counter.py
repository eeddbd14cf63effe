"""Running totals that never go backwards: over a restart of the device, and over a 32-bit wrap."""

from collections.abc import Iterator

from bridge.core.sample import Sample, Series

WRAP_MARGIN = 1 << 24
"""A fall from within this distance of the top to within this distance of zero is a wrap.

A busy PBX processes some ten calls a second: in the longest poll interval that is far below 2**24.
"""


class RunningCounter:
    """The monotone total of a device's counter that may wrap or start again from zero.

    The total starts at the first reading, so that it equals what the device itself says until the
    device restarts.
    """

    def __init__(self, bits: int = 32) -> None:
        self._top = 1 << bits
        self._last: float | None = None
        self.total = 0.0

    def update(self, reading: float, restarted: bool = False) -> float:
        """Take a reading and return the total.

        Args:
            reading: what the device says now.
            restarted: the device is known to have started anew since the last reading.
        """
        if self._last is None:
            self.total = reading
        else:
            self.total += self._increase(self._last, reading, restarted)
        self._last = reading
        return self.total

    def _increase(self, last: float, reading: float, restarted: bool) -> float:
        if restarted:
            return reading
        if reading >= last:
            return reading - last
        wrapped = last > self._top - WRAP_MARGIN and reading < WRAP_MARGIN
        return reading + self._top - last if wrapped else reading


class Tally:
    """Totals by series: of happenings that are counted here, and of counters that a device keeps."""

    def __init__(self) -> None:
        self._totals: dict[Series, float] = {}
        self._followed: dict[Series, RunningCounter] = {}

    def add(self, series: Series, amount: float = 1) -> None:
        """Count `amount` more happenings."""
        self._totals[series] = self._totals.get(series, 0) + amount

    def follow(self, series: Series, reading: float, *, restarted: bool = False) -> None:
        """Take a reading of a counter that the device keeps; arguments as of RunningCounter."""
        counter = self._followed.setdefault(series, RunningCounter())
        self._totals[series] = counter.update(reading, restarted)

    def __getitem__(self, series: Series) -> float:
        return self._totals.get(series, 0)

    def samples(self, now: float) -> Iterator[Sample]:
        """Every total, at the time `now`."""
        return (Sample(series, total, now) for series, total in self._totals.items())
