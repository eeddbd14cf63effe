"""A damaged folder: it always opens, gives only what was written, and says exactly how much is missing."""

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bridge.pipeline.segments import LEDGER
from bridge.pipeline.spool import Spool
from bridge.protocols.spool import MARK, SLOT, frame, frames
from tests.pipeline.facts import MEGABYTE, QUICK, WEEK, drain, facts, keep, opened, segments

SEEDS = 25
"""Of each of the kinds of damage: more than 600 variants in all."""
SEGMENT = 1024
CHUNK = 7
WRITTEN = 1000
SETTLED = 150
"""Facts that were read and settled before the damage, among them those of a whole segment."""


@dataclass(frozen=True)
class Damage:
    """What was done to a folder.

    Attributes:
        cost: the most facts that may be missing.
        again: facts that were settled may come once more.
        stays: a file that is not the spool's, and what it holds.
    """

    cost: int = 0
    again: bool = False
    stays: tuple[Path, bytes] | None = None


Do = Callable[[Path, random.Random], Damage]
Change = Callable[[bytearray, random.Random], None]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with TemporaryDirectory(dir=QUICK) as place:
        yield Path(place)


@pytest.fixture(scope="module")
def original(place: Path) -> Path:
    """A spool in mid-life: an older part is settled, and so is one segment in the middle."""
    folder = place / "original"
    spool = opened(folder, segment=SEGMENT)
    records = spool.write([facts(start, min(start + CHUNK, WRITTEN)) for start in range(0, WRITTEN, CHUNK)])
    spool.give_back([record for record in records if not settled(record)])
    spool.forget([record for record in records if settled(record)])
    spool.write([])
    spool._folder.close()
    return folder


def settled(record: int) -> bool:
    return record < SETTLED or 450 <= record < 550


PENDING = [
    number
    for record in range(0, WRITTEN, CHUNK)
    for number in range(record, min(record + CHUNK, WRITTEN))
    if not settled(record)
]


def one_of(folder: Path, dice: random.Random) -> Path:
    return dice.choice(segments(folder))


def within(path: Path) -> int:
    """How many facts a segment holds."""
    return sum(record.end - record.number for _, record in frames(path.read_bytes()))


def stretch(data: bytearray, dice: random.Random) -> slice:
    start, end = sorted(dice.sample(range(len(data) + 1), 2))
    return slice(start, end)


def of_a_segment(change: Change, most: int = WRITTEN) -> Do:
    """Damage to the bytes of one segment, which may cost all of it, and no more than `most`."""

    def do(folder: Path, dice: random.Random) -> Damage:
        path = one_of(folder, dice)
        cost = within(path)
        data = bytearray(path.read_bytes())
        change(data, dice)
        path.write_bytes(data)
        return Damage(min(cost, most))

    return do


def flip(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def flip_many(data: bytearray, dice: random.Random) -> None:
    for place in dice.sample(range(len(data)), 20):
        data[place] ^= dice.randrange(1, 256)


def truncate(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def empty(data: bytearray, dice: random.Random) -> None:
    data.clear()


def zeros(data: bytearray, dice: random.Random) -> None:
    where = stretch(data, dice)
    data[where] = bytes(where.stop - where.start)


def noise(data: bytearray, dice: random.Random) -> None:
    where = stretch(data, dice)
    data[where] = dice.randbytes(where.stop - where.start)


def cut_out(data: bytearray, dice: random.Random) -> None:
    del data[stretch(data, dice)]


def append_noise(data: bytearray, dice: random.Random) -> None:
    data += dice.randbytes(dice.randrange(500)) + MARK[: dice.randrange(3)]


def repeat_a_stretch(data: bytearray, dice: random.Random) -> None:
    place = dice.randrange(len(data))
    data[place:place] = data[stretch(data, dice)]


def double_records(data: bytearray, dice: random.Random) -> None:
    pieces = [piece for piece in bytes(data).split(MARK) if piece]
    data[:] = b"".join(MARK + piece + MARK for piece in pieces + dice.choices(pieces, k=10))


def shuffle_records(data: bytearray, dice: random.Random) -> None:
    pieces = [piece for piece in bytes(data).split(MARK) if piece]
    dice.shuffle(pieces)
    data[:] = b"".join(MARK + piece + MARK for piece in pieces)


def append_records_of_another(data: bytearray, dice: random.Random) -> None:
    """With numbers of records that are there."""
    (_, one), *_ = frames(bytes(data))
    data += frame(dice.getrandbits(63), one.number, 0.0, facts(5000, 5000 + CHUNK))


def flip_everywhere(folder: Path, dice: random.Random) -> Damage:
    return Damage(sum(KINDS["flip"](folder, dice).cost for _ in range(5)))


def truncate_the_last(folder: Path, dice: random.Random) -> Damage:
    path = segments(folder)[-1]
    cost = within(path)
    data = bytearray(path.read_bytes())
    truncate(data, dice)
    path.write_bytes(data)
    return Damage(cost)


def double_segment(folder: Path, dice: random.Random) -> Damage:
    number = dice.choice([dice.randrange(WRITTEN), WRITTEN, 10**19])
    source, path = one_of(folder, dice), folder / f"{number:020}.spool"
    cost = within(path) if path.exists() and path != source else 0
    if path != source:
        shutil.copy(source, path)
    return Damage(cost)


def swap_segments(folder: Path, dice: random.Random) -> Damage:
    one, other = dice.sample(segments(folder), 2)
    aside = folder / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    return Damage()


def delete_segment(folder: Path, dice: random.Random) -> Damage:
    path = one_of(folder, dice)
    cost = within(path)
    path.unlink()
    return Damage(cost)


def delete_ledger(folder: Path, dice: random.Random) -> Damage:
    (folder / LEDGER).unlink()
    return Damage(again=True)


def flip_ledger(folder: Path, dice: random.Random) -> Damage:
    path = folder / LEDGER
    data = bytearray(path.read_bytes())
    data[dice.choice([0, SLOT]) + dice.randrange(60)] ^= 1 << dice.randrange(8)
    path.write_bytes(data)
    return Damage(again=True)


def spoil_ledger(folder: Path, dice: random.Random) -> Damage:
    content = [b"", bytes(2 * SLOT), dice.randbytes(2 * SLOT), dice.randbytes(10)]
    (folder / LEDGER).write_bytes(dice.choice(content))
    return Damage(again=True)


def truncate_ledger(folder: Path, dice: random.Random) -> Damage:
    path = folder / LEDGER
    path.write_bytes(path.read_bytes()[: dice.randrange(2 * SLOT)])
    return Damage(again=True)


def folder_as_ledger(folder: Path, dice: random.Random) -> Damage:
    (folder / LEDGER).unlink()
    (folder / LEDGER).mkdir()
    return Damage(again=True)


def stranger(folder: Path, dice: random.Random) -> Damage:
    path = folder / dice.choice(["core", ".hidden", "1.spool", "ledger~", "lost+found.spool", "ä\udc80"])
    content = dice.choice([b"", dice.randbytes(1000), one_of(folder, dice).read_bytes()])
    path.write_bytes(content)
    return Damage(stays=(path, content))


def segment_of_another(folder: Path, dice: random.Random) -> Damage:
    """A file with the name of a segment, and whole records, from the spool of something else."""
    other = opened(folder.with_name("other"), segment=MEGABYTE)
    keep(other, facts(5000, 5050))
    other._folder.close()
    (path,) = segments(folder.with_name("other"))
    there = folder / f"{dice.choice([dice.randrange(WRITTEN), 10**19]):020}.spool"
    while there.exists():
        there = folder / f"{dice.randrange(WRITTEN):020}.spool"
    content = path.read_bytes()
    path.rename(there)
    shutil.rmtree(folder.with_name("other"))
    return Damage(stays=(there, content))


def not_a_file(folder: Path, dice: random.Random) -> Damage:
    path = folder / f"{dice.choice([dice.randrange(1, WRITTEN), WRITTEN]):020}.spool"
    cost = 0
    if path.exists():
        cost = within(path)
        path.unlink()
    target = dice.choice(["/etc/passwd", str(path), ""])
    path.symlink_to(target) if target else path.mkdir()
    return Damage(cost)


KINDS: dict[str, Do] = {
    "flip": of_a_segment(flip, CHUNK),
    "flip_many": of_a_segment(flip_many),
    "truncate": of_a_segment(truncate),
    "empty": of_a_segment(empty),
    "zeros": of_a_segment(zeros),
    "noise": of_a_segment(noise),
    "cut_out": of_a_segment(cut_out),
    "append_noise": of_a_segment(append_noise, 0),
    "append_records_of_another": of_a_segment(append_records_of_another, 0),
    "repeat_a_stretch": of_a_segment(repeat_a_stretch, CHUNK),
    "double_records": of_a_segment(double_records, 0),
    "shuffle_records": of_a_segment(shuffle_records, 0),
    "flip_everywhere": flip_everywhere,
    "truncate_the_last": truncate_the_last,
    "double_segment": double_segment,
    "swap_segments": swap_segments,
    "delete_segment": delete_segment,
    "delete_ledger": delete_ledger,
    "flip_ledger": flip_ledger,
    "spoil_ledger": spoil_ledger,
    "truncate_ledger": truncate_ledger,
    "folder_as_ledger": folder_as_ledger,
    "stranger": stranger,
    "segment_of_another": segment_of_another,
    "not_a_file": not_a_file,
}


@pytest.mark.parametrize("kind", KINDS)
def test_damage_costs_what_it_hits_and_is_counted(kind: str, original: Path) -> None:
    for seed in range(SEEDS):
        folder = original.with_name("damaged")
        shutil.copytree(original, folder)
        done = KINDS[kind](folder, random.Random(seed))
        spool = Spool(folder, 64 * MEGABYTE, WEEK, SEGMENT)

        start = time.monotonic()
        spool.open()
        took = time.monotonic() - start
        lost = Counter(spool.lost())
        given = drain(spool)
        lost.update(spool.lost())
        missing = set(PENDING) - set(given)

        assert took <= 2, seed
        assert given == sorted(set(given)), seed
        assert set(given) <= set(range(WRITTEN) if done.again else PENDING), seed
        assert lost == ({"damaged": len(missing)} if missing else {}), seed
        assert len(missing) <= done.cost, seed
        assert done.stays is None or done.stays[0].read_bytes() == done.stays[1], seed
        works_again(spool, folder)
        shutil.rmtree(folder)


def works_again(spool: Spool, folder: Path) -> None:
    """A spool takes what is new, and keeps it for the next process."""
    if (folder / LEDGER).is_dir():
        with pytest.raises(IsADirectoryError):
            keep(spool, facts(WRITTEN, WRITTEN + 5))
        (folder / LEDGER).rmdir()
    keep(spool, facts(WRITTEN, WRITTEN + 5))
    spool._folder.close()
    with closing(opened(folder)) as other:
        assert drain(other) == list(range(WRITTEN, WRITTEN + 5))
        assert other.lost() == {}
