"""A number as text: the shortest digits that read back as the same number, in JavaScript's notation.

It is the notation that etsy's statsd writes (ECMA-262, Number::toString); Graphite, MQTT and Prometheus
readers take it too.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import isfinite

WHOLE = 1e15
"""Below this, a float without a fraction is written exactly by its integer."""
POINT_HIGHEST, POINT_LOWEST = 21, -5
"""The places of the decimal point, counted from the first digit, between which no exponent is written."""

ODD = ("e", "n", "0.0000", "-0.0")
"""What Python writes in a number that may not be `text` when `.0` is gone: exponent, nan, inf, minus zero."""

SMALL = {float(number): str(number) for number in range(1000)}
"""Zeros, states and counts: whole batches have no other numbers, and Python takes long to write a float."""


def text(value: float) -> str:
    """A finite number as text: `3`, `-0.25`, `1e+21`, `1.5e-7`; minus zero is `0`."""
    if -WHOLE < value < WHOLE and value == (whole := int(value)):
        return str(whole)
    plain = repr(float(value))
    if "e" not in plain and not plain.startswith(("0.0000", "-0.0000")):
        return plain.removesuffix(".0")
    return _scientific(plain)


def texts(values: Sequence[float]) -> list[str]:
    """`text` of each, and the empty text for one that is not finite; plain numbers take no step for each."""
    if all(map(SMALL.__contains__, values)):
        return list(map(SMALL.__getitem__, values))
    exact = list(map(float, values))
    plain = repr(exact)[1:-1]
    words = plain.replace(".0,", ",").removesuffix(".0").split(", ")
    if any(odd in plain for odd in ODD):
        for at, word in enumerate(words):
            if "e" in word or "n" in word or "0.0000" in word or word == "-0":
                words[at] = text(exact[at]) if isfinite(exact[at]) else ""
    return words


def _scientific(plain: str) -> str:
    """Python writes an exponent from 1e16 and below 1e-4; JavaScript from 1e21 and below 1e-6."""
    sign, places, exponent = Decimal(plain).normalize().as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, places))
    point = len(digits) + exponent
    minus = "-" if sign else ""
    if len(digits) <= point <= POINT_HIGHEST:
        return minus + digits.ljust(point, "0")
    if 0 < point <= POINT_HIGHEST:
        return f"{minus}{digits[:point]}.{digits[point:]}"
    if POINT_LOWEST <= point <= 0:
        return f"{minus}0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{minus}{digits[0]}{fraction}e{point - 1:+d}"
