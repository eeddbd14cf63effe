"""What the demo shows: the newest value of each series, in place on a terminal or as lines elsewhere."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bridge.asterisk.catalog import CATALOG
from bridge.core import own
from bridge.core.sample import Sample, Series

REFRESH = 0.5
"""Seconds between two pictures on a terminal."""
SUMMARY = 3.0
"""Seconds between two lines elsewhere."""
AROUND = 6
"""Lines of the picture that are neither notes nor rows of the two tables of values."""

CALLS = (
    "dialplan.active",
    "dialplan.processed",
    "channels.active",
    "channels.bridged",
    "technology.channels",
    "channel_state.channels",
    "dials.results",
    "hangups.count",
)
PEOPLE = (
    "queue.waiting",
    "queue.longest_wait",
    "queue.available",
    "queue.paused",
    "queue.members",
    "queue.joins",
    "queue.answered",
    "queue.abandons",
    "conference.parties",
    "registration.up",
    "system.uptime",
    "device_state.devices",
)

SUMMED = {
    "calls": "dialplan.active",
    "processed": "dialplan.processed",
    "channels": "channels.active",
    "waiting": "queue.waiting",
    "agents free": "queue.available",
    "hangups": "hangups.count",
    "delivered": own.SINK_DELIVERED.name,
}
"""Word to the metric whose series are summed up behind it."""

YOUR_OWN = (
    "BRIDGE_PBX__HQ__AMI__HOST=10.0.0.5 BRIDGE_PBX__HQ__AMI__USERNAME=bridge BRIDGE_PBX__HQ__AMI__SECRET=...",
    "BRIDGE_PBX__HQ__SNMP__HOST=10.0.0.5 BRIDGE_PBX__HQ__SNMP__COMMUNITY=public",
    "BRIDGE_GRAPHITE__URL=tcp://10.0.0.6:2003",
    "BRIDGE_MQTT__URL=mqtt://10.0.0.7 BRIDGE_MQTT__USERNAME=bridge BRIDGE_MQTT__PASSWORD=...",
)
"""What to set to reach a PBX by AMI and by SNMP, Graphite, and an MQTT broker."""


class Doors(NamedTuple):
    """Where on loopback the demo can be reached.

    Attributes:
        mqtt: the port of the broker.
        http: the port of the bridge.
        statsd: the port where it hears StatsD.
        page: whether there is a page to look at behind `http`.
        graphite: whether Grafana can read behind `http` as from a Graphite.
    """

    mqtt: int
    http: int
    statsd: int
    page: bool = False
    graphite: bool = False


def instructions(doors: Doors, ignored: Sequence[str] = ()) -> list[str]:
    """What can be done with the demo, and how to go on from it.

    Args:
        doors: where it is reached.
        ignored: names of variables that are set, of which the demo makes no use.
    """
    http = f"http://127.0.0.1:{doors.http}"
    lines = [
        *([f"Look:       {http}/ shows all of it, live"] if doors.page else []),
        *(
            [f"Grafana:    add a data source of the type Graphite with the URL {http}"]
            if doors.graphite
            else []
        ),
        f"Subscribe:  mosquitto_sub -h 127.0.0.1 -p {doors.mqtt} -t 'asterisk/#' -v",
        f"Scrape:     {http}/metrics",
        f"Send:       asterisk-bridge send hello.world 1 --at udp://127.0.0.1:{doors.statsd}",
        "Your own PBX, Graphite and broker: set these, then start `asterisk-bridge run`",
        *(f"  {line}" for line in YOUR_OWN),
    ]
    if ignored:
        lines.append(f"The demo ignores {', '.join(ignored)}; `asterisk-bridge run` uses what is set.")
    return lines


class Board:
    """Remembers the newest value of each series; its `tap` stands beside the sinks."""

    def __init__(self) -> None:
        self._values: dict[Series, float] = {}
        self._moved: set[Series] = set()

    def tap(self, samples: Sequence[Sample]) -> None:
        """Take samples."""
        for series, value, _ in samples:
            if self._values.get(series) != value:
                self._moved.add(series)
            self._values[series] = value

    def settle(self) -> None:
        """Forget which values are news."""
        self._moved.clear()

    def values(self, name: str) -> dict[Series, float]:
        """The series of a metric."""
        return {series: value for series, value in self._values.items() if series.name == name}

    def parts(self) -> dict[str, bool]:
        """Each source and sink, and whether it works."""
        found = {**self.values(own.SOURCE_UP.name), **self.values(own.SINK_UP.name)}
        return {series.labels[-1][1]: bool(up) for series, up in found.items()}

    def total(self, name: str) -> float:
        """The sum over all series of a metric."""
        return sum(self.values(name).values())

    def moved(self, series: Series) -> bool:
        """Whether its value has changed since `settle`."""
        return series in self._moved


def number(value: float, unit: str = "") -> str:
    """A value for people."""
    if unit == "seconds":
        minutes, seconds = divmod(int(value), 60)
        return f"{minutes}:{seconds:02d} min" if minutes else f"{value:.3g} s"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"


def picture(board: Board, notes: Sequence[str], height: int) -> RenderableType:
    """Everything on one page of `height` lines."""
    rows = max(4, height - AROUND - len(notes))
    values = Table.grid(expand=True, padding=(0, 4, 0, 0))
    values.add_row(_values(board, CALLS, rows), _values(board, PEOPLE, rows))
    return Group(
        Text("asterisk-bridge demo: a simulated PBX, live. Ctrl-C ends it.\n", style="bold"),
        values,
        _parts(board),
        *(Text(note, no_wrap=True, overflow="ellipsis") for note in notes),
    )


def _values(board: Board, names: Iterable[str], rows: int) -> Table:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, ratio=1)
    table.add_column(no_wrap=True, justify="right")
    found = [(series, value) for name in names for series, value in sorted(board.values(name).items())]
    for series, value in found[:rows]:
        labels = " ".join(text for _, text in series.labels[1:])
        style = "bold green" if board.moved(series) else ""
        table.add_row(series.name, labels, Text(number(value, CATALOG[series.name].unit), style))
    return table


def _parts(board: Board) -> Text:
    """The state of each source and sink, and how much went through, on one line between two empty ones."""
    line = Text("\n", no_wrap=True, overflow="ellipsis")
    for name, up in board.parts().items():
        line.append(f"{name} {'up' if up else 'DOWN'}", "green" if up else "bold red").append("  ")
    delivered, lines = board.total(own.SINK_DELIVERED.name), board.total(own.LISTENER_LINES.name)
    return line.append(f"{number(delivered)} samples delivered, {number(lines)} StatsD lines heard\n")


def summary(board: Board, now: float) -> str:
    """The most important on one line."""
    counts = (
        f"{text} {number(board.total(name)) if board.values(name) else '-'}" for text, name in SUMMED.items()
    )
    down = (f"{name} down" for name, up in board.parts().items() if not up)
    return "  ".join((time.strftime("%H:%M:%S", time.localtime(now)), *counts, *down))


async def show(board: Board, notes: Sequence[str], console: Console, pause: float | None = None) -> None:
    """Show the board until cancelled: on a terminal as a page, elsewhere as lines.

    Args:
        board: what is shown.
        notes: what can be done with the demo.
        console: where to.
        pause: seconds between two pictures or lines; by default REFRESH or SUMMARY.
    """
    if console.is_terminal:
        await _show_page(board, notes, console, pause or REFRESH)
    else:
        await _show_lines(board, notes, console, pause or SUMMARY)


async def _show_page(board: Board, notes: Sequence[str], console: Console, pause: float) -> None:
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                live.update(picture(board, notes, console.height), refresh=True)
                board.settle()
                await asyncio.sleep(pause)
    finally:
        _say(console, notes)


async def _show_lines(board: Board, notes: Sequence[str], console: Console, pause: float) -> None:
    _say(console, notes)
    while True:
        await asyncio.sleep(pause)
        _say(console, [summary(board, time.time())])


def _say(console: Console, lines: Sequence[str]) -> None:
    """Lines as they are, whatever the width: they are there to be copied."""
    for line in lines:
        console.out(line, highlight=False)
