"""Pbx: what the page shows of one PBX."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bridge.core.working import Working
from bridge.page.plot import NOTHING, Plot
from bridge.page.readings import Readings

ROWS = 50
"""Queues, and trunks, of one PBX that are shown; the search finds the others."""
INFO = "system.info"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its last hour.

    Attributes:
        name: what it is, in a word or two.
        value: None if it is not known now.
        plot: the last hour.
    """

    name: str
    value: float | None
    plot: Plot = NOTHING


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue; a number is None if it is not known."""

    name: str
    waiting: float | None
    members: float | None
    available: float | None
    longest: float | None
    plot: Plot = NOTHING


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk; None if it is not known."""

    name: str
    up: bool | None
    channels: float | None
    plot: Plot = NOTHING


@dataclass(frozen=True, slots=True)
class Pbx:
    """One PBX.

    Attributes:
        name: by which it is configured.
        level: `ok`, `warn` (some of its sources work) or `bad` (none does).
        state: the same in a word.
        faults: why sources do not answer, with their names.
        version: of its Asterisk; empty if that is not known.
        uptime: seconds since Asterisk started; None if that is not known.
        figures: the numbers that come first.
        queues, trunks: the first of them, by name.
        more_queues, more_trunks: how many there are besides.
    """

    name: str
    level: str
    state: str
    faults: tuple[tuple[str, str], ...]
    version: str
    uptime: float | None
    figures: tuple[Figure, ...]
    queues: tuple[Queue, ...]
    trunks: tuple[Trunk, ...]
    more_queues: int = 0
    more_trunks: int = 0


def pbx_of(name: str, parts: Iterable[Working], readings: Readings) -> Pbx:
    """What is known of a PBX now."""
    sources = [part for part in parts if part.kind == "source" and part.pbx == name]
    level, state = _state(sources)
    queues, trunks = _queues(name, readings), _trunks(name, readings)
    info = next(iter(readings.of(INFO, name)), None)
    return Pbx(
        name=name,
        level=level,
        state=state,
        faults=tuple((part.name, part.fault) for part in sources if not part.up),
        version=info.series.labels[-1][1] if info else "",
        uptime=readings.value("system.uptime", name),
        figures=tuple(_figures(name, readings)),
        queues=tuple(queues[:ROWS]),
        trunks=tuple(trunks[:ROWS]),
        more_queues=max(0, len(queues) - ROWS),
        more_trunks=max(0, len(trunks) - ROWS),
    )


def _state(sources: Sequence[Working]) -> tuple[str, str]:
    """A PBX that is known by StatsD alone has no source of its own, and is not expected to answer."""
    up = [source.name for source in sources if source.up]
    if len(up) == len(sources):
        return "ok", "up"
    return ("warn", "partly up") if up else ("bad", "down")


def _figures(name: str, readings: Readings) -> Iterator[Figure]:
    for title, metric in (("Calls", "calls.active"), ("Channels", "channels.active")):
        yield Figure(title, readings.value(metric, name), readings.plot(metric, name))
    for title, metric in (("Callers waiting", "queue.waiting"), ("Channels on trunks", "trunk.channels")):
        values, plot = readings.labelled(metric, name), readings.plot_sum(metric, name)
        if values or plot.line:
            yield Figure(title, sum(values.values()) if values else None, plot)


def _queues(pbx: str, readings: Readings) -> list[Queue]:
    waiting, members, available, longest = (
        readings.labelled(f"queue.{what}", pbx)
        for what in ("waiting", "members", "available", "longest_wait")
    )
    plots = readings.plots("queue.waiting", pbx)
    return [
        Queue(
            name=name,
            waiting=waiting.get(name),
            members=members.get(name),
            available=available.get(name),
            longest=longest.get(name),
            plot=plots.get(name, NOTHING),
        )
        for name in sorted(waiting.keys() | members.keys() | plots.keys())
    ]


def _trunks(pbx: str, readings: Readings) -> list[Trunk]:
    up, channels = (readings.labelled(f"trunk.{what}", pbx) for what in ("up", "channels"))
    plots = readings.plots("trunk.channels", pbx)
    return [
        Trunk(name, up[name] > 0 if name in up else None, channels.get(name), plots.get(name, NOTHING))
        for name in sorted(up.keys() | channels.keys() | plots.keys())
    ]
