"""The tags in the name of a series."""

import pytest

from bridge.render.tags import tags_in, tags_of


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("a.b", {"name": "a.b"}),
        ("a.b;pbx=hq;x=1=2", {"name": "a.b", "pbx": "hq", "x": "1=2"}),
        ("a;x=1;x=2", {"name": "a", "x": "2"}),
        ("~a;x=y", {"name": "a", "x": "y"}),
        ("scale(a;x=y,2)", {"name": "scale(a;x=y,2)"}),
        ("a;x", {"name": "a;x"}),
        ("a;x=", {"name": "a;x="}),
        ("a;x=~y", {"name": "a;x=~y"}),
        ("a;x!=y", {"name": "a;x!=y"}),
        ("", {"name": ""}),
    ],
)
def test_tags_are_read_or_there_is_only_the_name(name: str, tags: dict[str, str]) -> None:
    assert tags_of(name) == tags


def test_tags_within_a_call_are_read_only_where_that_is_asked_for() -> None:
    assert tags_in("sum(a);x=y)") == {"name": "sum(a)", "x": "y)"}
