"""The spool: any bytes are read, a whole record is found amid damage, and what was written comes back."""

import contextlib
import zlib

from bridge.core.sample import Sample
from bridge.protocols.spool import (
    HIGHEST,
    MARK,
    MARKED,
    STUFFED,
    Record,
    frame,
    frames,
    newest_state,
    samples_of,
)
from tests.fuzz.words import number, series

SPOOL, NUMBER, TIME = 2**50 + 3, 12, 1e9


def one(data: bytes) -> None:
    """Take a segment, a record and a ledger, also with a checksum that is right; and samples to write."""
    _check_records(data)
    _check_records(MARK + _sealed(data).replace(MARKED, STUFFED))
    for ledger in (data, _sealed(data)):
        if state := newest_state(ledger):
            assert all(0 <= low < high <= state.end <= HIGHEST for low, high in state.settled)
    _check_written(data)


def _check_records(segment: bytes) -> None:
    for _, record in frames(segment):
        assert 0 <= record.number < record.end
        with contextlib.suppress(ValueError):
            assert len(samples_of(record)) == record.end - record.number
    with contextlib.suppress(ValueError):
        samples_of(Record(0, 1, 0.0, zlib.compress(segment)))


def _check_written(data: bytes) -> None:
    chunk = [Sample(series(part), number(part), number(part[8:])) for part in data.split(b"\0")[:20]]
    written = frame(SPOOL, NUMBER, TIME, chunk)
    for segment in (written, data + written, written + data, data + written + data):
        record = next(each[1] for each in frames(segment) if each[0] == SPOOL)
        assert (record.number, record.end, record.time) == (NUMBER, NUMBER + len(chunk), TIME)
        assert samples_of(record) == chunk


def _sealed(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4) + data
