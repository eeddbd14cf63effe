"""Tables: lists by name, in one value of a setting."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.settings.values import show_table, table


@pytest.mark.parametrize(
    ("given", "lists"),
    [
        ("", {}),
        ("queue=support*", {"queue": ["support*"]}),
        ("queue=a, queue=!b ,trunk=", {"queue": ["a", "!b"], "trunk": [""]}),
        ("a=b=c", {"a": ["b=c"]}),
        ('{"queue": ["a,b"], "trunk": "c"}', {"queue": ["a,b"], "trunk": ["c"]}),
        ((("queue", "a,b"), ("trunk", ["c"])), {"queue": ["a,b"], "trunk": ["c"]}),
    ],
)
def test_tables_are_written_in_three_ways(given: object, lists: dict[str, list[str]]) -> None:
    assert table(given) == lists


@pytest.mark.parametrize("given", ["queue", "{", '{"a": "\\u0007"}', "a=\x1b"])
def test_what_is_no_table_is_told(given: str) -> None:
    with pytest.raises(ValueError, match=r"is not a table|looks like JSON|control character"):
        table(given)


@example({"a=": [""]})
@given(st.dictionaries(st.text("ab=, *{\"'é", max_size=4), st.lists(st.text("ab=, *!", max_size=4))))
def test_tables_are_shown_so_that_they_read_back(lists: dict[str, list[str]]) -> None:
    assert table(show_table(lists)) == lists
