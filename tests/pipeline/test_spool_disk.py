"""A disk that is full, or read-only, stops nothing: the buffer goes on in memory, says why, and recovers."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import ENOSPC, EROFS
from pathlib import Path

import pytest

from bridge.core import own
from bridge.core.sample import BRIDGE
from bridge.pipeline.buffer import OVERDUE, Buffer, Limits
from bridge.pipeline.health import Health
from bridge.pipeline.ledger import Ledger
from bridge.pipeline.spool import Spool
from tests.fakes import FakeClock
from tests.pipeline.facts import MEGABYTE, WEEK, facts, numbers_of

FAULTS = 20
BAR = 5.0
"""Seconds until a fault is told, and until it is told that it is over."""


class Disk:
    """A real file system of 1 MiB, in a name space of mounts that a shell holds; it goes with the shell.

    Attributes:
        path: where this process finds it.
    """

    def __init__(self) -> None:
        self._shell = subprocess.Popen(
            ["unshare", "-rm", "sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.path = Path(f"/proc/{self._shell.pid}/root/mnt")

    def ask(self, command: str) -> bool:
        """Whether a command succeeds in there."""
        assert self._shell.stdin
        assert self._shell.stdout
        try:
            self._shell.stdin.write(f"{command} && echo yes || echo no\n")
            self._shell.stdin.flush()
        except BrokenPipeError:
            return False
        return self._shell.stdout.readline() == "yes\n"

    def mount(self) -> bool:
        return self.ask(f"mount -t tmpfs -o size={MEGABYTE} tmpfs /mnt") and self.path.is_dir()

    def fill(self) -> None:
        with (self.path / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass

    def empty(self) -> None:
        (self.path / "filler").unlink()

    def protect(self) -> None:
        assert self.ask("mount -o remount,ro /mnt")

    def release(self) -> None:
        assert self.ask("mount -o remount,rw /mnt")

    def close(self) -> None:
        self._shell.kill()
        self._shell.communicate()


@pytest.fixture
def disk() -> Iterator[Disk]:
    if sys.platform != "linux":
        pytest.skip("a small disk of its own needs Linux")
    disk = Disk()
    try:
        if not disk.mount():
            pytest.skip("a small disk of its own needs the right to `unshare -rm mount`")
        yield disk
    finally:
        disk.close()


class Bench:
    """A buffer with a spool, and somebody who takes what it has."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.health = Health(self.clock)
        self.spool = Spool(folder, 64 * MEGABYTE, WEEK, time=self.clock.time)
        self.buffer = Buffer(Limits(100_000, 50), Ledger(self.health, "bench"), self.spool)
        self.accepted = 0
        self.delivered: list[int] = []

    def append(self) -> None:
        self.buffer.append(facts(self.accepted, self.accepted + 100), self.clock.now)
        self.accepted += 100

    async def deliver(self, most: int) -> None:
        while len(self.delivered) < most and (taken := await self.buffer.take(self.clock.now)):
            self.delivered += numbers_of(taken)
            self.buffer.commit(self.clock.now)

    async def wait_until(self, true: Callable[[], bool]) -> float:
        """Let time pass, in which facts come and go to the disk; return how much that was."""
        start = self.clock.now
        while not true():
            assert self.clock.now - start <= BAR
            self.append()
            self.clock.now += OVERDUE
            await self.buffer.sync(self.clock.now, reached=True)
        return self.clock.now - start

    def balance(self) -> None:
        counted = {
            metric: self.health.counted(metric.series(BRIDGE, "bench"))
            for metric in (own.SINK_ACCEPTED, own.SINK_DELIVERED)
        }
        assert counted[own.SINK_ACCEPTED] == self.accepted
        assert counted[own.SINK_DELIVERED] == len(self.delivered)
        assert self.accepted == len(self.delivered) + len(self.buffer)


def test_twenty_faults_are_told_and_overcome_without_a_restart(disk: Disk) -> None:
    bench = Bench(disk.path / "spool")
    told, over = list[float](), list[float]()

    async def suffer(number: int) -> None:
        inject, heal, error = [
            (disk.fill, disk.empty, ENOSPC),
            (disk.protect, disk.release, EROFS),
        ][number % 2]
        inject()
        told.append(await bench.wait_until(lambda: bool(bench.buffer.fault)))
        assert bench.buffer.fault == os.strerror(error)
        await bench.deliver(len(bench.delivered) + 100)
        bench.balance()
        heal()
        over.append(await bench.wait_until(lambda: not bench.buffer.fault))
        assert bench.buffer.stored
        bench.balance()

    async def scenario() -> None:
        await bench.wait_until(lambda: bench.buffer.stored > 0)
        for number in range(FAULTS):
            await suffer(number)
        await bench.deliver(bench.accepted)
        await bench.buffer.close()

    asyncio.run(scenario())

    print(f"told after {max(told)} s, over after {max(over)} s")
    bench.balance()
    assert sorted(bench.delivered) == list(range(bench.accepted))


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_a_start_on_a_bad_disk_is_told_and_what_is_there_is_kept(disk: Disk, fault: str) -> None:
    inject, heal = {"full": (disk.fill, disk.empty), "read-only": (disk.protect, disk.release)}[fault]
    first = Bench(disk.path / "spool")
    first.append()
    asyncio.run(first.buffer.close())
    inject()
    second = Bench(disk.path / "spool")

    async def scenario() -> None:
        await second.wait_until(lambda: bool(second.buffer.fault))
        heal()
        await second.wait_until(lambda: not second.buffer.fault)
        await second.deliver(100 + second.accepted)
        await second.buffer.close()

    asyncio.run(scenario())

    assert sorted(second.delivered) == sorted([*range(100), *range(second.accepted)])
