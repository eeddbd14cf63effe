"""Labels that may name people are hidden, hashed or shown, and always in the same way."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.privacy import Shown, Veil, shape
from bridge.core.sample import Sample, Series

KEY = "0123456789abcdef"
ADA = Sample(Series("agent.calls", (("pbx", "hq"), ("queue", "support"), ("agent", "Ada"))), 3, 7)
PLAIN = Sample(Series("queue.waiting", (("pbx", "hq"), ("queue", "support"))), 1, 7)


def test_what_is_hidden_has_no_series() -> None:
    veil = Veil({"agent": "hide"})

    assert veil.samples([ADA, PLAIN]) == [PLAIN]
    assert veil.hides(ADA.series)
    assert not veil.hides(PLAIN.series)


def test_what_is_shown_is_as_it_was() -> None:
    assert Veil({"agent": "show"}).samples([ADA, PLAIN]) == [ADA, PLAIN]


def test_a_hash_is_the_first_half_of_a_keyed_hash_of_the_value() -> None:
    (veiled,) = Veil({"agent": "hash"}, KEY).samples([ADA])

    assert veiled.value == 3
    assert dict(veiled.series.labels) == {
        "pbx": "hq",
        "queue": "support",
        "agent": hmac.new(KEY.encode(), b"Ada", hashlib.sha256).hexdigest()[:16],
    }


def test_what_is_hashed_may_be_remembered() -> None:
    assert not Veil({"agent": "hash"}, KEY).hides(ADA.series)


@given(st.text(min_size=1), st.text(min_size=1))
def test_equal_values_have_equal_hashes_and_others_have_others(one: str, other: str) -> None:
    veil = Veil({"agent": "hash"}, KEY)

    hashes = [
        veil.samples([Sample(Series("a.b", (("agent", value),)), 1, 0)])[0].series
        for value in (one, one, other)
    ]

    assert hashes[0] == hashes[1]
    assert (hashes[0] == hashes[2]) == (one == other)


def test_an_empty_value_names_nobody() -> None:
    nobody = Sample(Series("agent.calls", (("agent", ""),)), 1, 0)

    assert Veil({"agent": "hash"}, KEY).samples([nobody]) == [nobody]


@pytest.mark.parametrize("treatment", ["hide", "hash"])
def test_a_label_is_known_by_its_name_wherever_it_stands(treatment: Shown) -> None:
    bucket = Sample(Series("statsd.shop.calls", (("pbx", "hq"), ("caller", "+4930123456"), ("x", "y"))), 1, 0)

    assert "4930123456" not in str(Veil({"caller": treatment}, KEY).samples([bucket]))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"calls.+49 30.123:1|c", "aaaaa.+99 99.999:9|a"),
        ("Zoë:x|g".encode(), "aaaa:a|a"),
        (b"\x00\x1b[31m\t", "??[99a?"),
        (b"", ""),
    ],
)
def test_of_a_line_only_its_shape_is_shown(line: bytes, shown: str) -> None:
    assert shape(line) == shown
