"""Retention: the files that a real carbon makes by our rules, and what is in them once rolled up."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.core.archives import Retention
from bridge.core.sample import Sample, Series
from bridge.retention import DEFAULT, graphite_schemas
from bridge.settings import GraphiteSettings
from bridge.sinks.graphite import GraphiteSink
from tests.servers.graphite import GraphiteServer, environment
from tests.servers.process import wait_until
from tests.test_retention import PBXS, settings

pytestmark = pytest.mark.live

ROLLED = {
    Series("statsd.shop.orders.count", (("pbx", "hq"),)): ("sum", [18.0, 6.0, 7.0]),
    Series("statsd.shop.orders.rate", (("pbx", "hq"),)): ("avg_zero", [3.6, 1.2, 1.4]),
    Series("statsd.shop.time.upper_90", (("pbx", "hq"),)): ("max", [8.0, 3.0, 7.0]),
    Series("statsd.shop.time.lower", (("pbx", "hq"),)): ("min", [4.0, 1.0, 7.0]),
    CATALOG["queue.longest_wait"].series("hq", "support"): ("max", [8.0, 3.0, 7.0]),
    CATALOG["media.mos_worst"].series("hq", "PJSIP", "in"): ("min", [4.0, 1.0, 7.0]),
    CATALOG["calls.answered"].series("hq"): ("last", [6.0, 2.0, 7.0]),
    CATALOG["queue.waiting"].series("hq", "support"): ("average", [6.0, 2.0, 7.0]),
    CATALOG["source.up"].series("hq", "ami"): ("average", [6.0, 2.0, 7.0]),
}
"""A series for each reason, what is done with it, and what three steps come to."""
READ = """
import json, sys, whisper
from pathlib import Path
home, begin, end = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
def of(path):
    about = whisper.info(path)
    archives = [[each["secondsPerPoint"], each["points"]] for each in about["archives"]]
    values = whisper.fetch(path, begin - 1, end - 1, archiveToSelect=5)[1] if end else []
    return about["aggregationMethod"], about["xFilesFactor"], archives, values
print(json.dumps({str(path.relative_to(home)): of(str(path)) for path in home.rglob("*.wsp")}))
"""


@pytest.mark.parametrize("layout", ["path", "tags"])
def test_a_real_carbon_makes_files_of_these_terms_and_rolls_up_what_is_written(
    tmp_path: Path, layout: str
) -> None:
    """Of two of each five seconds nothing is known, and of the last five of all but one."""
    times = {"graphite": {"layout": layout}, "self_interval": "1s", "statsd": {"flush_interval": "1s"}}
    one = settings(**times, pbx={"hq": {"ami": {**PBXS["hq"]["ami"], "interval": "1s"}}})
    begin = int(time.time()) // 5 * 5 - 60
    steps = [[4.0, 8.0, 6.0], [3.0, 1.0, 2.0], [7.0]]
    batch = [
        Sample(series, value, begin + 5 * step + second)
        for series in ROLLED
        for step, values in enumerate(steps)
        for second, value in enumerate(values)
    ]
    server = GraphiteServer(tmp_path)
    (tmp_path / "storage-schemas.conf").write_text(graphite_schemas(one, "schemas", "5m,5s:1h"))
    (tmp_path / "storage-aggregation.conf").write_text(graphite_schemas(one, "aggregation"))

    server.start()
    try:
        asyncio.run(
            write(one.graphite.model_copy(update={"url": (f"tcp://127.0.0.1:{server.line_port}",)}), batch)
        )
        wait_until(lambda: len(list(tmp_path.rglob("*.wsp"))) == len(ROLLED), "a file for each series")
    finally:
        server.stop()

    found = sorted(map(tuple, read(tmp_path, begin, begin + 15).values()), key=str)
    archives = [[1, 300], [5, 720]]
    assert found == sorted(((how, 0.0, archives, values) for how, values in ROLLED.values()), key=str)


async def write(to: GraphiteSettings, batch: list[Sample]) -> None:
    sink = GraphiteSink(to, CATALOG)
    await sink.open()
    await sink.write(batch)
    await sink.close()


def read(home: Path, begin: int, end: int) -> dict[str, Any]:
    """Of every file below a folder: method, xFilesFactor, archives, and a value for each 5 seconds."""
    argv = [str(environment() / "bin" / "python"), "-c", READ, str(home), str(begin), str(end)]
    answer = subprocess.run(argv, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_whispers_own_tool_brings_files_that_are_there_in_line(tmp_path: Path) -> None:
    """As docs/graphite.md says it."""
    programs = environment() / "bin"
    one = settings()
    whisper, conf = tmp_path / "whisper", tmp_path / "conf"
    conf.mkdir()
    (conf / "storage-schemas.conf").write_text(graphite_schemas(one, "schemas"))
    (conf / "storage-aggregation.conf").write_text(graphite_schemas(one, "aggregation"))
    for name in ("asterisk/hq/calls/answered", "asterisk/hq/calls/peak", "others/calls"):
        (whisper / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([str(programs / "whisper-create.py"), f"{whisper}/{name}.wsp", "60s:1d"], check=True)

    options = ["--doit", "--extra_args=--nobackup", f"--subdir={whisper}/asterisk"]
    argv = [str(programs / "whisper-auto-resize.py"), *options, str(whisper), str(conf)]
    subprocess.run(argv, check=True, env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"})

    archives = [[each.step, each.points] for each in Retention.parse(DEFAULT).archives(15)]
    found = {name: terms for name, (*terms, _) in read(tmp_path, 0, 0).items()}
    assert found == {
        "whisper/asterisk/hq/calls/answered.wsp": ["last", 0.0, archives],
        "whisper/asterisk/hq/calls/peak.wsp": ["max", 0.0, archives],
        "whisper/others/calls.wsp": ["average", 0.5, [[60, 1440]]],
    }
