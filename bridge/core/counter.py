"""Running totals that never go backwards: over a restart of the device or of the bridge, and over a wrap."""

from collections.abc import Collection, Iterator

from bridge.core.sample import Sample, Series
from bridge.core.state import Hides, Json, nothing, number, of_series, pbx_series_in, sequence, text

WRAP_MARGIN = 1 << 24
"""A fall from within this distance of the top to within this distance of zero is a wrap.

A busy PBX processes some ten calls a second: in the longest poll interval that is far below 2**24.
"""


class RunningCounter:
    """The monotone total of a device's counter that may wrap or start again from zero.

    The total starts at the first reading, so that it equals what the device itself says until the
    device restarts. Where something is not known, such as how far the device had counted when it ended, the
    total stays below the truth and never above it.

    Args:
        bits: the width of the counter. One that is printed as a signed number may be given as it is.
    """

    def __init__(self, bits: int = 32) -> None:
        self._top = 1 << bits
        self._last: float | None = None
        self._run = ""
        self.total = 0.0

    def update(self, reading: float, run: str = "") -> float:
        """Take a reading and return the total.

        Args:
            reading: what the device says now.
            run: anything that differs from one run of the device to the next; empty if not known. Without it
                a restart is seen only where the reading falls.
        """
        reading %= self._top
        if self._last is None:
            self.total = reading
        else:
            restarted = bool(run and self._run and run != self._run)
            self.total += reading if restarted else self._increase(self._last, reading)
        self._last, self._run = reading, run
        return self.total

    def _increase(self, last: float, reading: float) -> float:
        if reading >= last:
            return reading - last
        wrapped = last > self._top - WRAP_MARGIN and reading < WRAP_MARGIN
        return reading + self._top - last if wrapped else reading

    def state(self) -> Json:
        """What must be known to go on after a restart of the bridge."""
        return [self.total, self._last, self._run]

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        total, last, run = (*sequence(state), None, None, None)[:3]
        if (begun := number(total)) is not None:
            self.total, self._last, self._run = begun, number(last), text(run)


class Tally:
    """Totals by series: of happenings that are counted here, and of counters that a device keeps.

    Attributes:
        run: which run of the device the counters that it keeps are of, as for RunningCounter.
        moved: the series that happenings were added to; whoever looks at them empties it.
    """

    def __init__(self) -> None:
        self._totals: dict[Series, float] = {}
        self._followed: dict[Series, RunningCounter] = {}
        self.run = ""
        self.moved: set[Series] = set()

    def add(self, series: Series, amount: float = 1) -> None:
        """Count `amount` more happenings."""
        self._totals[series] = self._totals.get(series, 0) + amount
        self.moved.add(series)

    def add_one(self, several: Collection[Series]) -> None:
        """Count one more happening in each."""
        totals = self._totals
        for series in several:
            totals[series] = totals.get(series, 0) + 1
        self.moved.update(several)

    def follow(self, series: Series, reading: float) -> None:
        """Take a reading of a 32-bit counter that the device keeps since it began to run."""
        counter = self._followed.setdefault(series, RunningCounter())
        self._totals[series] = counter.update(reading, self.run)

    def __getitem__(self, series: Series) -> float:
        return self._totals.get(series, 0)

    def samples(self, now: float) -> Iterator[Sample]:
        """Every total, at the time `now`."""
        return (Sample(series, total, now) for series, total in self._totals.items())

    def state(self, hides: Hides = nothing) -> Json:
        """What must be known to go on after a restart of the bridge, without the series that it `hides`."""
        return [
            [of_series(series), followed.state() if followed else total]
            for series, total in self._totals.items()
            for followed in (self._followed.get(series),)
            if not hides(series)
        ]

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave, together with what was counted since; anything else is ignored."""
        for entry in sequence(state):
            key, value = (*sequence(entry), None, None)[:2]
            series, total = pbx_series_in(key), number(value)
            if series is not None and total is not None:
                self.add(series, total)
            elif series is not None and sequence(value):
                counter = self._followed[series] = RunningCounter()
                counter.restore(value)
                self._totals[series] = counter.total
