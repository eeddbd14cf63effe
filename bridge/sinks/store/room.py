"""Room: how much of the disk each series takes, and which of them makes room for another."""

from collections import OrderedDict
from collections.abc import Iterator

LIVELY = 3600.0
"""Seconds for which a series counts as alive after it was written: what lives is not removed, since its
values would come again at once, and remove another."""


class Room:
    """The series of a store, the longest silent first.

    Args:
        size: bytes that all of them may have.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._files: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self.taken = 0

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def add(self, name: str, size: int, written: float) -> None:
        """There is a series of so many bytes, of which nothing was known, written after all others."""
        self._files[name] = size, written
        self.taken += size

    def touch(self, name: str, now: float) -> None:
        """A series was written."""
        size, _ = self._files[name]
        self._files[name] = size, now
        self._files.move_to_end(name)

    def rename(self, name: str, other: str) -> None:
        """A series is called otherwise."""
        size, written = self._files.pop(name)
        self._files[other] = size, written

    def remove(self, name: str) -> None:
        """There is no such series any more."""
        size, _ = self._files.pop(name)
        self.taken -= size

    def clear(self) -> None:
        """There is nothing."""
        self._files.clear()
        self.taken = 0

    def has_room(self, size: int) -> bool:
        """Whether there is room for `size` bytes more."""
        return self.taken + size <= self._size

    def victims(self, size: int, before: float) -> Iterator[str]:
        """What must go to have room for `size` bytes more, if it was last written before that time."""
        while not self.has_room(size) and self._files:
            name, (_, written) = next(iter(self._files.items()))
            if written > before:
                return
            yield name
            self.remove(name)
