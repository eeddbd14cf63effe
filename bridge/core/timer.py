"""Timer: the values of one timer in one interval, and their statistics as etsy's statsd defines them."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from bridge.core import number

Numbers = Sequence[tuple[float, ...] | None]
"""Those that `WHOLE` names; for each percentile those that `share_names` names, None if it has no values."""
WHOLE = ("lower", "upper", "mean", "median", "std", "sum", "sum_squares")


class Values:
    """Values of one interval, however they are held.

    Up to `limit` all values are kept. Beyond it every second of them is let go, and from then on only
    every second, fourth, eighth ... value is kept: a sample spread evenly over the interval. Count and
    extremes stay exact; sums are scaled up from the sample.

    Attributes:
        count: how many happenings they stand for.
        seen: how many have come.
        stride: every so manieth of them is kept.
        lowest, highest: the extremes of all, once the stride is more than 1.
    """

    __slots__ = ()

    count: float
    seen: int
    stride: int
    lowest: float
    highest: float

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take a value that stands for `weight` happenings."""
        raise NotImplementedError

    def numbers(self, percentiles: tuple[float, ...]) -> Numbers:
        """What the kept values come to, of a timer that has values."""
        raise NotImplementedError

    def statistics(self, percentiles: tuple[float, ...], interval: float) -> dict[str, float]:
        """Name of each statistic and its value, of a timer that has values.

        Args:
            percentiles: the shares in percent; a negative one counts from the top.
            interval: seconds over which the rate is taken.
        """
        whole, *shares = self.numbers(percentiles)
        result = dict(zip(WHOLE, whole or (), strict=True))
        result["count"] = self.count
        result["rate"] = self.count / interval
        if self.stride > 1:
            result["lower"], result["upper"] = self.lowest, self.highest
        for percent, share in zip(percentiles, shares, strict=True):
            if share:
                result.update(zip(share_names(percent), share, strict=True))
        return result


@lru_cache(256)
def share_names(percent: float) -> tuple[str, ...]:
    """The names of the statistics of a percentile."""
    name = number.text(percent).replace(".", "_").replace("-", "top")
    bound = "upper" if percent > 0 else "lower"
    return tuple(f"{kind}_{name}" for kind in (bound, "count", "mean", "sum", "sum_squares"))


class Timer(Values):
    """Values in a list.

    Args:
        limit: the most values kept, 2 or more.
    """

    __slots__ = ("_limit", "_values", "count", "highest", "lowest", "seen", "stride")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.stride = 1
        self.seen = 0
        self._values: list[float] = []
        self.count = 0.0
        self.lowest = math.inf
        self.highest = -math.inf

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take a value that stands for `weight` happenings."""
        self.count += weight
        if self.seen % self.stride == 0:
            if len(self._values) >= self._limit:
                self._thin()
            self._values.append(value)
        self.seen += 1
        if self.stride > 1:
            self.lowest = min(self.lowest, value)
            self.highest = max(self.highest, value)

    def _thin(self) -> None:
        if self.stride == 1:
            self.lowest, self.highest = min(self._values), max(self._values)
        del self._values[1::2]
        self.stride *= 2

    def numbers(self, percentiles: tuple[float, ...]) -> Numbers:
        """What the kept values come to, of a timer that has values."""
        ladder = _Ladder(sorted(self._values), self.seen / len(self._values))
        return (ladder.whole(), *map(ladder.share, percentiles))


IDLE = {"count": 0.0, "rate": 0.0}
"""The statistics of a timer without values."""


class _Ladder:
    """Sorted values with their running sums.

    The sums are added one by one in ascending order, not by sum(), which is more exact from Python
    3.12 on: the last digit shall be that of etsy's statsd.
    """

    def __init__(self, values: Sequence[float], scale: float) -> None:
        self._values = values
        self._scale = scale
        self._sums = list(accumulate(values))
        self._squares = list(accumulate(value * value for value in values))

    def whole(self) -> tuple[float, ...]:
        """The numbers of all values, in the order of `WHOLE`."""
        values, count = self._values, len(self._values)
        mean = self._sums[-1] / count
        *_, spread = accumulate((value - mean) * (value - mean) for value in values)
        middle = count // 2
        median = values[middle] if count % 2 else (values[middle - 1] + values[middle]) / 2
        deviation = math.sqrt(spread / count)
        total, squares = self._sums[-1] * self._scale, self._squares[-1] * self._scale
        return values[0], values[-1], mean, median, deviation, total, squares

    def share(self, percent: float) -> tuple[float, ...] | None:
        """The numbers of the lowest `percent` of the values; of the highest, if it is negative."""
        count = len(self._values)
        kept = 1 if count == 1 else min(_half_up(abs(percent) / 100 * count), count)
        if not kept:
            return None
        if percent > 0:
            bound, total, squares = self._values[kept - 1], self._sums[kept - 1], self._squares[kept - 1]
        else:
            bound, total, squares = self._values[-kept], _top(self._sums, kept), _top(self._squares, kept)
        stands_for = float(_half_up(kept * self._scale))
        return bound, stands_for, total / kept, total * self._scale, squares * self._scale


def _top(running: Sequence[float], kept: int) -> float:
    """What the last `kept` values add to a running sum."""
    left = len(running) - kept
    return running[-1] - running[left - 1] if left else running[-1]


def _half_up(value: float) -> int:
    """The nearest whole number; a half goes up, as in JavaScript and unlike Python's round()."""
    whole = math.floor(value)
    return whole + (value - whole >= 0.5)
