"""StatsD over UDP on loopback: our source beside etsy's statsd, collectd, netdata and a C loop that counts.

    python -m tests.benchmarks.bench_statsd [--rounds 3] [--seconds 1.5] [--receivers sink,etsy,...]
        [--workloads 1g,packed,...] [--smoke]

In every round each load goes to each receiver in turn, started afresh. All flush every second to a carbon
that throws away, and have equal receive buffers. CPU is the receiver's own, all threads. It waits, up
to 30 s each time, until the machine is quiet; a run that others disturbed is made once more, and a `*` marks
what was disturbed both times. It takes root to look at the queue of a receiver. docs/performance.md has the
loads, and a full run.
"""

import argparse
import sys

from tests.benchmarks import wording
from tests.benchmarks.statsd.loads import LOADS, Load, Pains, Run, bench, measure
from tests.benchmarks.statsd.peers import NATIVE, PYTHON, RECEIVERS, SINK, TITLES, absence
from tests.benchmarks.statsd.tables import tables

START = 2.2
"""Seconds that it takes, about, to look around, to start and end a receiver, and to make the packets."""
Pair = tuple[str, str]
"""Names of a load and a receiver."""
GUESS = {"single": 200_000.0, "segmented": 500_000.0, "packed": 2_000_000.0}
"""Lines a second from which a search begins if the receiver was not saturated before."""
ATTEMPTS = 1.4
"""Runs for each rate of a search, about."""
SMOKE = ("1g", "20k", "lossless-packed")
"""Loads with every form, and in every manner."""


def options(words: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = wording.options(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="of one run")
    parser.add_argument("--receivers", default=",".join(RECEIVERS))
    parser.add_argument("--workloads", default=",".join(LOADS))
    found = parser.parse_args(words)
    if found.smoke:
        found.rounds, found.receivers, found.workloads = 1, f"{SINK},{PYTHON},{NATIVE}", ",".join(SMOKE)
    found.pains = Pains(0.1, 0, steps=2, tries=1, patience=0) if found.smoke else Pains(found.seconds)
    found.receivers, found.workloads = found.receivers.split(","), found.workloads.split(",")
    for given, known in ((found.receivers, RECEIVERS), (found.workloads, LOADS)):
        if unknown := [*filter(lambda word: word not in known, given)]:
            parser.error(f"{unknown[0]!r} is none of {', '.join(known)}")
    return found


def pairs(receivers: list[str], workloads: list[str]) -> list[Pair]:
    """The loads in turn, each with all receivers; the sink searches nothing, it is as fast as the sender."""
    all_pairs = ((load, name) for load in workloads for name in receivers)
    return [(load, name) for load, name in all_pairs if not (LOADS[load].search and name == SINK)]


def minutes(asked: list[Pair], rounds: int, pains: Pains) -> float:
    """How long it takes, about."""
    runs = sum(pains.steps * ATTEMPTS if LOADS[load].search else 1 for load, _ in asked)
    return rounds * (START * len(asked) + (pains.seconds + pains.warm) * runs) / 60


def present(receivers: list[str]) -> list[str]:
    """Those that can be measured here; says why the others cannot."""
    for name in receivers:
        if reason := absence(name):
            print(f"{TITLES[name]} is left out: {reason}")
    return [name for name in receivers if not absence(name)]


def rounds(asked: list[Pair], amount: int, pains: Pains) -> dict[Pair, list[Run | None]]:
    """What came of each pair in each round; tells of every run on stderr."""
    runs: dict[Pair, list[Run | None]] = {pair: [] for pair in asked}
    with bench(pains) as kit:
        for _ in range(amount):
            for load, name in asked:
                found = measure(kit, name, LOADS[load], guess(runs, LOADS[load], name))
                runs[load, name].append(found)
                print(f"{load} {name}: {found}", file=sys.stderr, flush=True)
    return runs


def guess(runs: dict[Pair, list[Run | None]], load: Load, name: str) -> float:
    """Lines a second that a receiver takes of such a load, if it was saturated before; else what may be."""
    for key, other in LOADS.items():
        if other.form == load.form and not other.search and (before := runs.get((key, name))):
            return before[-1].rate if before[-1] else 0
    return GUESS[load.form]


def main(words: list[str] | None = None) -> None:
    """Measure, and print tables."""
    chosen = options(words)
    asked = pairs(present(chosen.receivers), chosen.workloads)
    takes = minutes(asked, chosen.rounds, chosen.pains)
    told = f"{chosen.rounds} rounds of {len(asked)} measurements"
    print(f"{told}, about {takes:.0f} minutes on a quiet machine\n", flush=True)
    print("\n".join(tables(rounds(asked, chosen.rounds, chosen.pains))))


if __name__ == "__main__":
    main()
