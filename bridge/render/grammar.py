"""Targets: paths, calls, pipes and templates, as a tree.

    sumSeries(asterisk.*.calls.active, 5)     a call with a path and a number
    asterisk.hq.calls.{active,held}|scale(60) the path is the first argument of the call
    seriesByTag('name=calls.active')          tags instead of a path
    template(asterisk.$pbx.calls.active, pbx="hq")

Text behind a whole target is a fault here; graphite-web passes over it in silence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from bridge.render.errors import QueryError

LONGEST = 16_384
"""Characters of a target; a target of a dashboard has some hundred."""
DEEPEST = 40
"""Calls within calls."""
MOST_PIPES = 60
"""In one target; each is a call within the next."""
MOST_ARGUMENTS = 500

Scalar = str | float | bool | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text between quotes, true, false, none or inf."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Path:
    """A pattern of paths."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments.

    Attributes:
        raw: how it is written; series that are found by tags are named after it.
    """

    name: str
    arguments: tuple["Node", ...] = ()
    named: Mapping[str, "Node"] = field(default_factory=dict)
    raw: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Template:
    """A call or path in which `$name` stands for what `values` gives."""

    body: "Node"
    values: Mapping[str, Scalar]


Node = Literal | Path | Call | Template

_CHARACTER = r"""(?:\\[(){},.'"\\|=]|[^\x00-\x20\x7f(){},.'"\\|])"""
_ELEMENT = rf"(?:{_CHARACTER}|\{{{_CHARACTER}+(?:,{_CHARACTER}+)*\}})+"
_PATH = re.compile(rf"{_ELEMENT}(?:\.{_ELEMENT})*")
_SPACE = re.compile(r"[ \t\r\n]*")
_OPENING = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t\r\n]*\(")
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t\r\n]*=")
_END = r"(?=[ \t\r\n]*(?:[,)]|$))"
_NUMBER = re.compile(rf"-?[0-9]{{1,40}}(\.[0-9]+)?([eE]-?[0-9]{{1,4}})?{_END}")
_WORD = re.compile(rf"(true|false|none|inf){_END}", re.IGNORECASE)
_STRING = re.compile(r""""(?:[^"\n\r\\]|""|\\.)*"|'(?:[^'\n\r\\]|''|\\.)*'""", re.DOTALL)
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "none": None, "inf": float("inf")}


def parse(target: str, *, whole: bool = True) -> Node:
    """The tree of a target; with `whole` false, of what can be read at its beginning.

    Raises:
        QueryError: it is no target, or too long or too deep; the message has the place.
    """
    if len(target) > LONGEST:
        raise QueryError(f"a target may have {LONGEST:,} characters; this one has {len(target):,}")
    reader = _Reader(target)
    node = reader.expression()
    if whole and not reader.at_end():
        reader.fail("it should end here")
    return node


class _Reader:
    """Reads a target from left to right."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._at = 0
        self._depth = 0
        self._pipes = 0

    def fail(self, what: str) -> NoReturn:
        raise QueryError(f"{what}, at character {self._at + 1} of {self._shown()}")

    def _shown(self) -> str:
        """The target, or where it is long what is around the place."""
        start = max(0, self._at - 60)
        piece = self._target[start : self._at + 60]
        before, after = "..." * (start > 0), "..." * (self._at + 60 < len(self._target))
        return f"{before}{piece}{after}"

    def _skip(self) -> None:
        match = _SPACE.match(self._target, self._at)
        self._at = match.end() if match else self._at

    def at_end(self) -> bool:
        self._skip()
        return self._at >= len(self._target)

    def _took(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What comes next, if it is that."""
        self._skip()
        if match := pattern.match(self._target, self._at):
            self._at = match.end()
        return match

    def _took_sign(self, sign: str) -> bool:
        self._skip()
        found = self._target.startswith(sign, self._at)
        self._at += found
        return found

    def expression(self) -> Node:
        """A path, call or template, and the calls that it is piped into."""
        self._depth += 1
        if self._depth > DEEPEST:
            self.fail(f"more than {DEEPEST} calls within each other")
        node = self._call() or self._path()
        while self._took_sign("|"):
            self._pipes += 1
            call = self._call() if self._pipes <= MOST_PIPES else self.fail(f"more than {MOST_PIPES} pipes")
            if not isinstance(call, Call):
                self.fail("a function should follow the |")
            node = Call(call.name, (node, *call.arguments), call.named, call.raw)
        self._depth -= 1
        return node

    def _path(self) -> Path:
        match = self._took(_PATH)
        if not match:
            self.fail(
                "a path or a function is missing" if self.at_end() else "this is neither path nor function"
            )
        return Path(re.sub(r"\\(.)", r"\1", match[0]))

    def _call(self) -> Call | Template | None:
        self._skip()
        start = self._at
        if not (opening := self._took(_OPENING)):
            return None
        arguments, named = self._arguments()
        if opening[1] == "template":
            return self._template(arguments, named)
        return Call(opening[1], tuple(arguments), named, self._target[start : self._at])

    def _arguments(self) -> tuple[list[Node], dict[str, Node]]:
        """The arguments up to the closing bracket, that one included."""
        arguments: list[Node] = []
        named: dict[str, Node] = {}
        while not self._took_sign(")"):
            if (arguments or named) and not self._took_sign(","):
                self.fail("a comma or a closing bracket is missing")
            if len(arguments) + len(named) == MOST_ARGUMENTS:
                self.fail(f"more than {MOST_ARGUMENTS} arguments")
            if name := self._took(_NAMED):
                named[name[1]] = self._argument()
            elif named:
                self.fail("an argument without a name cannot follow one with a name")
            else:
                arguments.append(self._argument())
        return arguments, named

    def _argument(self) -> Node:
        if match := self._took(_STRING):
            return Literal(match[0][1:-1])
        if match := self._took(_NUMBER):
            return Literal(float(match[0]) if match[1] or match[2] else int(match[0]))
        if match := self._took(_WORD):
            return Literal(_WORDS[match[1].lower()])
        return self.expression()

    def _template(self, arguments: list[Node], named: dict[str, Node]) -> Template:
        """The first argument is the body; the others are called 1, 2 and so on, or have names."""
        if not arguments or not isinstance(arguments[0], Call | Path):
            self.fail("template() should begin with a path or a function")
        values = {str(place): node for place, node in enumerate(arguments[1:], 1)} | named
        scalars = {name: node.value for name, node in values.items() if isinstance(node, Literal)}
        if len(scalars) < len(values):
            self.fail("template() takes only numbers and texts between quotes")
        return Template(arguments[0], scalars)


def first_path(name: str) -> str | None:
    """The path from which the series was made that functions have given this name; None if there is none."""
    try:
        node = parse(name, whole=False)
    except QueryError:
        return None
    while isinstance(node, Call) and node.arguments:
        node = node.arguments[0]
    return node.text if isinstance(node, Path) else None
