"""The spool: records on disk that outlive the process, bounded in bytes and age, and every loss counted."""

import os
from collections.abc import Iterator
from hashlib import sha512
from pathlib import Path

import pytest

from bridge.core.sample import Sample, Series
from bridge.pipeline.spool import SHARES, Spool
from bridge.protocols.spool import frame
from tests.fakes import FakeClock
from tests.pipeline.facts import (
    MEGABYTE,
    WEEK,
    drain,
    fact,
    facts,
    keep,
    numbers_of,
    opened,
    segments,
    used,
)

SENT = int(os.environ.get("TEST_SPOOL_MEGABYTES", "8")) * MEGABYTE
"""Bytes that are fed to a spool of a quarter of that."""
SMALL = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "spool" / "graphite"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = opened(folder, segment=SMALL)
    yield spool
    spool.close()


def killed(spool: Spool) -> None:
    """The process is gone without a word; only its hold of the folder ends."""
    spool._folder.close()


def test_what_is_written_outlives_the_process(folder: Path) -> None:
    first = opened(folder)
    keep(first, facts(0, 5), facts(5, 7))
    killed(first)

    second = opened(folder)

    assert second.samples == 7
    assert drain(second) == list(range(7))
    assert second.samples == 0
    assert second.lost() == {}


def test_what_the_caller_had_when_the_process_died_comes_again(folder: Path) -> None:
    first = opened(folder)
    first.write([facts(0, 3)])
    killed(first)

    assert drain(opened(folder)) == [0, 1, 2]


def test_what_was_settled_before_the_last_write_comes_no_more(folder: Path) -> None:
    first = opened(folder)
    keep(first, *([fact(number)] for number in range(6)))
    first.forget(first.read(2).records)
    held = first.read(1).records
    first.forget(first.read(1).records)
    first.write([])
    first.forget(held)
    killed(first)

    assert drain(opened(folder)) == [2, 4, 5]


def test_records_are_read_whole_up_to_the_limit(spool: Spool) -> None:
    keep(spool, facts(0, 4), facts(4, 6), facts(6, 10))

    assert numbers_of(spool.read(3).samples) == [0, 1, 2, 3]
    assert numbers_of(spool.read(6).samples) == [4, 5, 6, 7, 8, 9]
    assert spool.read(1) == ([], [])


def test_what_is_given_back_comes_before_what_is_behind_it(spool: Spool) -> None:
    keep(spool, *([fact(number)] for number in range(2000)))
    early = spool.read(3)
    spool.read(1500)
    spool.give_back(early.records[1:])

    assert spool.samples == 2 + 497
    assert numbers_of(spool.read(4).samples) == [1, 2, 1503, 1504]


def test_what_is_given_back_and_taken_again_and_again_comes_once(spool: Spool) -> None:
    keep(spool, *([fact(number)] for number in range(5)))

    for _ in range(5):
        spool.give_back(spool.read(5).records)

    assert drain(spool) == [0, 1, 2, 3, 4]


def test_what_belongs_to_the_caller_is_not_read(spool: Spool) -> None:
    records = spool.write([facts(0, 2), facts(2, 4), facts(4, 6)])
    spool.give_back(records[1:2])

    assert spool.samples == 2
    assert drain(spool) == [2, 3]


def test_what_is_written_while_reading_is_found(spool: Spool) -> None:
    keep(spool, facts(0, 2))
    assert drain(spool) == [0, 1]

    keep(spool, facts(2, 4))
    assert drain(spool) == [2, 3]


def test_settled_segments_leave_the_disk(spool: Spool, folder: Path) -> None:
    keep(spool, *(facts(number, number + 100) for number in range(0, 10_000, 100)))
    many = len(segments(folder))

    drain(spool)
    spool.write([])
    few = len(segments(folder))
    spool.close()

    assert many > 10
    assert few == 1
    assert segments(folder) == []


def test_a_settled_segment_goes_though_an_older_one_is_needed(spool: Spool, folder: Path) -> None:
    records = spool.write([facts(number, number + 100) for number in range(0, 10_000, 100)])
    before = len(segments(folder))

    spool.forget(records[1:])
    spool.give_back(records[:1])
    spool.write([])

    assert before > 10
    assert len(segments(folder)) == 2
    assert drain(spool) == list(range(100))


def bulky(number: int) -> Sample:
    """A fact that no compression makes small."""
    return Sample(Series(sha512(str(number).encode()).hexdigest()), float(number), 0.0)


def test_bytes_are_bounded_and_every_sample_is_delivered_or_counted(folder: Path) -> None:
    """Scaled by TEST_SPOOL_MEGABYTES (8): so much goes into a spool of a quarter of that."""
    size, segment = SENT // 4, max(SENT // 256, MEGABYTE // 4)
    spool = opened(folder, size, segment)
    sent = written = most = 0

    while written < SENT:
        chunks = [[bulky(sent + number) for number in range(start, start + 500)] for start in (0, 500, 1000)]
        written += sum(len(frame(0, sent, 0.0, chunk)) for chunk in chunks)
        sent += 1500
        keep(spool, *chunks)
        most = max(most, used(folder))
    lost = spool.lost()
    delivered = list[Sample]()
    while (stored := spool.read(500)).records:
        delivered += stored.samples
        spool.forget(stored.records)

    assert size / 2 < most <= size + segment
    assert lost.keys() == {"overflow"}
    assert delivered == [bulky(number) for number in range(lost["overflow"], sent)]
    spool.close()


def test_what_the_caller_has_is_not_lost_with_its_segment(folder: Path) -> None:
    spool = opened(folder, size=3 * SMALL, segment=SMALL)
    first = spool.write([facts(0, 100), facts(100, 200)])
    kept, returned = first

    keep(spool, *(facts(number, number + 100) for number in range(200, 5000, 100)))
    lost = spool.lost()
    spool.forget([kept])
    after_forgetting = spool.lost()
    spool.give_back([returned])
    after_returning = spool.lost()

    assert lost.keys() == {"overflow"}
    assert after_forgetting == {}
    assert after_returning == {"overflow": 100}
    assert lost["overflow"] + 200 + len(drain(spool)) == 5000
    spool.close()


def test_a_record_larger_than_everything_is_taken_alone(folder: Path) -> None:
    spool = opened(folder, size=SMALL, segment=SMALL // 2)
    keep(spool, facts(0, 10))
    large = Sample(Series(os.urandom(SMALL).hex()), 1.0, 2.0)

    keep(spool, [large])

    assert spool.lost() == {"overflow": 10}
    assert spool.read(1).samples == [large]
    spool.close()


def test_age_is_bounded(folder: Path) -> None:
    clock = FakeClock()
    spool = Spool(folder, 64 * MEGABYTE, WEEK, MEGABYTE, clock.time)
    spool.open()
    keep(spool, facts(0, 10))
    clock.now += WEEK / 2
    keep(spool, facts(10, 15))

    clock.now += WEEK / 2
    spool.write([])
    half = spool.lost(), spool.samples
    clock.now += WEEK / 2
    spool.write([])

    assert half == ({"expired": 10}, 5)
    assert spool.lost() == {"expired": 5}
    assert segments(folder) == []
    spool.close()


def test_nothing_goes_much_before_its_time(folder: Path) -> None:
    clock = FakeClock()
    spool = Spool(folder, 64 * MEGABYTE, WEEK, MEGABYTE, clock.time)
    spool.open()

    for number in range(3 * SHARES):
        keep(spool, [fact(number)])
        clock.now += WEEK / (3 * SHARES)
    spool.write([])

    assert spool.lost().get("expired", 0) <= 6
    spool.close()


def test_what_is_too_old_at_the_start_is_not_delivered(folder: Path) -> None:
    clock = FakeClock()
    first = Spool(folder, MEGABYTE, WEEK, time=clock.time)
    keep(first, facts(0, 3))
    killed(first)
    clock.now += WEEK
    second = Spool(folder, MEGABYTE, WEEK, time=clock.time)

    second.open()

    assert second.samples == 0
    assert second.lost() == {"expired": 3}
    second.close()


def test_a_clock_that_is_set_back_costs_nothing(folder: Path) -> None:
    clock = FakeClock()
    spool = Spool(folder, MEGABYTE, WEEK, time=clock.time)
    keep(spool, facts(0, 3))

    clock.now -= 10 * WEEK
    keep(spool, facts(3, 6))

    assert drain(spool) == list(range(6))
    spool.close()


def test_a_spool_that_is_closed_can_be_opened_again(spool: Spool) -> None:
    keep(spool, facts(0, 3))
    spool.close()

    spool.open()

    assert drain(spool) == [0, 1, 2]
