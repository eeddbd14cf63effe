"""The read API, side by side with a real graphite-web that looks into the folder of the store."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.calls import CALLS_ACTIVE, HANGUPS_COUNT
from bridge.asterisk.catalog.endpoints import CONTACT_RTT
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample, Series
from bridge.keeping import recipes
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import Settings
from bridge.settings.store import StoreSettings
from bridge.sinks.http.graphite import GraphiteSite
from bridge.sinks.store import StoreSink
from tests.servers.graphite import GraphiteServer, carbon
from tests.sinks.http.stage import Answer, port

pytestmark = pytest.mark.live

SERIES = [
    *(CALLS_ACTIVE.series(pbx) for pbx in ("hq", "lab")),
    *(
        QUEUE_WAITING.series(pbx, queue)
        for pbx in ("hq", "lab")
        for queue in ("support", "sales", "night[1]")
    ),
    *(HANGUPS_COUNT.series("hq", cause) for cause in ("busy", "normal")),
    CONTACT_RTT.series("hq", "sip:101@10.0.0.5"),
    Series("statsd.checkout.time.upper_90", (("pbx", "hq"), ("shop", "a.b"))),
]
LAYOUTS: tuple[Literal["path", "tags"], ...] = ("path", "tags")
Pairs = Sequence[tuple[str, str | int]]


class Stage(NamedTuple):
    """A store that is filled, and a graphite-web that reads its files."""

    site: GraphiteSite
    server: GraphiteServer
    now: int

    def ours(self, method: str, path: str, asked: Pairs = ()) -> Answer:
        """What the site answers."""

        async def main() -> Answer:
            async with port(self.site) as opened:
                if method == "GET":
                    return await opened.get(f"{path}?{urlencode(asked)}")
                body = urlencode(asked).encode()
                return await opened.post(path, body, Content_Type="application/x-www-form-urlencoded")

        return asyncio.run(main())

    def theirs(self, method: str, path: str, asked: Pairs = ()) -> tuple[int, str]:
        """What graphite-web answers: status and text."""
        url = f"http://127.0.0.1:{self.server.web_port}{path}"
        form = urlencode(asked)
        request = Request(f"{url}?{form}") if method == "GET" else Request(url, form.encode())
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()


async def fill(folder: Path, now: int) -> GraphiteSite:
    """An hour of samples of all series in both layouts, every ten seconds, and some from yesterday."""
    health = Health(SystemClock())
    for layout in LAYOUTS:
        chosen = StoreSettings(layout=layout)
        sink = StoreSink(chosen, CATALOG, folder, health, recipes=recipes(Settings(store=chosen)))
        await sink.open()
        ages = [*range(86_400, 80_000, -60), *range(3600, 0, -10)]
        await sink.write(
            [
                Sample(series, number + age % 700 / 7, now - age)
                for age in ages
                for number, series in enumerate(SERIES)
                if (age + number) % 11
            ]
        )
    chosen = StoreSettings()
    reader = StoreSink(chosen, CATALOG, folder, health, recipes=recipes(Settings(store=chosen)))
    await reader.open()
    return GraphiteSite(reader.archive)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("graphite")
    now = int(time.time())
    with carbon(home) as server:
        stage = Stage(asyncio.run(fill(home, now)), server, now)
        tagged = json.loads(stage.ours("GET", "/tags/findSeries", [("expr", "name=~.+")]).text)
        status, _ = stage.theirs("POST", "/tags/tagMultiSeries", [("path", name) for name in tagged])
        assert status == 200
        yield stage


def without_ids(found: Any) -> Any:
    """The numbers that a database gives to tags and values are its own."""
    if isinstance(found, Mapping):
        return {key: without_ids(value) for key, value in found.items() if key != "id" or "text" in found}
    return [*map(without_ids, found)] if isinstance(found, list) else found


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "asked",
    [
        [("query", "*")],
        [("query", "asterisk.*")],
        [("query", "asterisk.hq.*"), ("wildcards", 1)],
        [("query", "asterisk.{hq,lab}.queue.*.waiting")],
        [("query", "asterisk.*.queue.s[a-u]*"), ("leavesOnly", 1)],
        [("query", "asterisk.h?.calls.*"), ("format", "completer")],
        [("query", "asterisk.h"), ("format", "completer"), ("wildcards", 1)],
        [("query", "asterisk..calls"), ("format", "completer")],
        [("query", "asterisk.**.waiting")],
        [("query", "asterisk.hq.**")],
        [("query", "asterisk.hq.contact.*")],
        [("query", "asterisk.hq.contact.*.*")],
        [("query", "nothing.*")],
        [("query", "_tagged.*.*.*")],
        [("query", "asterisk.queue.waiting;pbx=hq;queue=support")],
        [("query", "asterisk.hq.calls.active"), ("from", "-1h"), ("until", "now")],
        [("query", "asterisk.hq.{calls.*,queue}")],
    ],
)
def test_find(stage: Stage, method: str, asked: Pairs) -> None:
    status, text = stage.theirs(method, "/metrics/find", asked)

    answer = stage.ours(method, "/metrics/find", asked)

    assert (answer.status, json.loads(answer.text)) == (status, json.loads(text))


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/metrics/expand", [("query", "asterisk.*.queue.*.waiting")]),
        ("/metrics/expand", [("query", "asterisk.*"), ("query", "asterisk.hq.*"), ("leavesOnly", 0)]),
        ("/metrics/expand", [("query", "asterisk.hq.*.*"), ("query", "none"), ("groupByExpr", 1)]),
        ("/metrics/expand", [("query", "asterisk.hq.*.*"), ("leavesOnly", 1)]),
        ("/metrics/index.json", []),
        ("/tags", []),
        ("/tags", [("filter", "q")]),
        ("/tags", [("limit", 2)]),
        ("/tags/queue", []),
        ("/tags/queue", [("filter", "s.*s"), ("limit", 1)]),
        ("/tags/name", [("limit", 3)]),
        ("/tags/unknown", []),
        ("/tags/findSeries", [("expr", "name=asterisk.queue.waiting")]),
        ("/tags/findSeries", [("expr", "name=asterisk.queue.waiting"), ("expr", "pbx!=lab")]),
        ("/tags/findSeries", [("expr[]", "queue=~^s"), ("expr[]", "queue!=~sup")]),
        ("/tags/findSeries", [("expr", "queue=~upp")]),
        ("/tags/findSeries", [("expr", "pbx=~."), ("expr", "queue=")]),
        ("/tags/findSeries", [("expr", "pbx!="), ("expr", "name=~asterisk.(calls|hangups)")]),
        ("/tags/autoComplete/tags", []),
        ("/tags/autoComplete/tags", [("tagPrefix", "q")]),
        ("/tags/autoComplete/tags", [("expr", "queue=support")]),
        ("/tags/autoComplete/tags", [("expr", "pbx=hq"), ("tagPrefix", "n"), ("limit", 5)]),
        ("/tags/autoComplete/values", [("tag", "queue")]),
        ("/tags/autoComplete/values", [("tag", "pbx"), ("expr", "queue=~.+"), ("limit", 1)]),
        ("/tags/autoComplete/values", [("tag", "queue"), ("expr", "pbx=hq"), ("valuePrefix", "su")]),
        ("/tags/autoComplete/values", [("tag", "unknown")]),
        ("/events/get_data", [("from", "-1h"), ("until", "now"), ("tags", "deploy")]),
    ],
)
def test_names_and_tags(stage: Stage, path: str, asked: Pairs) -> None:
    status, text = stage.theirs("GET", path, asked)

    answer = stage.ours("GET", path, asked)

    assert (answer.status, without_ids(json.loads(answer.text))) == (status, without_ids(json.loads(text)))


@pytest.mark.parametrize(
    ("from_", "until"),
    [("-1h", "now"), ("-30min", "-10min"), ("-90s", "now"), ("-6h", "now"), ("-2d", "now"), ("-20d", "now")],
)
@pytest.mark.parametrize(
    "asked",
    [
        [("target", "asterisk.*.queue.*.waiting")],
        [("target", "asterisk.hq.hangups.*.count"), ("target", "asterisk.lab.calls.active")],
        [("target", "seriesByTag('name=asterisk.queue.waiting','pbx=hq')")],
        [("target", "asterisk.queue.waiting;pbx=hq;queue=support"), ("noNullPoints", 1)],
        [("target", "sumSeries(asterisk.*.queue.*.waiting)"), ("maxDataPoints", 50)],
        [("target", "asterisk.hq.calls.active"), ("maxDataPoints", 1), ("tz", "Europe/Berlin")],
    ],
)
def test_values(stage: Stage, asked: Pairs, from_: str, until: str) -> None:
    whole = [*asked, ("from", from_), ("until", until), ("now", stage.now), ("format", "json")]
    status, text = stage.theirs("POST", "/render", [*whole, ("noCache", 1)])

    answer = stage.ours("POST", "/render", whole)

    assert answer.status == status == 200
    assert by_target(answer.text) == by_target(text)
    assert any(value is not None for each in json.loads(text) for value, _ in each["datapoints"])


def by_target(text: str) -> list[Any]:
    """The series of an answer, in an order of their own: graphite-web's is by chance."""
    return sorted(json.loads(text), key=lambda each: str(each["target"]))


class TestGrafana:
    """What a Graphite data source of Grafana sends, in its own forms."""

    def test_save_and_test(self, stage: Stage) -> None:
        asked: Pairs = [
            ("target", "constantLine(100)"),
            ("from", stage.now - 3600),
            ("until", stage.now),
            ("format", "json"),
            ("maxDataPoints", 300),
        ]

        answer = stage.ours("POST", "/render", asked)

        (found,) = json.loads(answer.text)
        assert answer.headers["Content-Type"].startswith("application/json")
        assert {value for value, _ in found["datapoints"]} == {100}

    def test_version_by_which_it_knows_that_there_are_tags(self, stage: Stage) -> None:
        _, text = stage.theirs("GET", "/version")

        assert stage.ours("GET", "/version").text == text.strip() == "1.1.10"

    def test_functions_of_its_editor(self, stage: Stage) -> None:
        """graphite-web's own answer needs an older Python than any that still has care."""
        ours = json.loads(stage.ours("GET", "/functions").text)

        assert ours["sumSeries"].keys() == {"name", "function", "description", "module", "group", "params"}
        assert json.loads(stage.ours("GET", "/functions/sumSeries").text) == ours["sumSeries"]
        grouped = json.loads(stage.ours("GET", "/functions", [("grouped", "true")]).text)
        assert grouped["Combine"]["sumSeries"] == ours["sumSeries"]

    def test_variables_and_browsing_with_times_in_the_url(self, stage: Stage) -> None:
        answer = stage.ours("GET", "/metrics/find", [("from", stage.now - 60), ("query", "asterisk.*")])

        assert {node["text"] for node in json.loads(answer.text)} == {"hq", "lab"}

    def test_panels_that_ask_for_several_targets_at_once(self, stage: Stage) -> None:
        targets = [
            "aliasByNode(asterisk.*.calls.active, 1)",
            "alias(sumSeries(asterisk.hq.queue.*.waiting), 'waiting')",
            "aliasByTags(seriesByTag('name=asterisk.contact.rtt'), 'pbx')",
            "perSecond(asterisk.hq.hangups.*.count)",
            "movingAverage(asterisk.hq.calls.active, 5)",
            "asPercent(asterisk.*.calls.active)",
        ]
        asked: list[tuple[str, str | int]] = [("target", each) for each in targets]
        asked += [("from", "-1h"), ("until", "now"), ("format", "json"), ("maxDataPoints", "400")]

        found = json.loads(stage.ours("POST", "/render", asked).text)

        assert len(found) == 9
        assert all(any(value is not None for value, _ in each["datapoints"]) for each in found)


@pytest.mark.parametrize(
    ("path", "asked", "why"),
    [
        ("/render", [("target", "nonsense(a.b)"), ("format", "json")], "unknown function nonsense"),
        ("/render", [("target", "a.b")], "only format=json is served"),
        ("/render", [("target", "a.b"), ("format", "png")], "only format=json is served"),
        ("/render", [("target", "a.b"), ("format", "json"), ("from", "soon")], "'soon' is no time"),
        ("/render", [("target", "a.b"), ("format", "json"), ("from", "-0s")], "the time range is empty"),
        ("/render", [("target", "**.**.**.a"), ("format", "json")], "more than 2 times"),
        ("/render", [("target", "a.b"), ("format", "json"), ("xFilesFactor", "x")], "no number"),
        ("/metrics/find", [], "query is missing"),
        ("/metrics/find", [("query", "a"), ("format", "pickle")], "treejson and completer are served"),
        ("/metrics/find", [("query", "{a,b}" * 12)], "more than 1000 choices"),
        ("/metrics/find", [("query", "a"), ("wildcards", "x")], "no whole number"),
        ("/tags/findSeries", [], "no tag expressions"),
        ("/tags/findSeries", [("expr", "nothing")], "is no tag expression"),
        ("/tags/findSeries", [("expr", "queue=~(")], "is no regular expression"),
        ("/tags/findSeries", [("expr", "queue=~(a+)+$")], "may take for ever"),
        ("/tags/findSeries", [("expr", "queue!=a")], "not empty"),
        ("/tags/autoComplete/values", [], "no tag specified"),
        ("/tags", [("limit", "-1")], "less than nothing"),
    ],
)
def test_a_bad_request_is_answered_with_a_sentence(stage: Stage, path: str, asked: Pairs, why: str) -> None:
    answer = stage.ours("GET", path, asked)

    assert answer.status == 400
    assert why in (json.loads(answer.text)["error"] if path.startswith("/tags") else answer.text)


def test_a_function_that_is_not_there(stage: Stage) -> None:
    answer = stage.ours("GET", "/functions/nonsense")

    assert answer.status == stage.theirs("GET", "/functions/nonsense")[0] == 404
    assert json.loads(answer.text) == {"error": "Function not found: nonsense"}
