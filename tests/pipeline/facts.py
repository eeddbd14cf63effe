"""Numbered facts: samples that say which ones they are, so that none is lost, doubled or altered unseen."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bridge.core.sample import Sample, Series
from bridge.pipeline.spool import Spool

QUICK = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Where many small folders need not wait for a disk; what is done there is the same."""
WEEK = 7 * 86400.0
MEGABYTE = 1024 * 1024


def fact(number: int) -> Sample:
    """The fact of that number; a part of it stands in each field."""
    series = Series(f"fact.of_{number % 7}", (("pbx", "hq"), ("queue", f"ä\udc80{number % 11}")))
    return Sample(series, number / 3, 1_700_000_000.0 + number)


def facts(start: int, end: int) -> list[Sample]:
    return [fact(number) for number in range(start, end)]


def number_of(sample: Sample) -> int:
    """The number of a fact that nobody has altered.

    Raises:
        AssertionError: it is altered, or none.
    """
    number = round(sample.time - 1_700_000_000.0)
    assert sample == fact(number), "altered or foreign"
    return number


def numbers_of(samples: Iterable[Sample]) -> list[int]:
    return [number_of(sample) for sample in samples]


def keep(spool: Spool, *chunks: Sequence[Sample]) -> None:
    """Chunks that are written, and left to the spool."""
    spool.give_back(spool.write(chunks))


def drain(spool: Spool, batch: int = 500) -> list[int]:
    """The numbers of all that the spool gives, which is then needed no more."""
    found: list[int] = []
    while (stored := spool.read(batch)).records:
        found += numbers_of(stored.samples)
        spool.forget(stored.records)
    return found


def opened(folder: Path, size: int = 64 * MEGABYTE, segment: int = MEGABYTE) -> Spool:
    spool = Spool(folder, size, WEEK, segment)
    spool.open()
    return spool


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def used(folder: Path) -> int:
    """Bytes of the disk that a folder takes, in whole blocks."""
    return sum(path.lstat().st_blocks * 512 for path in folder.iterdir())
