"""The loads, and what one receiver makes of one of them."""

import contextlib
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.statsd.machine import borrowed, busy, compiled, cpu
from tests.benchmarks.statsd.peers import RECEIVERS, Place, Running
from tests.servers.process import answers, free_port, running, wait_until

LOSSLESS = 0.001
"""Share of packets: who loses less has lost nothing."""
LOWEST, HIGHEST = 0.4, 1.3
"""Where the lossless rate is looked for, as shares of what the receiver takes when it is saturated."""
KEPT_UP = 0.97
"""Share of a rate that must have been read until the queue was empty: a full queue only puts off the loss."""
GLANCE = 0.5
"""Seconds for which the machine is watched to see whether it is quiet."""
FOREIGN = 0.15
"""Processors that others may use meanwhile before a run counts as disturbed."""


class Load(NamedTuple):
    """What is sent.

    Attributes:
        title: what it is called in the table.
        form: as `generator.c` calls it.
        rate: lines a second; 0 for as many as the receiver takes.
        search: whether the highest rate is looked for at which nothing is lost.
    """

    title: str
    form: str
    rate: int = 0
    search: bool = False


LOADS = {
    "1g": Load("One line a packet, receiver saturated", "segmented"),
    "packed": Load("Packets of 1,432 bytes, receiver saturated", "packed"),
    "20k": Load("One line a packet, 20,000 a second", "single", 20_000),
    "60k": Load("One line a packet, 60,000 a second", "single", 60_000),
    "lossless-1g": Load("One line a packet, highest rate without loss", "segmented", search=True),
    "lossless-packed": Load("Packets of 1,432 bytes, highest rate without loss", "packed", search=True),
}


class Run(NamedTuple):
    """What a receiver did.

    Attributes:
        rate: lines a second that it received, until its queue was empty.
        cpu: its own seconds for a million of them.
        lost: share of the packets that the kernel dropped for want of room.
        foreign: processors that were busy with something else.
    """

    rate: float
    cpu: float
    lost: float
    foreign: float

    def __str__(self) -> str:
        return (
            f"{self.rate:,.0f} lines/s, CPU {self.cpu:.3f} s per million, {self.lost:.2%} lost; "
            f"others used {self.foreign:.2f} processors"
        )

    @property
    def is_disturbed(self) -> bool:
        """Whether others had too much of the machine."""
        return self.foreign > FOREIGN


class Pains(NamedTuple):
    """How much is done for good figures.

    Attributes:
        seconds: of a run.
        warm: seconds of the same load before it counts.
        steps: how many rates a search tries.
        tries: how often a run is made that something else on the machine has disturbed.
        patience: seconds to wait, before each measurement, until others are done with the machine.
    """

    seconds: float = 1.5
    warm: float = 0.7
    steps: int = 5
    tries: int = 2
    patience: float = 30


class Bench(NamedTuple):
    """What all runs share: the programs that send and that count, and the carbon that all flush to."""

    generator: Path
    sink: Path
    carbon: int
    carbon_pid: int
    pains: Pains


@contextlib.contextmanager
def bench(pains: Pains) -> Iterator[Bench]:
    """The programs compiled, and a carbon that throws away, until the end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        generator, sink = (compiled(program, folder) for program in ("generator", "sink"))
        port = free_port()
        with running([str(sink), "tcp", str(port)], folder / "carbon.log") as process:
            wait_until(lambda: answers(port), "the carbon that throws away")
            yield Bench(generator, sink, port, process.pid, pains)


@contextlib.contextmanager
def receiver(kit: Bench, name: str) -> Iterator[Running]:
    """A receiver that has just been started, in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder,
        RECEIVERS[name](Place(Path(folder), kit.sink, kit.carbon)) as found,
    ):
        yield found


def measure(kit: Bench, name: str, load: Load, guess: float) -> Run | None:
    """Start a receiver and send it a load.

    Args:
        kit: what is needed for it.
        name: of the receiver.
        load: what to send.
        guess: lines a second that it takes when it is saturated, from which a search begins.

    Returns:
        None if a search found no rate without loss.
    """
    wait_for_quiet(kit.pains.patience)
    with receiver(kit, name) as found:
        if load.search:
            return search(kit, found, load, guess)
        return undisturbed(kit, found, load)


def wait_for_quiet(patience: float) -> None:
    """Return when the machine has nothing else to do, or after so many seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        before = busy()
        time.sleep(GLANCE)
        if busy() - before < FOREIGN * GLANCE:
            return


def undisturbed(kit: Bench, found: Running, load: Load) -> Run:
    """The first run that nothing disturbed, else the one that was disturbed least."""
    runs: list[Run] = []
    for _ in range(kit.pains.tries):
        runs.append(send(kit, found, load))
        if not runs[-1].is_disturbed:
            break
    return min(runs, key=lambda run: run.foreign)


def search(kit: Bench, found: Running, load: Load, guess: float) -> Run | None:
    """The highest rate without loss, by bisection; a rate has failed if it fails twice."""
    lowest, highest = guess * LOWEST, guess * HIGHEST
    best = None
    for _ in range(kit.pains.steps):
        rate = int((lowest * highest) ** 0.5)
        passed = _passed(kit, found, load._replace(rate=rate))
        if passed:
            best, lowest = passed, rate
        else:
            highest = rate
    return best


def _passed(kit: Bench, found: Running, load: Load) -> Run | None:
    for _ in range(2):
        run = send(kit, found, load)
        if run.lost < LOSSLESS and run.rate > load.rate * KEPT_UP:
            return run
    return None


def send(kit: Bench, found: Running, load: Load) -> Run:
    """Send once."""
    with borrowed(found.pid, found.port) as inside:
        argv = [kit.generator, "--port", found.port, "--load", load.form, "--rate", load.rate]
        argv += [
            "--seconds",
            kit.pains.seconds,
            "--warm",
            kit.pains.warm,
            "--socket",
            inside.fileno(),
            "--pid",
            found.pid,
        ]
        before = _foreign(kit, found)
        start = time.monotonic()
        done = subprocess.run(
            [*map(str, argv)], stdout=subprocess.PIPE, check=True, pass_fds=[inside.fileno()], timeout=60
        )
        passed = time.monotonic() - start
        foreign = (_foreign(kit, found) - before) / passed
    return _read(json.loads(done.stdout), foreign)


def _read(told: dict[str, float], foreign: float) -> Run:
    lost = told["drops"] / told["packets"]
    received = told["lines"] * (1 - lost)
    return Run(
        rate=received / told["seconds"],
        cpu=told["cpu"] / received * 1e6,
        lost=lost,
        foreign=foreign,
    )


def _foreign(kit: Bench, found: Running) -> float:
    """Seconds of CPU so far that are not of the receiver, the generator or carbon."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    generators = children.ru_utime + children.ru_stime
    return busy() - cpu(found.pid) - cpu(kit.carbon_pid) - generators
