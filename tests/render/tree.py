"""A tree of whisper files such as a bridge leaves behind: several steps, gaps, counters, paths and tags."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import whisper

NOW = 1_700_003_597
"""Unix time of everything: not aligned to any step."""

Points = Iterator[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Stored:
    """One series on disk.

    Attributes:
        name: its path, or its name with tags.
        archives: (seconds per point, points), the finest first.
        points: gives (time, value) for each step of the finest archive.
        method: how the coarser archives are made.
    """

    name: str
    archives: tuple[tuple[int, int], ...]
    points: Callable[["Stored"], Points]
    method: str = "average"

    def times(self) -> range:
        step, count = self.archives[0]
        return range(NOW - NOW % step - step * (count - 1), NOW + 1, step)


def wave(stored: Stored) -> Points:
    """A gauge that goes up and down, with some gaps."""
    chance = random.Random(stored.name)
    for time in stored.times():
        if chance.random() > 0.08:
            yield time, round(20 + 15 * math.sin(time / 700) + chance.uniform(-4, 4), 2)


def counter(stored: Stored) -> Points:
    """A counter that begins again twice, with rare gaps."""
    chance = random.Random(stored.name)
    total = 1000
    for at, time in enumerate(stored.times()):
        total = 3 if at in {97, 211} else total + chance.randrange(9)
        if chance.random() > 0.02:
            yield time, float(total)


def flag(stored: Stored) -> Points:
    """0 or 1."""
    chance = random.Random(stored.name)
    for time in stored.times():
        yield time, float(chance.random() > 0.1)


def signed(stored: Stored) -> Points:
    """Above and below 0, and sometimes 0."""
    chance = random.Random(stored.name)
    for time in stored.times():
        yield time, float(chance.choice((-3, -1, 0, 0, 2, 5.5)))


def sparse(stored: Stored) -> Points:
    """A value now and then."""
    return ((time, value) for time, value in wave(stored) if time % 130 < stored.archives[0][0])


def late(stored: Stored) -> Points:
    """Values of the last quarter only."""
    times = stored.times()
    return ((time, value) for time, value in wave(stored) if time > times[len(times) * 3 // 4])


def nothing(_stored: Stored) -> Points:
    """A file without a value."""
    return iter(())


TEN = ((10, 360), (60, 1440))
FIFTEEN = ((15, 480), (300, 600))
MINUTE = ((60, 1440),)


def _pbxs() -> Iterator[Stored]:
    for pbx in ("hq", "branch", "lab"):
        yield Stored(f"asterisk.{pbx}.calls.active", TEN, wave)
        yield Stored(f"asterisk.{pbx}.calls.count", TEN, counter, "last")
        yield Stored(f"asterisk.{pbx}.calls.failed", TEN, sparse, "sum")
        yield Stored(f"asterisk.{pbx}.channels.active", MINUTE, wave)
        yield Stored(f"asterisk.{pbx}.source.ami.up", FIFTEEN, flag, "min")


def _queues() -> Iterator[Stored]:
    for pbx in ("hq", "branch"):
        for queue in ("sales", "support", "support2"):
            yield Stored(f"asterisk.{pbx}.queue.{queue}.waiting", FIFTEEN, wave, "max")
            yield Stored(f"asterisk.{pbx}.queue.{queue}.answered", FIFTEEN, counter, "last")
            yield Stored(f"asterisk.queue.waiting;pbx={pbx};queue={queue}", FIFTEEN, wave, "max")
        yield Stored(f"asterisk.calls.active;pbx={pbx}", TEN, wave)
        yield Stored(f"asterisk.calls.count;pbx={pbx}", TEN, counter, "last")


def _odd() -> Iterator[Stored]:
    yield Stored("odd.seven", ((7, 600),), wave)
    yield Stored("odd.eleven", ((11, 700),), signed)
    yield Stored("odd.late", ((10, 360),), late)
    yield Stored("odd.sparse", ((10, 360),), sparse)
    yield Stored("odd.signed", ((10, 360),), signed)
    yield Stored("odd.empty", ((10, 360),), nothing)
    yield Stored("odd.a-b:c@d%20e", ((10, 360),), wave)
    yield Stored("odd.trunk9", ((10, 360),), flag)
    yield Stored("odd.trunk10", ((10, 360),), flag)


TREE = (*_pbxs(), *_queues(), *_odd())


def place(name: str) -> Path:
    """Where carbon keeps a series, below the data folder."""
    if ";" in name:
        digest = sha256(name.encode()).hexdigest()
        return Path("_tagged", digest[:3], digest[3:6], name.replace(".", "_DOT_") + ".wsp")
    return Path(*name.split(".")).with_name(name.rsplit(".", 1)[-1] + ".wsp")


def plant(folder: Path) -> None:
    """Write all files of the tree."""
    for stored in TREE:
        path = folder / place(stored.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        whisper.create(str(path), list(stored.archives), xFilesFactor=0.0, aggregationMethod=stored.method)
        whisper.update_many(str(path), list(stored.points(stored)), now=NOW)
