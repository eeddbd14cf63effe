"""Every reason is a word of its own, and something is refused for it."""

import random

from bridge.core.metric import NAME
from bridge.protocols.guard import parse_within, without_cut_names
from bridge.protocols.refusal import Reason
from bridge.protocols.statsd import parse_datagram
from tests.hostile.statsd import KINDS

NOT_THE_PARSERS = "negative_timer"
"""A duration below 0 is a good line: it is refused where durations add up."""


def test_every_reason_refuses_something() -> None:
    chance = random.Random(1)
    cut = b"a\nb:1|c"
    parsed = [
        *(parse_datagram(kind.make(chance)) for kind in KINDS),
        parse_within(b"hq.", b"branch.a:1|c"),
        without_cut_names(cut, parse_datagram(cut)),
    ]

    assert {line.reason for each in parsed for line in each.bad} == set(Reason)


def test_24_kinds_of_bad_lines_have_24_words() -> None:
    assert len({kind.reason for kind in KINDS}) == len(KINDS) == 24
    assert {kind.reason for kind in KINDS} <= {*Reason, NOT_THE_PARSERS}


def test_a_word_fits_a_label_as_it_is() -> None:
    assert all(NAME.fullmatch(f"reason.{reason}") for reason in Reason)
