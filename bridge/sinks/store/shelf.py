"""Shelf: files, the index of their names and the room that they take, as one."""

import contextlib
import errno
from collections.abc import Callable, Sequence
from math import inf
from pathlib import Path

from bridge.sinks.store.files import DamagedError, Files, Point, Recipe
from bridge.sinks.store.index import Index
from bridge.sinks.store.names import Words, fits, name_of, words_of
from bridge.sinks.store.room import LIVELY, Room

OF_ONE_FILE = {
    errno.EACCES,
    errno.EPERM,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EEXIST,
}
"""What is wrong with one file or folder; anything else is wrong with the disk, for all of them."""

Removed = Callable[[str], None]
"""Is told why a file has left the shelf: `room` or `damaged`."""


Recipes = Callable[[str], Recipe]
"""Gives the name of a series how its file is made; asked once for each file."""


class Shelf:
    """The series on disk. But for the index it is used from one thread at a time.

    Args:
        folder: where everything is; nobody else may write there.
        size: bytes that the files may have.
        recipes: how files are made.
        removed: is told of files that leave.

    Attributes:
        index: what there is.
        files: where it is.
    """

    def __init__(self, folder: Path, size: int, recipes: Recipes, removed: Removed) -> None:
        self.index = Index()
        self.files = Files(folder)
        self._room = Room(size)
        self._recipes = recipes
        self._removed = removed

    @property
    def taken(self) -> int:
        """Bytes of all files."""
        return self._room.taken

    def open(self, now: float) -> None:
        """Find what an earlier process has left; what is damaged is set aside.

        Raises:
            OSError: the folder cannot be used.
        """
        self.files.open()
        self._room.clear()
        self.index.clear()
        for found in sorted(self.files.survey(), key=lambda each: each.written):
            if self.files.is_sound(found):
                name = name_of(found.words)
                self._room.add(name, found.size, min(found.written, now))
                self.index.add(name)
            else:
                self._set_aside(found.words)
        self._make_room(0, inf)

    def put(self, name: str, points: Sequence[Point], now: float) -> str:
        """Write points of a series; its file is made when it is the first time.

        Returns:
            Why they are not kept: `too_long`, `full` or `unwritable`; "" if they are.

        Raises:
            OSError: the disk is full, read-only or broken.
        """
        words = words_of(name)
        if not fits(words):
            return "too_long"
        try:
            if not self._ready(name, words, now):
                return "full"
            self._write(name, words, points, now)
        except OSError as error:
            if error.errno not in OF_ONE_FILE:
                raise
            return "unwritable"
        self._room.touch(name, now)
        return ""

    def _ready(self, name: str, words: Words, now: float) -> bool:
        """Whether there is a file, or room for one that is now made."""
        if name in self._room or self._adopted(name, words):
            return True
        recipe = self._recipes(name)
        if not self._make_room(recipe.size, now - LIVELY):
            return False
        self.files.create(words, recipe)
        self._room.add(name, recipe.size, now)
        self.index.add(name)
        return True

    def _adopted(self, name: str, words: Words) -> bool:
        """Whether the file was found under a name that did not tell the series, which is now known."""
        path = ".".join(words)
        if path not in self._room:
            return False
        self._room.rename(path, name)
        self.index.rename(path, name)
        return True

    def _write(self, name: str, words: Words, points: Sequence[Point], now: float) -> None:
        try:
            self.files.update(words, points, int(now))
        except (DamagedError, FileNotFoundError) as error:
            if isinstance(error, DamagedError):
                self._set_aside(words)
            recipe = self._recipes(name)
            self.files.create(words, recipe)
            self._room.remove(name)
            self._room.add(name, recipe.size, now)
            self.files.update(words, points, int(now))

    def _make_room(self, size: int, before: float) -> bool:
        """Remove what was last written before a time, the longest silent first, until there is room."""
        for name in self._room.victims(size, before):
            self.files.remove(words_of(name))
            self.index.remove(name)
            self._removed("room")
        return self._room.has_room(size)

    def _set_aside(self, words: Words) -> None:
        self._removed("damaged")
        with contextlib.suppress(OSError):
            self.files.set_aside(words)
