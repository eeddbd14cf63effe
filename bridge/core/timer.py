"""Timer: the values of one timer in one interval, and their statistics as etsy's statsd defines them."""

import math
from collections.abc import Sequence
from itertools import accumulate

from bridge.core import number


class Timer:
    """Values of one interval.

    Up to `limit` all values are kept. Beyond it every second of them is let go, and from then on only
    every second, fourth, eighth ... value is kept: a sample spread evenly over the interval. Count and
    extremes stay exact; sums are scaled up from the sample.

    Args:
        limit: the most values kept, 2 or more.
    """

    __slots__ = ("_count", "_highest", "_limit", "_lowest", "_seen", "_stride", "_values")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stride = 1
        self._seen = 0
        self._values: list[float] = []
        self._count = 0.0
        self._lowest = math.inf
        self._highest = -math.inf

    def add(self, value: float, weight: float = 1.0) -> None:
        """Take a value that stands for `weight` happenings."""
        self._count += weight
        if self._seen % self._stride == 0:
            if len(self._values) >= self._limit:
                self._thin()
            self._values.append(value)
        self._seen += 1
        if self._stride > 1:
            self._lowest = min(self._lowest, value)
            self._highest = max(self._highest, value)

    def _thin(self) -> None:
        if self._stride == 1:
            self._lowest, self._highest = min(self._values), max(self._values)
        del self._values[1::2]
        self._stride *= 2

    def statistics(self, percentiles: Sequence[float], interval: float) -> dict[str, float]:
        """Name of each statistic and its value, of a timer that has values.

        Args:
            percentiles: the shares in percent; a negative one counts from the top.
            interval: seconds over which the rate is taken.
        """
        ladder = _Ladder(sorted(self._values), self._seen / len(self._values))
        result = ladder.whole() | {"count": self._count, "rate": self._count / interval}
        if self._stride > 1:
            result |= {"lower": self._lowest, "upper": self._highest}
        for percent in percentiles:
            result |= ladder.share(percent)
        return result


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

    def whole(self) -> dict[str, float]:
        """Statistics of all values."""
        values, count = self._values, len(self._values)
        mean = self._sums[-1] / count
        *_, spread = accumulate((value - mean) * (value - mean) for value in values)
        middle = count // 2
        median = values[middle] if count % 2 else (values[middle - 1] + values[middle]) / 2
        return {
            "lower": values[0],
            "upper": values[-1],
            "mean": mean,
            "median": median,
            "std": math.sqrt(spread / count),
            "sum": self._sums[-1] * self._scale,
            "sum_squares": self._squares[-1] * self._scale,
        }

    def share(self, percent: float) -> dict[str, float]:
        """Statistics of the lowest `percent` of the values; of the highest, if it is negative."""
        count = len(self._values)
        kept = 1 if count == 1 else min(_half_up(abs(percent) / 100 * count), count)
        if not kept:
            return {}
        name = number.text(percent).replace(".", "_").replace("-", "top")
        if percent > 0:
            bound, total, squares = f"upper_{name}", self._sums[kept - 1], self._squares[kept - 1]
            value = self._values[kept - 1]
        else:
            bound, total, squares = f"lower_{name}", _top(self._sums, kept), _top(self._squares, kept)
            value = self._values[count - kept]
        return {
            bound: value,
            f"count_{name}": _half_up(kept * self._scale),
            f"mean_{name}": total / kept,
            f"sum_{name}": total * self._scale,
            f"sum_squares_{name}": squares * self._scale,
        }


def _top(running: Sequence[float], kept: int) -> float:
    """What the last `kept` values add to a running sum."""
    left = len(running) - kept
    return running[-1] - running[left - 1] if left else running[-1]


def _half_up(value: float) -> int:
    """The nearest whole number; a half goes up, as in JavaScript and unlike Python's round()."""
    whole = math.floor(value)
    return whole + (value - whole >= 0.5)
