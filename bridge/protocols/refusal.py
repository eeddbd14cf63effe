"""Why lines of StatsD are refused. Each word is the label under which the refused are counted."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why a line, or one value of it, is refused.

    EMPTY: a datagram of no bytes; BLANK: a line of none, or of blanks.
    ENCODING: text, but not UTF-8; BINARY: no text either, such as the first bytes of TLS.
    NO_VALUE: no colon, so nothing is said of any name; EMPTY_VALUE: nothing behind the colon.
    """

    EMPTY = "empty"
    BLANK = "blank"
    LONG_LINE = "long_line"
    ENCODING = "encoding"
    BINARY = "binary"
    CONTROL = "control_character"
    NO_VALUE = "no_value"
    NO_TYPE = "no_type"
    BAD_TYPE = "bad_type"
    NO_NAME = "no_name"
    LONG_NAME = "long_name"
    EMPTY_VALUE = "empty_value"
    BAD_VALUE = "bad_value"
    NOT_FINITE = "not_finite"
    OVERFLOW = "overflow"
    BAD_RATE = "bad_rate"
    RATE_RANGE = "rate_out_of_range"
    ZERO_RATE = "zero_rate"
    BAD_SECTION = "bad_section"
    BAD_TAG = "bad_tag"
    MANY_TAGS = "many_tags"
    MIXED_TAGS = "mixed_tags"
    BAD_NOTICE = "bad_notice"
    CUT_NAME = "cut_name"
    OUTSIDE_PREFIX = "outside_prefix"


NOTHING = frozenset({Reason.EMPTY, Reason.BLANK})
"""Reasons that stand for no line at all: etsy's statsd passes over these without a word."""


class BadLine(NamedTuple):
    """A line that is refused, and why."""

    line: bytes
    reason: Reason


class RefusedError(Exception):
    """A line, or one value of it, is of no use; raised and caught inside a parser.

    Attributes:
        reason: why.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
