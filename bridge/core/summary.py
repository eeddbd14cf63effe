"""Summary: the sentence that people are told of an alert, with what is known filled in."""

from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

from bridge.core.number import text


class Field(NamedTuple):
    """A part of a sentence: its plain words, and behind them what is filled in, if anything is.

    Attributes:
        words: what is there as it stands.
        name: of what follows; empty if nothing does.
        form: how a number is shown, such as `.1f`.
    """

    words: str
    name: str = ""
    form: str = ""


def filled(sentence: str, known: Mapping[str, str | float | None]) -> str:
    """The sentence with texts and numbers in it; what is not known is `unknown`, a strange name is nothing.

    Only plain names are filled in: what comes from outside is shown and never looked into.

    Raises:
        ValueError: as from `fields_of`.
    """
    parts = (each.words + _shown(known.get(each.name, ""), each.form) for each in fields_of(sentence))
    return "".join(parts)


def _shown(value: str | float | None, form: str) -> str:
    """A number with few digits, or as its form says; `%` is a share in whole percents."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value
    if form == "%":
        return f"{value:.0%}"
    if form:
        return format(value, form)
    return text(float(f"{value:.4g}") if abs(value) < 1e4 else value)


@lru_cache(1000)
def fields_of(sentence: str) -> tuple[Field, ...]:
    """The parts of a sentence, in their order.

    Raises:
        ValueError: its braces do not match, or a field is more than a name and a form.
    """
    found = []
    for words, name, form, conversion in Formatter().parse(sentence):
        if name is not None and (not name.isidentifier() or conversion or "{" in (form or "")):
            raise ValueError(f"has {{{name}}}: write {{value}} or {{value:.1f}}, without anything else")
        found.append(Field(words, name or "", form or ""))
    return tuple(found)
