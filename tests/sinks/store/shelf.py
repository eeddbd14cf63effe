"""A StoreSink in a folder, at a time that the test sets."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample
from bridge.keeping import recipes
from bridge.pipeline.health import Health
from bridge.settings import Settings
from bridge.settings.store import StoreSettings
from bridge.sinks.store import Archive, StoreSink
from tests.fakes import FakeClock

NOW = 1_700_000_000.0
WAITING = QUEUE_WAITING.series("hq", "support")
PATH = "asterisk.hq.queue.support.waiting"
TAGGED = "asterisk.queue.waiting;pbx=hq;queue=support"


class Store:
    """A StoreSink that is open.

    Attributes:
        clock: the time; a test may move it.
        health: where the sink counts.
        sink: itself.
    """

    def __init__(
        self, folder: Path, *, opened: bool = True, archive: Archive | None = None, **settings: Any
    ) -> None:
        self.clock = FakeClock(NOW)
        self.health = Health(self.clock)
        chosen = StoreSettings(**settings)
        self.sink = StoreSink(
            chosen,
            CATALOG,
            folder,
            self.health,
            recipes=recipes(Settings(store=chosen)),
            archive=archive,
            time=self.clock.time,
        )
        if opened:
            asyncio.run(self.sink.open())

    def write(self, *samples: Sample) -> Mapping[str, int]:
        """By reason, what is not kept."""
        return asyncio.run(self.sink.write(samples))

    def read(self, pattern: str, start: float, end: float) -> dict[str, list[tuple[int, float]]]:
        """(time, value) of what is known of each series."""
        return {
            series.name: [
                (series.start + at * series.step, value)
                for at, value in enumerate(series.values)
                if value is not None
            ]
            for series in self.sink.archive.read(pattern, start, end, self.clock.now)
        }

    def gauges(self) -> dict[str, float]:
        """What it says of itself, by metric."""
        return {series.name: value for series, value in self.sink.gauges()}


def size_of(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def names(folder: Path) -> list[str]:
    """The files that there are, below the folder of whisper's."""
    top = folder / "whisper"
    return sorted(path.relative_to(top).as_posix() for path in top.rglob("*.wsp"))


def samples(amount: int, time: float = NOW) -> Iterable[Sample]:
    """One sample of so many queues."""
    return [Sample(QUEUE_WAITING.series("hq", f"q{number}"), number, time) for number in range(amount)]
