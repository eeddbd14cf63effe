"""Bad StatsD, of 24 kinds: how each is made, and the word under which it is counted."""

import random
import string
from collections.abc import Callable
from typing import NamedTuple

LONGEST = 65507
"""Bytes of the longest datagram that IPv4 carries."""


class Kind(NamedTuple):
    """One way to be bad.

    Attributes:
        name: what is wrong.
        reason: the word under which it is counted.
        make: gives one such packet; over a stream, a line feed follows unless it ends with one.
        streamed: the word over a stream, if that is another one.
        ends: whether a stream ends with it.
    """

    name: str
    reason: str
    make: Callable[[random.Random], bytes]
    streamed: str = ""
    ends: bool = False


def word(chance: random.Random, longest: int = 12) -> str:
    """Some letters."""
    return "".join(chance.choices(string.ascii_lowercase, k=chance.randint(1, longest)))


def _digits(chance: random.Random) -> str:
    return str(chance.randrange(100_000))


def _value(*spellings: str) -> Callable[[random.Random], bytes]:
    """A line whose value is one of these."""

    def make(chance: random.Random) -> bytes:
        code = chance.choice(("c", "g", "ms", "m", "h"))
        return f"{word(chance)}:{chance.choice(spellings)}|{code}".encode()

    return make


def _rate(*spellings: str) -> Callable[[random.Random], bytes]:
    """A line whose rate is one of these."""

    def make(chance: random.Random) -> bytes:
        code = chance.choice(("c", "ms", "m"))
        return f"{word(chance)}:{_digits(chance)}|{code}|@{chance.choice(spellings)}".encode()

    return make


def _after(tail: str) -> Callable[[random.Random], bytes]:
    """A name, and this."""
    return lambda chance: f"{word(chance)}{tail.replace('9', _digits(chance))}".encode()


def _latin(chance: random.Random) -> bytes:
    return f"{word(chance)}\xe9{word(chance)}:{_digits(chance)}|c".encode("latin-1")


def _longest(chance: random.Random) -> bytes:
    start = f"{word(chance)}:"
    return (start + "".join(chance.choices(string.digits, k=16)) * 4096).encode()[:LONGEST]


def _long_name(chance: random.Random) -> bytes:
    return f"{word(chance, 4) * 10_240}"[:10_240].encode() + b":1|c"


def _tags(chance: random.Random) -> bytes:
    tags = ",".join(f"k{number}:{word(chance, 4)}" for number in range(500))
    return f"{word(chance)}:{_digits(chance)}|c|#{tags}".encode()


def _mixed(chance: random.Random) -> bytes:
    begin, end = chance.choice(((";", ""), (",", ""), ("[", "]")))
    return f"{word(chance)}{begin}site={word(chance)}{end}:1|c|#zone:{word(chance)}".encode()


def _event(chance: random.Random) -> bytes:
    title, text = word(chance), word(chance)
    return f"_e{{{len(title)},{len(text) + chance.randint(1, 500)}}}:{title}|{text}".encode()


def _noise(chance: random.Random) -> bytes:
    """A line feed would make two lines of it."""
    return chance.randbytes(chance.randint(150, 400)).replace(b"\n", b"\r")


KINDS = (
    Kind("empty", "empty", lambda _: b"", streamed="blank"),
    Kind("only a line feed", "blank", lambda _: b"\n"),
    Kind("no colon", "no_value", _after("|c")),
    Kind("no type", "no_type", _after(":9")),
    Kind("unknown type", "bad_type", lambda chance: _after(f":9|{chance.choice('xCtqG')}")(chance)),
    Kind("empty name", "no_name", lambda chance: f":{_digits(chance)}|c".encode()),
    Kind("empty value", "empty_value", _value("")),
    Kind("value that is no number", "bad_value", _value("abc", "0x10", "1_0", "1,5", "--1", "1e", "\u0661")),
    Kind("value that is not finite", "not_finite", _value("nan", "NaN", "inf", "-inf", "Infinity", "+Inf")),
    Kind("value beyond any float", "overflow", _value("1e400", "-1e400", "9" * 400)),
    Kind("rate 0", "zero_rate", _rate("0", "0.00", "0.0", "-0", "0e5")),
    Kind("rate below 0 or above 1", "rate_out_of_range", _rate("-1", "-0.5", "2", "1.01", "1e400", "1e-320")),
    Kind("rate that is no number", "bad_rate", _rate("", "x", "nan", "inf", "0x1", "0,5", " 1")),
    Kind("three pipes too many", "bad_section", _after(":9|c|||")),
    Kind("text that is not UTF-8", "encoding", _latin),
    Kind("NUL inside", "control_character", lambda chance: b"%b\0:1|c" % word(chance).encode()),
    Kind("longest datagram", "long_line", _longest, ends=True),
    # A stream is not read on to the colon, so that nobody can tell where the name ends.
    Kind("name of 10 KiB", "long_name", _long_name, streamed="long_line", ends=True),
    Kind("500 tags", "many_tags", _tags),
    Kind("tag without value", "bad_tag", _after(";k=:9|c")),
    Kind("two styles of tags", "mixed_tags", _mixed),
    Kind("event whose length lies", "bad_notice", _event),
    Kind("negative timer", "negative_timer", lambda chance: _after(f":-{chance.randint(1, 9)}|ms")(chance)),
    Kind("random bytes", "binary", _noise),
)
