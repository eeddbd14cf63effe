"""Lanes: plain lines go past the grammar and come to what it would have made of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sources.statsd.lanes import COMPILED
from tests.sources.statsd.twins import twins

pytestmark = pytest.mark.skipif(not COMPILED, reason="there was no C compiler")

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
def test_whatever_comes_in_it_is_what_the_grammar_makes_of_it(
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


def test_a_line_whose_name_the_grammar_has_read_is_plain_from_then_on() -> None:
    with twins() as both:
        lesson = [b"calls:1|c", b"level:5|g", b"wait:3|ms", b"who:alice|s"]

        assert both.plain(lesson) == 0
        plain = [b"calls:2|c|@0.5", b"level:-1|g", b"wait:1.25|ms", b"who:bob|s", b"calls:1|c\nwait:1|ms\n"]
        assert both.plain(plain) == 5
        others = [b"calls:1|g", b"calls:1e3|c", b"calls:1|c|#room:a", b"wait:-1|ms", b"who:a b|s"]
        assert both.plain(others) == 0


def test_a_line_that_may_be_asterisks_own_is_always_for_the_grammar() -> None:
    with twins() as both:
        assert both.plain([b"channels.count:+1|g"] * 5 + [b"hq.endpoints.count:1|g"] * 5) == 0


def test_a_name_that_a_cap_keeps_out_is_not_learned() -> None:
    with twins(max_series=1) as both:
        assert both.plain([b"first:1|c"] + [b"second:1|c"] * 4) == 0
        assert both.plain([b"first:1|c"]) == 1


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
