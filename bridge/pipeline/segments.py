"""Segments: the files of a spool. Everything here waits for the disk."""

import contextlib
import errno
import fcntl
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from os.path import samestat
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from bridge.protocols.spool import SLOT, Record, State, frames, newest_state, slot

NAME = re.compile(r"[0-9]{20}\.spool")
LEDGER = "ledger"
END = 32 * 1024
"""Bytes at both ends of a segment in which its first and last record are looked for."""
LONGEST = 128 * 1024 * 1024
"""Bytes of a file that are read: a segment, and the longest record behind it; more is not ours."""


@dataclass(slots=True, eq=False)
class Segment:
    """A file of records.

    Attributes:
        path: where it is; the name matters to people only.
        first: the number of the first sample in it.
        end: the number behind the last one.
        size: in bytes.
        begun: Unix time in seconds of its first record.
    """

    path: Path
    first: int
    end: int
    size: int
    begun: float


class Folder:
    """A folder of segments with their ledger, which is used by one process at a time.

    Every method raises OSError if the disk is full, read-only or broken, or the folder is not ours.

    Args:
        path: it is made if it is not there; nobody else may look into it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None
        self._writing: tuple[Segment, int] | None = None

    def open(self) -> None:
        """Take hold of the folder, and again if it is another one by now."""
        self.close()
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if error.errno != errno.EWOULDBLOCK:
                raise
            raise OSError(errno.EBUSY, "another process uses this folder", str(self._path)) from error
        self._lock = lock

    @property
    def held(self) -> bool:
        """Whether what is at the path is the folder that was opened."""
        if self._lock is None or not self._path.is_dir():
            return False
        return samestat(os.fstat(self._lock), self._path.stat())

    def close(self) -> None:
        """Let go of it."""
        self._finish()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def survey(self) -> Mapping[int, Sequence[Segment]]:
        """All segments, by the spool they belong to. Files of ours in which nothing is whole are removed."""
        found: dict[int, list[Segment]] = {}
        for path in sorted(self._path.iterdir()):
            if NAME.fullmatch(path.name) and (seen := _look(path)):
                owner, segment = seen
                found.setdefault(owner, []).append(segment)
        return found

    def state(self) -> State | None:
        """What the ledger says; None if it is missing or damaged."""
        try:
            return newest_state(_content(self._path / LEDGER, 2 * SLOT))
        except OSError:
            return None

    def save(self, state: State, *, final: bool = False) -> None:
        """Write the ledger.

        Args:
            state: with another `turn` than the one before.
            final: on return it survives a loss of power, and damage to one of the two that are kept.
        """
        ledger = os.open(self._path / LEDGER, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(ledger).st_size < 2 * SLOT:
                os.pwrite(ledger, bytes(2 * SLOT), 0)
            data = slot(state)
            for place in (0, 1) if final else (state.turn % 2,):
                os.pwrite(ledger, data, place * SLOT)
            if final:
                os.fdatasync(ledger)
        finally:
            os.close(ledger)

    def create(self, number: int, now: float) -> Segment:
        """A segment that begins with `number`; its name is the next one that nothing has."""
        names = (self._path / f"{name:020}.spool" for name in count(number))
        path = next(path for path in names if not os.path.lexists(path))
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return Segment(path, number, number, 0, now)

    def append(self, segment: Segment, data: bytes, end: int) -> None:
        """Add a record to a segment, up to the sample `end`; it is safe after `sync`."""
        if self._writing is None or self._writing[0] is not segment:
            self.sync()
            self._writing = segment, os.open(segment.path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        done = 0
        while done < len(data):
            done += os.pwrite(self._writing[1], data[done:], segment.size + done)
        segment.size += len(data)
        segment.end = end

    def sync(self) -> None:
        """On return what was appended survives a loss of power."""
        if self._writing:
            os.fdatasync(self._writing[1])
            self._finish()

    def undo(self) -> None:
        """What could not be appended takes no room."""
        if self._writing:
            with contextlib.suppress(OSError):
                os.ftruncate(self._writing[1], self._writing[0].size)
            self._finish()

    def _finish(self) -> None:
        if self._writing:
            os.close(self._writing[1])
            self._writing = None

    @staticmethod
    def read(segment: Segment) -> bytes:
        """All of a segment."""
        return _content(segment.path, LONGEST)

    @staticmethod
    def remove(segment: Segment) -> None:
        """Remove a segment, if it is still there."""
        segment.path.unlink(missing_ok=True)


def _opened(path: Path) -> BinaryIO:
    """A file of ours, never what a link points to."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _content(path: Path, limit: int) -> bytes:
    with _opened(path) as file:
        return file.read(limit)


def _look(path: Path) -> tuple[int, Segment] | None:
    """A file as a segment, and whose it is; None if it is no file, or holds no record that is whole."""
    status = path.lstat()
    if not S_ISREG(status.st_mode):
        return None
    try:
        records = _ends(path)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        records = []
    if not records:
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    owner, first = records[0]
    numbers = [record for name, record in records if name == owner]
    start, end = min(record.number for record in numbers), max(record.end for record in numbers)
    return owner, Segment(path, start, end, status.st_size, first.time)


def _ends(path: Path) -> list[tuple[int, Record]]:
    """The records at both ends of a file; if one is damaged, the first and the last one that are whole."""
    with _opened(path) as file:
        head = list(frames(file.read(END)))
        file.seek(max(0, os.fstat(file.fileno()).st_size - END))
        tail = list(frames(file.read(END)))
        if head and tail:
            return head + tail
        file.seek(0)
        data = file.read(LONGEST)
    return [*islice(frames(data), 1), *islice(frames(data, backwards=True), 1)]


def distinct(segments: Sequence[Segment]) -> list[Segment]:
    """The segments in order; of those that begin with the same record the longest, others are removed."""
    longest: dict[int, Segment] = {}
    for segment in sorted(segments, key=lambda one: (one.first, one.end, one.size)):
        if twin := longest.get(segment.first):
            with contextlib.suppress(OSError):
                twin.path.unlink()
        longest[segment.first] = segment
    return list(longest.values())
