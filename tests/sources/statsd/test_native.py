"""What is in C alone: the statistics of a timer, and that misuse is an error."""

import math
import socket
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.sample import Kind
from bridge.core.timer import Timer, Values
from bridge.sources.statsd.lanes import COMPILED

native = pytest.importorskip("bridge.sources.statsd.native._native", reason="there was no C compiler")
KINDS = (Kind.COUNTER, Kind.GAUGE, Kind.TIMER, Kind.SET)


def compiled(limit: int) -> Values:
    assert COMPILED
    return COMPILED.holders.timer(limit)


weights = st.floats(0.1, 1).map(lambda rate: 1 / rate)
values = st.one_of(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 500).map(float))


@given(
    st.lists(st.tuples(values, weights), min_size=1, max_size=200),
    st.lists(st.floats(-100, 100).filter(bool), max_size=4).map(tuple),
    st.integers(2, 250),
)
@settings(max_examples=300)
def test_a_timer_has_the_same_statistics_to_the_last_digit(
    added: list[tuple[float, float]], percentiles: tuple[float, ...], limit: int
) -> None:
    timers = (Timer(limit), compiled(limit))

    for timer in timers:
        for value, weight in added:
            timer.add(value + 0.0, weight)

    expected, found = (timer.statistics(percentiles, 10.0) for timer in timers)
    assert {name: float(value).hex() for name, value in found.items()} == {
        name: float(value).hex() for name, value in expected.items()
    }


def test_a_long_timer_is_sorted_as_well_as_a_short_one() -> None:
    numbers = [math.sin(at) * 10 ** (at % 20) for at in range(10_000)]
    timers = (Timer(20_000), compiled(20_000))

    for timer in timers:
        for number in numbers:
            timer.add(number)

    assert timers[0].statistics((50.0,), 1.0) == timers[1].statistics((50.0,), 1.0)


MISUSES: list[tuple[type[Exception], Callable[[], object]]] = [
    (ValueError, lambda: native.Timer(1)),
    (ValueError, lambda: native.Timer(2).numbers(())),
    (TypeError, lambda: native.Timer(2).numbers([])),
    (ValueError, lambda: native.Table(print, print, 1, KINDS).learn(b"", b"c", None)),
    (ValueError, lambda: native.Table(print, print, 1, KINDS).learn(b"a", b"x", None)),
    (TypeError, lambda: native.Table(print, print, 1, KINDS).learn("a", b"c", None)),
    (ValueError, lambda: native.Table(print, print, 1, ())),
]


@pytest.mark.parametrize(("error", "misuse"), MISUSES)
def test_misuse_is_an_error_and_no_crash(error: type[Exception], misuse: Callable[[], object]) -> None:
    with pytest.raises(error):
        misuse()


@pytest.mark.parametrize("wrong", [object(), 5, set(), native.Timer(2)])
def test_a_bucket_of_another_kind_is_refused(wrong: object) -> None:
    table = native.Table(lambda *_: wrong, print, 1, KINDS)
    table.learn(b"a", b"c", ("a",))
    out, into = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with out, into:
        out.send(b"a:1|c")
        with pytest.raises(TypeError, match="another kind"):
            native.Reader(lambda _: table, print, "").drain(into)
