"""What asking SNMP agents costs: our engine beside pysnmp, gufo-snmp, snmp_exporter and collectd.

    python -m tests.benchmarks.bench_snmp [--targets 800] [--rounds 3] [--smoke]

All ask one real snmpd on loopback for 40 scalars, or for those and tables of 200 rows and 6 columns, by
version 2c and by version 3 (SHA, AES-128). The CPU is that of who asks, user and system; rounds take turns,
and shown are medians. What is not installed is left out: TEST_BENCHMARKS=1 tests/install brings it.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks import wording
from tests.benchmarks.snmp import clients, daemons
from tests.benchmarks.snmp.loads import CASES, COLUMNS, LINES, LOADS, ROWS, SCALARS, Load
from tests.servers.snmpd import Agent, recording, snmpd

OURS, SLOW, API, GUFO, EXPORTER, COLLECTD = (
    "ours",
    "pysnmp",
    "pysnmp's API",
    "gufo-snmp",
    "exporter",
    "collectd",
)
CLIENTS: dict[str, tuple[clients.Client, int]] = {
    OURS: (clients.ours("fast"), 1),
    GUFO: (clients.gufo, 1),
    EXPORTER: (daemons.exporter, 4),
    SLOW: (clients.ours("pysnmp"), 20),
    API: (clients.pysnmp_api, 40),
}
"""Who asks, and by how many times fewer targets: the slower ones need fewer to be measured."""
TABLE_SHARE = 5
"""By how many times fewer targets have tables."""
BARS = {API: 1 / 70, GUFO: 1.0, EXPORTER: 1.0}
"""The most that ours may take of what another takes."""
Row = Mapping[str, Sequence[float]]
"""The CPU of a target in ms, by who asked, of each round."""


def present() -> list[str]:
    """Who can be measured here; says why the others cannot."""
    places = {
        GUFO: clients.gufo_home() / "gufo",
        EXPORTER: daemons.EXPORTER,
        COLLECTD: daemons.COLLECTD,
    }
    absent = {name for name, place in places.items() if not place.exists()}
    for name in sorted(absent):
        print(f"{name} is left out: it is not installed: run TEST_BENCHMARKS=1 tests/install\n")
    return [name for name in (*CLIENTS, COLLECTD) if name not in absent]


def measure(agent: Agent, load: Load, names: Sequence[str], amounts: tuple[int, int]) -> Row:
    """Have all ask in turns, for so many targets in so many rounds."""
    targets, rounds = amounts
    used: dict[str, list[float]] = {name: [] for name in names if name in CLIENTS}
    for _ in range(rounds):
        for name, each in used.items():
            client, share = CLIENTS[name]
            each.append(
                client(agent, load, max(1, targets // share // (TABLE_SHARE if load.with_table else 1)))
            )
    return used


def ratio(row: Row, peer: str) -> float:
    """What ours takes of what another takes: the median of the rounds."""
    return median(ours / theirs for ours, theirs in zip(row[OURS], row[peer], strict=True))


def table(rows: Mapping[Load, Row]) -> Iterator[str]:
    """What a target costs, and how often that of ours goes into it."""
    names = list(next(iter(rows.values())))
    yield "CPU of a target in ms; in brackets how many times ours\n"
    yield f"| target | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}"
    for load, row in rows.items():
        cells = (f"{median(each):.3f} ({1 / ratio(row, name):.2f})" for name, each in row.items())
        yield f"| {load.title} | {' | '.join(cells)} |"


def goals(rows: Mapping[Load, Row]) -> Iterator[str]:
    """How far they are reached."""
    yield "\n| target | goal | ours | |\n| --- | --- | --- | --- |"
    for load, row in rows.items():
        for peer, limit in BARS.items():
            if peer in row:
                found = ratio(row, peer)
                goal = f"1/{1 / limit:.0f} of {peer}" if limit < 1 else peer
                said = f"1/{1 / found:.0f}" if limit < 1 else f"{found:.2f} x"
                yield f"| {load.title} | at most {goal} | {said} | {wording.verdict(found <= limit)} |"


def cells(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """What 1,000 variables cost us with tables, and collectd."""
    amount = (len(SCALARS) + ROWS * len(COLUMNS)) / 1000
    found = median(one / amount / other for one, other in zip(ours, theirs, strict=True))
    return (
        f"\nCPU of 1,000 variables in ms, v2c: ours {median(ours) / amount:.2f}, collectd with BulkSize 50 "
        f"{median(theirs):.2f}: {found:.2f} x, {wording.verdict(found <= 1)}"
    )


def options(words: list[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = wording.options(__doc__)
    parser.add_argument("--targets", type=int, default=800, help="with scalars, in each round")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> None:
    """Measure, and print tables."""
    chosen = options(words)
    names = [OURS] if chosen.smoke else present()
    amounts = (20, 1) if chosen.smoke else (chosen.targets, chosen.rounds)
    with tempfile.TemporaryDirectory() as folder, snmpd(Path(folder), recording(), LINES) as agent:
        rows: dict[Load, Row] = {load: measure(agent, load, names, amounts) for load in LOADS}
        print("\n".join((*table(rows), *goals(rows))))
        if COLLECTD in names:
            theirs = _each(lambda: daemons.collectd(agent), amounts[1])
            print(cells(rows[LOADS[1]][OURS], theirs))
        for version in CASES:
            polls = _each(lambda: clients.asterisk(agent, version, amounts[0] // 4), amounts[1])  # noqa: B023
            print(
                f"\nCPU of a poll of Asterisk as the bridge makes it, in ms, {version}: {median(polls):.3f}"
            )


def _each(measured: Callable[[], float], rounds: int) -> list[float]:
    return [measured() for _ in range(rounds)]


if __name__ == "__main__":
    main()
