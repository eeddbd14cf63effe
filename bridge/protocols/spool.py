"""What is written in a spool on disk: frames with a record each, and the ledger of what is settled.

    segment = frame*
    frame   = mark, record in which no mark can occur, mark
    record  = CRC-32, spool, number, samples, time, body        all of the rest is under the CRC
    body    = zlib of: series, samples, JSON, index of each sample's series, values, times

A mark stands at both ends of a record and nowhere else: damage anywhere, or half a record behind it, costs
the records that it hits and no other, and no text of a label can be taken for a record. Any bytes may come
in anywhere.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bridge.core.ranges import Range
from bridge.core.sample import Sample, Series

MARK = b"\xab\x01"
"""The second byte is the version of the format."""
MARKED, STUFFED = MARK[:1], MARK[:1] + b"\x00"
"""The first byte of the mark, where it is not one, is followed by a zero."""
LONGEST_BODY = 64 * 1024 * 1024
"""Bytes that a body may become: a thousand samples with a label of 64 KiB each."""
SLOT = 32 * 1024
"""Bytes of the ledger's file that one state of it takes."""
HIGHEST = 2**62
"""Of all numbers: what a machine counts with; 14 million years of 10,000 samples a second."""
FAST = 1
"""The level of zlib: a fifth of the bytes, for half of a microsecond a sample; higher ones gain little."""

_CRC = struct.Struct(">I")
_RECORD = struct.Struct(">QQId")
_BODY = struct.Struct(">II")
_SLOT = struct.Struct(">QQQI")
_RANGE = struct.Struct(">QQ")
MOST_RANGES = (SLOT - _CRC.size - _SLOT.size) // _RANGE.size
"""Of what is settled; what is beyond is sent twice when the process is killed."""


class Record(NamedTuple):
    """One chunk of samples on disk.

    Attributes:
        number: that of its first sample, counted from the beginning of the spool.
        end: that of the first sample of the next record.
        time: Unix time in seconds at which it was written.
        body: the samples, for `samples_of`.
    """

    number: int
    end: int
    time: float
    body: bytes


class State(NamedTuple):
    """What a ledger says.

    Attributes:
        spool: whose it is.
        turn: counts states; the highest is the newest.
        end: the number of samples that were ever written.
        settled: which of them are needed no more, or are known to be lost.
    """

    spool: int
    turn: int
    end: int
    settled: Sequence[Range]


def frame(spool: int, number: int, time: float, chunk: Sequence[Sample]) -> bytes:
    """A record as it is written to a segment."""
    header = _RECORD.pack(spool, number, len(chunk), time)
    record = _sealed(header + zlib.compress(_body(chunk), FAST))
    return MARK + record.replace(MARKED, STUFFED) + MARK


def frames(data: bytes, *, backwards: bool = False) -> Iterator[tuple[int, Record]]:
    """Every record in a segment, or in any part of one, that is whole, with its spool, as they stand."""
    pieces = data.split(MARK)
    for piece in reversed(pieces) if backwards else pieces:
        if found := _record(piece):
            yield found


def samples_of(record: Record) -> list[Sample]:
    """The samples of a record, exactly as they were written.

    Raises:
        ValueError: it was not made by `frame`.
    """
    try:
        body = zlib.decompressobj().decompress(record.body, LONGEST_BODY)
        text, amount = _BODY.unpack_from(body)
        rows = json.loads(body[_BODY.size : _BODY.size + text].decode("utf-8", "surrogatepass"))
        series = [
            Series(name, tuple(zip(rest[::2], rest[1::2], strict=True)), path) for name, path, *rest in rows
        ]
        columns = struct.unpack_from(f">{amount}I{2 * amount}d", body, _BODY.size + text)
        values, times = columns[amount : 2 * amount], columns[2 * amount :]
        found = [
            Sample(series[one], *rest) for one, *rest in zip(columns[:amount], values, times, strict=True)
        ]
    except (zlib.error, struct.error, ValueError, TypeError, IndexError, RecursionError) as error:
        raise ValueError("is not the body of a record") from error
    if len(found) != record.end - record.number:
        raise ValueError("has another number of samples than its record says")
    return found


def slot(state: State) -> bytes:
    """A state of the ledger, at most `SLOT` bytes: the lowest `MOST_RANGES` of its ranges."""
    ranges = state.settled[:MOST_RANGES]
    header = _SLOT.pack(state.spool, state.turn, state.end, len(ranges))
    return _sealed(header + b"".join(_RANGE.pack(*one) for one in ranges))


def newest_state(data: bytes) -> State | None:
    """The newest of the states in a ledger's file; None if there is none that is whole."""
    slots = (data[start : start + SLOT] for start in range(0, min(len(data), 2 * SLOT), SLOT))
    states = [state for each in slots if (state := _state(each))]
    return max(states, key=lambda state: state.turn, default=None)


def _sealed(data: bytes) -> bytes:
    return _CRC.pack(zlib.crc32(data)) + data


def _body(chunk: Sequence[Sample]) -> bytes:
    """Each series stands there once; strings are UTF-8 in which lone surrogates are allowed."""
    places: dict[Series, int] = {}
    indexes = [places.setdefault(sample.series, len(places)) for sample in chunk]
    rows = [[one.name, one.path, *(word for pair in one.labels for word in pair)] for one in places]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    values = [sample.value for sample in chunk]
    times = [sample.time for sample in chunk]
    columns = struct.pack(f">{len(chunk)}I{2 * len(chunk)}d", *indexes, *values, *times)
    return _BODY.pack(len(text), len(chunk)) + text + columns


def _record(piece: bytes) -> tuple[int, Record] | None:
    record = piece.replace(STUFFED, MARKED)
    start = _CRC.size + _RECORD.size
    if len(record) < start or _CRC.unpack_from(record)[0] != zlib.crc32(memoryview(record)[_CRC.size :]):
        return None
    spool, number, amount, time = _RECORD.unpack_from(record, _CRC.size)
    if not amount or number > HIGHEST:
        return None
    return spool, Record(number, number + amount, time, record[start:])


def _state(data: bytes) -> State | None:
    start = _CRC.size + _SLOT.size
    if len(data) < start:
        return None
    spool, turn, end, amount = _SLOT.unpack_from(data, _CRC.size)
    stop = start + amount * _RANGE.size
    if stop > len(data) or end > HIGHEST or _CRC.unpack_from(data)[0] != zlib.crc32(data[_CRC.size : stop]):
        return None
    ranges = [(low, high) for low, high in _RANGE.iter_unpack(data[start:stop]) if low < high <= end]
    return State(spool, turn, end, ranges)
