"""The memory buffer: bounded, oldest first, and what is taken stays until it is confirmed."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.sample import Sample, Series
from bridge.pipeline.buffer import MemoryBuffer


def samples(*values: float) -> list[Sample]:
    return [Sample(Series("calls.active"), value, 0) for value in values]


def test_the_oldest_come_out_first() -> None:
    buffer = MemoryBuffer(10)
    buffer.append(samples(1, 2, 3))

    assert buffer.take(2) == samples(1, 2)


def test_what_is_not_confirmed_is_given_again() -> None:
    buffer = MemoryBuffer(10)
    buffer.append(samples(1, 2, 3))
    buffer.take(2)

    assert buffer.take(1) == samples(1, 2)
    assert len(buffer) == 3


def test_a_full_buffer_lets_the_oldest_go_and_says_how_many() -> None:
    buffer = MemoryBuffer(3)
    buffer.append(samples(1, 2))

    assert buffer.append(samples(3, 4)) == 1
    assert buffer.take(3) == samples(2, 3, 4)


def test_what_is_in_flight_does_not_go() -> None:
    buffer = MemoryBuffer(2)
    buffer.append(samples(1, 2))
    buffer.take(1)

    assert buffer.append(samples(3)) == 1
    assert buffer.take(1) == samples(1)
    buffer.commit()
    assert buffer.take(2) == samples(3)


@given(st.integers(1, 8), st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6), st.booleans())))
def test_every_sample_is_taken_dropped_or_waiting(capacity: int, steps: list[tuple[int, int, bool]]) -> None:
    buffer = MemoryBuffer(capacity)
    accepted = dropped = confirmed = 0

    for arriving, limit, confirm in steps:
        accepted += arriving
        dropped += buffer.append(samples(*range(arriving)))
        taken = len(buffer.take(limit))
        if confirm:
            buffer.commit()
            confirmed += taken

        assert accepted == confirmed + dropped + len(buffer)
        assert len(buffer) <= max(capacity, taken)
