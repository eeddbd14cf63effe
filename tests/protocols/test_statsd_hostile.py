"""Lines of StatsD that have ended or misled other servers, and what they cost here."""

import itertools
import random
import re
import time

import pytest

from bridge.core.sample import Kind
from bridge.protocols import statsd
from bridge.protocols.statsd import LINE_LIMIT, parse_datagram
from tests.hostile.statsd import KINDS

PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
SPELLINGS = [
    *("Infinity", "-Infinity", "inf", "+inf", "nan", "NaN", "-nan", "nan(7)", "1.#INF", "1e400", "-1e999"),
    *("0x10", "0X1p3", "0b1", "0o7", "1_000", "1,000", "1.000,5", "1'000", " 1", "1 ", "1\u00a0", "\u20091"),
    *("+", "-", ".", "+.", "-.", "e", "e5", ".e1", "1e", "1e+", "--1", "+-1", "1-", "1.2.3", "\u0661\u0662"),
    *("\uff11", "\u00bd"),
]
"""What JavaScript, Python, C or Asterisk's `StatsD()` takes for a number, or nearly does."""
PLACES = [
    *(f"a:{{}}|{code}" for code in ("c", "g", "ms", "m", "h", "d")),
    *(f"a:{{}}|{code}|@0.5" for code in ("c", "g", "ms", "m", "h", "d")),
    *("a;k=v:{}|c", "a,k=v:{}|c", "a[k=v]:{}|c", "a:{}|c|#k:v", "a:{}|g|T1700000000", "a:{}|ms|c:f3a2"),
    *("a:{}|c\r", "hq.channels.count:{}|g", "channels.count_meter:{}|c", "a:b:{}|c", "a.b.c:{}|ms|@1|#k:v"),
    *("PJSIP.contacts.101;@0.rtt:{}|ms", "_e:{}|g"),
]
"""Where the value of a line may stand."""
RATES = [
    *(f"1e-{exponent}" for exponent in range(3, 324)),
    *(f"{number}e-{exponent}" for number in (2, 5, 9.99) for exponent in range(3, 163)),
    *("0", "0.0", "0.00", "-0", "0e9", "-0.00", ".0", "0."),
    *("nan", "NaN", "-nan", "inf", "Infinity", "-inf", "x", ""),
    *(f"-{number}" for number in range(1, 100)),
    *(f"{number}" for number in range(2, 86)),
]
EVIL = {
    "a value for each of a thousand tags": b"a" + b":1|c" * 1000 + b"|#" + b"k:v," * 1040,
    "a value for each of a thousand sections": b"a" + b":1|c" * 1000 + b"|#a:b" + b"|c:" * 1300,
    "a value for each tag of a name": b"a" + b";k=v" * 1000 + b":1|c" * 1000,
    "packed values": b"a" + b":1" * 2000 + b"|h|#" + b"k:v," * 1000,
    "colons": b":" * 8190,
    "pipes": b"a:1" + b"|" * 8180,
    "sections": b"a:1|c" + b"|c:" * 2700,
    "digits, but for the last": b"a:" + b"9" * 4000 + b"." + b"9" * 4000 + b"x|c",
    "an exponent": b"a:1e" + b"9" * 8000 + b"|c",
    "brackets": b"[=" * 4000 + b":1|c",
    "commas in brackets": b"a[" + b"k=v," * 2000 + b"]:1|c",
    "equals signs": b"a" + b"=" * 8000 + b":1|c",
    "semicolons": b"a" + b";" * 8000 + b"=:1|c",
    "pipes of a service check": b"_sc|x|0" + b"|" * 8000,
    "an event": b"_e{1,8000}:" + b"x" * 8000,
}
OTHERS = [
    *(b"a:1:|c", b"a:1:1|c|", b"a::|c", b"a:|||", b":|", b"|", b":", b"@", b"#", b"a|#", b"a:1|#", b"a:1|@"),
    *(b"a:1|c|@ ", b"a:1|ms|@", b"a:1|c|#", b"a:1|c|#,", b"a:1|c|#:", b"a:1|c|#,,,", b"a,:1|c", b"a;:1|c"),
    *(b"a,=:1|c", b"a;=:1|c", b"a[:1|c", b"a]:1|c", b"a[]:1|c", b"a[=]:1|c", b"a;b;c=d:1|c", b"a,b,=:1|c"),
    *(b"_e", b"_e{", b"_e{}", b"_e{}:", b"_e{,}:|", b"_e{-1,1}:|", b"_e{99999,99999}:a|b", b"_e{1,1}:\xc3|a"),
    *(
        b"_sc",
        b"_sc|",
        b"_sc||",
        b"_sc||0",
        b"_sc|a|",
        b"_sc|a|4",
        b"a:1|c|T",
        b"a:1|c|T99999999999",
        b"a:1|c|e",
    ),
    *(
        b"constructor:1|ms",
        b"__proto__:1|c",
        b"a:1e5000|g",
        b"a:1e-5000|g",
        b"a:-0|g",
        b"a:+|g",
        b"a:1|c|@1e-999",
    ),
    *(b"a\x00:1|c", b"\xff\xfe", b"\xed\xa0\x80:1|c", b"\xf4\x90\x80\x80:1|c", b"\xc0\x80:1|c", b"\xe2\x82"),
    *("\ufeffa:1|c".encode(), "\u202ea:1|c".encode(), "\u2028:1|c".encode(), "\x85:1|c".encode()),
]
"""Short lines out of the bug reports and fuzz corpora of servers of StatsD, and lines like them."""


def test_a_rate_near_0_costs_no_more_than_another_and_every_wrong_one_has_a_word() -> None:
    """1,000 rates. Other servers take a duration 1/rate times, or divide by 0."""
    assert len(RATES) == 1000
    packets = [f"x:1|ms|@{rate}".encode() for rate in RATES]
    started = time.perf_counter()

    parsed = [parse_datagram(packet) for packet in packets]

    assert time.perf_counter() - started <= 10 * 1000 * 50e-6
    for rate, found in zip(RATES, parsed, strict=True):
        assert len(found.measurements) + len(found.bad) == 1
        assert all(0 < measured.rate <= 1 and 1 / measured.rate < 1e309 for measured in found.measurements), (
            rate
        )
    words = [line.reason.value for found in parsed for line in found.bad]
    assert {word: words.count(word) for word in words} == {
        "rate_out_of_range": 99 + 84 + 15,  # the last ones are so small that 1/rate is infinite
        "zero_rate": 8,
        "bad_rate": 8,
    }


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_only_some_language_takes_for_a_number_is_none_wherever_it_stands(spelling: str) -> None:
    """40 spellings in 25 places."""
    for place in PLACES:
        parsed = parse_datagram(place.format(spelling).encode())

        assert parsed.measurements == (), place
        assert len(parsed.bad) == 1, place


def test_there_are_40_spellings_in_25_places_and_none_is_a_plain_number() -> None:
    assert (len(set(SPELLINGS)), len(set(PLACES))) == (40, 25)
    assert [text for text in SPELLINGS if PLAIN_NUMBER.fullmatch(text)] == ["1e400", "-1e999"]


@pytest.mark.parametrize("line", EVIL.values(), ids=EVIL)
def test_no_line_takes_more_time_than_its_length_is_worth(line: bytes) -> None:
    """8 KiB are read in some milliseconds, whatever they are."""
    line = line[:LINE_LIMIT]
    started = time.perf_counter()

    parsed = parse_datagram(line)

    assert time.perf_counter() - started < 0.1
    assert parsed.measurements or parsed.bad or parsed.notices


def test_lines_that_have_ended_others_and_20000_changes_of_them_are_counted_one_by_one() -> None:
    """One byte in each is put in, left out, doubled or changed."""
    chance = random.Random(3)
    seeds = [*OTHERS, *(kind.make(chance)[:300] for kind in KINDS)]
    marks = b":|@#;,[]={}.+-e0 1\n\r\0\xff"

    for line in itertools.chain(
        seeds, (_changed(chance.choice(seeds), marks, chance) for _ in range(20_000))
    ):
        parsed = parse_datagram(line)

        assert parsed.measurements or parsed.bad or parsed.notices, line
        assert parsed.lines >= parsed.accepted + parsed.notices
        assert all(_is_sound(measured.kind, measured.value) for measured in parsed.measurements), line


def _changed(line: bytes, marks: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(line) + 1)
    put = bytes([chance.choice(marks)])
    tail = chance.choice((line[at:], line[at + 1 :], line[at : at + 1] + line[at:]))
    return line[:at] + chance.choice((put, b"")) + tail


def _is_sound(kind: Kind, value: float | str) -> bool:
    if kind is Kind.SET:
        return isinstance(value, str) and 0 < len(value) <= statsd.MEMBER_LIMIT
    return isinstance(value, float) and abs(value) < 1e309
