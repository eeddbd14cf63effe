"""Plot: the last hour of a series as a path of SVG."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

SPANS = (300.0, 900.0, 1800.0, 3600.0)
"""Seconds that plots may show: the least that hold what is known: a newcomer sees a line, not a dot."""
SPAN = SPANS[-1]
WIDTH, HEIGHT = 120, 30
"""Of the drawing, in its own units."""
STEP = 10.0
"""Seconds of the finest column."""
BREAK = 90.0
"""Seconds without a value that part two lines: whoever polls once a minute has a line, an outage a gap."""

Point = tuple[float, float]
"""Unix time in seconds, and a value."""


class Plot(NamedTuple):
    """A drawing.

    Attributes:
        line: the path of the values.
        area: the path of what is below them.
        highest: the highest value of all that is shown; None if there is none.
    """

    line: str = ""
    area: str = ""
    highest: float | None = None


NOTHING = Plot()


def column(span: float) -> float:
    """How many seconds a column of a plot shows: of an hour half a minute, two or three dots of a screen."""
    return max(STEP, span / WIDTH)


def plot(points: Iterable[Point], now: float, span: float = SPAN) -> Plot:
    """Draw points of ascending time, from 0 up; columns begin at round times, so that it moves rarely."""
    width = column(span)
    most = int(span // width)
    first = int(now // width) - most + 1
    columns = [
        (place - first, max(value for _, value in group))
        for place, group in groupby(points, key=lambda point: int(point[0] // width))
        if 0 <= place - first < most
    ]
    if not columns:
        return NOTHING
    highest = max(value for _, value in columns)
    scale = WIDTH / most
    lines = [_line(run, max(highest, 1.0), scale) for run in _runs(columns, int(BREAK // width))]
    return Plot("".join(f"M{line}" for line, _, _ in lines), "".join(map(_area, lines)), highest)


def total(plots: Iterable[Iterable[Point]], span: float = SPAN) -> list[Point]:
    """The sum of several, column by column; of each the highest value in it."""
    width = column(span)
    columns: dict[int, dict[int, float]] = {}
    for number, points in enumerate(plots):
        for time, value in points:
            values = columns.setdefault(int(time // width), {})
            values[number] = max(value, values.get(number, value))
    return [(at * width, sum(values.values())) for at, values in sorted(columns.items())]


def _runs(columns: Sequence[tuple[int, float]], most: int) -> list[list[tuple[int, float]]]:
    """The columns, parted where more than `most` have no value."""
    runs: list[list[tuple[int, float]]] = []
    for each in columns:
        if not runs or each[0] - runs[-1][-1][0] > most:
            runs.append([])
        runs[-1].append(each)
    return runs


def _line(run: Sequence[tuple[int, float]], top: float, scale: float) -> tuple[str, float, float]:
    """The path through a run, and where it begins and ends; one value alone is a dash."""
    ends = run if len(run) > 1 else [*run, (run[0][0] + 1, run[0][1])]
    at = (f"{x * scale:g} {_height(value, top)}" for x, value in ends)
    return "L".join(at), ends[0][0] * scale, ends[-1][0] * scale


def _area(line: tuple[str, float, float]) -> str:
    path, begin, end = line
    return f"M{begin:g} {HEIGHT}L{path}L{end:g} {HEIGHT}Z"


def _height(value: float, top: float) -> str:
    """One unit is left free above and below, for the width of the line."""
    return f"{HEIGHT - 1 - max(0.0, value) / top * (HEIGHT - 2):.4g}"
