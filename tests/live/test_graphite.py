"""GraphiteSink against a real carbon-cache, read back through graphite-web."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.endpoints import CONTACT_RTT
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.asterisk.catalog.system import SYSTEM_INFO
from bridge.core.sample import Sample, Series
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import Buffer, Limits
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import Delivery
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.protocols.graphite import path_layout, tag_layout
from bridge.settings import GraphiteSettings
from bridge.sinks.graphite import GraphiteSink
from tests.servers.graphite import GraphiteServer, carbon, environment
from tests.servers.process import wait_until
from tests.sinks.peer import eventually

pytestmark = [pytest.mark.live, pytest.mark.alone]

NASTY = ["support", "a.b c/d;e=f~g", "Zürich 東京", "*?[x]{y}(z)'\"\\`$", "%25", "", "-", "x" * 300]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphiteServer]:
    with carbon(tmp_path_factory.mktemp("graphite")) as running:
        yield running


def sink(server: GraphiteServer, scheme: str = "tcp", layout: str = "path") -> GraphiteSink:
    port = server.pickle_port if scheme == "pickle" else server.line_port
    found = {"url": f"{scheme}://127.0.0.1:{port}", "layout": layout, "timeout": 5}
    return GraphiteSink(GraphiteSettings.model_validate(found), CATALOG)


async def write(to: GraphiteSink, batch: Sequence[Sample]) -> None:
    await to.open()
    await to.write(batch)
    await to.close()


@pytest.mark.parametrize("layout", ["path", "tags"])
@pytest.mark.parametrize("scheme", ["tcp", "udp", "pickle"])
def test_what_was_written_is_what_is_read_back(server: GraphiteServer, scheme: str, layout: str) -> None:
    now = int(time.time())
    name = path_layout("asterisk", CATALOG) if layout == "path" else tag_layout("asterisk")
    values = [3.0, -0.25, 1e-7, 123456789.125, 1e21]
    series = [CONTACT_RTT.series("hq", f"{scheme} {text}") for text in NASTY]
    written = {one: [(value + at, now - at) for at, value in enumerate(values)] for one in series}

    batch = [Sample(one, value, at + 0.9) for one, points in written.items() for value, at in points]
    asyncio.run(write(sink(server, scheme, layout), batch))

    for one, points in written.items():
        target = name(one)
        wait_until(partial(server.render, target), target)
        assert server.render(target) == points[::-1]


def test_text_is_found_by_its_tag(server: GraphiteServer) -> None:
    now = int(time.time())

    asyncio.run(write(sink(server, layout="tags"), [Sample(SYSTEM_INFO.series("hq", "22.4.1"), 1, now)]))

    wait_until(lambda: server.render("seriesByTag('version=22.4.1')") == [(1.0, now)], "the tag")


def test_carbon_reads_our_tags_as_they_are_meant() -> None:
    """To carbon's own parser each name is one series, under the same name."""
    texts = [
        "",
        "a",
        "name",
        "pbx",
        "a=b",
        "~a",
        "!",
        "^",
        ";",
        " ",
        "\n",
        "%",
        "%6Eame",
        "a.b",
        "ä",
        "x" * 300,
    ]
    labels = [(key, value) for key in texts if key != "pbx" for value in texts]
    series = [Series(f"statsd.{what}", (("pbx", "hq"), label)) for what in texts for label in labels]
    program = "import json, sys; from carbon.util import TaggedSeries as T;"
    program += "print(json.dumps([T.parse(name).path for name in json.load(sys.stdin)]))"
    names = list(map(tag_layout("asterisk"), series))

    answer = subprocess.run(
        [environment() / "bin" / "python", "-c", program],
        input=json.dumps(names),
        check=True,
        capture_output=True,
        text=True,
    )

    assert json.loads(answer.stdout) == names
    assert len(set(names)) == len(series)


def test_carbon_killed_in_the_stream_leaves_no_gap(tmp_path: Path) -> None:
    """What was sent in the last seconds and was still in its memory is sent again."""
    series = QUEUE_WAITING.series("hq", "support")
    begin = int(time.time()) - 1000

    async def main(server: GraphiteServer) -> None:
        clock = SystemClock()
        at_once = Backoff(uniform=lambda _, __: 0.05)
        health, carbon_sink = Health(clock), sink(server)
        buffer = Buffer(Limits(10_000, hold=carbon_sink.hold), Ledger(health, carbon_sink.name))
        delivery = Delivery(carbon_sink, buffer, health, clock, backoff=at_once)
        task = asyncio.create_task(delivery.run())
        for number in range(300):
            delivery.accept([Sample(series, number, begin + number)])
            await asyncio.sleep(0.01)
            if number == 100:
                await asyncio.to_thread(server.kill)
            if number == 200:
                await asyncio.to_thread(server.start)
        await eventually(lambda: not buffer.waiting)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with carbon(tmp_path) as server:
        asyncio.run(main(server))

        expected = [(float(number), begin + number) for number in range(300)]
        wait_until(lambda: len(server.render("asterisk.hq.queue.support.waiting")) == 300, "all points")
        assert server.render("asterisk.hq.queue.support.waiting") == expected
