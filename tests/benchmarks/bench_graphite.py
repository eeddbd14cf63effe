"""How fast samples become what carbon reads, and reach a peer that only reads.

    python -m tests.benchmarks.bench_graphite [--rounds 9] [--series 10000] [--smoke]

First with the sink that the bridge has, over TCP, then the encoders alone. In each round everything has its
turn. A value with all its 17 digits takes Python half a microsecond to write, whoever asks for it. The same
series come again in each flush, as they do from the StatsD source.
"""

import asyncio
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from bridge.app import _event_loop
from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_HOLD_TIME_AVERAGE
from bridge.core.sample import Sample, Series
from bridge.protocols.graphite import Names, datagrams, path_layout, pickles, plaintext, tag_layout
from bridge.settings import GraphiteSettings
from bridge.sinks.graphite import GraphiteSink
from tests.benchmarks import wording

BATCH = 1000
"""Samples given to the sink at once, as Delivery does by default."""
FLUSHES = 5
NOW = 1_700_000_000.0
WANTED = 2_000_000
"""Samples a second."""
READ = (
    "import socket, sys; peer = socket.socket(fileno=int(sys.argv[1])).accept()[0]; room = bytearray(1 << 20)"
)
READ += "\nwhile peer.recv_into(room): pass"
VALUES: dict[str, Callable[[int], float]] = {
    "small": lambda number: float(number * 7919 % 1000),
    "whole": lambda number: float(number * 7919 % 1_000_003),
    "three decimals": lambda _: round(random.uniform(0, 100), 3),
    "all digits": lambda number: number * 7919 % 1000 / 7 + number,
}
"""Counts below 1000, which are kept as text; larger ones; times as Asterisk tells them; means and rates."""

Batches = list[list[Sample]]
Encode = Callable[[Sequence[Sample], Names], Iterable[bytes]]


def batches(series: Sequence[Series], value: Callable[[int], float]) -> Batches:
    """One flush, in batches."""
    samples = [Sample(one, value(number), NOW) for number, one in enumerate(series)]
    return [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)]


@contextmanager
def reader() -> Iterator[int]:
    """The port of a peer that only reads, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        argv = [sys.executable, "-c", READ, str(listener.fileno())]
        with subprocess.Popen(argv, pass_fds=[listener.fileno()]) as peer:
            try:
                yield listener.getsockname()[1]
            finally:
                peer.kill()


async def to_the_peer(port: int, flushes: dict[str, Batches], rounds: int) -> dict[str, list[float]]:
    """Samples a second of each kind in each round, after one that does not count."""
    sink = GraphiteSink(GraphiteSettings.model_validate({"url": [f"tcp://127.0.0.1:{port}"]}), CATALOG)
    await sink.open()
    rates: dict[str, list[float]] = {kind: [] for kind in flushes}
    for _ in range(rounds + 1):
        for kind, flush in flushes.items():
            start = time.perf_counter()
            for _ in range(FLUSHES):
                for batch in flush:
                    await sink.write(batch)
            rates[kind].append(FLUSHES * sum(map(len, flush)) / (time.perf_counter() - start))
    await sink.close()
    return {kind: found[1:] for kind, found in rates.items()}


def floor(samples: Sequence[Sample], _: Names) -> list[bytes]:
    """Nothing but the digits of each value, as Python writes them: no encoder in Python is faster."""
    return ["".join(map(repr, [sample.value for sample in samples])).encode()]


def encoded(encode: Encode, names: Names, flush: Batches) -> float:
    """CPU nanoseconds a sample."""
    start = time.process_time()
    for batch in flush:
        for _ in encode(batch, names):
            pass
    return (time.process_time() - start) / sum(map(len, flush)) * 1e9


def encoders(flushes: dict[str, Batches], rounds: int) -> Iterator[str]:
    """Rows of a table."""
    layouts = {"path": path_layout("asterisk", CATALOG), "tags": tag_layout("asterisk")}
    forms: Sequence[Encode] = (plaintext, datagrams, pickles, floor)
    ways = [(encode, name, Names(of)) for encode in forms for name, of in layouts.items()]
    costs: dict[tuple[str, str, str], list[float]] = {}
    for _ in range(rounds + 1):
        for encode, layout, names in ways:
            for kind, flush in flushes.items():
                cost = encoded(encode, names, flush)
                costs.setdefault((encode.__name__, layout, kind), []).append(cost)
    for words, found in costs.items():
        yield f"| {' | '.join(words)} | {median(found[1:]):.0f} ns |"


def main(words: list[str] | None = None) -> None:
    """Measure, and print tables."""
    parser = wording.options(__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--series", type=int, default=10_000)
    chosen = parser.parse_args(words)
    if chosen.smoke:
        chosen.rounds, chosen.series = 1, 1000
    queues = [(f"pbx{number % 4}", f"queue{number:05d}") for number in range(chosen.series)]
    series = [QUEUE_HOLD_TIME_AVERAGE.series(*queue) for queue in queues]
    flushes = {kind: batches(series, value) for kind, value in VALUES.items()}
    print(f"{chosen.series} series in batches of {BATCH}; medians of {chosen.rounds} rounds\n")
    print(f"| values | samples/s to a peer that only reads | wanted {WANTED:,} |\n| --- | --- | --- |")
    with reader() as port, asyncio.Runner(loop_factory=_event_loop) as runner:
        for kind, rates in runner.run(to_the_peer(port, flushes, chosen.rounds)).items():
            verdict = wording.verdict(median(rates) >= WANTED)
            print(f"| {kind} | {median(rates):,.0f} | {verdict} |")
    print("\n| encoder | layout | values | CPU per sample |\n| --- | --- | --- | --- |")
    print("\n".join(encoders(flushes, chosen.rounds)))


if __name__ == "__main__":
    main()
