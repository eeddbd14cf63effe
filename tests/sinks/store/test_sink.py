"""StoreSink: what is written is read back, within bounds, whatever happens to the disk."""

import asyncio
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bridge.asterisk.catalog.calls import HANGUPS_COUNT
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_INFO
from bridge.core.sample import Sample, Series
from bridge.errors import TemporaryError
from bridge.sinks.store import Archive
from tests.sinks.store.shelf import NOW, PATH, TAGGED, WAITING, Store, names, samples, size_of

HANGUPS = HANGUPS_COUNT.series("hq", "busy")
STEP = 10


def test_a_value_is_read_back_under_the_name_that_carbon_would_give_it(tmp_path: Path) -> None:
    store = Store(tmp_path)

    lost = store.write(Sample(WAITING, 3, NOW - 5))

    assert lost == {}
    assert store.read(PATH, NOW - 60, NOW) == {PATH: [(1_699_999_990, 3.0)]}
    assert names(tmp_path) == ["asterisk/hq/queue/support/waiting.wsp"]


def test_tags_are_laid_out_as_graphite_web_looks_for_them(tmp_path: Path) -> None:
    store = Store(tmp_path, layout="tags")

    store.write(Sample(WAITING, 3, NOW - 5))

    (file,) = names(tmp_path)
    assert file.startswith("_tagged/")
    assert file.endswith("/asterisk_DOT_queue_DOT_waiting;pbx=hq;queue=support.wsp")
    assert store.read(TAGGED, NOW - 60, NOW) == {TAGGED: [(1_699_999_990, 3.0)]}


@settings(max_examples=50)
@given(
    st.dictionaries(st.integers(0, 7189), st.floats(allow_nan=False, allow_infinity=False), max_size=60),
    st.sampled_from([1, 7, 1000]),
)
def test_all_that_is_within_the_finest_archive_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: dict[int, float], batch: int
) -> None:
    """Of each step the value that came last; in any order of times, in batches of any size."""
    store = Store(tmp_path_factory.mktemp("store"))
    told = [Sample(WAITING, value, NOW - ago) for ago, value in values.items()]

    for start in range(0, len(told), batch):
        store.write(*told[start : start + batch])

    steps: dict[int, float] = {}
    for start in range(0, len(told), batch):
        for sample in told[start : start + batch]:
            steps[int(sample.time) // STEP * STEP] = sample.value
    found = store.read(PATH, NOW - 7200, NOW)
    assert dict(found.get(PATH, [])) == steps


def test_a_batch_that_is_given_again_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    batch = [Sample(WAITING, at, NOW - 600 + 10 * at) for at in range(60)]
    store.write(*batch)
    before = store.read(PATH, NOW - 3600, NOW)

    store.write(*batch)

    assert store.read(PATH, NOW - 3600, NOW) == before


def test_a_running_total_grows_old_with_its_last_value_and_a_gauge_with_its_mean(tmp_path: Path) -> None:
    store = Store(tmp_path)
    begin = NOW // 60 * 60 - 60
    for at in range(6):
        store.write(Sample(HANGUPS, 100 + at, begin + 10 * at), Sample(WAITING, at, begin + 10 * at))

    store.clock.now = NOW + 7200
    found = store.read("asterisk.hq.{queue,hangups}.**", begin - 60, NOW + 7200)

    assert {name: points[-1] for name, points in found.items()} == {
        PATH: (begin, 2.5),
        "asterisk.hq.hangups.busy.count": (begin, 105.0),
    }


def test_what_was_there_is_found_again_by_the_next_process(tmp_path: Path) -> None:
    Store(tmp_path).write(Sample(WAITING, 3, NOW - 5))
    Store(tmp_path, layout="tags").write(Sample(WAITING, 4, NOW - 5))

    store = Store(tmp_path)

    assert store.read(PATH, NOW - 60, NOW) == {PATH: [(1_699_999_990, 3.0)]}
    assert store.read(TAGGED, NOW - 60, NOW) == {TAGGED: [(1_699_999_990, 4.0)]}
    assert store.sink.archive.matching(["queue=support"]) == [TAGGED]


class TestBounds:
    """The disk that it may use, and which series makes room."""

    SIZE = 5 * 95_092

    def test_the_series_silent_longest_makes_room(self, tmp_path: Path) -> None:
        store = Store(tmp_path, size=self.SIZE)
        store.write(*samples(5))
        store.clock.now += 2 * 3600
        store.write(*samples(1, store.clock.now))
        store.clock.now += 60

        lost = store.write(Sample(WAITING, 1, store.clock.now))

        assert lost == {}
        assert [node.path.split(".")[3] for node in store.sink.archive.find("asterisk.hq.queue.*")] == [
            "q0",
            "q2",
            "q3",
            "q4",
            "support",
        ]
        assert store.health.report()["counts"] == {"store.removed bridge room": 1}

    def test_of_series_that_live_none_is_removed_and_what_finds_no_room_is_counted(
        self, tmp_path: Path
    ) -> None:
        store = Store(tmp_path, size=self.SIZE)

        with capture_logs() as lines:
            lost = [store.write(*samples(8)) for _ in range(3)]

        assert lost == [{"full": 3}] * 3
        assert len(names(tmp_path)) == 5
        assert [(line["reason"], line["samples"]) for line in lines] == [("full", 3)]

    def test_a_size_that_was_set_lower_is_kept_at_once(self, tmp_path: Path) -> None:
        Store(tmp_path, size=self.SIZE).write(*samples(5))

        store = Store(tmp_path, size=self.SIZE // 2)

        assert len(names(tmp_path)) == 2
        assert store.gauges() == {"store.series": 2, "store.bytes": 2 * 95_092}

    @settings(max_examples=50)
    @given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 90)), max_size=60))
    def test_whatever_comes_it_never_takes_more(
        self, tmp_path_factory: pytest.TempPathFactory, happenings: list[tuple[int, int]]
    ) -> None:
        folder = tmp_path_factory.mktemp("store")
        store = Store(folder, size=4 * 748, retention="10m")
        written = kept = 0

        for number, minutes in happenings:
            store.clock.now += 60 * minutes
            lost = store.write(Sample(QUEUE_WAITING.series("hq", f"q{number}"), 1, store.clock.now))
            written += 1
            kept += not lost

            assert size_of(folder) <= 4 * 748
            assert store.gauges()["store.bytes"] == size_of(folder)
        assert written - kept <= sum(minutes < 60 for _, minutes in happenings)


class TestRefusals:
    """What is not kept is counted by its reason."""

    @pytest.mark.parametrize(
        ("sample", "reason"),
        [
            (Sample(WAITING, 1, NOW - 31 * 86400), "too_old"),
            (Sample(WAITING, 1, NOW + 3600), "future"),
            (Sample(WAITING, 1, 2.0**40), "future"),
            (Sample(WAITING, 1, -5), "too_old"),
            (Sample(WAITING, float("nan"), NOW), "not_finite"),
            (Sample(Series("statsd.x", (("pbx", "hq"),), "a/../../b"), 1, NOW), "unnamed"),
            (Sample(Series("statsd.x", (("pbx", "hq"),), "a" * 300), 1, NOW), "too_long"),
            (Sample(Series("statsd.x", (("pbx", "hq"),), "a." * 2000 + "b"), 1, NOW), "too_long"),
            (Sample(Series("statsd.x", (("pbx", "hq"),), "a." * 100 + "b"), 1, NOW), "too_long"),
        ],
    )
    def test_it_is_told_why(self, tmp_path: Path, sample: Sample, reason: str) -> None:
        store = Store(tmp_path)

        lost = store.write(sample, Sample(WAITING, 1, NOW))

        assert lost == {reason: 1}
        assert len(names(tmp_path)) == 1

    def test_what_is_text_has_no_place_and_is_no_loss(self, tmp_path: Path) -> None:
        store = Store(tmp_path)

        lost = store.write(Sample(SYSTEM_INFO.series("hq", *["x"] * len(SYSTEM_INFO.labels)), 1, NOW))

        assert lost == {}
        assert names(tmp_path) == []


class TestDisk:
    """What the disk does never ends the process."""

    def test_a_damaged_file_is_set_aside_and_the_series_begins_anew(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        store.write(Sample(WAITING, 3, NOW - 50))
        file = tmp_path / "whisper/asterisk/hq/queue/support/waiting.wsp"
        file.write_bytes(b"\xff" * 100)

        lost = store.write(Sample(WAITING, 4, NOW - 5))

        assert lost == {}
        assert store.read(PATH, NOW - 60, NOW) == {PATH: [(1_699_999_990, 4.0)]}
        assert (tmp_path / "damaged/waiting.wsp").read_bytes() == b"\xff" * 100
        assert store.health.report()["counts"] == {"store.removed bridge damaged": 1}

    @pytest.mark.parametrize("content", [b"", b"\0" * 95_092, b"\xff" * 28, os.urandom(95_092)])
    def test_damage_is_found_at_the_start(self, tmp_path: Path, content: bytes) -> None:
        Store(tmp_path).write(Sample(WAITING, 3, NOW - 50))
        (tmp_path / "whisper/asterisk/hq/queue/support/waiting.wsp").write_bytes(content)

        store = Store(tmp_path)

        assert names(tmp_path) == []
        assert store.gauges() == {"store.series": 0, "store.bytes": 0}

    def test_of_damaged_files_only_the_newest_are_kept(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        store.write(*samples(15))
        for file in (tmp_path / "whisper").rglob("*.wsp"):
            file.rename(file.with_name(f"{file.parent.name}.wsp")).write_bytes(b"damaged")

        Store(tmp_path)

        assert len(list((tmp_path / "damaged").iterdir())) == 10

    def test_a_file_that_somebody_removed_is_made_again(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        store.write(Sample(WAITING, 3, NOW - 50))
        (tmp_path / "whisper/asterisk/hq/queue/support/waiting.wsp").unlink()
        (tmp_path / "whisper/asterisk/hq/queue/support").rmdir()

        store.write(Sample(WAITING, 4, NOW - 5))

        assert store.read(PATH, NOW - 60, NOW) == {PATH: [(1_699_999_990, 4.0)]}
        assert store.gauges() == {"store.series": 1, "store.bytes": 95_092}

    def test_a_file_that_cannot_be_written_costs_its_own_series_alone(self, tmp_path: Path) -> None:
        store = Store(tmp_path)
        (tmp_path / "whisper/asterisk/hq/queue/support/waiting.wsp").mkdir(parents=True)

        lost = store.write(Sample(WAITING, 3, NOW), *samples(2))

        assert lost == {"unwritable": 1}
        assert len(list((tmp_path / "whisper").rglob("q*/waiting.wsp"))) == 2

    def test_a_folder_that_cannot_be_used_is_told_with_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file")
        store = Store(tmp_path / "taken", opened=False)

        with pytest.raises(TemporaryError, match="taken/whisper: Not a directory"):
            asyncio.run(store.sink.open())


def test_files_are_read_whole_while_they_are_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(Sample(WAITING, 7, NOW - 3000))
    over = threading.Event()

    def write() -> None:
        for at in range(250):
            store.write(Sample(WAITING, 7, NOW - 2500 + 10 * at))
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    looks = 0
    while not over.is_set() or not looks:
        looks += 1
        assert {value for _, value in store.read(PATH, NOW - 3600, NOW)[PATH]} == {7}
    writer.join()

    assert len(store.read(PATH, NOW - 3600, NOW)[PATH]) == 251


def test_an_archive_outlives_the_sink_and_shows_what_the_next_one_writes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    archive = store.sink.archive
    store.write(Sample(WAITING, 3, NOW - 50))

    after = Store(tmp_path, opened=False, archive=archive)
    asyncio.run(after.sink.open())
    after.write(*samples(1))

    assert [node.path for node in archive.find("asterisk.hq.queue.*.waiting")] == [
        "asterisk.hq.queue.q0.waiting",
        PATH,
    ]


def test_an_archive_without_a_store_is_empty() -> None:
    archive = Archive()

    assert archive.find("**") == []
    assert [*archive.read("**", NOW - 60, NOW, NOW)] == []


def test_a_series_whose_file_does_not_tell_its_name_goes_on_when_it_is_told_again(tmp_path: Path) -> None:
    bucket = Series("statsd.a_DOT_b", (("pbx", "hq"),))
    name = "asterisk.statsd.a_DOT_b;pbx=hq"
    Store(tmp_path, layout="tags").write(Sample(bucket, 1, NOW - 50))

    after = Store(tmp_path, layout="tags")
    after.write(Sample(bucket, 2, NOW - 5))

    assert [value for _, value in after.read(name, NOW - 60, NOW)[name]] == [1, 2]
    assert after.sink.archive.matching(["pbx=hq"]) == [name]
    assert after.gauges() == {"store.series": 1, "store.bytes": 95_092}
