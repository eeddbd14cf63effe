"""Index: which series the store holds, found by their paths and by their tags."""

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import filter as filtered
from typing import NamedTuple

from bridge.render.tags import tags_of
from bridge.sinks.store import globs
from bridge.sinks.store.names import TAGGED, Words, words_of
from bridge.sinks.store.tags import conditions, match


class Node(NamedTuple):
    """What a path pattern finds.

    Attributes:
        path: words with dots between; the name of a series with tags, where that was asked for.
        is_leaf: whether it is a series; else there are some below it.
    """

    path: str
    is_leaf: bool


class _Folder:
    """What is below a path; it mirrors a folder of files."""

    __slots__ = ("files", "folders")

    def __init__(self) -> None:
        self.folders: dict[str, _Folder] = {}
        self.files: set[str] = set()


class Index:
    """The names of all series; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._top = _Folder()
        self._names: set[str] = set()

    def add(self, name: str) -> None:
        """There is a series of this name."""
        *above, last = words_of(name)
        with self._lock:
            folder = self._top
            for word in above:
                folder = folder.folders.setdefault(word, _Folder())
            folder.files.add(last)
            self._names.add(name)

    def remove(self, name: str) -> None:
        """There is no such series any more, nor a folder that held it alone."""
        with self._lock:
            self._names.discard(name)
            _prune(self._top, words_of(name))

    def rename(self, path: str, name: str) -> None:
        """The series that was known by the path of its file has this name."""
        with self._lock:
            self._names.discard(path)
            self._names.add(name)

    def clear(self) -> None:
        """There is nothing."""
        with self._lock:
            self._top, self._names = _Folder(), set()

    def __len__(self) -> int:
        return len(self._names)

    def names(self) -> list[str]:
        """All series, in order."""
        with self._lock:
            return sorted(self._names)

    def find(self, pattern: str) -> list[Node]:
        """What a path pattern stands for, in order; a name with tags stands for itself.

        Raises:
            QueryError: it would find too much.
        """
        with self._lock:
            if ";" in pattern and not pattern.startswith(f"{TAGGED}."):
                return [Node(pattern, is_leaf=True)] if pattern in self._names else []
            found = _found(self._top, globs.words(pattern))
            return sorted({Node(".".join(words), leaf) for words, leaf in found})

    def matching(self, expressions: Sequence[str]) -> list[str]:
        """The series of which all tag expressions hold, in order.

        Raises:
            QueryError: they cannot be understood.
        """
        asked = conditions(expressions)
        return [name for name in self.names() if match(tags_of(name), asked)]

    def tags(self) -> list[str]:
        """The keys of all tags, in order."""
        return sorted({key for name in self.names() for key in tags_of(name)})

    def values(self, tag: str) -> Mapping[str, int]:
        """The values of a tag, in order, with how many series have each."""
        found = Counter(tags[tag] for tags in map(tags_of, self.names()) if tag in tags)
        return dict(sorted(found.items()))


def _prune(folder: _Folder, words: Sequence[str]) -> None:
    first, *rest = words
    if not rest:
        folder.files.discard(first)
    elif below := folder.folders.get(first):
        _prune(below, rest)
        if not (below.files or below.folders):
            del folder.folders[first]


def _found(folder: _Folder, patterns: Sequence[str], above: Words = ()) -> Iterator[tuple[Words, bool]]:
    """All that is below a folder and fits, with whether it is a series."""
    first, *rest = patterns
    for pattern in globs.variants(first):
        if pattern == globs.ANY_DEPTH:
            for way, below in _all_below(folder, above):
                yield from _found(below, rest or ["*"], way)
            continue
        for word in _matching(folder.folders, pattern):
            if rest:
                yield from _found(folder.folders[word], rest, (*above, word))
            else:
                yield (*above, word), False
        if not rest:
            yield from (((*above, word), True) for word in _matching(folder.files, pattern))


def _all_below(folder: _Folder, above: Words) -> Iterator[tuple[Words, _Folder]]:
    yield above, folder
    for word, below in folder.folders.items():
        yield from _all_below(below, (*above, word))


def _matching(words: Collection[str], pattern: str) -> Iterable[str]:
    """The words that a pattern without braces stands for."""
    if globs.is_wild(pattern):
        return filtered(words, pattern)
    return [pattern] if pattern in words else []
