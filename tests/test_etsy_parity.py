"""With `names=etsy` and `etsy-legacy` we write to Graphite what etsy's statsd writes, line for line.

The same packets go to the real program and to our receiver. What differs all the same is listed in
docs/statsd-parity.md, and each entry of it is shown here to be true of both programs.
"""

import random
import re
import socket
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.core import number
from bridge.pipeline.health import Health
from bridge.settings import StatsdSettings
from bridge.sources.statsd.asterisks import Asterisks
from bridge.sources.statsd.receiver import Receiver
from bridge.sources.statsd.senders import Senders
from bridge.sources.statsd.source import book
from tests.fakes import FakeClock
from tests.servers.etsy import Carbon, Etsy, carbon, etsy_statsd
from tests.servers.process import wait_until

pytestmark = pytest.mark.live

DOCUMENT = Path(__file__).parents[1] / "docs" / "statsd-parity.md"
INTERVAL = 0.7
BURST = 100
"""Packets sent before waiting for the other side: its socket buffer holds some 250."""
NOT_WRITTEN = ("graphiteStats", "processing_time")
"""What etsy's statsd says of its own speed and of its connection."""


class Setting(NamedTuple):
    percentiles: tuple[float, ...]
    legacy: bool
    repeat: bool = True


SETTINGS = [
    Setting((90,), legacy=True),
    Setting((50, 90, 99.9), legacy=False),
    Setting((-10, 90), legacy=True),
    Setting((-25.5, 1), legacy=False),
    Setting((100, 99), legacy=False),
    Setting((75,), legacy=True, repeat=False),
    Setting((90, -50), legacy=False, repeat=False),
    Setting((0.1, 33.3), legacy=True),
]
SEQUENCES = 25
STEPS = 4

Steps = list[list[bytes]]


class Generator:
    """Packets of one sequence: every type, rates, tags, packing, bad lines, intervals without a word."""

    def __init__(self, prefix: str, setting: Setting, seed: str) -> None:
        self._prefix = prefix
        self._setting = setting
        self._random = random.Random(seed)

    def steps(self) -> Steps:
        return [self._packets() if self._random.random() < 0.75 else [] for _ in range(STEPS)]

    def _packets(self) -> list[bytes]:
        fresh: set[str] = set()
        return [self._packet(fresh) for _ in range(self._random.randint(1, 8))]

    def _packet(self, fresh: set[str]) -> bytes:
        lines = [self._line(fresh) for _ in range(self._random.choice((1, 1, 1, 2, 5)))]
        return ("\n".join(lines) + self._random.choice(("", "\n"))).encode()

    def _line(self, fresh: set[str]) -> str:
        shape = self._random.choice(
            (self._counter, self._timer, self._timer, self._gauge, self._set, self._bad)
        )
        name = self._prefix + self._random.choice(("a", "b.c", "d/e f", "u\u00fc@x", "t;host=x;zone=y"))
        tags = self._random.choice(("", "", "", "|#host:a", "|#host:a,zone:b c")) if ";" not in name else ""
        end = self._random.choice(("", "", "", "\r")) if not tags and shape != self._bad else ""
        return f"{name}:{shape(name + tags, fresh)}{tags}{end}"

    def _rate(self) -> str:
        return self._random.choice(("", "", "", "|@1", "|@0.5", "|@0.10", "|@0.3", "|@0.01", "|@1.00"))

    def _number(self) -> str:
        draw = self._random
        return draw.choice(
            (
                str(draw.randint(0, 10)),
                str(draw.randint(0, 10**6)),
                f"{draw.uniform(0, 1000):.2f}",
                repr(draw.uniform(0, 1e-3)),
                repr(draw.uniform(0, 1e20)),
                str(2**63),
                ".5",
                "7.",
                "1e3",
            )
        )

    def _counter(self, _: str, __: set[str]) -> str:
        sign = self._random.choice(("", "", "-", "+"))
        line = f"{sign}{self._number()}|{self._random.choice(('c', 'c', 'm'))}{self._rate()}"
        return line if self._random.random() < 0.8 else f"{line}:{self._number()}|c{self._rate()}"

    def _timer(self, _: str, __: set[str]) -> str:
        return f"{self._number()}|ms{self._rate()}"

    def _gauge(self, key: str, fresh: set[str]) -> str:
        relative = self._setting.repeat or key in fresh
        fresh.add(key)
        return f"{self._random.choice(('', '+', '-')) if relative else ''}{self._number()}|g"

    def _set(self, _: str, __: set[str]) -> str:
        return f"{self._random.randint(0, 20)}|s"

    def _bad(self, _: str, __: set[str]) -> str:
        return self._random.choice(("x|c", "1", "|c", "nan|g", "-3|ms", "1|c|@x", "1|c|", "1,5|ms"))


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_the_same_packets_give_the_same_lines(setting: Setting, tmp_path: Path) -> None:
    """25 generated sequences for each setting, 200 in all: not one line differs."""
    sequences = [Generator(f"s{index}.", setting, f"{setting} {index}").steps() for index in range(SEQUENCES)]
    steps = [[packet for packets in step for packet in packets] for step in zip(*sequences, strict=True)]

    theirs = written_by_etsy(steps, setting, tmp_path)
    ours = written_by_us(steps, setting)

    for step, (their_lines, our_lines) in enumerate(zip(theirs, ours, strict=True)):
        assert our_lines == their_lines, difference(step, their_lines, our_lines)
    assert sum(map(len, ours)) > 1000


class Difference(NamedTuple):
    """A packet, and a line that it makes each program write; `nothing` if it writes none."""

    packet: bytes
    theirs: str
    ours: str


EXAMPLE = re.compile(r"^    sent  (.*)\n    etsy  (.*)\n    ours  (.*)$", re.MULTILINE)


def documented() -> list[Difference]:
    found = EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))
    return [
        Difference(sent.encode().decode("unicode_escape").encode("latin-1"), theirs, ours)
        for sent, theirs, ours in found
    ]


def test_documented_differences_are_true(tmp_path: Path) -> None:
    """Every example of docs/statsd-parity.md, sent to both programs, leads to the lines it shows."""
    differences = documented()
    packets = [[difference.packet for difference in differences]]
    setting = Setting((-100,), legacy=False)

    _, theirs = written_by_etsy(packets, setting, tmp_path, interval=1)
    _, ours = written_by_us(packets, setting, interval=1)

    assert len(differences) > 20
    for packet, their_line, our_line in differences:
        assert shown(packet, their_line, theirs) == their_line
        assert shown(packet, our_line, ours) == our_line


def shown(packet: bytes, expected: str, lines: Iterable[str]) -> str:
    """The expected line if it is among those of the packet's bucket; else what is there instead."""
    bucket = re.split(r"\W", packet.decode("latin-1"), maxsplit=1, flags=re.ASCII)[0]
    of_bucket = [line for line in lines if bucket in line]
    return expected if expected in of_bucket else " / ".join(of_bucket) or "nothing"


def written_by_us(
    steps: Sequence[Sequence[bytes]], setting: Setting, interval: float = INTERVAL
) -> list[Counter[str]]:
    """The lines of each flush; one before the first packet."""
    settings = StatsdSettings(
        flush_interval=interval,
        percentiles=setting.percentiles,
        names="etsy-legacy" if setting.legacy else "etsy",
        idle="repeat" if setting.repeat else "drop",
    )
    clock = FakeClock()
    receiver = Receiver(book(settings), Senders({}), Asterisks({}, is_shared=True), Health(clock), clock)
    flushes = []
    for packets in ([], *steps):
        receiver.receive("udp", [(packet, "127.0.0.1") for packet in packets])
        clock.now += interval
        samples = receiver.flush(clock.now)
        flushes.append(compared(f"{sample.series.path} {number.text(sample.value)}" for sample in samples))
    return flushes


def written_by_etsy(
    steps: Sequence[Sequence[bytes]], setting: Setting, folder: Path, interval: float = INTERVAL
) -> list[Counter[str]]:
    """The lines of each flush of the real program.

    A flush that fell between two packets of one step is seen by their number; then all is done again.
    """
    config = {
        "flushInterval": interval * 1000,
        "percentThreshold": setting.percentiles,
        "deleteIdleStats": not setting.repeat,
        "graphite": {"legacyNamespace": setting.legacy},
    }
    for _ in range(5):
        with carbon() as sink, etsy_statsd(folder, sink.port, **config) as etsy:
            wait_until(lambda: sink.flushes, "the first flush")
            done = len(sink.flushes)
            whole = all(sent_within_one_flush(packets, etsy, sink) for packets in steps)
            if whole and len(sink.flushes) == done + len(steps):
                flushes = sink.flushes[done - 1 :]
                return [compared(line.rpartition(" ")[0] for line in flush) for flush in flushes]
    pytest.fail("the machine is too busy: flushes of etsy's statsd never fell between the steps")


def sent_within_one_flush(packets: Sequence[bytes], etsy: Etsy, sink: Carbon) -> bool:
    """Send packets and wait for the next flush; return whether it holds all of them."""
    before = len(sink.flushes)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", etsy.port))
        for sent, packet in enumerate(packets, 1):
            sender.send(packet)
            if sent % BURST == 0:
                wait_until(partial(is_caught_up, etsy, sink, sent, before), "etsy's statsd to keep up")
    wait_until(lambda: len(sink.flushes) > before, "a flush")
    received = {line.split()[0]: line.split()[1] for line in sink.flushes[before]}
    counts = (
        received.get(path)
        for path in ("stats_counts.statsd.packets_received", "stats.counters.statsd.packets_received.count")
    )
    return str(len(packets)) in counts


def is_caught_up(etsy: Etsy, sink: Carbon, sent: int, flushes: int) -> bool:
    return etsy.received() == sent or len(sink.flushes) > flushes


def compared(lines: Iterable[str]) -> Counter[str]:
    """The lines without times, and without what depends on the speed of the machine."""
    kept = (line for line in lines if not any(word in line for word in NOT_WRITTEN))
    return Counter(f"{line.split()[0]} *" if "timestamp_lag" in line else line for line in kept)


def difference(step: int, theirs: Counter[str], ours: Counter[str]) -> str:
    """What a failing test shows."""
    missing, extra = sorted((theirs - ours).elements()), sorted((ours - theirs).elements())
    return "\n".join([f"flush {step}:", *(f"- {line}" for line in missing), *(f"+ {line}" for line in extra)])
