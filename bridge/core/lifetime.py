"""Lifetime: which run of a device this is, told by how long it says that it runs."""

import math

from bridge.core.state import Json, number, sequence

SLACK = 5.0
"""Seconds by which a device's time may differ from ours: an answer travels, and may be asked for again."""
DRIFT = 0.001
"""The share by which two clocks may go apart; those of computers do by a tenth of it."""


class Lifetime:
    """Counts the runs of a device, and undoes the wrap of its running time.

    Between two readings the device either went on, and so did its time as ours, or it began anew after the
    first of them, and so its time is shorter than what passed. If neither can be, a clock was set: then it
    began anew only if its time fell, and not from the top. How often the time wrapped before the first
    reading cannot be known.

    Args:
        top: seconds after which the device's time begins at 0 without a restart; infinite if it never does.

    Attributes:
        run: the number of the run; it grows whenever the device began anew.
        seconds: how long the device ran at the last reading, wraps included.
    """

    def __init__(self, top: float = math.inf) -> None:
        self._top = top
        self._heard: float | None = None
        self.run = 1
        self.seconds = 0.0

    def update(self, time: float, now: float, *, restarted: bool = False) -> None:
        """Take a reading.

        Args:
            time: seconds since the device began to run, without those that wraps took away.
            now: seconds on a clock that never jumps.
            restarted: it is known from elsewhere that the device began anew since the last reading.
        """
        heard, self._heard = self._heard, now
        if heard is None:
            self.seconds = time
        elif restarted or self._anew(time, max(0.0, now - heard)):
            self.run += 1
            self.seconds = time
        else:
            self.seconds = self._continued(time, max(0.0, now - heard))

    def _anew(self, time: float, passed: float) -> bool:
        slack = SLACK + DRIFT * passed
        if abs(self._continued(time, passed) - self.seconds - passed) <= slack:
            return False
        if time <= passed + slack:
            return True
        near_the_top = self.seconds % self._top > self._top / 2
        return time < self.seconds % self._top and not near_the_top

    def _continued(self, time: float, passed: float) -> float:
        """How long the device runs if it went on: the likeliest of all times that the reading stands for."""
        if math.isinf(self._top):
            return time
        return time + self._top * max(0, round((self.seconds + passed - time) / self._top))

    def state(self, offset: float) -> Json:
        """What must be known to go on after a restart of the bridge.

        Args:
            offset: what our clock must be added to give Unix time, which alone goes on over a restart.
        """
        return [self.run, self.seconds, None if self._heard is None else self._heard + offset]

    def restore(self, state: Json, offset: float) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        run, seconds, heard = (number(value) for value in (*sequence(state), None, None, None)[:3])
        if run is not None and seconds is not None and heard is not None:
            self.run, self.seconds, self._heard = int(run), seconds, heard - offset
