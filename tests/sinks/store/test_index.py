"""What the store holds, found by paths and by tags; the real graphite-web judges in test_graphite_api.py."""

import threading
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.render.errors import QueryError
from bridge.sinks.store import globs
from bridge.sinks.store.index import Index

words = st.sampled_from(["a", "b", "ab", "c1"])
paths = st.lists(words, min_size=1, max_size=4).map(".".join)


def index(names: Iterable[str]) -> Index:
    made = Index()
    for name in names:
        made.add(name)
    return made


@given(st.sets(paths), st.sets(paths))
def test_what_was_added_and_removed_leaves_no_trace(kept: set[str], gone: set[str]) -> None:
    found = index(kept | gone)

    for name in gone - kept:
        found.remove(name)

    assert found.find("**") == index(kept).find("**")
    assert found.names() == sorted(kept)
    assert len(found) == len(kept)


@given(st.sets(paths))
def test_each_name_finds_itself_and_words_above_it(names: set[str]) -> None:
    found = index(names)

    for name in names:
        assert (name, True) in found.find(name)
        above, dot, _ = name.rpartition(".")
        assert not dot or (above, False) in found.find(above)
    assert {path for path, is_leaf in found.find("**") if is_leaf} == names


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("a.*", ["a.b", "a.c1", "a.c2"]),
        ("a.c[12]", ["a.c1", "a.c2"]),
        ("a.c?", ["a.c1", "a.c2"]),
        ("a.{b,c{1,3}}", ["a.b", "a.c1"]),
        ("{a,d}.c*", ["a.c1", "a.c2"]),
        ("a.**.x", ["a.c2.x"]),
        ("**", ["a", "a.b", "a.c1", "a.c2", "a.c2.x"]),
        ("b", []),
        ("a..b", []),
        ("", []),
    ],
)
def test_patterns(pattern: str, paths: list[str]) -> None:
    found = index(["a.b", "a.c1", "a.c2.x"])

    assert [node.path for node in found.find(pattern)] == paths


@pytest.mark.parametrize("pattern", ["**.**.**", "{a,b}" * 11, "{a}" * 30, "{a,b,c,d,e,f}" * 7])
def test_a_pattern_that_finds_too_much_is_refused(pattern: str) -> None:
    with pytest.raises(QueryError, match="more than"):
        index(["a"]).find(pattern)


def test_choices_of_braces_are_given_once() -> None:
    assert globs.variants("{a,b}{a,}x{a,a}") == ["aaxa", "axa", "baxa", "bxa"]


@pytest.mark.parametrize(
    ("expressions", "names"),
    [
        (["pbx=hq"], ["x;pbx=hq", "x;pbx=hq;queue=s.1"]),
        (["pbx=hq", "queue="], ["x;pbx=hq"]),
        (["pbx=~h|l", "queue!="], ["x;pbx=hq;queue=s.1"]),
        (["name=x", "pbx!=hq"], ["x;pbx=lab"]),
        (["name=~.", "pbx!=~^h"], ["a.b", "x;pbx=lab"]),
        (["pbx=~q"], []),
        (["pbx=~^.q"], ["x;pbx=hq", "x;pbx=hq;queue=s.1"]),
    ],
)
def test_tag_expressions(expressions: list[str], names: list[str]) -> None:
    found = index(["a.b", "x;pbx=hq", "x;pbx=hq;queue=s.1", "x;pbx=lab"])

    assert found.matching(expressions) == names


@pytest.mark.parametrize("expressions", [["x"], ["a!=b"], ["=a"], ["a;b=c"], ["a=~("], ["a=~(b+)+"], []])
def test_tag_expressions_that_cannot_be_understood(expressions: list[str]) -> None:
    with pytest.raises(QueryError):
        index(["a"]).matching(expressions)


def test_tags_and_their_values() -> None:
    found = index(["a.b", "x;pbx=hq", "x;pbx=hq;queue=s.1", "x;pbx=lab"])

    assert found.tags() == ["name", "pbx", "queue"]
    assert found.values("pbx") == {"hq": 2, "lab": 1}
    assert found.values("unknown") == {}


def test_it_is_read_while_it_is_written() -> None:
    found, over = Index(), threading.Event()

    def write() -> None:
        for number in range(3000):
            found.add(f"a{number % 50}.b{number}")
            if number > 100:
                found.remove(f"a{(number - 100) % 50}.b{number - 100}")
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not over.is_set():
        assert all(path.startswith("a") for path, _ in found.find("**"))
        found.values("name")
    writer.join()
