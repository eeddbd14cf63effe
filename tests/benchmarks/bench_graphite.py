"""How fast samples become what carbon reads: python -m tests.benchmarks.bench_graphite"""

import time
from collections.abc import Callable, Iterable

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.queues import QUEUE_HOLD_TIME_AVERAGE, QUEUE_WAITING
from bridge.core.sample import Sample
from bridge.protocols.graphite import Names, datagrams, path_layout, pickles, plaintext, tag_layout

SERIES = 10_000
BATCH = 1000
ROUNDS = 5
FLUSHES = 10
NOW = 1_700_000_000.0

Encode = Callable[[Iterable[Sample], Names], Iterable[bytes]]


def batches(metric: str, value: Callable[[int], float]) -> list[list[Sample]]:
    """One flush of all series, in batches as Delivery gives them."""
    series = [CATALOG[metric].series(f"pbx{number % 4}", f"queue{number:05d}") for number in range(SERIES)]
    samples = [Sample(one, value(number), NOW) for number, one in enumerate(series)]
    return [samples[start : start + BATCH] for start in range(0, SERIES, BATCH)]


def rate(encode: Encode, names: Names, flush: list[list[Sample]]) -> float:
    """Samples a second, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(FLUSHES):
            for batch in flush:
                for _ in encode(batch, names):
                    pass
        best = min(best, time.perf_counter() - start)
    return FLUSHES * SERIES / best


def main() -> None:
    """Print a table."""
    values = {
        "small": batches(QUEUE_HOLD_TIME_AVERAGE.name, lambda number: number * 7919 % 1000 / 4),
        "whole": batches(QUEUE_WAITING.name, lambda number: number * 7919 % 1000),
        "fractions": batches(QUEUE_HOLD_TIME_AVERAGE.name, lambda number: number * 7919 % 1000 / 7),
    }
    layouts = {"path": path_layout("asterisk", CATALOG), "tags": tag_layout("asterisk")}
    print(f"{SERIES} series in batches of {BATCH}; million samples a second")
    for encode in (plaintext, datagrams, pickles):
        for layout, name in layouts.items():
            for kind, flush in values.items():
                found = rate(encode, Names(name), flush)
                print(f"{encode.__name__:10} {layout:5} {kind:10} {found / 1e6:6.2f}")


if __name__ == "__main__":
    main()
