"""Asterisk makes ids of its name, the second and a running number, and joins calls under the older id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.ids import age, older


@pytest.mark.parametrize(
    ("known", "told", "later"),
    [
        ("1700000000.9", "1700000000.10", "1700000000.9"),
        ("pbx-1-1700000000.10", "pbx-1-1700000000.9", "pbx-1-1700000000.9"),
        ("1700000001.1", "1700000000.2", "1700000000.2"),
        ("my-own-id", "1700000000.2", "1700000000.2"),
        ("1700000000.2", "my-own-id", "my-own-id"),
    ],
)
def test_of_two_linkedids_of_a_channel_the_older_id_is_the_later_word(
    known: str, told: str, later: str
) -> None:
    assert older(known, told) == later


@pytest.mark.parametrize("key", ["call-17", "", "1700000000", "1700000000.1.x", "." * 100])
def test_an_id_that_somebody_chose_has_no_age(key: str) -> None:
    assert age(key) is None


@given(st.text(), st.text())
def test_whatever_the_ids_are_it_is_one_of_them(known: str, told: str) -> None:
    assert older(known, told) in {known, told}


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_which_is_heard_first_makes_no_difference(second: int, number: int, other: int, another: int) -> None:
    one, two = f"pbx-{second}.{number}", f"{other}.{another}"

    assert age(older(one, two)) == age(older(two, one))
