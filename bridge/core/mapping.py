"""Mapping rules: from the dotted name of a bucket to a name and labels, as statsd_exporter's globs do it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.core.sample import Labels, Series

LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
CAPTURE = re.compile(r"\$(?:([0-9])|\{([0-9])\})")
STARS_LIMIT = 2
"""Stars in one dotted part of a pattern: more would let a long name cost time beyond measure."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        match: the glob; `*` stands for any text without a dot.
        name: the new name, `$1` to `$9` being what the stars stood for; empty keeps the old one.
        labels: labels to add, with `$1` in the same way. They go before tags of the same key.
        drop: throw the bucket away instead.
    """

    match: str
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False

    def fault(self) -> str:
        """What is wrong with the rule; empty if nothing is."""
        if not self.match:
            return "has no `match`"
        if any(part.count("*") > STARS_LIMIT or "**" in part for part in self.match.split(".")):
            return f"match {self.match!r} has `**`, or more than {STARS_LIMIT} stars between two dots"
        if self.drop and (self.name or self.labels):
            return "has `drop` and something to make of the bucket: choose one"
        return self._label_fault() or self._capture_fault()

    def _label_fault(self) -> str:
        for key in self.labels:
            if not LABEL.fullmatch(key) or key == "pbx":
                return f"label {key!r} is not usable: letters, digits and _ only, and not `pbx`"
        return ""

    def _capture_fault(self) -> str:
        return next(filter(None, map(self._unfillable, (self.name, *self.labels.values()))), "")

    def _unfillable(self, template: str) -> str:
        """What is wrong with a template; empty if every star that it asks for is there."""
        stars = self.match.count("*")
        for short, braced in CAPTURE.findall(template):
            if not 1 <= int(short or braced) <= stars:
                return f"{template!r} asks for ${short or braced}, but `match` has {stars} stars"
        return ""


class Mapper:
    """Applies the first rule that matches.

    Args:
        rules: the rules in order, none of them with a fault.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = [(re.compile(_expression(rule.match)), rule) for rule in rules]

    def __call__(self, series: Series) -> Series | None:
        """The bucket under its new name and labels; None if it is to be dropped."""
        for expression, rule in self._rules:
            if match := expression.fullmatch(series.name):
                return None if rule.drop else _renamed(series, rule, match)
        return series


def read_rules(text: str) -> tuple[Rule, ...]:
    """The rules of a mapping file.

    Raises:
        ValueError: the text is not TOML, or a rule is wrong; the message says which, counted from 1.
    """
    rules = []
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    if extra := document.keys() - {"rule"}:
        raise ValueError(f"unknown key {min(extra)!r}: only [[rule]] tables are known")
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError("write [[rule]], not [rule]")
    for number, table in enumerate(tables, 1):
        rule = _rule(number, table)
        if fault := rule.fault():
            raise ValueError(f"rule {number} {fault}")
        rules.append(rule)
    return tuple(rules)


SHAPES = {"match": str, "name": str, "labels": dict, "drop": bool}


def _rule(number: int, table: Mapping[str, Any]) -> Rule:
    for key, value in table.items():
        if key not in SHAPES:
            raise ValueError(f"rule {number} has the unknown key {key!r}; known are {', '.join(SHAPES)}")
        texts = value.values() if isinstance(value, dict) else ()
        if not isinstance(value, SHAPES[key]) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"rule {number}: {key} = {value!r} is not of the right type")
    return Rule(**{"match": "", **table})


def _expression(glob: str) -> str:
    """The glob as a regular expression.

    A dotted part that has found its match never looks for another. What is behind the dot depends on none of
    them, and to try all matches of all parts would take a time beyond measure.
    """
    parts = ("([^.]*)".join(map(re.escape, part.split("*"))) for part in glob.split("."))
    return r"\.".join(f"(?>{part}(?![^.]))" for part in parts)


def _renamed(series: Series, rule: Rule, match: re.Match[str]) -> Series:
    def filled(template: str) -> str:
        return CAPTURE.sub(lambda capture: match[int(capture[1] or capture[2])], template)

    labels: Labels = tuple((key, text) for key, value in rule.labels.items() if (text := filled(value)))
    tags = tuple(tag for tag in series.labels if tag[0] not in rule.labels)
    return Series(filled(rule.name) or series.name, tuple(sorted((*labels, *tags))))
