"""Archive: what can be read of the store, from any thread, while it is written."""

from collections.abc import Iterator, Mapping, Sequence

from bridge.render.series import TimeSeries
from bridge.sinks.store.files import DamagedError, Files
from bridge.sinks.store.index import Index, Node
from bridge.sinks.store.names import words_of


class Archive:
    """Reads what a StoreSink writes; empty until there is one. It outlives the sink, when settings change."""

    def __init__(self) -> None:
        self._index = Index()
        self._files: Files | None = None

    def show(self, index: Index, files: Files) -> None:
        """From now on read these.

        Args:
            index: what there is.
            files: where it is.
        """
        self._index, self._files = index, files

    def find(self, pattern: str) -> Sequence[Node]:
        """What a path pattern stands for: series, and words above some, in order.

        Raises:
            QueryError: it would find too much.
        """
        return self._index.find(pattern)

    def paths(self) -> Sequence[str]:
        """The paths of all files, in order, with dots; that of a series with tags begins with `_tagged`."""
        return sorted(".".join(words_of(name)) for name in self._index.names())

    def matching(self, expressions: Sequence[str]) -> Sequence[str]:
        """The names of series of which all tag expressions hold, in order.

        Raises:
            QueryError: they cannot be understood.
        """
        return self._index.matching(expressions)

    def tags(self) -> Sequence[str]:
        """The keys of all tags, in order."""
        return self._index.tags()

    def values(self, tag: str) -> Mapping[str, int]:
        """The values of a tag, in order, with how many series have each."""
        return self._index.values(tag)

    def read(
        self, asked: str | tuple[str, ...], start: float, end: float, now: float
    ) -> Iterator[TimeSeries]:
        """One after another the series of a path pattern, or of tag expressions, between two Unix times.

        What cannot be read is left out: it is damaged, or has just been removed.

        Raises:
            QueryError: it cannot be understood, or would find too much.
        """
        files = self._files
        if not files:
            return
        for name in self._names(asked):
            try:
                found = files.read(words_of(name), int(start), int(end), int(now))
            except (DamagedError, OSError):
                continue
            if found:
                yield TimeSeries(name, *found)

    def _names(self, asked: str | tuple[str, ...]) -> Sequence[str]:
        if isinstance(asked, tuple):
            return self._index.matching(asked)
        return [node.path for node in self._index.find(asked) if node.is_leaf]
