"""All functions of the query language that are served, by name."""

from difflib import get_close_matches
from typing import Any

from bridge.render import combine, draw, grouping, name, ratio, select, summary, transform, window
from bridge.render.errors import QueryError
from bridge.render.function import Calling, Function, Series
from bridge.render.parameters import Parameter

BY_TAG = "seriesByTag"


def series_by_tag(_calling: Calling, *_expressions: str) -> Series:
    """The series whose tags fit all expressions: tag=value, tag!=value, tag=~regex or tag!=~regex."""
    raise QueryError(f"{BY_TAG}() stands in the place of a path")


FUNCTIONS = {
    function.name: function
    for function in (
        *combine.FUNCTIONS,
        *grouping.FUNCTIONS,
        *ratio.FUNCTIONS,
        *transform.FUNCTIONS,
        *summary.FUNCTIONS,
        *window.FUNCTIONS,
        *select.FUNCTIONS,
        *name.FUNCTIONS,
        *draw.FUNCTIONS,
        Function(
            BY_TAG,
            "Special",
            series_by_tag,
            (Parameter("tagExpressions", "string", required=True, multiple=True),),
        ),
    )
}


def function_named(word: str) -> Function:
    """The function of this name.

    Raises:
        QueryError: there is none; the message says which are like it, and which there are.
    """
    if word in FUNCTIONS:
        return FUNCTIONS[word]
    near = get_close_matches(word, FUNCTIONS, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    raise QueryError(f"unknown function {word}{hint} Known are {', '.join(sorted(FUNCTIONS))}")


def described() -> dict[str, Any]:
    """What `/functions` answers: each function by name, as Grafana's editor reads them."""
    return {word: function.described() for word, function in sorted(FUNCTIONS.items())}
