"""A board becomes a dashboard: panels find their places, and what cannot be asked is left out."""

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis.strategies import builds, integers, just, lists, text

from bridge.asterisk.catalog.queues import QUEUE_JOINS, QUEUE_WAIT_TIME, QUEUE_WAITING
from bridge.core.own import SOURCE_UP
from bridge.dashboards.grafana import dashboard
from bridge.dashboards.graphite import Graphite, Path
from bridge.dashboards.panel import Board, Look, Panel, Row, Variable
from bridge.dashboards.prometheus import Prometheus
from bridge.dashboards.query import Growth, Level, Per, Quantile
from bridge.dashboards.writer import Writer

PATH, PROMETHEUS = Graphite(Path()), Prometheus()
WAITING = Panel("Waiting", (Level(QUEUE_WAITING),))
SLOWEST = Panel("Slowest", (Quantile(QUEUE_WAIT_TIME, 0.95),))
PBX = Variable("pbx", SOURCE_UP)


def made(*rows: Row, writer: Writer = PATH, variables: tuple[Variable, ...] = (PBX,)) -> dict[str, Any]:
    return dashboard(Board("b", "Board", "For tests.", variables, rows), writer, "by hand")


def titles(found: dict[str, Any]) -> list[str]:
    return [panel["title"] for panel in found["panels"]]


panels = builds(
    Panel, text(), just(WAITING.queries), width=integers(min_value=1, max_value=24), height=integers(1, 20)
)


@given(lists(builds(Row, text(), lists(panels, max_size=9).map(tuple)), max_size=4))
def test_no_two_panels_share_a_place(rows: list[Row]) -> None:
    places = [panel["gridPos"] for panel in made(*rows)["panels"]]

    cells = [
        {
            (x, y)
            for x in range(each["x"], each["x"] + each["w"])
            for y in range(each["y"], each["y"] + each["h"])
        }
        for each in places
    ]
    assert all(one.isdisjoint(other) for one, other in combinations(cells, 2))
    assert all(0 <= x < 24 for each in cells for x, _ in each)


def test_a_panel_stands_beside_the_one_before_if_there_is_room() -> None:
    third, half = (Panel(f"{width}", WAITING.queries, width=width) for width in (8, 12))

    found = made(Row("Row", (third, third, half, half)))["panels"]

    assert [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in found] == [
        (0, 0),
        (0, 1),
        (8, 1),
        (0, 9),
        (12, 9),
    ]


def test_what_cannot_be_asked_is_left_out_with_its_row() -> None:
    rows = (Row("Both", (WAITING, SLOWEST)), Row("Slow ones", (SLOWEST,)))

    assert titles(made(*rows)) == ["Both", "Waiting"]
    assert titles(made(*rows, writer=PROMETHEUS)) == ["Both", "Waiting", "Slowest", "Slow ones", "Slowest"]


def test_a_number_of_the_whole_time_is_reduced_as_its_data_source_gives_it() -> None:
    panel = Panel("Came", (Growth(QUEUE_JOINS, Per.RANGE),), Look.NUMBER)

    calcs = [
        made(Row("Row", (panel,)), writer=writer)["panels"][1]["options"]["reduceOptions"]["calcs"]
        for writer in (PATH, PROMETHEUS)
    ]

    assert calcs == [["sum"], ["lastNotNull"]]


def test_a_choice_of_one_has_no_all() -> None:
    one = Variable("pbx", SOURCE_UP, several=False)

    source, prefix, pbx = made(variables=(one,))["templating"]["list"]

    assert (source["type"], prefix["name"]) == ("datasource", "prefix")
    assert not pbx["multi"]
    assert pbx.keys().isdisjoint({"allValue", "current"})


def test_it_says_where_it_comes_from() -> None:
    assert made()["description"] == "For tests. (by hand)"
