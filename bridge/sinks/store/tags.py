"""Tag expressions, as graphite-web takes them: `pbx=hq`, `pbx!=lab`, `queue=~^su`, `queue!=~x`."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bridge.render.errors import QueryError
from bridge.render.patterns import Pattern

EXPRESSION = re.compile(r"([^;!=]+)(!?=~?)([^;]*)")
LONGEST = 1000
"""Characters of an expression."""


class Condition(NamedTuple):
    """What must hold of one tag; a series without it has the empty value.

    Attributes:
        tag: its key.
        holds: whether a value is as asked for.
    """

    tag: str
    holds: Callable[[str], bool]


def conditions(expressions: Iterable[str]) -> list[Condition]:
    """What the expressions ask for, one of which at least must not hold of a series without tags.

    Raises:
        QueryError: they cannot be understood.
    """
    found = [_condition(expression) for expression in expressions]
    if all(condition.holds("") for condition in found):
        raise QueryError("of the tag expressions, at least one must ask for a value that is not empty")
    return found


def _condition(expression: str) -> Condition:
    match = EXPRESSION.fullmatch(expression)
    if not match or len(expression) > LONGEST:
        raise QueryError(f"{expression[:100]!r} is no tag expression; write it as tag=value, != , =~ or !=~")
    tag, operator, asked = match.groups()
    if operator in {"=", "!="}:
        return Condition(tag, lambda value: (value == asked) == (operator == "="))
    pattern = beginning(asked)
    return Condition(tag, lambda value: pattern.found_in(value) == (operator == "=~"))


def beginning(text: str) -> Pattern:
    """What is found in a value that begins with what the regular expression describes.

    Raises:
        QueryError: it is none, or one that may take too long.
    """
    return Pattern(text if text.startswith("^") else f"^({text})")


def match(tags: Mapping[str, str], asked: Iterable[Condition]) -> bool:
    """Whether all conditions hold of a series with these tags."""
    return all(condition.holds(tags.get(condition.tag, "")) for condition in asked)
