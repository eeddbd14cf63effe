"""The rule that lays series out: readable, reversible, and without collisions."""

import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.naming import escaper, place
from bridge.core.sample import Series

escape = escaper(string.ascii_letters + string.digits + "_-")
bucket = escaper(string.ascii_letters + string.digits + "_-.")
TEXTS = st.text(max_size=12)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("support", "support"), ("PJSIP/101", "PJSIP%2F101"), ("100%", "100%25"), ("ä", "%C3%A4"), ("", "%")],
)
def test_unsafe_bytes_are_written_as_in_urls(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(TEXTS.filter(bool))
def test_what_is_escaped_can_be_read_back(text: str) -> None:
    assert unquote(escape(text), errors="surrogatepass") == text


@given(TEXTS, TEXTS)
def test_different_texts_never_look_the_same(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


def test_a_percent_sign_is_never_safe() -> None:
    assert escaper("%a")("%a") == "%25a"


def test_an_entity_is_pbx_group_and_label_values() -> None:
    series = Series("queue.waiting", (("pbx", "hq"), ("queue", "support")))

    assert place(series, escape) == (("hq", "queue", "support"), "waiting")


def test_free_labels_of_buckets_carry_their_keys() -> None:
    series = Series("statsd.calls.in.count", (("pbx", "hq"), ("site", "a b")))

    assert place(series, escape, bucket) == (("hq", "statsd", "site=a%20b"), "calls.in.count")


KEYS = st.sampled_from(["queue", "agent", "a=b", ""])
SERIES = st.builds(
    lambda group, what, labels: Series(f"{group}.{what}", (("pbx", "hq"), *labels.items())),
    st.just("statsd"),
    st.text(alphabet="ab.=", min_size=1, max_size=4),
    st.dictionaries(KEYS, TEXTS, max_size=2),
)


@given(SERIES, SERIES)
def test_different_buckets_never_share_a_path(one: Series, other: Series) -> None:
    paths = {(*placed.entity, placed.what) for placed in (place(s, escape, bucket) for s in (one, other))}

    assert len(paths) == len({one, other})
