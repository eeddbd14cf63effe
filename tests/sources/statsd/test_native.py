"""The compiled core: what it takes comes to the same numbers, to the last digit, as what Python takes."""

import math
import socket
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.timer import Timer as PythonTimer
from tests.sources.statsd.twins import Twins, twins

native = pytest.importorskip("bridge.sources.statsd._native", reason="there was no C compiler")
lanes = pytest.importorskip("bridge.sources.statsd.lanes")

NAMES = [
    "calls",
    "calls.count",
    "a b",
    "x/y",
    "lab.queue.wait",
    "channels.count",
    "hq.channels.count",
    "é",
    "a:b",
    "t;k=v",
]
NUMBERS = [
    "1",
    "0",
    "3",
    "+1",
    "-1",
    "-0",
    "007",
    "1.5",
    ".5",
    "5.",
    "0.1",
    "1e3",
    "999999999999999",
    "9999999999999999",
]
NUMBERS += [
    "123456789.123456",
    "0.000000000000001",
    "nan",
    "inf",
    "",
    "1_0",
    " 1",
    "\u0661",
    "0x1",
    "1:2",
    "--1",
    "+",
    ".",
]
MEMBERS = ["alice", "bob", "carol", "100", "a b", "sip:1", "é", "x" * 257]
RATES = [
    "",
    "",
    "",
    "|@0.1",
    "|@0.33",
    "|@1",
    "|@1.0",
    "|@0",
    "|@0.00",
    "|@2",
    "|@",
    "|@1e-1",
    "|#room:a",
    "|T17",
    "|@0.5|#a",
]
line = st.builds(
    "{}:{}|{}{}".format,
    st.sampled_from(NAMES),
    st.one_of(st.sampled_from(NUMBERS + MEMBERS), st.integers(0, 10**16).map(str)),
    st.sampled_from(["c", "g", "ms", "s", "m", "h", "d", "c", "g", "ms", "x", "c "]),
    st.sampled_from(RATES),
).map(str.encode)
packet = st.one_of(
    line,
    line,
    st.tuples(st.lists(line, min_size=2, max_size=5), st.booleans()).map(
        lambda many: b"\n".join(many[0]) + b"\n" * many[1]
    ),
    st.binary(max_size=12),
)
intervals = st.lists(st.lists(packet, max_size=25), min_size=1, max_size=4)


@given(intervals, st.sampled_from(["bridge", "etsy", "etsy-legacy"]), st.sampled_from(["", "hq"]))
@settings(max_examples=300)
def test_whatever_comes_in_it_is_the_same_with_and_without_the_core(
    many: list[list[bytes]], names: str, prefix: str
) -> None:
    with twins(prefix, names=names, percentiles=(90, -50, 99.9)) as both:
        for packets in many:
            both.hear(packets)
            both.flush()


@given(intervals)
@settings(max_examples=200)
def test_the_caps_hold_for_both_alike(many: list[list[bytes]]) -> None:
    with twins(max_series=6, max_set=2, max_timer=4, ttl=15) as both:
        for packets in many:
            both.hear(packets)
            both.flush()


def taken(both: Twins, packets: list[bytes]) -> tuple[int, int]:
    """Of how many packets the core itself took how many; others went to Python."""
    reader, plain = both.compiled.receiver, 0
    assert reader._lanes is not None
    read = reader._lanes.reader(
        lambda _: "hq", lambda packets: reader._taught("udp", packets), "10.0.0.5"
    ).drain
    for sent in packets:
        both._out.send(sent)
        plain += read(both._into.fileno())[1]
    return plain, len(packets)


def test_what_python_has_read_once_the_core_takes_from_then_on() -> None:
    with twins() as both:
        lesson = [b"calls:1|c", b"level:5|g", b"wait:3|ms", b"who:alice|s"]

        assert taken(both, lesson) == (0, 4)
        assert taken(
            both, [b"calls:2|c|@0.5", b"level:-1|g", b"wait:1.25|ms", b"who:bob|s", b"calls:1|c\nwait:1|ms\n"]
        ) == (5, 5)
        assert taken(
            both, [b"calls:1|g", b"calls:1e3|c", b"calls:1|c|#room:a", b"wait:-1|ms", b"who:a b|s"]
        ) == (0, 5)


def test_a_line_that_may_be_asterisks_own_is_always_for_python() -> None:
    with twins() as both:
        assert taken(both, [b"channels.count:+1|g"] * 5 + [b"hq.endpoints.count:1|g"] * 5) == (0, 10)


def test_a_name_that_a_cap_keeps_out_is_not_learned() -> None:
    with twins(max_series=1) as both:
        assert taken(both, [b"first:1|c"] + [b"second:1|c"] * 4) == (0, 5)
        assert taken(both, [b"first:1|c"]) == (1, 1)


def test_a_datagram_longer_than_a_frame_is_read_whole() -> None:
    lines = [b"long.%d:%d|c" % (number, number) for number in range(50)]
    with twins() as both:
        both.hear(lines)
        both.hear([b"\n".join(lines * 40), b"\n".join(lines * 3)])

        values = {sample.series.name: sample.value for sample in both.flush()}

    assert values["statsd.long.49.count"] == 49 * 44


def test_gauges_keep_the_order_of_packets_that_go_two_ways() -> None:
    with twins() as both:
        both.hear(
            [b"level:5|g", b"level:+1|g", b"level:1e1|g", b"level:+1|g", b"level:-2e0|g", b"level:+4|g"]
        )

        (sample,) = both.flush()

    assert sample.value == 13


def test_counters_are_exact_up_to_2_to_the_53() -> None:
    with twins() as both:
        both.hear([b"big:1|c", b"big:900719925474099|c", *[b"big:900719925474099|c"] * 9, b"big:1|c"])

        values = {sample.series.name: sample.value for sample in both.flush()}

    assert values["statsd.big.count"] == 9007199254740992


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
    timers = (PythonTimer(limit), lanes.CompiledTimer(limit))

    for timer in timers:
        for value, weight in added:
            timer.add(value + 0.0, weight)

    expected, found = (timer.statistics(percentiles, 10.0) for timer in timers)
    assert {name: float(value).hex() for name, value in found.items()} == {
        name: float(value).hex() for name, value in expected.items()
    }


def test_a_long_timer_is_sorted_as_well_as_a_short_one() -> None:
    numbers = [math.sin(at) * 10 ** (at % 20) for at in range(10_000)]
    timers = (PythonTimer(20_000), lanes.CompiledTimer(20_000))

    for timer in timers:
        for number in numbers:
            timer.add(number)

    assert timers[0].statistics((50.0,), 1.0) == timers[1].statistics((50.0,), 1.0)


MISUSES: list[tuple[type[Exception], Callable[[], object]]] = [
    (ValueError, lambda: native.Timer(1)),
    (ValueError, lambda: native.Timer(2).numbers(())),
    (TypeError, lambda: native.Timer(2).numbers([])),
    (ValueError, lambda: native.Table(print, print, 1).learn(b"", b"c", None)),
    (ValueError, lambda: native.Table(print, print, 1).learn(b"a", b"x", None)),
    (TypeError, lambda: native.Table(print, print, 1).learn("a", b"c", None)),
]


@pytest.mark.parametrize(("error", "misuse"), MISUSES)
def test_misuse_is_an_error_and_no_crash(error: type[Exception], misuse: Callable[[], object]) -> None:
    with pytest.raises(error):
        misuse()


@pytest.mark.parametrize("wrong", [object(), 5, set(), native.Timer(2)])
def test_a_bucket_of_another_kind_is_refused(wrong: object) -> None:
    table = native.Table(lambda *_: wrong, print, 1)
    table.learn(b"a", b"c", ("a",))
    out, into = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with out, into:
        out.send(b"a:1|c")
        with pytest.raises(TypeError, match="another kind"):
            native.Reader(lambda _: table, print, "").drain(into.fileno())
