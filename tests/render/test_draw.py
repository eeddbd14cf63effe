"""Looks, and lines that are no measurement."""

import pytest

from bridge.render.errors import QueryError
from bridge.render.evaluate import Query, render
from tests.render.lines import Store, evaluated, line, names, values

A, B = line("a", 1, None, 3), line("b", 10, 20, 30)


def test_a_constant_line_has_a_beginning_a_middle_and_an_end() -> None:
    (found,) = evaluated("constantLine(5)", end=61)

    assert (found.name, found.start, found.end, found.step) == ("5.0", 0, 61, 30)
    assert list(found.values) == [5, 5, 5]
    assert names("threshold(5,'Limit','red')") == ["Limit"]


def test_a_line_that_has_no_room_is_a_fault() -> None:
    with pytest.raises(QueryError, match=r"constantLine\(\): .* needs 2 s at least"):
        evaluated("constantLine(5)", end=1)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("color(a,'red')", "a"),
        ("alpha(a,0.5)", "a"),
        ("lineWidth(a,2)", "a"),
        ("dashed(a)", "dashed(a, 5)"),
        ("drawAsInfinite(a)", "drawAsInfinite(a)"),
        ("secondYAxis(a)", "secondYAxis(a)"),
        ("consolidateBy(a,'max')", 'consolidateBy(a,"max")'),
        ("cumulative(a)", 'consolidateBy(a,"sum")'),
    ],
)
def test_looks_change_no_value(call: str, name: str) -> None:
    assert names(call, A) == [name]
    assert values(call, A) == [[1, None, 3]]


def test_stacks_grow_over_all_targets_of_a_request() -> None:
    targets = ("stacked(a)", "stacked(b)", "stacked(b,'other')")

    found = render(Query(targets, 0, 60), Store(A, B))

    assert [each.name for each in found] == ["stacked(a)", "stacked(b)", "b"]
    assert [list(each.values) for each in found] == [[1, None, 3], [11, 20, 33], [10, 20, 30]]
