"""What the local store costs: python -m tests.benchmarks.bench_store"""

import asyncio
import resource
import tempfile
import time
from pathlib import Path

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_WAITING
from bridge.core.sample import Sample
from bridge.keeping import recipes
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import Settings
from bridge.settings.store import StoreSettings
from bridge.sinks.http.form import Form
from bridge.sinks.http.graphite_answers import Answers
from bridge.sinks.store import StoreSink

SERIES = 2000
INTERVAL = 10
BATCH = 1000
ROUNDS = 20
HOURS = 6
SHOWN = 100


def memory() -> int:
    """Bytes that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def written(sink: StoreSink, moments: range, series: int) -> float:
    """Seconds of processor time to write a sample of each series at each moment."""
    start = time.process_time()
    for moment in moments:
        samples = [
            Sample(QUEUE_WAITING.series(f"pbx{number % 4}", f"queue{number:05d}"), number, moment)
            for number in range(series)
        ]
        for begin in range(0, series, BATCH):
            await sink.write(samples[begin : begin + BATCH])
    return time.process_time() - start


async def main(folder: Path) -> None:
    """Print what was measured."""
    chosen, now = StoreSettings(), int(time.time())
    made = recipes(Settings(store=chosen))
    sink = StoreSink(chosen, CATALOG, folder, Health(SystemClock()), recipes=made)
    await sink.open()
    before = memory()
    first = await written(sink, range(now - 7200, now - 7199), SERIES)
    print(f"make the files of {SERIES} series: {first / SERIES * 1e6:.0f} us of processor time each")
    print(f"memory: {(memory() - before) / SERIES:.0f} bytes a series")
    spent = await written(sink, range(now - ROUNDS * INTERVAL, now, INTERVAL), SERIES)
    each = spent / SERIES / ROUNDS
    print(f"write: {each * 1e6:.0f} us of processor time a sample;", end=" ")
    print(f"{SERIES} series each {INTERVAL} s: {each * SERIES / INTERVAL:.1%} of a core")
    await written(sink, range(now - HOURS * 3600, now, 60), SHOWN)
    start = time.perf_counter()
    again = StoreSink(chosen, CATALOG, folder, Health(SystemClock()), recipes=made)
    await again.open()
    print(f"find {SERIES} series again at the start: {time.perf_counter() - start:.2f} s")
    answers = Answers(again.archive, time.time, 60)
    for target in ("asterisk.*.queue.queue000*.waiting", "sumSeries(asterisk.*.queue.queue000*.waiting)"):
        form = Form([("target", target), ("from", f"-{HOURS}h"), ("format", "json")])
        start = time.perf_counter()
        text = answers.render(form)
        print(
            f"render {target}, {HOURS} h: {(time.perf_counter() - start) * 1e3:.0f} ms, {len(text):,} bytes"
        )
    allocated = sum(path.stat().st_blocks * 512 for path in folder.rglob("*.wsp"))
    print(f"disk: {again.archive.find('**') and allocated / SERIES:.0f} bytes a series so far")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(main(Path(made)))
