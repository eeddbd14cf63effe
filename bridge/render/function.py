"""What a function of the query language is, and what it may know of the request that it serves."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from inspect import getdoc
from typing import Any

from bridge.render.aggregation import AGGREGATES
from bridge.render.parameters import Parameter
from bridge.render.series import TimeSeries

Series = list[TimeSeries]


@dataclass(frozen=True, slots=True)
class Calling:
    """What surrounds one call.

    Attributes:
        start, end: Unix times in seconds between which the call is evaluated.
        zone: of the request.
        x_files_factor: of the request.
        again: evaluates the first argument between two other times.
        apply: calls the function of this name with some series.
        spend: told of work before it is done, in values that are made; raises QueryError if it is too much.
        stacks: the sums of `stacked`, by name, which all targets of a request share.
    """

    start: int
    end: int
    zone: tzinfo
    x_files_factor: float
    again: Callable[[int, int], Series]
    apply: Callable[[str, Series], Series]
    spend: Callable[[int], None]
    stacks: dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the query language.

    Attributes:
        name: by which a query calls it.
        group: under which an editor shows it.
        run: called with a Calling and the checked arguments; its docstring is the description.
        parameters: in the order in which `run` takes them.
    """

    name: str
    group: str
    run: Callable[..., Series]
    parameters: Sequence[Parameter]

    def described(self) -> dict[str, Any]:
        """What graphite-web's `/functions` tells of it."""
        return {
            "name": self.name,
            "function": f"{self.name}({', '.join(map(_signature, self.parameters))})",
            "description": getdoc(self.run),
            "module": "graphite.render.functions",
            "group": self.group,
            "params": [_described(parameter) for parameter in self.parameters],
        }


def _choices(kind: str) -> Iterable[str]:
    return AGGREGATES if kind in {"aggFunc", "aggOrSeriesFunc"} else ()


def _signature(parameter: Parameter) -> str:
    if parameter.multiple:
        return f"*{parameter.name}"
    return parameter.name if parameter.required else f"{parameter.name}={parameter.default}"


def _described(parameter: Parameter) -> dict[str, Any]:
    fields = {
        "required": parameter.required,
        "default": parameter.default,
        "multiple": parameter.multiple,
        "options": sorted(parameter.options or _choices(parameter.kind), key=str),
        "suggestions": list(parameter.suggestions),
    }
    told = {key: value for key, value in fields.items() if (key == "default" and value is not None) or value}
    kind = {"unit": "string"}.get(parameter.kind, parameter.kind)
    return {"name": parameter.name, "type": kind, **told}
