"""Whole lines out of a stream, wherever it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.lines import LineStream

LIMIT = 10
DATA = b"a:1|c\nb:22|ms|#k\r\nrubbish\n\n0123456789\nc:3|g"


def streamed(*pieces: bytes, limit: int = 1000) -> tuple[bytes, bool]:
    """All that comes out, and whether the stream is over."""
    stream = LineStream(limit)
    out = b"".join([*(stream.feed(piece) for piece in pieces), stream.end()])
    return out, stream.is_over


def test_cut_at_every_byte_it_gives_the_same() -> None:
    pieces = [DATA[at : at + 1] for at in range(len(DATA))]

    assert streamed(*pieces) == streamed(DATA) == (DATA, False)


def test_every_piece_that_comes_out_is_whole_lines() -> None:
    stream = LineStream(1000)

    out = [stream.feed(DATA[at : at + 7]) for at in range(0, len(DATA), 7)]

    assert all(piece.endswith(b"\n") for piece in out if piece)


@given(st.lists(st.binary(max_size=8) | st.just(b"a\n") | st.just(b"0123456789\n"), max_size=12))
def test_where_the_stream_is_cut_does_not_matter_nor_to_a_line_that_is_too_long(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)

    assert streamed(*pieces, limit=LIMIT) == streamed(whole, limit=LIMIT)


@given(st.binary(max_size=60) | st.text("a\n", max_size=60).map(str.encode))
def test_what_comes_out_is_what_went_in_up_to_the_first_line_that_is_too_long(data: bytes) -> None:
    out, is_over = streamed(data, limit=LIMIT)

    lines = data.split(b"\n")
    fitting = next((at for at, line in enumerate(lines) if len(line) > LIMIT), len(lines))
    assert is_over == (fitting < len(lines))
    assert out == (b"\n".join([*lines[:fitting], lines[fitting][: LIMIT + 1]]) if is_over else data)


@pytest.mark.parametrize("size", [1, 9, 10, 11, 12, 1000])
def test_nothing_behind_a_line_that_is_too_long_comes_out_however_it_comes(size: int) -> None:
    data = b"fits: 0123\n" + b"x" * 100 + b"\na:1|c\n"
    pieces = [data[at : at + size] for at in range(0, len(data), size)]

    assert streamed(*pieces, limit=LIMIT) == (b"fits: 0123\n" + b"x" * 11, True)


def test_no_more_is_held_than_a_line_may_be_long() -> None:
    stream = LineStream(8192)

    held = [stream.feed(b"x" * 1000) for _ in range(1000)]

    assert len(b"".join(held)) == 8193
    assert stream.is_over
    assert stream.end() == b""
