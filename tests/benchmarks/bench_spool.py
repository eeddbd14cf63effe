"""The spool against SQLite, and what damage costs: python -m tests.benchmarks.bench_spool [MEGABYTES]

Both hold the same records, and are given them in the same turns: 2,500 samples in five records. SQLite has a
row for each record, and keeps a log (WAL): synchronous NORMAL, where a loss of power may take the last
writes, or FULL, where it takes none, as with the spool.
"""

import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Protocol

from bridge.core.sample import Sample, Series
from bridge.pipeline.spool import Spool
from bridge.protocols.spool import frame, frames, samples_of

Harm = Callable[[bytearray, random.Random], None]

MEGABYTE = 1024 * 1024
CHUNK, CHUNKS = 500, 5
BYTES_A_SAMPLE = 17
ROUNDS = 3
VARIANTS = 100
DAMAGED = 50_000
"""Samples in a store that is damaged."""


def chunk(start: int) -> list[Sample]:
    """Half of the values are whole, as counts are, half are fractions."""
    dice = random.Random(start)
    return [
        Sample(
            Series("queue.waiting", (("pbx", f"pbx{number % 4}"), ("queue", f"queue{number % 1000:05d}"))),
            dice.random() * 100 if number % 2 else float(dice.randrange(1000)),
            1_700_000_000.0 + start,
        )
        for number in range(start, start + CHUNK)
    ]


class Store(Protocol):
    """What both can do."""

    def write(self, chunks: Sequence[Sequence[Sample]]) -> None: ...

    def read(self) -> Iterator[list[Sample]]:
        """All records; each is settled when the next is asked for."""

    def salvage(self) -> Iterator[list[Sample]]:
        """All records that can be read one by one, where `read` fails."""

    def count(self) -> int: ...

    def close(self) -> None: ...


class OnSpool:
    """The spool of the bridge."""

    def __init__(self, folder: Path) -> None:
        self._spool = Spool(folder, 4096 * MEGABYTE, 10**9)
        self._spool.open()

    def write(self, chunks: Sequence[Sequence[Sample]]) -> None:
        self._spool.give_back(self._spool.write(chunks))

    def read(self) -> Iterator[list[Sample]]:
        while (stored := self._spool.read(CHUNK)).records:
            yield list(stored.samples)
            self._spool.forget(stored.records)
            if stored.records[-1] % (CHUNK * CHUNKS) == 0:
                self._spool.write([])

    def salvage(self) -> Iterator[list[Sample]]:
        return self.read()

    def count(self) -> int:
        return self._spool.samples

    def close(self) -> None:
        self._spool.close()


class OnSqlite:
    """SQLite, with the same bytes for each record."""

    synchronous = "NORMAL"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._base = sqlite3.connect(folder / "spool.db", isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute(f"PRAGMA synchronous={self.synchronous}")
        self._base.execute(
            "CREATE TABLE IF NOT EXISTS record (number INTEGER PRIMARY KEY, samples INTEGER, data BLOB)"
        )

    def write(self, chunks: Sequence[Sequence[Sample]]) -> None:
        rows = [(len(one), frame(0, 0, 0.0, one)) for one in chunks]
        self._base.execute("BEGIN")
        self._base.executemany("INSERT INTO record (samples, data) VALUES (?, ?)", rows)
        self._base.execute("COMMIT")

    def read(self) -> Iterator[list[Sample]]:
        last, settled = 0, 0
        while rows := self._base.execute(
            "SELECT number, data FROM record WHERE number > ? ORDER BY number LIMIT ?", (last, CHUNKS)
        ).fetchall():
            for _, data in rows:
                yield from (samples_of(record) for _, record in frames(data))
            last = rows[-1][0]
            self._base.execute("DELETE FROM record WHERE number BETWEEN ? AND ?", (settled, last))
            settled = last

    def salvage(self) -> Iterator[list[Sample]]:
        for number in range(1, DAMAGED // CHUNK + 1):
            with suppress(sqlite3.Error, ValueError):
                found = self._base.execute("SELECT data FROM record WHERE number = ?", (number,))
                for (data,) in found.fetchall():
                    yield from (samples_of(record) for _, record in frames(data))

    def count(self) -> int:
        return int(self._base.execute("SELECT total(samples) FROM record").fetchone()[0])

    def close(self) -> None:
        self._base.close()


class OnSqliteFull(OnSqlite):
    """SQLite that loses nothing with the power."""

    synchronous = "FULL"


KINDS: dict[str, Callable[[Path], Store]] = {
    "spool": OnSpool,
    "SQLite NORMAL": OnSqlite,
    "SQLite FULL": OnSqliteFull,
}


def fill(store: Store, chunks: Sequence[list[Sample]]) -> None:
    for start in range(0, len(chunks), CHUNKS):
        store.write(chunks[start : start + CHUNKS])


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def speed(make: Callable[[Path], Store], folder: Path, chunks: Sequence[list[Sample]]) -> list[float]:
    """Samples a second written and read, bytes a sample, and seconds to start and say how much there is."""
    amount = len(chunks) * CHUNK
    store = make(folder)
    start = time.perf_counter()
    fill(store, chunks)
    written = time.perf_counter() - start
    taken = size(folder)
    store.close()
    start = time.perf_counter()
    store = make(folder)
    assert store.count() == amount
    opened = time.perf_counter() - start
    start = time.perf_counter()
    assert sum(len(one) for one in store.read()) == amount
    read = time.perf_counter() - start
    store.close()
    shutil.rmtree(folder)
    return [amount / written, amount / read, taken / amount, opened]


def flip(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def truncate(data: bytearray, dice: random.Random) -> None:
    del data[-dice.randrange(1, len(data) // 10) :]


def cost(
    make: Callable[[Path], Store], folder: Path, chunks: Sequence[list[Sample]], harm: Harm
) -> list[float]:
    """Samples lost by one damage, at the median and at most; starts that failed; samples altered unseen."""
    store = make(folder)
    fill(store, chunks)
    store.close()
    original = {one[0]: one for one in chunks}
    lost, failed, altered = list[int](), 0, 0
    for seed in range(VARIANTS):
        damaged = folder.with_name("damaged")
        shutil.copytree(folder, damaged)
        dice = random.Random(seed)
        path = dice.choice([path for path in damaged.iterdir() if path.name != "ledger"])
        data = bytearray(path.read_bytes())
        harm(data, dice)
        path.write_bytes(data)
        found = list[list[Sample]]()
        try:
            store = make(damaged)
        except sqlite3.Error:
            failed += 1
        else:
            found = list(store.salvage())
            store.close()
        right = [one for one in found if original.get(one[0]) == one]
        lost.append((len(original) - len(right)) * CHUNK)
        altered += (len(found) - len(right)) * CHUNK
        shutil.rmtree(damaged)
    shutil.rmtree(folder)
    return [median(lost), max(lost), failed, altered]


def main(megabytes: int) -> None:
    """Print two tables."""
    amount = megabytes * MEGABYTE // BYTES_A_SAMPLE // (CHUNK * CHUNKS) * CHUNKS
    few = [chunk(start) for start in range(0, DAMAGED, CHUNK)]
    chunks = [few[number % len(few)] for number in range(amount)]
    with tempfile.TemporaryDirectory() as place:
        found: dict[str, list[list[float]]] = {name: [] for name in KINDS}
        for _ in range(ROUNDS):
            for name, make in KINDS.items():
                found[name].append(speed(make, Path(place) / "store", chunks))
        print(f"{amount * CHUNK} samples, medians of {ROUNDS} rounds")
        print(f"{'':14} {'written/s':>10} {'read/s':>10} {'bytes each':>10} {'start, s':>10}")
        for name, rounds in found.items():
            written, read, taken, opened = (median(column) for column in zip(*rounds, strict=True))
            print(f"{name:14} {written:10,.0f} {read:10,.0f} {taken:10.1f} {opened:10.3f}")
        print(f"\n{VARIANTS} damages to {DAMAGED} samples: lost")
        print(f"{'':14} {'':9} {'median':>8} {'most':>8} {'no start':>8} {'altered':>8}")
        for name, make in KINDS.items():
            for harm in (flip, truncate):
                figures = cost(make, Path(place) / "store", few, harm)
                print(f"{name:14} {harm.__name__:9}", *(f"{figure:8.0f}" for figure in figures))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 64)
