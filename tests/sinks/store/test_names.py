"""Names and the files that they have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Series
from bridge.protocols.graphite import path_layout, tag_layout
from bridge.sinks.store.names import canonical, fits, name_of, words_of
from tests.strategies import WORDS

LAYOUTS = {"path": path_layout("asterisk", CATALOG), "tags": tag_layout("asterisk")}
values = WORDS.filter(lambda word: "\0" not in word)
series = st.builds(
    lambda bucket, pbx, key, value: Series(f"statsd.{bucket}", (("pbx", pbx), (key, value))),
    values.filter(bool),
    values,
    values.filter(lambda key: key not in {"", "pbx"}),
    values,
)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(series)
def test_a_name_is_found_again_from_its_file(layout: str, one: Series) -> None:
    name = canonical(LAYOUTS[layout](one))

    assert name == LAYOUTS[layout](one)
    assert name_of(words_of(name)) == name


def test_a_path_is_folders_and_tags_are_in_folders_by_their_digest() -> None:
    assert words_of("a.b.c") == ("a", "b", "c")
    assert words_of("some.metric;tag1=value2;tag2=value.2") == (
        "_tagged",
        "eff",
        "aae",
        "some_DOT_metric;tag1=value2;tag2=value_DOT_2",
    )


def test_a_name_that_its_file_cannot_tell_is_the_path_of_the_file() -> None:
    words = words_of("a_DOT_b;c=d")

    assert name_of(words) == ".".join(words)
    assert words_of(name_of(words)) == words


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("a.b.c", "a.b.c"),
        ("a..b.", "a.b"),
        ("x;b=1;a=2", "x;a=2;b=1"),
        ("x;a=1;a=2", "x;a=2"),
        ("x;name=y", "x"),
        ("", ""),
        ("...", ""),
        ("a/b", ""),
        ("a\nb", ""),
        ("a\udc80", ""),
        ("x;a", ""),
        ("x;a=", ""),
        ("x;=a", ""),
        ("x;a=~b", ""),
        ("x;a!=b", ""),
        (";a=b", ""),
    ],
)
def test_a_name_that_somebody_demands_is_made_one_of_graphites_or_none(name: str, called: str) -> None:
    assert canonical(name) == called


@given(st.text(max_size=30))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    called = canonical(name)

    assert canonical(called) == called
    assert all(word not in {"", ".", ".."} and "/" not in word for word in words_of(called) if called)


def test_what_file_systems_do_not_take_does_not_fit() -> None:
    assert fits(words_of("a" * 251))
    assert not fits(words_of("a" * 252))
    assert not fits(words_of("ä" * 130))
    assert not fits(words_of("a." * 100 + "b"))
    assert not fits(tuple(["a" * 200] * 20))
