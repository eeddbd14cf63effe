"""What callers and others send in Asterisk's name, through the whole source."""

import random

from tests.sources.statsd.bench import (
    Bench,
    Spelling,
    thousand_events,
)

MARKS = [":1|c", ":+5|g", "\n", "\r\n", "|", "#", ":", ";", "\0", " ", "ü", "☎", "\u202e", "%n", "${CHANNEL}"]
TAGS = [";pbx=branch", "|#pbx:branch", "|@0.1"]
LINES = [
    "\nchannels.count:+1|g",
    "\nhq.channels.count:+1|g\n",
    "\nbranch.calls:1|c",
    "|c\nother:1",
    ":1|c:2|c",
]
NAMES = [
    *("channels.count", ".channels.count", "hq.channels.count", "channels.count_meter", "channels.calltime"),
    *("endpoints.PJSIP.101.channels", "stasis.message.x_type", "PJSIP.contacts.states.Reachable"),
    *(f"PJSIP.contacts.101;@{0:032x}.rtt", "hq.", "statsd.", "x" * 300, ".." * 40),
]
TAILS = [*MARKS, *TAGS, *LINES, *NAMES]
"""Of what hostile names are made: marks of the grammar, and names of Asterisk's."""
VALUES = [("1", "c"), ("+1", "g"), ("-1", "g"), ("0", "g"), ("320", "ms"), ("1", "c|@0.50"), ("5", "h")]


def hostile_lines(amount: int, prefix: str) -> list[bytes]:
    """What `StatsD(type,caller.${CALLERID(name)},value)` and `StatsD(s,callers,${CALLERID(name)})` send."""
    chance = random.Random(7)
    lines = []
    for _ in range(amount):
        name = "".join(chance.choices(TAILS, k=chance.randint(1, 4)))
        value, code = chance.choice(VALUES)
        said = f"callers:{name}|s" if chance.random() < 0.3 else f"caller.{name}:{value}|{code}"
        lines.append(f"{prefix}{said}".encode())
    return lines


def test_10000_hostile_names_make_nothing_outside_the_senders_prefix() -> None:
    bench = Bench(prefixes={"hq": "hq"})
    lines = hostile_lines(10_000, "hq.")

    bench.hear(*lines)

    found = bench.flushed()
    assert len(found) > 1000
    assert all(series.pbx == "hq" and series.name.startswith("statsd.hq.") for series in found)


def test_without_a_prefix_10000_hostile_names_reach_no_metric_and_no_other_pbx() -> None:
    bench = Bench()
    lines = hostile_lines(10_000, "")

    bench.hear(*lines)

    found = bench.flushed()
    assert len(found) > 1000
    assert all(series.pbx == "hq" and series.name.startswith("statsd.") for series in found)


def test_hostile_names_do_not_spoil_what_asterisk_says() -> None:
    said = [Spelling(prefix="hq").line(event) for event in thousand_events()]
    mixed = [line for pair in zip(said, hostile_lines(1000, "hq."), strict=True) for line in pair]
    pure, spoilt = Bench(), Bench()
    pure.hear(*said)

    spoilt.hear(*mixed)

    assert spoilt.catalogue() == pure.catalogue()


def test_a_line_feed_in_a_name_makes_no_second_line() -> None:
    bench = Bench()

    bench.hear(b"caller.x\nchannels.count:+1|g", b"callers:x\ncalls:y|s\n", b"\ncalls:1|c", b"a:1|c\nb:1|c")

    assert {series.name for series in bench.flushed()} == {
        *("statsd.a.count", "statsd.a.rate", "statsd.b.count", "statsd.b.rate")
    }
    assert bench.refused("cut_name") == 3


def test_memory_is_bounded_whatever_names_come() -> None:
    bench = Bench()

    for number in range(10_000):
        bench.hear(b"p%d.channels.count:+1|g" % number, b"q%d.calls:1|c" % number)

    asterisks = bench.source._asterisks
    (asterisk,) = (each for pbx, each in asterisks._asterisks.items() if pbx == "hq")
    assert len(asterisks.ordinary) <= 8192
    assert len(asterisk._words) <= 8192
    assert len(asterisk._supposed) <= 8
