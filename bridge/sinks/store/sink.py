"""StoreSink: samples into whisper files of our own, where no Graphite is named."""

import asyncio
import threading
import time as wall
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TypeVar

from bridge.core import own
from bridge.core.archives import Retention
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import TemporaryError
from bridge.log import get_logger
from bridge.pipeline.health import Health
from bridge.protocols.graphite import Names, path_layout, tag_layout
from bridge.settings.store import StoreSettings
from bridge.sinks.store.archive import Archive
from bridge.sinks.store.files import Point
from bridge.sinks.store.names import canonical
from bridge.sinks.store.shelf import Recipes, Shelf

AHEAD = 60
"""Seconds by which a sample may be from the future: clocks differ."""


HINTS = {
    "full": "all series are alive, and new ones find no room: raise BRIDGE_STORE__SIZE",
    "room": "they were silent for longest: raise BRIDGE_STORE__SIZE to keep more",
    "unwritable": "see who owns the files",
}
"""Reason to what can be done."""

Done = TypeVar("Done")

log = get_logger(component="store")


class StoreSink:
    """Keeps what it is given, for so long and in so much room as the settings say.

    A batch that is given again changes nothing. Files are read while they are written, by `archive`.

    Args:
        settings: how much, how long, and under which names.
        metrics: the catalogue, by name.
        folder: where; no other process may write there.
        health: where it is counted what leaves.
        recipes: how the file of each series is made.
        archive: by which it is read, from when it is open.
        time: Unix time in seconds.

    Attributes:
        archive: what can be read of it.
    """

    name = "store"
    hold = 0.0
    reached = True

    def __init__(
        self,
        settings: StoreSettings,
        metrics: Mapping[str, Metric],
        folder: Path,
        health: Health,
        *,
        recipes: Recipes,
        archive: Archive | None = None,
        time: Callable[[], float] = wall.time,
    ) -> None:
        self._folder = folder
        self._metrics = metrics
        self._health = health
        self._time = time
        self._longest = Retention.parse(settings.retention).longest
        prefix = settings.prefix
        layout = path_layout(prefix, metrics) if settings.layout == "path" else tag_layout(prefix)
        self._names = Names(lambda series: canonical(layout(series)))
        self._writing = threading.Lock()
        self._left: Counter[str] = Counter()
        self._told: set[str] = set()
        self._shelf = Shelf(folder, settings.size, recipes, self._note)
        self.archive = archive or Archive()

    async def open(self) -> None:
        """Find what an earlier process has left."""
        await self._blocking(self._open)

    async def write(self, batch: Sequence[Sample]) -> Mapping[str, int]:
        """Write a batch to the files."""
        lost = await self._blocking(lambda: self._write(batch))
        for reason, amount in lost.items():
            self._tell_once("samples are not kept", reason, samples=amount)
        return lost

    async def close(self) -> None:
        """Nothing is open between two batches."""

    def gauges(self) -> Iterator[tuple[Series, float]]:
        """How many series there are, and how much of the disk they take."""
        yield own.STORE_SERIES.series(BRIDGE), len(self._shelf.index)
        yield own.STORE_BYTES.series(BRIDGE), self._shelf.taken

    def _open(self) -> None:
        self._shelf.open(self._time())
        self.archive.show(self._shelf.index, self._shelf.files)

    def _write(self, batch: Iterable[Sample]) -> Mapping[str, int]:
        """Write a batch; by reason, how many of its samples are not kept."""
        now = self._time()
        lost: Counter[str] = Counter()
        for series, points in self._sorted(batch, now, lost).items():
            reason = self._put(series, points, now)
            if reason:
                lost[reason] += len(points)
        return lost

    def _sorted(
        self, batch: Iterable[Sample], now: float, lost: Counter[str]
    ) -> Mapping[Series, list[Point]]:
        """The points of each series, and what `lost` its way."""
        oldest = now - self._longest
        found: dict[Series, list[Point]] = {}
        for series, value, time in batch:
            if not isfinite(value):
                lost["not_finite"] += 1
            elif not oldest < time <= now + AHEAD:
                lost["too_old" if time <= oldest else "future"] += 1
            else:
                found.setdefault(series, []).append((int(time), value))
        return found

    def _put(self, series: Series, points: Sequence[Point], now: float) -> str:
        """Write points of a series; why they are not kept, or "" if they are."""
        name = self._names[series]
        if not name:
            metric = self._metrics.get(series.name)
            return "" if metric and metric.kind is MetricKind.INFO else "unnamed"
        return self._shelf.put(name, points, now)

    def _note(self, reason: str) -> None:
        """A series has left; this is said in the thread that writes, and counted in the loop."""
        self._left[reason] += 1

    async def _blocking(self, work: Callable[[], Done]) -> Done:
        try:
            return await asyncio.to_thread(self._alone, work)
        except OSError as error:
            raise TemporaryError(
                f"cannot write {error.filename or self._folder}: {error.strerror or error}; "
                "make room or give permission, or set BRIDGE_STORE__ENABLED to false",
                "disk",
            ) from error
        finally:
            self._tell()

    def _alone(self, work: Callable[[], Done]) -> Done:
        """A thread cannot be cancelled: one that writes for a sink that was closed since ends first."""
        with self._writing:
            return work()

    def _tell(self) -> None:
        left, self._left = self._left, Counter()
        for reason, amount in left.items():
            self._health.count(own.STORE_REMOVED.series(BRIDGE, reason), amount)
            self._tell_once("series left the store", reason, series=amount)

    def _tell_once(self, what: str, reason: str, **amount: int) -> None:
        """Log something the first time; after that the counters tell."""
        if reason not in self._told:
            self._told.add(reason)
            hint = HINTS.get(reason, "")
            log.warning(
                what, reason=reason, folder=str(self._folder), **amount, **({"hint": hint} if hint else {})
            )
