"""Evaluates targets over a store: the series that a request asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any

from bridge.render.errors import QueryError
from bridge.render.function import Calling, Series
from bridge.render.functions import BY_TAG, function_named
from bridge.render.grammar import LONGEST, Call, Literal, Node, Path, Scalar, Template, parse
from bridge.render.parameters import bound
from bridge.render.series import Fetch, TimeSeries
from bridge.render.tags import tags_of

MOST_TARGETS = 100
MOST_SERIES = 5000
"""Series that one pattern or one call may give."""
MOST_POINTS = 20_000_000
"""Values that are read or made for one request: seconds of work. Of a name, 8 characters count as one."""
MOST_CALLS = 2000
"""Calls of one request; a moving window evaluates what it is of twice."""


@dataclass(frozen=True, slots=True)
class Query:
    """What a request to `/render` asks for.

    Attributes:
        targets: as the user wrote them.
        start, end: Unix times in seconds.
        zone: in which days begin.
        x_files_factor: the share of values that must be known where several become one.
        templates: what `$name` stands for in templates, over what they say themselves.
    """

    targets: Sequence[str]
    start: int
    end: int
    zone: tzinfo = UTC
    x_files_factor: float = 0.0
    templates: Mapping[str, str] = field(default_factory=dict)


def render(query: Query, fetch: Fetch) -> list[TimeSeries]:
    """The series of all targets, one after the other.

    Raises:
        QueryError: a target cannot be understood, or is too much.
    """
    if len(query.targets) > MOST_TARGETS:
        raise QueryError(f"a request may have {MOST_TARGETS} targets, not {len(query.targets)}")
    if query.start >= query.end:
        raise QueryError("the time range is empty: from must be before until")
    evaluation = _Evaluation(query, fetch)
    return [series for target in query.targets if target.strip() for series in evaluation.target(target)]


@dataclass(frozen=True, slots=True)
class _Scope:
    """Between which times something is evaluated, and what `$name` stands for."""

    start: int
    end: int
    values: Mapping[str, Scalar]


class _Evaluation:
    """One request: what it has read, and how much it has done."""

    def __init__(self, query: Query, fetch: Fetch) -> None:
        self._query = query
        self._fetch = fetch
        self._read: dict[tuple[str | tuple[str, ...], int, int], Series] = {}
        self._points = 0
        self._calls = 0
        self._stacks: dict[str, list[float]] = {}

    def target(self, target: str) -> Series:
        """The series of one target."""
        found = self._value(parse(target), _Scope(self._query.start, self._query.end, {}))
        if not isinstance(found, list):
            raise QueryError(f"{target[:200]!r} is a value and not a series")
        return found

    def _value(self, node: Node, scope: _Scope) -> Any:
        """The series or the value that is meant."""
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Template):
            return self._value(node.body, replace(scope, values={**node.values, **self._query.templates}))
        if isinstance(node, Path):
            return self._path(node.text, scope)
        if node.name == BY_TAG:
            return self._series(self._expressions(node), node.raw, scope)
        return self._called(node, scope)

    def _path(self, text: str, scope: _Scope) -> Any:
        for name, value in scope.values.items():
            if text == f"${name}":
                return _scalar(value)
            text = text.replace(f"${name}", str(value))
            if len(text) > LONGEST:
                raise QueryError(f"with ${name} filled in, the path has more than {LONGEST:,} characters")
        return self._series(text, text, scope)

    def _expressions(self, call: Call) -> tuple[str, ...]:
        values = [node.value for node in call.arguments if isinstance(node, Literal)]
        expressions = tuple(value for value in values if isinstance(value, str))
        if not expressions or len(expressions) < len(call.arguments) or call.named:
            raise QueryError(f"{BY_TAG}() takes texts between quotes, such as 'name=calls.active'")
        return expressions

    def _series(self, wanted: str | tuple[str, ...], name: str, scope: _Scope) -> Series:
        """What the store has of a pattern; read once for each pair of times."""
        key = wanted, scope.start, scope.end
        if key not in self._read:
            found = self._fetch(*key)
            if len(found) > MOST_SERIES:
                raise QueryError(f"{name} gives {len(found):,} series; {MOST_SERIES:,} is the most")
            self._read[key] = sorted(found, key=lambda each: each.name)
        return self._counted([self._named(each, name) for each in self._read[key]])

    def _counted(self, series: Series) -> Series:
        """The same, if it is not too much together with what there was before."""
        self._spend(sum(len(each.values) + len(each.name) // 8 + 1 for each in series))
        return series

    def _spend(self, points: int) -> None:
        self._points += points
        if self._points > MOST_POINTS:
            raise QueryError("this is too much for one request; ask for fewer series or for less time")

    def _named(self, series: TimeSeries, name: str) -> TimeSeries:
        """A series from the store as functions expect it."""
        share = self._query.x_files_factor
        tags = series.tags or tags_of(series.name)
        return replace(series, path_expression=name, tags=tags, x_files_factor=share)

    def _called(self, call: Call, scope: _Scope) -> Any:
        function = function_named(call.name)
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise QueryError(f"the request needs more than {MOST_CALLS} calls of functions")
        given = [self._value(node, scope) for node in call.arguments]
        named = {name: self._value(node, scope) for name, node in call.named.items()}
        try:
            arguments = bound(function.parameters, given, named)
            return self._counted(function.run(self._calling(call, scope), *arguments))
        except QueryError as error:
            raise _within(call, error) from error
        except (OverflowError, ZeroDivisionError, ValueError) as error:
            raise QueryError(f"{call.name}(): it cannot work with these numbers: {error}") from error

    def _calling(self, call: Call, scope: _Scope) -> Calling:
        def again(start: int, end: int) -> Series:
            found = self._value(call.arguments[0], replace(scope, start=start, end=end))
            return found if isinstance(found, list) else []

        def apply(name: str, series: Series) -> Series:
            return self._applied(name, series, scope)

        query = self._query
        share = query.x_files_factor
        return Calling(scope.start, scope.end, query.zone, share, again, apply, self._spend, self._stacks)

    def _applied(self, name: str, series: Series, scope: _Scope) -> Series:
        """What a function, or else an aggregation, makes of series."""
        word, given = (name, []) if name in CALLBACKS else ("aggregate", [name])
        function = function_named(word)
        arguments = bound(function.parameters, [series, *given], {})
        found = function.run(self._calling(Call(word, (Literal(None),)), scope), *arguments)
        return list(found)


CALLBACKS = frozenset(
    {"sum", "avg", "asPercent", "pct", "countSeries", "diffSeries", "group", "sumSeries", "averageSeries"}
    | {"minSeries", "maxSeries", "multiplySeries", "rangeOfSeries", "stddevSeries"}
)
"""Functions that may be called for each group of series; other names are aggregations."""


def _within(call: Call, error: QueryError) -> QueryError:
    """The same error with the call in which it came up; of calls within each other only the innermost."""
    return error if error.placed else QueryError(f"{call.name}(): {error}", placed=True)


def _scalar(value: Scalar) -> Scalar:
    """What a template gives for a whole argument; a text that is a number counts as one."""
    try:
        return float(value) if isinstance(value, str) and set(value) <= set("-.0123456789") else value
    except ValueError:
        return value
