"""Lanes: the names that the compiled core may take by itself, for every PBX.

native/native.h says how the work is shared: this is the half that learns, from what Python has read.
"""

import re
from collections.abc import Callable

from bridge.asterisk.statsd import meaning
from bridge.core.aggregate import Bucket, Holders, Terms
from bridge.core.sample import Kind, Measurement, Series
from bridge.core.timer import Values
from bridge.protocols.statsd import Parsed
from bridge.sources.statsd._native import Cell, Reader, Table, Timer
from bridge.sources.statsd.books import Book
from bridge.sources.statsd.senders import Packet

PLAIN = re.compile(rb"([A-Za-z0-9_.\-/@ ]{1,256}):[^:|]{1,256}\|(c|g|ms|m|h|d|s)(?:\|@[0-9.]{1,16})?")
"""The line whose name can be learned: no dialect has another reading of it."""
LESSON = 64
"""Lines of a packet that are looked at."""
TYPES = (None, Kind.COUNTER, Kind.GAUGE, Kind.TIMER, Kind.SET)
"""The kinds, by the numbers that native.h gives them."""


class CompiledTimer(Timer, Values):
    """Values in an array of doubles."""

    __slots__ = ()


HOLDERS = Holders(Cell, CompiledTimer)


class Lanes:
    """What the compiled core knows.

    Args:
        book: where measurements add up, in the holders above.
        terms: its caps.
    """

    def __init__(self, book: Book, terms: Terms) -> None:
        self._book = book
        self._max_set = terms.max_set
        self._limit = 2 * terms.max_series
        self._tables: dict[str, Table] = {}

    def table(self, pbx: str) -> Table:
        """The names of a PBX."""
        if pbx not in self._tables:
            aggregator = self._book.aggregator(pbx)

            def opened(number: int, series: Series) -> Bucket | None:
                kind = TYPES[number]
                return aggregator.open(kind, series) if kind else None

            self._tables[pbx] = Table(opened, aggregator.overfill, self._max_set)
        return self._tables[pbx]

    def reader(
        self, route: Callable[[str], str | None], other: Callable[[list[Packet]], None], sender: str | None
    ) -> Reader:
        """A reader of a socket.

        Args:
            route: gives the PBX of a sender, None if the sender is refused.
            other: takes the packets that are not plain.
            sender: the address of all senders; None if each has its own.
        """

        def table_of(address: str) -> Table | None:
            pbx = route(address)
            return None if pbx is None else self.table(pbx)

        return Reader(table_of, other, sender)

    def learn(self, pbx: str, data: bytes, parse: Callable[[bytes], Parsed]) -> None:
        """Learn the names of a packet that was just taken.

        Args:
            pbx: the PBX of its sender.
            data: the packet.
            parse: how its lines were read.
        """
        table = self.table(pbx)
        for line in data.split(b"\n", LESSON)[:LESSON]:
            plain = PLAIN.fullmatch(line)
            if plain and not table.knows(plain[1], plain[2]):
                for measurement in parse(line).measurements:
                    self._learn(pbx, plain, measurement)

    def _learn(self, pbx: str, plain: re.Match[bytes], measurement: Measurement) -> None:
        series: Series | None = None
        if not meaning(measurement.series.name):
            kind, series = measurement.kind, self._book.bucket(measurement.series)
            kind = Kind.GAUGE if kind is Kind.DELTA else kind
            if series is None or not self._book.aggregator(pbx).has(kind, series):
                return  # dropped, or kept out by a cap: names that a flood makes up are not remembered
        table = self.table(pbx)
        if len(table) >= self._limit:
            table.forget()
        table.learn(plain[1], plain[2], series)

    def renew(self) -> None:
        """An interval has ended: values go to the next one from now on."""
        for table in self._tables.values():
            table.renew()
