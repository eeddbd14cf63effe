"""Data sources as Grafana uses them: a query gives numbers, and a variable gets its values."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.dashboards.client import Asked, Choices, Dashboard, filled, variables
from tests.servers.prometheus import PrometheusServer

PREFIX = "asterisk"
NOTHING: Choices = {}


class Source(Protocol):
    """One data source.

    Attributes:
        flavour: the folder of its dashboards.
        several: how more than one value is written into a query.
    """

    flavour: str
    several: str

    def numbers(self, text: str, since: float, *, instant: bool) -> list[float]:
        """Every number of the answer to a query, from a time until now."""
        ...

    def values(self, question: str) -> Sequence[str]:
        """What a variable is told."""
        ...


class GraphiteSource:
    """graphite-web, or whoever answers in its place."""

    several = "glob"

    def __init__(self, port: int, flavour: str) -> None:
        self.flavour = flavour
        self._port = port

    def numbers(self, text: str, since: float, *, instant: bool) -> list[float]:
        """Numbers of all series."""
        del instant
        query = [("target", text), ("from", str(int(since))), ("format", "json"), ("noCache", "1")]
        return [
            value
            for series in self._get("/render", *query)
            for value, _ in series["datapoints"]
            if value is not None
        ]

    def values(self, question: str) -> Sequence[str]:
        """Values of a tag, or paths."""
        match = re.fullmatch(r"(tag_values|expand)\((.*)\)", question)
        assert match, question
        if match[1] == "expand":
            return sorted(self._get("/metrics/expand", ("query", match[2]))["results"])
        tag, *conditions = match[2].split(", ")
        expressions = (("expr", each) for each in conditions)
        return sorted(self._get("/tags/autoComplete/values", ("tag", tag), *expressions))

    def _get(self, path: str, *query: tuple[str, str]) -> Any:
        with urlopen(f"http://127.0.0.1:{self._port}{path}?{urlencode(query)}", timeout=60) as answer:
            return json.load(answer)


class PrometheusSource:
    """Prometheus."""

    flavour = several = "prometheus"

    def __init__(self, server: PrometheusServer) -> None:
        self._server = server

    def numbers(self, text: str, since: float, *, instant: bool) -> list[float]:
        """Numbers of all series; what is not a number is none."""
        now = time.time()
        if instant:
            points = [each["value"] for each in self._server.get("query", query=text, time=now)["result"]]
        else:
            answer = self._server.get("query_range", query=text, start=since, end=now, step=1)
            points = [point for each in answer["result"] for point in each["values"]]
        return [float(value) for _, value in points if value != "NaN"]

    def values(self, question: str) -> Sequence[str]:
        """Values of a label."""
        match = re.fullmatch(r"label_values\((.*), (\w+)\)", question)
        assert match, question
        return sorted(self._server.get(f"label/{match[2]}/values", **{"match[]": match[1]}))


def chosen(source: Source, dashboard: Dashboard, wild: Choices = NOTHING) -> Choices:
    """Every variable with all the values that there are, one by one; but for those whose choice is given."""
    choices: dict[str, Sequence[str] | str] = {"prefix": PREFIX, **wild}
    for name, variable in variables(dashboard).items():
        if variable["type"] == "query" and name not in wild:
            query = variable["query"]
            question = query if isinstance(query, str) else query["query"]
            told = source.values(filled(question, choices, source.several))
            choices[name] = [value for each in told for value in _taken(variable, each)]
    return choices


def _taken(variable: Mapping[str, Any], text: str) -> list[str]:
    """What the regular expression of a variable takes of what it is told, if anything."""
    match = re.search(variable["regex"].strip("/"), text)
    return [match[1] if match.re.groups else text] if match else []


def everything(source: Source, dashboard: Dashboard) -> Choices:
    """Every variable with what stands for all; one that takes a single value, with the values there are."""
    wild = {name: each["allValue"] for name, each in variables(dashboard).items() if "allValue" in each}
    return chosen(source, dashboard, wild)


def has_data(source: Source, query: Asked, choices: Choices, since: float) -> bool:
    """Whether a query is answered with a number."""
    return bool(source.numbers(filled(query.text, choices, source.several), since, instant=query.instant))
