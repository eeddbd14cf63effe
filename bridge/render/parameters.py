"""What functions take: checked before they are called, and told to Grafana's editor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from bridge.render.aggregation import AGGREGATES
from bridge.render.errors import QueryError
from bridge.render.series import TimeSeries
from bridge.render.times import span, unit


def _boolean(value: Any) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, str):
        return words[value.lower()]
    if value not in {0, 1}:
        raise ValueError
    return bool(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(value)


def _integer_or_infinite(value: Any) -> float:
    return float(value) if value == float("inf") else _integer(value)


def _number(value: Any) -> float:
    number = float(value)
    if isnan(number):
        raise ValueError
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _interval(value: Any) -> str:
    span(_text(value))
    return str(value)


def _whole_or_interval(value: Any) -> str | int:
    return _interval(value) if isinstance(value, str) else _integer(value)


def _unit(value: Any) -> str | None:
    """A unit; older requests have true or false here, which mean nothing any more."""
    if isinstance(value, bool):
        return None
    unit(_text(value).rstrip("1234567"))
    return str(value)


def _node(value: Any) -> str | int:
    return value if isinstance(value, str) else _integer(value)


def _aggregation(value: Any) -> str:
    """Its name; older requests say sumSeries for sum."""
    name = _text(value).removesuffix("Series")
    if name not in AGGREGATES:
        raise ValueError
    return name


def _series(value: Any) -> list[TimeSeries]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _anything(value: Any) -> Any:
    return value


KINDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "seriesList": (_series, "series"),
    "boolean": (_boolean, "true or false"),
    "float": (_number, "a number"),
    "integer": (_integer, "a whole number"),
    "intOrInf": (_integer_or_infinite, "a whole number or inf"),
    "interval": (_interval, "a span of time between quotes, such as '10min'"),
    "intOrInterval": (_whole_or_interval, "a number of points, or a span of time such as '10min'"),
    "node": (_integer, "the place of a word in the path, from 0"),
    "nodeOrTag": (_node, "the place of a word in the path, from 0, or the name of a tag between quotes"),
    "unit": (_unit, "a unit of time between quotes, such as 'hours' or 'weeks'"),
    "string": (_text, "a text between quotes"),
    "tag": (_text, "the name of a tag between quotes"),
    "aggFunc": (_aggregation, f"one of {', '.join(AGGREGATES)}"),
    "aggOrSeriesFunc": (_text, f"one of {', '.join(AGGREGATES)}, or the name of a function"),
    "any": (_anything, "a value"),
}
"""Each type that Grafana knows: how a value becomes one, and what to write, in words."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function.

    Attributes:
        name: under which it can be given.
        kind: one of `KINDS`.
        required: whether it must be given.
        default: what it is if it is not given; None may also mean that there is none.
        multiple: whether it may be given several times; only the last parameter may.
        options: to choose from, if there is a choice.
        suggestions: what an editor offers, besides what the user may write.
    """

    name: str
    kind: str
    required: bool = False
    default: Any = None
    multiple: bool = False
    options: tuple[Any, ...] = ()
    suggestions: tuple[Any, ...] = ()

    def checked(self, value: Any) -> Any:
        """The value as the function takes it; for None the default.

        Raises:
            QueryError: it is of another kind.
        """
        if value is None and not self.multiple and (self.default is not None or not self.required):
            return self.default
        if value is None:
            raise QueryError(f"{self.name} is missing: it should be {KINDS[self.kind][1]}")
        turn, words = KINDS[self.kind]
        try:
            turned = turn(value)
        except (TypeError, ValueError, KeyError, OverflowError, QueryError) as error:
            raise QueryError(f"{self.name} should be {words}, not {_shown(value)}") from error
        if self.options and turned not in self.options:
            raise QueryError(f"{self.name} should be one of {', '.join(map(str, self.options))}")
        return turned


def _shown(value: Any) -> str:
    return f"{len(value)} series" if isinstance(value, list) else repr(value)[:60]


SERIES = Parameter("seriesList", "seriesList", required=True)


def bound(parameters: Sequence[Parameter], given: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
    """One checked argument for each parameter, its default where none is given; the last may have several.

    Raises:
        QueryError: one is missing, unknown, of another kind or too many.
    """
    if len(given) > len(parameters) and not (parameters and parameters[-1].multiple):
        raise QueryError(f"it takes {len(parameters)} arguments, not {len(given)}")
    left = parameters[len(given) :]
    if unknown := [name for name in named if name not in {parameter.name for parameter in left}]:
        names = ", ".join(parameter.name for parameter in left) or "none"
        raise QueryError(f"it has no argument {unknown[0]!r} to be given by name; left are {names}")
    placed = [parameters[min(at, len(parameters) - 1)].checked(value) for at, value in enumerate(given)]
    return placed + [
        parameter.checked(named.get(parameter.name))
        for parameter in left
        if parameter.name in named or parameter.required or not parameter.multiple
    ]
