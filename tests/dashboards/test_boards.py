"""The dashboards as they are committed: whole, without gaps or overlaps, and true to the catalogue."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest

from bridge.alertpages import NOTE
from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.dashboards import naming
from bridge.dashboards.boards import BOARDS
from bridge.dashboards.files import WRITERS, files
from bridge.dashboards.panel import Board
from bridge.dashboards.query import Query, metrics
from bridge.documents import GENERATED
from bridge.render.functions import FUNCTIONS
from bridge.render.grammar import parse
from tests.dashboards.client import GRAFANA, MENTION, Dashboard, asked, dashboards, marked, variables

FLAVOURS = [writer.flavour for writer in WRITERS]
SET_BY_GRAFANA = {"__rate_interval", "__range"}

every_dashboard = pytest.mark.parametrize(
    ("flavour", "slug"),
    [(flavour, board.slug) for flavour in FLAVOURS for board in BOARDS],
)


@pytest.fixture
def dashboard(flavour: str, slug: str) -> Dashboard:
    return dashboards(flavour)[slug]


def of_board(slug: str) -> Board:
    (found,) = (board for board in BOARDS if board.slug == slug)
    return found


@every_dashboard
def test_each_panel_has_a_number_and_a_place_of_its_own(dashboard: Dashboard) -> None:
    panels = dashboard["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(each["x"] >= 0 and each["x"] + each["w"] <= 24 and each["h"] > 0 for each in places)
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


def overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


@every_dashboard
def test_each_panel_says_what_it_shows(dashboard: Dashboard) -> None:
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["targets"]
        assert [target["refId"] for target in panel["targets"]] == sorted(
            {target["refId"] for target in panel["targets"]}
        )
        named = re.findall(r"`([^`]+)`: ", panel["description"])
        assert named
        assert set(named) <= CATALOG.keys() | {histogram.name for histogram in HISTOGRAMS}


def test_all_data_sources_show_the_same_but_for_what_one_cannot_tell() -> None:
    shown = {
        flavour: {
            (slug, panel["title"]) for slug, each in dashboards(flavour).items() for panel in each["panels"]
        }
        for flavour in FLAVOURS
    }

    missing = shown["prometheus"] - shown["graphite"]
    assert shown["graphite"] == shown["graphite-tags"] <= shown["prometheus"]
    assert all("of 100" in title for _, title in missing)


@every_dashboard
def test_a_query_uses_no_variable_that_is_not_there(dashboard: Dashboard) -> None:
    known = variables(dashboard).keys() | SET_BY_GRAFANA

    for query in (*asked(dashboard), *marked(dashboard)):
        assert {match[1] or match[3] for match in MENTION.finditer(query.text)} <= known, query


@every_dashboard
def test_each_choice_limits_a_query(dashboard: Dashboard) -> None:
    used = Counter(
        match[1] or match[3] for query in asked(dashboard) for match in MENTION.finditer(query.text)
    )

    for name in variables(dashboard).keys() - {"datasource"}:
        assert used[name], name


@pytest.mark.parametrize("flavour", ["graphite", "graphite-tags"])
def test_the_bridges_own_graphite_understands_every_query(flavour: str) -> None:
    texts = [query.text for each in dashboards(flavour).values() for query in (*asked(each), *marked(each))]

    used = {name for text in texts for name in re.findall(r"([a-zA-Z]+)\(", text)}

    assert used
    assert used <= FUNCTIONS.keys()
    for text in texts:
        parse(MENTION.sub("x", text))


@pytest.mark.parametrize("writer", WRITERS, ids=FLAVOURS)
def test_every_metric_of_a_query_is_in_the_catalogue_and_stands_in_the_query(writer: Any) -> None:
    for board in BOARDS:
        for query in queries(board):
            text = writer.expression(query, board.scope)
            assert all(CATALOG[metric.name] == metric for metric in metrics(query))
            if text:
                assert all(mentions(writer.flavour, text, metric.name) for metric in metrics(query)[:1])


def queries(board: Board) -> Iterator[Query]:
    for panel in board.panels:
        yield from panel.queries
    for marks in board.marks:
        yield marks.query


def mentions(flavour: str, text: str, name: str) -> bool:
    group, what = name.split(".")
    match flavour:
        case "graphite":
            return f".{group}." in text and f".{what}" in text
        case "graphite-tags":
            return f"'name=${{prefix}}.{name}'" in text
        case _:
            return naming.exposed(CATALOG[name], ()).text in text


def test_a_query_keeps_only_labels_that_its_metric_has() -> None:
    for board in BOARDS:
        for query in queries(board):
            for metric in metrics(query):
                assert {*query.by, *dict(query.where)} <= {*naming.labels_of(metric)}, (board.slug, query)


@every_dashboard
def test_the_dashboards_of_a_data_source_lead_to_each_other(dashboard: Dashboard, flavour: str) -> None:
    uids = {each["uid"] for each in dashboards(flavour).values()}

    (siblings,) = dashboard["links"]
    assert set(siblings["tags"]) == set(dashboard["tags"]) == {"asterisk-bridge", flavour}
    leads = [link["url"] for panel in dashboard["panels"] for link in panel.get("links", ())]
    assert {url.split("?")[0].removeprefix("/d/") for url in leads} <= uids


def test_addresses_are_unique_and_short_enough_for_grafana() -> None:
    uids = [each["uid"] for flavour in FLAVOURS for each in dashboards(flavour).values()]

    assert len(uids) == len(set(uids)) == len(BOARDS) * len(WRITERS)
    assert all(re.fullmatch(r"[a-z-]{1,40}", uid) for uid in uids)


@every_dashboard
def test_restarts_and_alerts_are_marked(dashboard: Dashboard, slug: str) -> None:
    titles = [marks["name"] for marks in dashboard["annotations"]["list"]]

    assert titles == [marks.title for marks in of_board(slug).marks]
    assert "Alert" in titles


def test_every_file_of_the_folder_is_generated() -> None:
    made = {path for path, _ in files(NOTE)}

    there = {f"config/grafana/{path.relative_to(GRAFANA)}" for path in GRAFANA.rglob("*") if path.is_file()}

    assert there == made <= GENERATED.keys()


def test_a_provider_looks_where_the_dashboards_of_its_data_source_go() -> None:
    for flavour in FLAVOURS:
        text = (GRAFANA / "provisioning" / "dashboards" / f"{flavour}.yaml").read_text()
        assert text.rstrip().endswith(f"/{flavour}")
        assert NOTE in text.splitlines()[0]
