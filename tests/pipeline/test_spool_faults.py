"""Faults of a spool's folder and disk: an error or a counted loss, and then it goes on."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.pipeline.segments import Folder, Segment
from bridge.pipeline.spool import Spool
from tests.pipeline.facts import MEGABYTE, WEEK, drain, facts, keep, number_of, opened, segments

SMALL = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = opened(folder, segment=SMALL)
    yield spool
    spool.close()


def test_a_folder_that_vanishes_is_made_again_and_its_loss_counted(spool: Spool, folder: Path) -> None:
    keep(spool, facts(0, 3))
    held = spool.write([facts(3, 5)])
    folder.rename(folder.with_name("elsewhere"))

    keep(spool, facts(5, 7))
    spool.give_back(held)

    assert spool.lost() == {"damaged": 5}
    assert drain(spool) == [5, 6]


def test_a_file_in_place_of_the_folder_is_an_error_until_it_goes(spool: Spool, folder: Path) -> None:
    keep(spool, facts(0, 3))
    folder.rename(folder.with_name("elsewhere"))
    folder.touch()

    for _ in range(3):
        with pytest.raises(OSError, match=r"directory|exists"):
            spool.write([facts(3, 5)])
    folder.unlink()
    folder.with_name("elsewhere").rename(folder)

    keep(spool, facts(3, 5))
    assert drain(spool) == [0, 1, 2, 3, 4]
    assert spool.lost() == {}


def test_the_folder_of_another_spool_is_not_taken_for_ours(spool: Spool, folder: Path) -> None:
    keep(spool, facts(0, 3))
    other = opened(folder.with_name("other"))
    keep(other, facts(100, 200))
    other.close()
    folder.rename(folder.with_name("elsewhere"))
    folder.with_name("other").rename(folder)

    keep(spool, facts(3, 5))

    assert drain(spool) == [3, 4]
    assert spool.lost() == {"damaged": 3}
    spool.close()
    folder.rename(folder.with_name("other"))
    assert drain(opened(folder.with_name("other"))) == list(range(100, 200))


def test_a_segment_that_vanishes_while_it_is_read_is_counted(spool: Spool, folder: Path) -> None:
    keep(spool, *(facts(number, number + 100) for number in range(0, 1000, 100)))
    for path in segments(folder)[1:]:
        path.unlink()

    with pytest.raises(FileNotFoundError):
        drain(spool)

    rest = drain(spool)

    assert rest == list(range(len(rest)))
    assert spool.lost() == {"damaged": 1000 - len(rest)}
    assert rest


class Failing(Folder):
    """A folder whose disk fails in ways that a real one does not on demand.

    Attributes:
        fail: what fails, by method: after how many bytes or calls, and with which number of errno.h.
    """

    fail: dict[str, tuple[int, int]]

    def append(self, segment: Segment, data: bytes, end: int) -> None:
        if "append" in self.fail:
            allowed, number = self.fail["append"]
            super().append(segment, data[:allowed], end)
            segment.size -= min(allowed, len(data))
            raise OSError(number, os.strerror(number))
        super().append(segment, data, end)

    def read(self, segment: Segment) -> bytes:  # type: ignore[override]
        if "read" in self.fail:
            raise OSError(self.fail["read"][1], "broken")
        return super().read(segment)


@pytest.fixture
def failing(folder: Path) -> Iterator[tuple[Spool, Failing]]:
    spool = Spool(folder, 64 * MEGABYTE, WEEK, SMALL)
    spool._folder = disk = Failing(folder)
    disk.fail = {}
    spool.open()
    yield spool, disk
    spool.close()


@pytest.mark.parametrize("allowed", [0, 1, 60, 10_000])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_what_could_not_be_written_is_not_there(
    failing: tuple[Spool, Failing], folder: Path, allowed: int, number: int
) -> None:
    spool, disk = failing
    keep(spool, facts(0, 3))
    size = room(folder)

    disk.fail["append"] = allowed, number
    for _ in range(3):
        with pytest.raises(OSError, match=os.strerror(number)):
            spool.write([facts(3, 5), facts(5, 6)])
    full = room(folder)
    disk.fail.clear()
    keep(spool, facts(3, 8))

    assert full == size
    assert spool.samples == 8
    assert drain(spool) == list(range(8))
    assert spool.lost() == {}
    spool.close()
    assert segments(folder) == []


def room(folder: Path) -> int:
    return sum(path.stat().st_size for path in segments(folder))


def test_what_could_not_be_made_safe_is_not_there(
    spool: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    keep(spool, facts(0, 3))
    with monkeypatch.context() as patch:
        patch.setattr("bridge.pipeline.segments.os.fdatasync", fail)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            spool.write([facts(3, 5)])
    keep(spool, facts(3, 5))

    assert drain(spool) == [0, 1, 2, 3, 4]
    spool.close()
    assert segments(folder) == []


def test_a_segment_that_cannot_be_read_is_passed_over(failing: tuple[Spool, Failing]) -> None:
    spool, disk = failing
    keep(spool, facts(0, 100))

    disk.fail["read"] = 0, errno.EIO
    assert drain(spool) == []
    disk.fail.clear()
    keep(spool, facts(100, 103))

    assert spool.lost() == {"damaged": 100}
    assert drain(spool) == [100, 101, 102]


def test_what_could_not_be_read_for_now_stays(failing: tuple[Spool, Failing]) -> None:
    spool, disk = failing
    keep(spool, facts(0, 3))

    disk.fail["read"] = 0, errno.EMFILE
    with pytest.raises(OSError, match="broken"):
        spool.read(10)
    disk.fail.clear()

    assert spool.samples == 3
    assert number_of(spool.read(1).samples[0]) == 0
