"""The files of a spool: whose they are, what is in them, and that only one process has them."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.pipeline.segments import LEDGER, Folder, distinct
from bridge.protocols.spool import SLOT, State, frame
from tests.pipeline.facts import facts

OURS, THEIRS = 7, 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool"


@pytest.fixture
def folder(path: Path) -> Iterator[Folder]:
    folder = Folder(path)
    folder.open()
    yield folder
    folder.close()


def put(folder: Folder, start: int, end: int, spool: int = OURS) -> Path:
    """A segment of one record."""
    segment = folder.create(start, 5.0)
    folder.append(segment, frame(spool, start, 5.0, facts(start, end)), end)
    folder.sync()
    return segment.path


def found(folder: Folder) -> dict[int, list[tuple[int, int]]]:
    return {
        spool: [(segment.first, segment.end) for segment in segments]
        for spool, segments in folder.survey().items()
    }


def test_only_one_process_uses_a_folder(folder: Folder, path: Path) -> None:
    other = Folder(path)

    with pytest.raises(OSError, match="another process") as caught:
        other.open()
    folder.close()
    other.open()

    assert caught.value.errno == errno.EBUSY
    assert str(path) in str(caught.value)
    other.close()


def test_nobody_else_may_look_into_it(folder: Folder, path: Path) -> None:
    put(folder, 0, 3)
    folder.save(State(OURS, 1, 3, []))

    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}


def test_segments_are_known_by_what_is_in_them(folder: Folder) -> None:
    first, second = put(folder, 0, 3), put(folder, 3, 9)
    first.rename(first.with_name(f"{77:020}.spool"))

    segments = distinct(folder.survey()[OURS])

    assert [(segment.first, segment.end, segment.begun) for segment in segments] == [(0, 3, 5.0), (3, 9, 5.0)]
    assert [segment.path.name for segment in segments] == [f"{77:020}.spool", second.name]


def test_segments_of_another_spool_are_told_apart(folder: Folder) -> None:
    put(folder, 0, 3)
    put(folder, 100, 103, THEIRS)
    put(folder, 103, 106, THEIRS)

    assert found(folder) == {OURS: [(0, 3)], THEIRS: [(100, 103), (103, 106)]}


def test_of_two_with_the_same_record_the_longer_one_stays(folder: Folder) -> None:
    short, long = put(folder, 0, 3), put(folder, 3, 9)
    short.write_bytes(long.read_bytes() + b"rubbish")

    (segment,) = distinct(folder.survey()[OURS])

    assert (segment.path, segment.first, segment.end) == (short, 3, 9)
    assert not long.exists()


def test_files_in_which_nothing_is_whole_go(folder: Folder, path: Path) -> None:
    (path / f"{5:020}.spool").write_bytes(b"rubbish")
    (path / f"{6:020}.spool").touch()
    (path / "mine").touch()

    assert found(folder) == {}
    assert [file.name for file in path.iterdir()] == ["mine"]


def test_a_name_that_is_taken_is_passed_over(folder: Folder, path: Path) -> None:
    (path / f"{5:020}.spool").mkdir()
    (path / f"{6:020}.spool").symlink_to("/nowhere")

    assert folder.create(5, 0.0).path.name == f"{7:020}.spool"


def test_a_link_is_not_followed(folder: Folder, path: Path) -> None:
    secret = path.with_name("secret")
    secret.write_bytes(frame(OURS, 0, 0.0, facts(0, 3)))
    (path / f"{0:020}.spool").symlink_to(secret)
    (path / LEDGER).symlink_to(secret)

    assert found(folder) == {}
    assert folder.state() is None
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        folder.save(State(OURS, 1, 3, []))


def test_half_a_record_is_taken_back(folder: Folder) -> None:
    data = frame(OURS, 0, 0.0, facts(0, 3))
    segment = folder.create(0, 0.0)
    folder.append(segment, data, 3)
    folder.append(segment, data, 6)
    segment.size -= len(data)

    folder.undo()

    assert segment.path.read_bytes() == data


@pytest.mark.parametrize("damaged", [0, SLOT])
def test_a_final_state_outlives_damage_to_either_of_two_copies(
    folder: Folder, path: Path, damaged: int
) -> None:
    folder.save(State(OURS, 1, 3, []))
    folder.save(State(OURS, 2, 5, [(0, 4)]), final=True)
    data = bytearray((path / LEDGER).read_bytes())
    data[damaged] ^= 1
    (path / LEDGER).write_bytes(data)

    state = folder.state()

    assert state
    assert (state.turn, state.end, state.settled) == (2, 5, [(0, 4)])
