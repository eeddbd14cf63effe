"""Files: one whisper file for each series, as carbon writes them; the only importer of `whisper`."""

import contextlib
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import whisper

from bridge.core.archives import Archive, size
from bridge.sinks.store.names import MOST_WORDS, SUFFIX, Words

Point = tuple[int, float]
"""(Unix time in whole seconds, value)."""

SHARE = 0.0
"""Of the values that become one, how many must be known: one, so that what is polled seldom is kept too."""
DAMAGED_KEPT = 10
"""Damaged files kept for people to look at, the newest."""
FAULTS = (whisper.CorruptWhisperFile, struct.error, AssertionError, ArithmeticError, MemoryError)
"""What the package raises on a file whose head makes no sense."""


class DamagedError(Exception):
    """A file holds what whisper never writes."""


class Recipe(NamedTuple):
    """How the file of a series is made.

    Attributes:
        archives: how finely values are kept, and how long; from the finest.
        method: how they become one, in whisper's words.
    """

    archives: Sequence[Archive]
    method: str

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return size(self.archives)


class Found(NamedTuple):
    """A file of the store.

    Attributes:
        words: where it is.
        size: bytes.
        written: Unix time of the last change.
    """

    words: Words
    size: int
    written: float


class Reading(NamedTuple):
    """Values at `start`, `start + step` and so on, before `end`, in Unix seconds; None where not known."""

    start: int
    end: int
    step: int
    values: Sequence[float | None]


class Files:
    """The files in a folder. All methods raise OSError if the disk does not do what they ask for.

    Args:
        folder: `whisper` in it has the files, `damaged` those that were set aside.
    """

    def __init__(self, folder: Path) -> None:
        self._top = folder / "whisper"
        self._aside = folder / "damaged"

    def open(self) -> None:
        """Make sure that files can be written."""
        self._top.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(self._top, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(13, "no permission to write", str(self._top))

    def survey(self) -> Iterator[Found]:
        """All files, sound or not."""
        yield from self._below(self._top, ())

    def _below(self, folder: Path, words: Words) -> Iterator[Found]:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and len(words) < MOST_WORDS:
                    yield from self._below(Path(entry.path), (*words, entry.name))
                elif entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    yield Found((*words, entry.name.removesuffix(SUFFIX)), stat.st_size, stat.st_mtime)

    def is_sound(self, found: Found) -> bool:
        """Whether the head of a file is one, and the file as long as it says."""
        try:
            head = whisper.info(self._path(found.words))
        except FAULTS:
            return False
        if not (head and head["archives"]):
            return False
        archives = head["archives"]
        begins = [each["offset"] for each in archives]
        ends = [each["offset"] + each["size"] for each in archives]
        sizes = [each["secondsPerPoint"] * each["points"] for each in archives]
        return begins[1:] == ends[:-1] and ends[-1] == found.size and min(sizes) > 0

    def create(self, words: Words, recipe: Recipe) -> None:
        """Make a file; it takes room only as values come."""
        path = Path(self._path(words))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        archives = [(archive.step, archive.points) for archive in recipe.archives]
        whisper.create(str(path), archives, SHARE, recipe.method, sparse=True)

    def update(self, words: Words, points: Sequence[Point], now: int) -> None:
        """Add values, of which those before the longest span are left out.

        Args:
            words: where the file is.
            points: in the order in which they were told.
            now: Unix time.

        Raises:
            DamagedError: the file is not what it was.
        """
        path = self._path(words)
        # One by one, which a series mostly has: many at once can write beyond the end of a short archive.
        for moment, value in points:
            with self._damage(words), contextlib.suppress(whisper.TimestampNotCovered):
                whisper.update(path, value, moment, now=max(now, moment))

    def read(self, words: Words, start: int, end: int, now: int) -> Reading | None:
        """What is known between two Unix times, by the finest archive that goes back to `start`.

        Returns:
            None: nothing can be known of that time.

        Raises:
            DamagedError: the file is not what it was.
        """
        if start > end:
            return None
        with self._damage(words):
            found = whisper.fetch(self._path(words), start, end, now=now)
        if not found:
            return None
        (start, end, step), values = found
        return Reading(start, end, step, values)

    def remove(self, words: Words) -> None:
        """Remove a file, and the folders that held it alone; it may be gone already."""
        path = Path(self._path(words))
        path.unlink(missing_ok=True)
        self._tidy(path)

    def set_aside(self, words: Words) -> None:
        """Move a damaged file to where it harms nobody; of such the newest are kept."""
        path = Path(self._path(words))
        self._aside.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.replace(self._aside / path.name)
        kept = sorted(self._aside.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in kept[DAMAGED_KEPT:]:
            old.unlink()
        self._tidy(path)

    def _tidy(self, path: Path) -> None:
        """Remove the folders above a file, as far as they are empty."""
        with contextlib.suppress(OSError):
            for folder in path.relative_to(self._top).parents[:-1]:
                (self._top / folder).rmdir()

    def _path(self, words: Words) -> str:
        """Of a file; as text, since to make a Path takes a fifth of the time of a write."""
        return f"{self._top}/{'/'.join(words)}{SUFFIX}"

    @contextlib.contextmanager
    def _damage(self, words: Words) -> Iterator[None]:
        try:
            yield
        except FAULTS as error:
            raise DamagedError(f"{self._path(words)}: {error}") from error
