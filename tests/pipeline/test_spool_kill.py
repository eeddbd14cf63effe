"""A process that is killed loses what is younger than a second, and nothing else."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.pipeline.facts import drain, opened
from tests.pipeline.killed import ACCEPTED, DELIVERED, Notes

KILLS = int(os.environ.get("TEST_KILLS", "20"))
MODES = ("away", "slow", "newest", "slow")
BAR = 1.0
"""Seconds."""


@dataclass
class Lane:
    """One folder with one process after another.

    Attributes:
        folder: where it keeps its spool and its notes.
        mode: how the sink is.
        lives: when each process was killed, and what it had accepted.
        window: how many facts were delivered in the last second before a kill, by all of them.
    """

    folder: Path
    mode: str
    lives: list[tuple[float, list[tuple[int, float]]]] = field(default_factory=list)
    window: int = 0

    def live(self, seconds: float) -> None:
        """Let a process live so long from its first fact on, and kill it."""
        before = len(Notes.read(self.folder / ACCEPTED))
        size = self.size()
        command = [sys.executable, "-m", "tests.pipeline.killed", str(self.folder), self.mode]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while self.size() == size:
            assert process.poll() is None, "it must not end by itself"
            time.sleep(0.01)
        time.sleep(seconds)
        when = time.monotonic()
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.lives.append((when, Notes.read(self.folder / ACCEPTED)[before:]))
        delivered = Notes.read(self.folder / DELIVERED)
        self.window += sum(when - BAR <= then <= when for _, then in delivered)

    def size(self) -> int:
        path = self.folder / ACCEPTED
        return path.stat().st_size if path.exists() else 0

    def delivered(self) -> Counter[int]:
        """What was delivered in all, with what a last process finds."""
        with closing(opened(self.folder / "spool")) as spool:
            found = Counter(drain(spool))
            assert spool.lost() == {}
        return found + Counter(number for number, _ in Notes.read(self.folder / DELIVERED))

    def lost(self, delivered: Counter[int]) -> list[float]:
        """The age at its kill of each fact that is gone, less the time for which the machine stood still."""
        ages = list[float]()
        for when, accepted in self.lives:
            times = [then for _, then in accepted] + [when]
            stall = max(after - before for before, after in pairwise(times))
            ages += [when - then - stall for number, then in accepted if number not in delivered]
        return ages


def test_a_kill_takes_only_what_is_younger_than_a_second(tmp_path: Path) -> None:
    """Scaled by TEST_KILLS (20)."""
    dice = random.Random(KILLS)
    lanes = [Lane(tmp_path / str(number), mode) for number, mode in enumerate(MODES)]
    for lane in lanes:
        lane.folder.mkdir()

    def kill_again_and_again(lane: Lane, lives: list[float]) -> None:
        for seconds in lives:
            lane.live(seconds)

    lives = [[dice.uniform(0.0, 1.5) for _ in range(KILLS // len(lanes))] for _ in lanes]
    with ThreadPoolExecutor(len(lanes)) as pool:
        list(pool.map(kill_again_and_again, lanes, lives))

    for lane in lanes:
        delivered = lane.delivered()
        twice = delivered.total() - len(delivered)
        lost = lane.lost(delivered)
        oldest = max(lost, default=0.0)
        print(f"{lane.mode}: {len(delivered)} once, {twice} again, {len(lost)} lost up to {oldest:.2f} s")

        assert oldest <= BAR
        assert twice <= lane.window
        assert len(delivered) + len(lost) == sum(len(accepted) for _, accepted in lane.lives)
