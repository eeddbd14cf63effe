"""What queries of dashboards make of numbers that are known: the same, whichever data source is asked.

Two queues of one PBX, for five minutes, a number every second: in `a` 3 wait and one comes each second, in
`b.c` 4 wait and two come; who was answered had waited 10 s in `a`, and 40 s in `b.c`.
"""

import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from typing import NamedTuple

import pytest

from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.asterisk.catalog.queues import QUEUE_JOINS, QUEUE_WAIT_TIME, QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_STARTS
from bridge.core.number import text
from bridge.core.sample import Sample, Series
from bridge.dashboards.files import WRITERS
from bridge.dashboards.query import Across, Asked, Growth, Level, Per, Quantile, Query, Rises, mean, share
from bridge.dashboards.writer import Writer
from bridge.protocols.graphite import Names, lines, path_layout, tag_layout
from bridge.protocols.prometheus import exposition
from tests.dashboards.client import filled
from tests.live.dashboard_stage import Lean
from tests.servers.graphite import GraphiteServer
from tests.servers.process import wait_until
from tests.servers.prometheus import PrometheusServer, load, prometheus

pytestmark = pytest.mark.live

LENGTH = 300
"""Seconds for which there are numbers."""
QUEUE = ("pbx", "queue")
SCOPE = frozenset({"pbx"})
RESTART = 150
"""Second in which Asterisk started anew."""

Line = Mapping[str, list[float]]
"""Numbers by the name of their line."""


def facts(second: int) -> Iterator[tuple[Series, float]]:
    """What is so in that second."""
    for queue, waiting, pace, wait in (("a", 3, 1, 10), ("b.c", 4, 2, 40)):
        came = pace * second
        yield QUEUE_WAITING.series("hq", queue), waiting
        yield QUEUE_JOINS.series("hq", queue), came
        yield QUEUE_WAIT_TIME.count.series("hq", queue), came
        yield QUEUE_WAIT_TIME.sum.series("hq", queue), came * wait
        for bound, metric in QUEUE_WAIT_TIME.within:
            yield metric.series("hq", queue), came * (wait <= bound)
    yield SYSTEM_STARTS.series("hq"), 1 + (second >= RESTART)


class Stage(NamedTuple):
    """The databases, and the Unix time of the first number."""

    graphite: GraphiteServer
    prometheus: PrometheusServer
    begin: int


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    begin = int(time.time()) - LENGTH - 1
    samples = [
        Sample(series, value, begin + second) for second in range(LENGTH) for series, value in facts(second)
    ]
    home = tmp_path_factory.mktemp("prometheus")
    load(home, exposed(samples))
    server = Lean(tmp_path_factory.mktemp("graphite"))
    server.start()
    try:
        with server.web(), prometheus(home) as scraper:
            found = Stage(server, scraper, begin)
            for writer, layout in zip(
                WRITERS, (path_layout("asterisk", CATALOG), tag_layout("asterisk")), strict=False
            ):
                with socket.create_connection(("127.0.0.1", server.line_port)) as carbon:
                    carbon.sendall("".join(lines(samples, Names(layout))).encode())
                wait_until(partial(_is_stored, found, writer), f"all numbers of {writer.flavour}")
            yield found
    finally:
        server.stop()


def _is_stored(stage: Stage, writer: Writer) -> bool:
    """Whether the queries that need the most have all their numbers."""
    waiting, starts = ask(stage, writer, Level(QUEUE_WAITING)), ask(stage, writer, Level(SYSTEM_STARTS))
    buckets = (Level(metric, by=QUEUE) for _, metric in QUEUE_WAIT_TIME.within)
    return all(
        len(answer) == wanted and all(len(numbers) == LENGTH for numbers in answer.values())
        for answer, wanted in [
            (waiting, 1),
            (starts, 1),
            *((ask(stage, writer, each), 2) for each in buckets),
        ]
    )


def exposed(samples: Iterable[Sample]) -> Iterator[str]:
    """The samples as Prometheus loads them: lines with a time."""
    for sample in samples:
        for begin in _beginnings(sample.series):
            yield f"{begin} {text(sample.value)} {sample.time:.0f}"


@cache
def _beginnings(series: Series) -> list[str]:
    """Name and labels of all lines that tell of a series."""
    page = exposition([Sample(series, 0, 0)], {series.name: CATALOG[series.name]}, HISTOGRAMS)
    return [line.rpartition(" ")[0] for line in page.splitlines() if not line.startswith("#")]


def ask(stage: Stage, writer: Writer, query: Query) -> Line:
    """What the data source answers, over all seconds."""
    choices = {"prefix": "asterisk", "pbx": ["hq"]}
    end = stage.begin + LENGTH - 1
    if writer.datasource == "prometheus":
        asked = filled(writer.expression(query, SCOPE), choices, "prometheus")
        found = stage.prometheus.get("query_range", query=asked, start=stage.begin, end=end, step=1)["result"]
        return {
            ".".join(each["metric"][label] for label in query.by): _numbers(each["values"]) for each in found
        }
    asked = filled(writer.expression(query, SCOPE), choices, "glob")
    answer = stage.graphite.get(
        "/render", target=asked, **{"from": stage.begin - 1}, until=end, format="json", noCache=1
    )
    return {
        each["target"]: [value for value, _ in each["datapoints"] if value is not None] for each in answer
    }


def _numbers(points: list[list[str]]) -> list[float]:
    return [float(value) for _, value in points if value != "NaN"]


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.flavour)
@pytest.mark.parametrize(
    ("query", "last"),
    [
        (Level(QUEUE_WAITING), {"hq": 7}),
        (Level(QUEUE_WAITING, Across.MAX), {"hq": 4}),
        (Level(QUEUE_WAITING, Across.MIN), {"hq": 3}),
        (Level(QUEUE_WAITING, Across.MEAN), {"hq": 3.5}),
        (Level(QUEUE_WAITING, by=QUEUE), {"hq.a": 3, "hq.b{dot}c": 4}),
        (Growth(QUEUE_JOINS), {"hq": 180}),
        (Growth(QUEUE_JOINS, Per.SECOND, by=QUEUE), {"hq.a": 1, "hq.b{dot}c": 2}),
        (mean(QUEUE_WAIT_TIME), {"hq": 30}),
        (mean(QUEUE_WAIT_TIME, *QUEUE), {"hq.a": 10, "hq.b{dot}c": 40}),
        (share(QUEUE_WAIT_TIME, 20), {"hq": 1 / 3}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Asked) else "",
)
def test_all_data_sources_come_to_the_same_number(
    stage: Stage, writer: Writer, query: Query, last: Mapping[str, float]
) -> None:
    dot = "%2E" if writer.flavour == "graphite" else "."

    answer = ask(stage, writer, query)

    assert {name: numbers[-1] for name, numbers in answer.items()} == {
        name.format(dot=dot): pytest.approx(value) for name, value in last.items()
    }


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.flavour)
def test_a_restart_is_a_mark_at_its_time_alone(stage: Stage, writer: Writer) -> None:
    """In Prometheus it is seen for a minute, which is the step in which Grafana asks for marks."""
    (numbers,) = ask(stage, writer, Rises(SYSTEM_STARTS)).values()

    assert all(number > 0 for number in numbers)
    assert 1 <= len(numbers) <= (60 if writer.datasource == "prometheus" else 1)


def test_what_is_counted_over_all_the_time_adds_up(stage: Stage) -> None:
    """Graphite's numbers are added up by Grafana; Prometheus' last one is all of it."""
    path, tags, prom = (ask(stage, writer, Growth(QUEUE_JOINS, Per.RANGE, by=QUEUE)) for writer in WRITERS)

    assert {name: sum(numbers) for name, numbers in path.items()} == {
        "hq.a": LENGTH - 1,
        "hq.b%2Ec": 2 * (LENGTH - 1),
    }
    assert {name: sum(numbers) for name, numbers in tags.items()} == {
        "hq.a": LENGTH - 1,
        "hq.b.c": 2 * (LENGTH - 1),
    }
    assert {name: numbers[-1] for name, numbers in prom.items()} == {
        "hq.a": pytest.approx(LENGTH, rel=0.01),
        "hq.b.c": pytest.approx(2 * LENGTH, rel=0.01),
    }


def test_a_quantile_lies_within_its_bucket(stage: Stage) -> None:
    """Two of three had waited 40 s, which is in the bucket from 30 s to 45 s."""
    *_, prom = WRITERS

    (median,) = ask(stage, prom, Quantile(QUEUE_WAIT_TIME, 0.5)).values()

    assert 30 < median[-1] <= 45
