"""Runs to Markdown: medians, ratios to the peers, and how far the goals are reached."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Literal, NamedTuple

from tests.benchmarks import wording
from tests.benchmarks.statsd.loads import LOADS, Load, Run
from tests.benchmarks.statsd.peers import COLLECTD, ETSY, NATIVE, NETDATA, PYTHON, SINK, TITLES

Runs = Mapping[tuple[str, str], Sequence[Run | None]]
"""By load and receiver, those of each round; None where a search found nothing."""
Figure = Literal["rate", "cpu"]
AGAINST = {NETDATA: "netdata", ETSY: "etsy's", SINK: "the sink"}
DISTURBED = "\\*"


class Bar(NamedTuple):
    """A goal: a figure of ours, as a multiple of a peer's, is at least, or at most, so much."""

    load: str
    figure: Figure
    ours: str
    peer: str
    sign: Literal["≥", "≤"]
    limit: float

    def is_reached(self, ratio: float) -> bool:
        """Whether a ratio is as good as it should be."""
        return ratio >= self.limit if self.sign == "≥" else ratio <= self.limit


BARS = (
    Bar("1g", "rate", NATIVE, NETDATA, "≥", 1.7),
    Bar("1g", "cpu", NATIVE, NETDATA, "≤", 0.55),
    Bar("1g", "cpu", NATIVE, SINK, "≤", 1.15),
    Bar("packed", "rate", NATIVE, NETDATA, "≥", 2.6),
    Bar("lossless-1g", "rate", NATIVE, NETDATA, "≥", 1.3),
    Bar("lossless-packed", "rate", NATIVE, NETDATA, "≥", 2.5),
    Bar("20k", "cpu", NATIVE, NETDATA, "≤", 0.4),
    Bar("60k", "cpu", NATIVE, NETDATA, "≤", 0.4),
    Bar("lossless-1g", "rate", PYTHON, ETSY, "≥", 2),
    Bar("lossless-packed", "rate", PYTHON, ETSY, "≥", 2),
    Bar("60k", "cpu", PYTHON, COLLECTD, "≤", 1),
)


def middle(runs: Runs, load: str, name: str, figure: Figure) -> float | None:
    """The median of a figure over the rounds."""
    found = [getattr(run, figure) for run in runs.get((load, name), ()) if run]
    return median(found) if found else None


def ratio(runs: Runs, load: str, figure: Figure, ours: str, peer: str) -> float | None:
    """The median over the rounds of one receiver's figure by that of another in the same round."""
    pairs = zip(runs.get((load, ours), ()), runs.get((load, peer), ()), strict=False)
    found = [getattr(one, figure) / getattr(other, figure) for one, other in pairs if one and other]
    return median(found) if found else None


def tables(runs: Runs) -> Iterator[str]:
    """Lines of Markdown: a table for each load, then one of the goals."""
    for load in dict.fromkeys(load for load, _ in runs):
        yield from _table(runs, load, LOADS[load])
    if goals := [*_goals(runs)]:
        yield "### Goals\n"
        yield "| load | figure | receiver | wanted | found | |\n| --- | --- | --- | --- | --- | --- |"
        yield from goals
        yield ""


def _table(runs: Runs, key: str, load: Load) -> Iterator[str]:
    has_rate = load.search or not load.rate
    yield f"### {load.title} (`{key}`)\n"
    columns = [f"x {title}" for title in AGAINST.values()]
    head = ["receiver", *(["lines/s", *columns] if has_rate else []), "CPU s per million", *columns, "lost"]
    yield _row(head)
    yield _row(["---"] * len(head))
    for name in (name for each, name in runs if each == key):
        found = [run for run in runs[key, name] if run]
        if not found:
            yield _row([TITLES[name], "none found", *[""] * (len(head) - 2)])
            continue
        figures: tuple[Figure, ...] = ("rate", "cpu") if has_rate else ("cpu",)
        cells = [cell for figure in figures for cell in _cells(runs, key, name, figure)]
        mark = DISTURBED if any(run.is_disturbed for run in found) else ""
        yield _row([TITLES[name] + mark, *cells, f"{median(run.lost for run in found):.2%}"])
    yield ""


def _cells(runs: Runs, load: str, name: str, figure: Figure) -> Iterator[str]:
    value = middle(runs, load, name, figure)
    assert value is not None
    yield f"{value:,.0f}" if figure == "rate" else f"{value:.3f}"
    for peer in AGAINST:
        found = None if name == peer else ratio(runs, load, figure, name, peer)
        yield "" if found is None else f"{found:.2f}"


def _goals(runs: Runs) -> Iterator[str]:
    for bar in BARS:
        found = ratio(runs, bar.load, bar.figure, bar.ours, bar.peer)
        if found is not None:
            wanted = f"{bar.sign} {bar.limit} x {TITLES[bar.peer]}"
            verdict = wording.verdict(bar.is_reached(found))
            what = {"rate": "lines/s", "cpu": "CPU"}[bar.figure]
            yield _row([bar.load, what, TITLES[bar.ours], wanted, f"{found:.2f} x", verdict])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
