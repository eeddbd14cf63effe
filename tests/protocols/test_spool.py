"""Frames and the ledger of a spool: exact, and no damage to one costs another."""

import zlib
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.ranges import Ranges
from bridge.core.sample import Sample, Series
from bridge.protocols.spool import (
    HIGHEST,
    MARK,
    MOST_RANGES,
    SLOT,
    Record,
    State,
    frame,
    frames,
    newest_state,
    samples_of,
    slot,
)

SPOOL = 0xAB01AB00AB01AB00
"""A name made of marks."""

TEXTS = st.text(st.characters(), max_size=8)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SERIES = st.builds(Series, TEXTS, st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple), TEXTS)
CHUNKS = st.lists(st.builds(Sample, SERIES, FLOATS, FLOATS), min_size=1, max_size=6)


NESTED = zlib.compress((100_000).to_bytes(4, "big") + bytes(4) + b"[" * 100_000)


def chunk(*values: float, name: str = "queue.waiting") -> list[Sample]:
    return [Sample(Series(name, (("pbx", "hq"),)), value, 1_700_000_000.0) for value in values]


def segment(*chunks: list[Sample]) -> bytes:
    data, number = b"", 0
    for each in chunks:
        data += frame(SPOOL, number, 5.0, each)
        number += len(each)
    return data


def values(data: bytes) -> list[list[float]]:
    return [[sample.value for sample in samples_of(record)] for _, record in frames(data)]


@given(st.lists(CHUNKS, max_size=4))
def test_what_is_read_is_what_was_written(chunks: list[list[Sample]]) -> None:
    data = segment(*chunks)

    found = list(frames(data))

    assert [samples_of(record) for _, record in found] == chunks
    assert {name for name, _ in found} <= {SPOOL}
    assert list(frames(data, backwards=True)) == found[::-1]


def test_surrogates_stay_apart_even_where_two_would_make_a_character() -> None:
    name = "\ud83d\ude00 \udc80 \x00 😀"

    (_, record), *_ = frames(segment(chunk(1.0, name=name)))

    assert samples_of(record)[0].series.name == name


def test_zero_keeps_its_sign() -> None:
    (_, record), *_ = frames(segment(chunk(-0.0)))

    assert str(samples_of(record)[0].value) == "-0.0"


@given(st.lists(CHUNKS, min_size=1, max_size=3), st.data())
def test_one_byte_that_changes_costs_one_record(chunks: list[list[Sample]], data: st.DataObject) -> None:
    whole = bytearray(segment(*chunks))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))

    found = [samples_of(record) for _, record in frames(bytes(whole))]

    assert len(found) == len(chunks) - 1
    assert all(each in chunks for each in found)


@given(st.lists(CHUNKS, min_size=1, max_size=3), st.data())
def test_what_is_cut_off_costs_itself_and_the_record_that_is_cut(
    chunks: list[list[Sample]], data: st.DataObject
) -> None:
    whole = segment(*chunks)
    cut = data.draw(st.integers(0, len(whole) - 1))
    ends = [len(segment(*chunks[: number + 1])) for number in range(len(chunks))]
    expected = [each for each, end in zip(chunks, ends, strict=True) if cut >= end or cut == end - len(MARK)]

    assert [samples_of(record) for _, record in frames(whole[:cut])] == expected


@given(st.binary(max_size=200), CHUNKS)
def test_rubbish_between_records_costs_nothing_but_itself(rubbish: bytes, one: list[Sample]) -> None:
    whole = segment(one)

    found = [samples_of(record) for _, record in frames(rubbish + whole + rubbish + whole + rubbish)]

    assert found == [one, one]


@given(st.lists(st.sampled_from([b"\xab", b"\x01", b"\x00", MARK, b"\xab\x00", b"q"])).map(b"".join))
def test_any_bytes_may_come(data: bytes) -> None:
    assert list(frames(data)) == []
    assert newest_state(data) is None


def test_a_text_that_looks_like_a_record_is_none_even_if_what_is_around_it_is_damaged() -> None:
    forged = segment(chunk(666.0)).decode("latin-1")
    row = chunk(1.0, name=forged)
    data = bytearray(segment(row, chunk(2.0)))
    data[3] ^= 0xFF

    assert values(bytes(data)) == [[2.0]]
    assert bytes(data).count(MARK) == 4


@pytest.mark.parametrize(
    "body",
    [b"", bytes(40), zlib.compress(b""), zlib.compress(bytes(40)), NESTED],
    ids=["nothing", "zeros", "nothing, packed", "zeros, packed", "nested"],
)
def test_a_body_that_nobody_wrote_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="body"):
        samples_of(Record(0, 1, 0.0, body))


def test_a_body_of_other_length_than_its_record_is_refused() -> None:
    (_, record), *_ = frames(segment(chunk(1.0, 2.0)))

    with pytest.raises(ValueError, match="another number"):
        samples_of(record._replace(end=1))


def test_a_record_with_an_impossible_number_is_none() -> None:
    assert list(frames(frame(SPOOL, HIGHEST + 1, 0.0, chunk(1.0)))) == []
    assert list(frames(frame(SPOOL, 0, 0.0, []))) == []


def test_many_samples_of_few_series_take_few_bytes() -> None:
    row = [sample for value in range(100) for sample in chunk(float(value))]

    assert len(frame(SPOOL, 0, 0.0, row)) < 8 * len(row)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=9), st.integers(0, HIGHEST))
def test_a_ledger_says_what_was_written(stretches: list[tuple[int, int]], end: int) -> None:
    settled = list(Ranges((min(low, end), min(high, end)) for low, high in stretches))

    state = newest_state(slot(State(SPOOL, 7, end, settled)))

    assert state
    assert state[:3] == (SPOOL, 7, end)
    assert state.settled == settled


def test_of_two_states_the_newest_that_is_whole_counts() -> None:
    old, new = (slot(State(SPOOL, turn, turn, [])) for turn in (1, 2))
    damaged = bytes([new[0] ^ 1]) + new[1:]

    assert getattr(newest_state(old.ljust(SLOT, b"\0") + new), "turn", 0) == 2
    assert getattr(newest_state(new.ljust(SLOT, b"\0") + old), "turn", 0) == 2
    assert getattr(newest_state(old.ljust(SLOT, b"\0") + damaged), "turn", 0) == 1


def test_a_ledger_of_countless_ranges_keeps_the_lowest() -> None:
    settled = [(2 * number, 2 * number + 1) for number in range(MOST_RANGES + 1)]

    data = slot(State(SPOOL, 1, HIGHEST, settled))
    state = newest_state(data)

    assert len(data) <= SLOT
    assert state
    assert state.settled == settled[:MOST_RANGES]


@given(FLOATS)
def test_every_finite_number_is_exact(value: float) -> None:
    (_, record), *_ = frames(segment(chunk(value)))

    assert isfinite(value)
    assert samples_of(record)[0].value.hex() == value.hex()
