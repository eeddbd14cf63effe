"""Every panel of every dashboard has data, from a real Asterisk through real databases."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.dashboards.client import Asked, Choices, asked, dashboards, marked
from tests.dashboards.sources import GraphiteSource, PrometheusSource, Source, chosen, everything, has_data
from tests.live.dashboard_stage import Stage, furnished
from tests.servers.process import wait_until

pytestmark = pytest.mark.live

SOURCES: dict[str, Callable[[Stage], Source]] = {
    "graphite": lambda stage: GraphiteSource(stage.graphite.web_port, "graphite"),
    "graphite-tags": lambda stage: GraphiteSource(stage.graphite.web_port, "graphite-tags"),
    "own-graphite": lambda stage: GraphiteSource(stage.own["path"].port, "graphite"),
    "own-graphite-tags": lambda stage: GraphiteSource(stage.own["tags"].port, "graphite-tags"),
    "prometheus": lambda stage: PrometheusSource(stage.prometheus),
}
NAMED = 8
"""Queries of each dashboard that are asked with every value by its name too, beside all at once."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with furnished(tmp_path_factory.mktemp("dashboards")) as running:
        yield running


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, stage: Stage) -> Source:
    return SOURCES[request.param](stage)


def wait_for_all(source: Source, queries: dict[Asked, Choices], since: float) -> None:
    """Return when every query has data.

    Raises:
        AssertionError: some have none.
    """
    begun = time.monotonic()
    missing = set(queries)

    def complete() -> bool:
        nonlocal missing
        missing = {query for query in missing if not has_data(source, query, queries[query], since)}
        return not missing

    try:
        wait_until(complete, "data")
    except TimeoutError:
        places = "\n".join(f"{query.place}: {query.text}" for query in missing)
        raise AssertionError(f"no data in {len(missing)} of {len(queries)}:\n{places}") from None
    print(f"{source.flavour}: {len(queries)} queries in {time.monotonic() - begun:.1f} s")


def test_every_query_of_every_panel_has_data(stage: Stage, source: Source) -> None:
    """With everything chosen, as a dashboard opens."""
    boards = dashboards(source.flavour).values()

    wait_for_all(
        source,
        {
            query: choices
            for board in boards
            for choices in [everything(source, board)]
            for query in asked(board)
        },
        stage.since,
    )


def test_choices_are_offered_and_limit_what_is_shown(stage: Stage, source: Source) -> None:
    """Names with dots, spaces and slashes among them."""
    boards = dashboards(source.flavour).values()

    named = {board["uid"]: chosen(source, board) for board in boards}

    assert all(values for choices in named.values() for values in choices.values())
    wait_for_all(
        source,
        {query: named[board["uid"]] for board in boards for query in [*asked(board)][:NAMED]},
        stage.since,
    )


def test_restarts_and_alerts_are_marked(stage: Stage, source: Source) -> None:
    boards = dashboards(source.flavour).values()

    wait_for_all(
        source,
        {query: everything(source, board) for board in boards for query in marked(board)},
        stage.since,
    )
