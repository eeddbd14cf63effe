"""What graphite-web answers, in its shapes, out of what an archive holds."""

import json
import time as wall
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from itertools import islice
from typing import Any, Protocol
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

from bridge.render import answer, functions, times
from bridge.render.errors import QueryError
from bridge.render.evaluate import Query, render
from bridge.render.patterns import Pattern
from bridge.render.series import Fetch, TimeSeries
from bridge.render.tags import tags_of
from bridge.sinks.http.form import Form

VERSION = "1.1.10"
"""The graphite-web whose answers these are; by it Grafana knows what it may ask for."""
MOST_VALUES = 1_000_000
"""Read for one query: 30 MB."""
SUGGESTIONS = 100
"""Tags or values named at most, unless the client says otherwise."""
BRANCH = {"allowChildren": 1, "expandable": 1, "leaf": 0}
LEAF = {"allowChildren": 0, "expandable": 0, "leaf": 1}


class NotFoundError(QueryError):
    """There is nothing of this name."""


class Archive(Protocol):
    """Where samples are kept. It is read from threads."""

    def find(self, pattern: str) -> Sequence[tuple[str, bool]]:
        """What a path pattern stands for, in order: the path, and whether it is a series or above some."""

    def paths(self) -> Sequence[str]:
        """The paths of all series, in order."""

    def matching(self, expressions: Sequence[str]) -> Sequence[str]:
        """The names of series of which all tag expressions hold, in order."""

    def tags(self) -> Sequence[str]:
        """The keys of all tags, in order."""

    def values(self, tag: str) -> Mapping[str, int]:
        """The values of a tag, in order, with how many series have each."""

    def read(
        self, asked: str | tuple[str, ...], start: float, end: float, now: float
    ) -> Iterable[TimeSeries]:
        """One after another the series of a path pattern, or of tag expressions, between two Unix times."""


class Answers:
    """Makes the JSON of each answer. Each method may take long, and raises QueryError.

    Args:
        archive: what is asked about.
        time: Unix time in seconds.
        longest: seconds after which no more series are read for a query.
    """

    def __init__(self, archive: Archive, time: Callable[[], float], longest: float) -> None:
        self._archive = archive
        self._time = time
        self._longest = longest

    def render(self, asked: Form) -> str:
        """`/render`: the values of series."""
        if asked.text("format") != "json":
            raise QueryError(f"format is {asked.text('format')!r}; only format=json is served")
        now, zone = self._time(), _zone(asked.text("tz"))
        if "now" in asked:
            now = times.moment(asked.text("now"), now, zone)
        ends = sorted(
            times.moment(asked.text(name, default), now, zone)
            for name, default in (("from", "-1d"), ("until", "now"))
        )
        templates = asked.within("template")
        query = Query(asked.texts("target"), ends[0], ends[1], zone, _share(asked), templates)
        most = asked.text("maxDataPoints")
        shape = answer.Shape(int(most) if _is_number(most) else None, "noNullPoints" in asked)
        return answer.as_json(render(query, self._fetch(now)), shape)

    def _fetch(self, now: float) -> Fetch:
        """Reads for one query, as long as there is time and room for it."""
        deadline = wall.monotonic() + self._longest
        left = MOST_VALUES

        def fetch(asked: str | tuple[str, ...], start: float, end: float) -> list[TimeSeries]:
            nonlocal left
            found = []
            for series in self._archive.read(asked, start, end, now):
                left -= len(series.values)
                if left < 0 or wall.monotonic() > deadline:
                    why = f"more than {MOST_VALUES} values" if left < 0 else f"more than {self._longest:g} s"
                    raise QueryError(f"the query takes {why}: ask for fewer series, or for less time")
                found.append(series)
            return found

        return fetch

    def find(self, asked: Form) -> str:
        """`/metrics/find`: what is at a path pattern, for trees and for completion."""
        query, wildcards = asked.text("query"), bool(asked.number("wildcards", 0))
        if not query:
            raise QueryError("query is missing, or empty: write query=asterisk.*")
        shape = asked.text("format", "treejson")
        if shape not in {"treejson", "completer"}:
            raise QueryError(f"format is {shape!r}; treejson and completer are served")
        if shape == "completer":
            query = query.replace("..", "*.").removesuffix("*") + "*"
        nodes = sorted(_nodes(self._archive.find(query), asked), key=_by_word)
        if shape == "completer":
            return json.dumps({"metrics": [*_completions(nodes, wildcards)]})
        return json.dumps([*_tree(nodes, query.rpartition(".")[0], wildcards)])

    def expand(self, asked: Form) -> str:
        """`/metrics/expand`: the paths that patterns stand for."""
        found = {
            query: sorted({path for path, _ in _nodes(self._archive.find(query), asked)})
            for query in asked.texts("query")
        }
        if asked.number("groupByExpr", 0):
            return json.dumps({"results": found})
        return json.dumps({"results": sorted({path for paths in found.values() for path in paths})})

    def index(self, _: Form) -> str:
        """`/metrics/index.json`: all paths."""
        return json.dumps(self._archive.paths())

    def find_series(self, asked: Form) -> str:
        """`/tags/findSeries`: the series of which tag expressions hold."""
        expressions = asked.texts("expr")
        if not expressions:
            raise QueryError("no tag expressions specified: write expr=name=calls.active")
        return json.dumps(self._archive.matching(expressions))

    def tags(self, asked: Form) -> str:
        """`/tags`: the keys of all tags."""
        numbered = enumerate(self._archive.tags(), start=1)
        found = ({"id": number, "tag": tag} for number, tag in numbered if _wanted(asked)(tag))
        return json.dumps([*islice(found, _limit(asked, None))])

    def tag(self, tag: str, asked: Form) -> str:
        """`/tags/<tag>`: the values of a tag; null, if there is no such tag."""
        tags = self._archive.tags()
        if tag not in tags:
            return json.dumps(None)
        numbered = enumerate(self._archive.values(tag).items(), start=1)
        wanted = _wanted(asked)
        found = (
            {"id": number, "value": value, "count": count}
            for number, (value, count) in numbered
            if wanted(value)
        )
        values = [*islice(found, _limit(asked, None))]
        return json.dumps({"id": [*tags].index(tag) + 1, "tag": tag, "values": values})

    def suggest_tags(self, asked: Form) -> str:
        """`/tags/autoComplete/tags`: further tags of the series of which expressions hold."""
        expressions = asked.texts("expr")
        found: Iterable[str] = self._archive.tags()
        if expressions:
            searched = {expression.split("!=")[0].split("=")[0] for expression in expressions}
            names = self._archive.matching(expressions)
            found = sorted({tag for name in names for tag in tags_of(name)} - searched)
        return _suggestions(found, asked.text("tagPrefix"), asked)

    def suggest_values(self, asked: Form) -> str:
        """`/tags/autoComplete/values`: the values of a tag, of the series of which expressions hold."""
        tag, expressions = asked.text("tag"), asked.texts("expr")
        if not tag:
            raise QueryError("no tag specified: write tag=pbx")
        found: Iterable[str] = self._archive.values(tag)
        if expressions:
            names = self._archive.matching([*expressions, f"{tag}!="])
            found = sorted({value for name in names if (value := tags_of(name).get(tag))})
        return _suggestions(found, asked.text("valuePrefix"), asked)

    def functions(self, asked: Form) -> str:
        """`/functions`: what the query language has."""
        known, group = functions.described(), asked.text("group")
        found = {name: info for name, info in known.items() if group in {"", info["group"]}}
        if asked.text("grouped").lower() not in {"1", "true"}:
            return _with_infinity(found)
        grouped: dict[str, dict[str, Any]] = {}
        for name, info in found.items():
            grouped.setdefault(info["group"], {})[name] = info
        return _with_infinity(grouped)

    def function(self, name: str, _: Form) -> str:
        """`/functions/<name>`: one of them."""
        known = functions.described()
        if name not in known:
            raise NotFoundError(f"Function not found: {name}")
        return _with_infinity(known[name])

    @staticmethod
    def version() -> str:
        """`/version`: of the graphite-web that this is like."""
        return VERSION


def _zone(name: str) -> tzinfo:
    """The time zone of this name; UTC, if there is none, as graphite-web has it."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, LookupError, OSError):
        return UTC


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _share(asked: Form) -> float:
    text = asked.text("xFilesFactor", "0")
    try:
        return float(text)
    except ValueError as error:
        raise QueryError(f"xFilesFactor is {text[:100]!r}, which is no number") from error


def _nodes(found: Iterable[tuple[str, bool]], asked: Form) -> Iterator[tuple[str, bool]]:
    leaves_only = asked.number("leavesOnly", 0)
    return ((path, is_leaf) for path, is_leaf in found if is_leaf or not leaves_only)


def _word(path: str) -> str:
    return path.rpartition(".")[2]


def _by_word(node: tuple[str, bool]) -> tuple[str, str, bool]:
    """In order of the last words; where a path is a series and above some, what it is above comes first."""
    return _word(node[0]), *node


def _completions(nodes: Sequence[tuple[str, bool]], wildcards: bool) -> Iterator[Mapping[str, str]]:
    for path, is_leaf in nodes:
        yield {"path": path + ("" if is_leaf else "."), "name": _word(path), "is_leaf": str(int(is_leaf))}
    if len(nodes) > 1 and wildcards:
        yield {"name": "*"}


def _tree(nodes: Sequence[tuple[str, bool]], above: str, wildcards: bool) -> Iterator[Mapping[str, object]]:
    """What is next in a tree: first what has more below it, each word once."""
    begin = f"{above}." if above else ""
    if len(nodes) > 1 and wildcards:
        yield {"text": "*", "id": f"{begin}*", **(LEAF if all(leaf for _, leaf in nodes) else BRANCH)}
    words: dict[str, bool] = {}
    for path, is_leaf in nodes:
        words.setdefault(_word(path), is_leaf)
    for word, is_leaf in sorted(words.items(), key=lambda item: item[1]):
        yield {"text": unquote_plus(word), "id": begin + word, **(LEAF if is_leaf else BRANCH)}


def _wanted(asked: Form) -> Callable[[str], bool]:
    """Whether a tag or value begins as `filter` says."""
    text = asked.text("filter")
    return Pattern(text if text.startswith("^") else f"^({text})").found_in if text else lambda _: True


def _limit(asked: Form, default: int | None) -> int | None:
    """How many the client wants."""
    found = asked.number("limit", default or 0)
    if found < 0:
        raise QueryError(f"limit is {found}, which is less than nothing")
    return found or default


def _suggestions(found: Iterable[str], begin: str, asked: Form) -> str:
    fitting = (each for each in found if each.startswith(begin))
    return json.dumps([*islice(fitting, _limit(asked, SUGGESTIONS))])


def _with_infinity(found: object) -> str:
    """JSON in which what is infinite is a number that every parser takes for infinite."""
    return json.dumps(found).replace("Infinity", "1e9999")
