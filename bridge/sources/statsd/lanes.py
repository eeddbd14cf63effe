"""Lanes: the names whose lines the compiled core takes past the grammar, for every PBX.

native/native.h says how the work is shared: this is the half that learns, from what the grammar has read.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bridge.asterisk.statsd import meaning
from bridge.core.aggregate import Bucket, Holders
from bridge.core.sample import Kind, Measurement, Series
from bridge.core.timer import Values
from bridge.protocols.statsd import Parsed
from bridge.sources.statsd.books import Book
from bridge.sources.statsd.senders import Packet

if TYPE_CHECKING:
    from bridge.sources.statsd.native._native import Reader, Table

PLAIN = re.compile(rb"([A-Za-z0-9_.\-/@ ]{1,256}):[^:|]{1,256}\|(c|g|ms|m|h|d|s)(?:\|@[0-9.]{1,16})?")
"""The line whose name can be learned: no dialect has another reading of it."""
LESSON = 64
"""Lines of a packet that are looked at."""

Opened = Callable[[Kind, Series], Bucket | None]
Other = Callable[[list[Packet]], None]


class Engine(NamedTuple):
    """The compiled core.

    Attributes:
        table: makes the Table of a PBX: what opens its buckets, hears of full sets, and the size of those.
        reader: makes the Reader of a socket.
        holders: what values are held in, so that the core can add to them.
    """

    table: Callable[[Opened, Callable[[], None], int], "Table"]
    reader: Callable[[Callable[[str], "Table | None"], Other, str | None], "Reader"]
    holders: Holders


def _compiled() -> Engine | None:
    """The compiled core; None if there was no compiler when the bridge was installed."""
    try:
        from bridge.sources.statsd.native import _native  # noqa: PLC0415 - it may not be there
    except ImportError:
        return None

    class CompiledTimer(_native.Timer, Values):
        """Values in an array of doubles."""

        __slots__ = ()

    kinds = (Kind.COUNTER, Kind.GAUGE, Kind.TIMER, Kind.SET)

    def table(opened: Opened, full: Callable[[], None], max_set: int) -> "Table":
        return _native.Table(opened, full, max_set, kinds)

    return Engine(table, _native.Reader, Holders(_native.Cell, CompiledTimer))


COMPILED = _compiled()


def engine(native: str) -> Engine | None:
    """The compiled core, if there is one and the setting `native` lets it."""
    return COMPILED if native == "auto" else None


class Lanes:
    """What is known of the names of every PBX.

    Args:
        book: where measurements add up, in the engine's holders.
        made_by: the compiled core.
        max_series: the most buckets of a PBX.
        max_set: the most members of a set.
    """

    def __init__(self, book: Book, made_by: Engine, *, max_series: int, max_set: int) -> None:
        self._book = book
        self._engine = made_by
        self._max_set = max_set
        self._limit = 2 * max_series
        self._tables: dict[str, Table] = {}

    def table(self, pbx: str) -> "Table":
        """The names of a PBX."""
        if pbx not in self._tables:
            aggregator = self._book.aggregator(pbx)
            made = self._engine.table(aggregator.open, aggregator.overfill, self._max_set)
            self._tables[pbx] = made
        return self._tables[pbx]

    def reader(self, route: Callable[[str], str | None], other: Other, sender: str | None) -> "Reader":
        """A reader of a socket.

        Args:
            route: gives the PBX of a sender, None if the sender is refused.
            other: takes the packets that are not plain.
            sender: the address of all senders; None if each has its own.
        """
        return self._engine.reader(partial(self._table_of, route), other, sender)

    def _table_of(self, route: Callable[[str], str | None], sender: str) -> "Table | None":
        pbx = route(sender)
        return None if pbx is None else self.table(pbx)

    def learn(self, pbx: str, data: bytes, parse: Callable[[bytes], Parsed]) -> None:
        """Learn the names of a packet that was just taken.

        Args:
            pbx: the PBX of its sender.
            data: the packet.
            parse: how its lines were read.
        """
        table = self.table(pbx)
        for line in data.split(b"\n", LESSON)[:LESSON]:
            found = PLAIN.fullmatch(line)
            if found and not table.knows(found[1], found[2]):
                for measurement in parse(line).measurements:
                    self._learn(pbx, found, measurement)

    def _learn(self, pbx: str, found: re.Match[bytes], measurement: Measurement) -> None:
        series: Series | None = None
        if not meaning(measurement.series.name):
            kind, series = measurement.kind, self._book.bucket(measurement.series)
            kind = Kind.GAUGE if kind is Kind.DELTA else kind
            if series is None or not self._book.aggregator(pbx).has(kind, series):
                return  # dropped, or kept out by a cap: names that a flood makes up are not remembered
        table = self.table(pbx)
        if len(table) >= self._limit:
            table.forget()
        table.learn(found[1], found[2], series)

    def renew(self) -> None:
        """An interval has ended: values go to the next one from now on."""
        for table in self._tables.values():
            table.renew()
