"""Meter: what is made of the values of one series: the last one, or how far it moved within a window."""

from collections import deque

from bridge.core.recall import Recall
from bridge.core.rule import Measure
from bridge.core.state import Json, number, sequence

PARTS = 60
"""Points of a window that are kept: it is exact to a sixtieth of its length."""
COUNTED = frozenset({Measure.INCREASE, Measure.RATE})
"""The measures of counters, which begin at 0."""


class Meter:
    """All times are monotonic seconds.

    Args:
        measure: what is made of the values; not ABSENCE.
        over: seconds of the window.
        whole: nothing is known before the window is full: a count that is too low would be told as low.
    """

    __slots__ = ("_measure", "_over", "_points", "_whole", "heard", "value")

    def __init__(self, measure: Measure, over: float = 0.0, *, whole: bool = False) -> None:
        self._measure = measure
        self._over = over
        self._whole = whole
        self._points: deque[tuple[float, float]] | None = None if measure is Measure.VALUE else deque()
        self.value = 0.0
        self.heard = 0.0

    def begin(self, now: float) -> None:
        """It is known that there was nothing until now: a counter was 0 for all of the window."""
        if self._points is not None and self._measure in COUNTED:
            self._points.append((now - self._over, 0.0))

    def take(self, value: float, now: float) -> None:
        """Take a value that came at `now`."""
        self.value, self.heard = value, now
        points = self._points
        if points is None:
            return
        if len(points) > 1 and now - points[-2][0] < self._over / PARTS:
            points[-1] = points[-1][0], value
        else:
            points.append((now, value))
        self._drop(now)

    def _drop(self, now: float) -> None:
        """Drop what lies before the window, but for the last of it."""
        points = self._points or deque()
        while len(points) > 1 and points[1][0] <= now - self._over:
            points.popleft()

    def read(self, now: float) -> float | None:
        """The measure at `now`; None while it is not known."""
        if self._points is None:
            return self.value
        self._drop(now)
        full = bool(self._points) and self._points[0][0] <= now - self._over
        if not full and (self._whole or len(self._points) < 2):
            return None
        moved = self.value - self._points[0][1]
        if self._measure is Measure.CHANGE:
            return abs(moved)
        return max(0.0, moved) / (self._over if self._measure is Measure.RATE else 1.0)

    def state(self) -> list[Json]:
        """What must be known to go on after a restart."""
        last: list[Json] = [self.value, self.heard]
        if self._points is not None:
            last.append([[at, value] for at, value in self._points])
        return last

    def restore(self, state: Json, recall: Recall) -> bool:
        """Go on from what `state` gave; return whether it was that."""
        value, heard, points = (*sequence(state), None, None, None)[:3]
        last, at = number(value), recall(heard)
        if last is None or at is None:
            return False
        self.value, self.heard = last, at
        if self._points is not None:
            self._points.extend(sorted(_points_in(points, recall), key=lambda point: point[0]))
        return True


def _points_in(state: Json, recall: Recall) -> list[tuple[float, float]]:
    pairs = ((*sequence(point), None, None)[:2] for point in sequence(state))
    points = ((recall(at), number(value)) for at, value in pairs)
    return [(at, value) for at, value in points if at is not None and value is not None]
