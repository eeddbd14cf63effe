"""Spool: records of samples on disk, bounded in bytes and in age; what is damaged costs itself alone."""

import contextlib
import errno
import os
import threading
import time as wall
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from bridge.core.ranges import Ranges
from bridge.core.sample import Sample
from bridge.pipeline.claims import Claims
from bridge.pipeline.segments import Folder, Segment, distinct
from bridge.pipeline.store import Stored
from bridge.protocols.spool import MOST_RANGES, Record, State, frame, frames, samples_of

SEGMENT = 1024 * 1024
"""Bytes of a file: what goes at once when there is no room, and all that is read to find one record."""
PARTS = 8
"""At least; so what goes at once is never more than this part of what there is room for."""
SHARES = 100
"""A file is used for at most this part of the age, so that what is written seldom goes in time too."""


class Spool:
    """A Store in a folder of its own.

    Records are appended to segments and made safe with one fdatasync for each `write`. What is settled is
    written down with the next one, so that after a crash only what was settled since comes again.

    Args:
        folder: it is made, for nobody else to read; no other process may use it meanwhile.
        size: bytes of all records; when there is no room, the oldest segment goes ("overflow").
        age: seconds after which a segment goes ("expired").
        segment: bytes after which a new segment begins, if this is not too much of `size`.
        time: Unix time in seconds.
    """

    def __init__(
        self,
        folder: Path,
        size: int,
        age: float,
        segment: int = SEGMENT,
        time: Callable[[], float] = wall.time,
    ) -> None:
        self._folder = Folder(folder)
        self._size = size
        self._age = age
        self._segment = min(segment, size // PARTS)
        self._time = time
        self._state = threading.Lock()
        self._claims = Claims()
        self._name: int | None = None
        self._turn = 0
        self._surveyed = False
        self._segments: list[Segment] = []
        self._tail: Segment | None = None
        self._index = _Index()

    def open(self) -> None:
        """Find what an earlier process has left.

        Raises:
            OSError: the folder cannot be used; damage in it is no reason.
        """
        with self._failing():
            self._survey()
            self._expire(self._time())

    def write(self, chunks: Sequence[Sequence[Sample]]) -> Sequence[int]:
        """Add a record for each chunk; with none of them only what is settled is written down, and tidied up.

        Raises:
            OSError: the disk is full, read-only or broken; none of the chunks counts as written.
        """
        with self._failing():
            self._survey()
            now = self._time()
            self._expire(now)
            self._sweep()
            with self._state:
                numbers = [self._claims.add(len(chunk)) for chunk in chunks]
            try:
                for number, chunk in zip(numbers, chunks, strict=True):
                    self._append(number, chunk, now)
                self._folder.sync()
                self._sweep()
                self._save()
            except OSError:
                self._folder.undo()
                self.forget(numbers)
                raise
        return numbers

    def read(self, limit: int) -> Stored:
        """The oldest records that belong to nobody, at least one and up to `limit` samples.

        Raises:
            OSError: the disk is broken.
        """
        records: list[int] = []
        found: list[Sample] = []
        with self._failing():
            self._survey()
            try:
                for record, chunk in self._free():
                    if records and len(found) + len(chunk) > limit:
                        break
                    with self._state:
                        self._claims.take(record.number, record.end)
                    records.append(record.number)
                    found += chunk
                    if len(found) >= limit:
                        break
            except OSError:
                self.give_back(records)
                raise
        return Stored(records, found)

    def forget(self, records: Sequence[int]) -> None:
        """The caller's records are needed no more."""
        with self._state:
            for number in records:
                self._claims.forget(number)

    def give_back(self, records: Sequence[int]) -> None:
        """The caller's records belong to nobody again."""
        with self._state:
            for number in records:
                self._claims.give_back(number)

    def lost(self) -> Mapping[str, int]:
        """By reason, how many samples that belonged to nobody have gone since the last call."""
        with self._state:
            return self._claims.lost()

    @property
    def bytes(self) -> int:
        """How much of the disk is used."""
        return sum(segment.size for segment in tuple(self._segments))

    @property
    def samples(self) -> int:
        """How many samples belong to nobody."""
        with self._state:
            return self._claims.free

    def close(self) -> None:
        """Write down what is settled, and let go of the folder; never raises."""
        self._tail = None
        if self._surveyed:
            with contextlib.suppress(OSError):
                self._sweep()
                self._save()
        self._surveyed = False
        self._folder.close()

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """After a failure nothing is taken for granted: the folder may be another one by now."""
        try:
            yield
        except OSError:
            self._surveyed = False
            raise

    def _survey(self) -> None:
        """Compare what there is with what should be there."""
        if self._surveyed and self._folder.held:
            return
        self._tail = None
        self._index = _Index()
        self._folder.open()
        found = self._folder.survey()
        if self._name is None:
            self._name = self._recall(found)
        self._segments = distinct(found.get(self._name, []))
        spans = Ranges((segment.first, segment.end) for segment in self._segments)
        with self._state:
            for gap in spans.gaps(0, self._claims.end):
                self._claims.lose(*gap, "damaged")
        self._surveyed = True

    def _recall(self, found: Mapping[int, Sequence[Segment]]) -> int:
        """What an earlier process knew; without a ledger nothing else than what is there was ever written.

        Returns:
            The name of the spool.
        """
        state = self._folder.state()
        if state and (state.spool in found or not found):
            self._turn = state.turn
            end = max((segment.end for segment in found.get(state.spool, [])), default=0)
            self._claims = Claims(max(end, state.end), Ranges(state.settled))
            return state.spool
        name = max(found, key=lambda owner: len(found[owner]), default=None)
        if name is None:
            return int.from_bytes(os.urandom(8), "big")
        spans = Ranges((segment.first, segment.end) for segment in found[name])
        end = max(segment.end for segment in found[name])
        self._claims = Claims(end, Ranges(spans.gaps(0, end)))
        return name

    def _expire(self, now: float) -> None:
        if self._tail and now - self._tail.begun >= self._age / SHARES:
            self._tail = None
        for segment in self._segments:
            if now - segment.begun >= self._age:
                self._lose(segment, "expired")

    def _append(self, number: int, chunk: Sequence[Sample], now: float) -> None:
        assert self._name is not None, "a name is given when the folder is surveyed"
        data = frame(self._name, number, now, chunk)
        while self._segments and self.bytes + len(data) > self._size:
            self._lose(self._segments[0], "overflow")
            self._sweep()
        if not self._tail or self._tail.size + len(data) > self._segment:
            self._tail = self._folder.create(number, now)
            self._segments.append(self._tail)
        self._folder.append(self._tail, data, number + len(chunk))

    def _lose(self, segment: Segment, reason: str) -> None:
        if segment is self._tail:
            self._tail = None
        with self._state:
            self._claims.lose(segment.first, segment.end, reason)

    def _sweep(self) -> None:
        """Remove the segments in which nothing is needed, once it is written down that this is so."""
        with self._state:
            settled = self._claims.settled
            gone = [
                segment
                for segment in self._segments
                if segment is not self._tail and not any(settled.gaps(segment.first, segment.end))
            ]
        if gone:
            self._save(final=True)
            self._segments = [segment for segment in self._segments if segment not in gone]
            for segment in gone:
                self._folder.remove(segment)

    def _save(self, *, final: bool = False) -> None:
        assert self._name is not None, "a name is given when the folder is surveyed"
        self._turn += 1
        with self._state:
            settled = tuple(islice(self._claims.settled, MOST_RANGES))
            state = State(self._name, self._turn, self._claims.end, settled)
        self._folder.save(state, final=final)

    def _free(self) -> Iterator[tuple[Record, list[Sample]]]:
        """What is free, the lowest numbers first; what is missing is counted on the way."""
        while True:
            with self._state:
                number = self._claims.first()
            if number is None:
                return
            record, after = self._find(number)
            if record:
                try:
                    chunk = samples_of(record)
                except ValueError:
                    after = record.end
                else:
                    yield record, chunk
                    continue
            with self._state:
                self._claims.lose(number, after, "damaged")

    def _find(self, number: int) -> tuple[Record | None, int]:
        """The record of that number; without it the number of the next one, as far as is known."""
        after = [self._claims.end]
        for segment in self._segments:
            if segment.first > number:
                after.append(segment.first)
                break
            if segment.end > number:
                self._load(segment)
                if record := self._index.records.get(number):
                    return record, record.end
                place = bisect_right(self._index.numbers, number)
                after += self._index.numbers[place : place + 1]
        return None, min(after)

    def _load(self, segment: Segment) -> None:
        if self._index.of == (segment.first, segment.size):
            return
        try:
            data = self._folder.read(segment)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self._index = _Index(segment, [record for name, record in frames(data) if name == self._name])


class _Index:
    """The records of the one segment that is read."""

    def __init__(self, segment: Segment | None = None, records: Sequence[Record] = ()) -> None:
        self.of = (segment.first, segment.size) if segment else None
        self.records = {record.number: record for record in records}
        self.numbers = sorted(self.records)
