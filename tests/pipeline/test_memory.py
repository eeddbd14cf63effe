"""What components know outlives them: over new settings, over a restart, and over any fault of the file."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from bridge.core.state import Json
from bridge.pipeline.health import Part
from bridge.pipeline.memory import BAD, INTERVAL, VERSION, Memory, claimed
from tests.fakes import FakeClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.json"


@pytest.fixture
def read_only(file: Path) -> Iterator[Path]:
    """The file in a folder that cannot be written to: a file is where its folder would be."""
    file.parent.write_text("")
    yield file
    file.parent.unlink()


def loaded(file: Path) -> Memory:
    memory = Memory(file)
    memory.load()
    return memory


def saved(file: Path, state: dict[str, Json]) -> None:
    memory = Memory(file)
    for key, value in state.items():
        memory.keep(key, lambda value=value: value)  # type: ignore[misc]
    memory.save()


def test_what_was_kept_is_recalled_after_a_restart(file: Path) -> None:
    saved(file, {"ami/hq": [1, "\udcff", None], "statsd": {"a": 1e300}})

    memory = loaded(file)

    assert memory.recall("ami/hq") == [1, "\udcff", None]
    assert memory.recall("statsd") == {"a": 1e300}
    assert memory.recall("ami/branch") is None


def test_what_a_component_knows_is_asked_for_at_each_save(file: Path) -> None:
    known = [1]
    memory = Memory(file)
    memory.keep("calls", lambda: list(known))
    memory.save()

    known.append(2)
    memory.save()

    assert loaded(file).recall("calls") == [1, 2]


def test_components_after_new_settings_recall_what_those_before_them_knew() -> None:
    memory = Memory()
    asked: list[str] = []
    memory.keep("calls", lambda: asked.append("old") or 5)  # type: ignore[func-returns-value]

    memory.turn_over()
    asked.clear()
    memory.keep("calls", lambda: 6)
    memory.snapshot()

    assert memory.recall("calls") == 5
    assert asked == []


def test_a_part_that_ends_is_recalled_and_the_others_are_asked_as_before() -> None:
    memory = Memory()
    known = {"hq": 1, "branch": 2}
    with memory.building(Part("source", "hq", "ami")):
        memory.keep("ami/hq", lambda: known["hq"])
    with memory.building(Part("source", "branch", "ami")):
        memory.keep("ami/branch", lambda: known["branch"])

    memory.turn_over(Part("source", "hq", "ami"))
    known |= {"hq": 10, "branch": 20}

    assert memory.recall("ami/hq") == 1
    assert memory.snapshot() == {"version": VERSION, "state": {"ami/hq": 1, "ami/branch": 20}}


def test_a_folder_belongs_to_one_bridge_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "state"

    with claimed(folder) as first, capture_logs() as lines, claimed(folder) as second:
        assert (first, second) == (folder, None)
    with claimed(folder) as third:
        assert third == folder

    assert [(line["log_level"], line["folder"]) for line in lines] == [("error", str(folder))]
    assert "BRIDGE_STATE_DIR" in lines[0]["event"]


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with claimed(tmp_path / "file" / "state") as folder, claimed(None) as none:
        assert (folder, none) == (tmp_path / "file" / "state", None)


def test_a_pbx_that_is_away_for_a_while_is_not_forgotten(file: Path) -> None:
    saved(file, {"ami/hq": 1, "ami/branch": 2})

    memory = loaded(file)
    memory.keep("ami/hq", lambda: 3)
    memory.save()

    assert loaded(file).recall("ami/hq") == 3
    assert loaded(file).recall("ami/branch") == 2


def test_others_cannot_read_the_file(file: Path) -> None:
    saved(file, {"a": 1})

    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    assert [each.name for each in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b'{"version":1,"state":{"a":', id="cut off"),
        pytest.param(b"\xff\xfe\x00", id="not text"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b"[1,2]", id="not an object"),
        pytest.param(b'{"version":1,"state":[1]}', id="a state that is none"),
        pytest.param(b'{"version":2,"state":{"a":1}}', id="of another version"),
        pytest.param(b'{"state":{"a":1}}', id="of no version"),
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside_and_told_of_once(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)

    with capture_logs() as lines:
        memory = loaded(file)
        memory.keep("a", lambda: 7)
        memory.save()

    assert memory.recall("a") is None
    assert [line["log_level"] for line in lines] == ["warning"]
    assert file.with_name(file.name + BAD).read_bytes() == content
    assert loaded(file).recall("a") == 7


def test_the_first_start_is_nothing_to_warn_of(file: Path) -> None:
    with capture_logs() as lines:
        loaded(file)

    assert [line["log_level"] for line in lines] == ["info"]


def test_a_file_that_cannot_be_read_does_not_stop_the_start(tmp_path: Path) -> None:
    with capture_logs() as lines:
        memory = loaded(tmp_path)

    assert memory.recall("a") is None
    assert [line["log_level"] for line in lines] == ["warning"]


def test_a_disk_that_takes_nothing_is_told_of_once_and_counted(read_only: Path) -> None:
    memory, values = Memory(read_only), iter(range(9))
    memory.keep("a", lambda: next(values))

    with capture_logs() as lines:
        memory.save()
        memory.save()

    assert len(lines) == 1
    assert memory.failures == 2


def test_a_disk_that_takes_again_is_told_of_too(read_only: Path) -> None:
    memory = Memory(read_only)
    memory.keep("a", lambda: 1)
    memory.save()
    read_only.parent.unlink()

    with capture_logs() as lines:
        memory.save()
    written = json.loads(read_only.read_bytes())
    read_only.unlink()
    read_only.parent.rmdir()
    read_only.parent.write_text("")

    assert [line["event"] for line in lines] == ["state saved again"]
    assert written == {"version": VERSION, "state": {"a": 1}}


def test_a_defect_of_one_component_does_not_cost_the_others_their_state(file: Path) -> None:
    def broken() -> Json:
        raise ZeroDivisionError

    memory = Memory(file)
    memory.keep("broken", broken)
    memory.keep("a", lambda: 1)

    with capture_logs() as lines:
        memory.save()

    assert loaded(file).recall("a") == 1
    assert [(line["log_level"], line["key"]) for line in lines] == [("error", "broken")]
    assert memory.failures == 1


def test_what_has_not_changed_is_not_written_again(file: Path) -> None:
    memory = Memory(file)
    memory.keep("a", lambda: 1)
    memory.save()
    before = file.stat()

    memory.save()

    assert os.path.samestat(before, file.stat())


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    memory = Memory()
    memory.load()
    memory.keep("a", lambda: 1)
    memory.save()

    assert list(tmp_path.iterdir()) == []


def test_it_is_saved_now_and_then(file: Path) -> None:
    clock, memory, numbers = FakeClock(), Memory(file), iter(range(1, 1000))
    began = clock.now
    memory.keep("a", lambda: next(numbers))

    async def scenario() -> None:
        saving = asyncio.create_task(memory.run(clock))
        async with asyncio.timeout(30):
            while loaded(file).recall("a") != 3:
                await asyncio.sleep(0)
        saving.cancel()
        await asyncio.wait([saving])

    structlog.configure(processors=[], wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(scenario())

    assert clock.now - began >= 2 * INTERVAL
