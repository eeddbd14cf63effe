"""StatsD over UDP, one line a packet: our listener beside etsy's statsd, on loopback, in turns.

    python -m tests.benchmarks.bench_statsd [--rounds 3] [--seconds 3] [--rates 20000,60000] [--own]

Ours runs twice: with the compiled core, and with it turned off. `--own` leaves etsy's out.

Three loads: two fixed rates, where lost packets are shown, and `full`, where the sender waits for room in the
receiver's socket, so that it is as busy as it can be and loses nothing. CPU is the receiver's own, user and
system. Both flush every second to a carbon that throws everything away.
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import random
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import uvloop

from bridge.core import number, own
from bridge.core.sample import BRIDGE, Sample
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import StatsdSettings
from bridge.sources.statsd import StatsdSource
from bridge.sources.statsd.sockets import MEMINFO, SO_MEMINFO
from tests.servers.etsy import Carbon, carbon, etsy_statsd
from tests.servers.process import free_port, running, wait_until

BATCH = 64
"""Packets of one sendmmsg."""
RECEIVED = "statsd.packets_received.count"
PIDFD_GETFD = 438
"""The number of the system call; it is the same on every machine."""
TICKS = os.sysconf("SC_CLK_TCK")


def lines(amount: int) -> list[bytes]:
    """What a PBX and its dialplan send: 600 counters, 250 timers, 100 gauges and 50 sets."""
    draw = random.Random(1)
    return [_line(draw, draw.randrange(1000)) for _ in range(amount)]


def _line(draw: random.Random, name: int) -> bytes:
    if name < 600:
        rate = b"|@0.10" if draw.random() < 0.05 else b""
        return b"asterisk.lab.calls.count%d:1|c%b" % (name, rate)
    if name < 850:
        return b"asterisk.lab.calls.time%d:%d|ms" % (name, draw.lognormvariate(6, 1.5))
    if name < 950:
        return b"asterisk.lab.calls.gauge%d:%b|g" % (name, draw.choice((b"+1", b"-1", b"12")))
    return b"asterisk.lab.calls.set%d:%d|s" % (name, draw.randrange(100))


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_char_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(_Vector)),
        ("vectors_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_size_t),  # an int, and room up to the next multiple of 8
        ("sent", ctypes.c_size_t),  # the same
    )


class Sender:
    """Sends the same packets again and again with sendmmsg."""

    def __init__(self, packets: Sequence[bytes]) -> None:
        self._amount = len(packets) // BATCH * BATCH
        vectors = (_Vector(packet, len(packet)) for packet in packets[: self._amount])
        self._vectors = (_Vector * self._amount)(*vectors)
        self._messages = (_Message * self._amount)()
        for message, vector in zip(self._messages, self._vectors, strict=True):
            message.vectors = ctypes.pointer(vector)
            message.vectors_length = 1
        self._sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._at = 0

    def send(self, out: socket.socket) -> int:
        """Send the next batch; return how many packets the kernel took."""
        place = ctypes.byref(self._messages, self._at * ctypes.sizeof(_Message))
        sent: int = self._sendmmsg(out.fileno(), place, BATCH, 0)
        self._at = (self._at + BATCH) % self._amount
        return max(sent, 0)


def borrowed(pid: int, port: int) -> socket.socket:
    """The UDP socket of another process, to look at its queue: pidfd_getfd, for children of ours."""
    rows = (row.split() for row in Path("/proc/net/udp").read_text(encoding="ascii").splitlines())
    inode = next(row[9] for row in rows if row[1].endswith(f":{port:04X}"))
    links = Path(f"/proc/{pid}/fd").iterdir()
    number_there = next(int(link.name) for link in links if str(link.readlink()) == f"socket:[{inode}]")
    process = os.pidfd_open(pid)
    try:
        number_here = ctypes.CDLL(None).syscall(PIDFD_GETFD, process, number_there, 0)
    finally:
        os.close(process)
    return socket.socket(fileno=number_here)


def share_filled(receiver: socket.socket) -> float:
    """How full the receive buffer of a socket is, 0 to 1."""
    used, size, *_ = MEMINFO.unpack(receiver.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO.size))
    return float(used / size)


def send_at(sender: Sender, receiver: "Receiver", rate: int, seconds: float) -> int:
    """Send at a fixed rate, 0 for as fast as the receiver reads; return how many packets were sent."""
    sent = 0
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
        borrowed(receiver.pid, receiver.port) as inside,
    ):
        out.connect(("127.0.0.1", receiver.port))
        start = time.monotonic()
        while (passed := time.monotonic() - start) < seconds:
            if sent < passed * rate or (not rate and share_filled(inside) < 0.5):
                sent += sender.send(out)
            else:
                time.sleep(0.0002)
        wait_until(lambda: share_filled(inside) == 0, "the receiver to read what is left")
    return sent


class Receiver(NamedTuple):
    """A running receiver: process id, UDP port, and the carbon where it says what it received."""

    pid: int
    port: int
    sink: Carbon

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def received(self) -> int:
        """Packets received until the last flush."""
        rows = (line.split() for flush in list(self.sink.flushes) for line in flush)
        return sum(int(row[1]) for row in rows if row[0].endswith(RECEIVED))


@contextlib.contextmanager
def etsy(folder: Path) -> Iterator[Receiver]:
    """etsy's statsd."""
    settings = {"flushInterval": 1000, "graphite": {"legacyNamespace": False}}
    with carbon() as sink, etsy_statsd(folder, sink.port, **settings) as server:
        yield Receiver(server.pid, server.port, sink)


@contextlib.contextmanager
def ours(folder: Path, native: str = "auto") -> Iterator[Receiver]:
    """Our source, alone in a process."""
    port = free_port(socket.SOCK_DGRAM)
    with carbon() as sink:
        argv = [
            sys.executable,
            "-m",
            "tests.benchmarks.bench_statsd",
            "--serve",
            f"{port},{sink.port},{native}",
        ]
        with running(argv, folder / "ours.log") as process:
            wait_until(lambda: sink.flushes, f"our listener; see {folder}")
            yield Receiver(process.pid, port, sink)


async def serve(port: int, sink: int, native: str) -> None:
    """Run our source until SIGTERM, writing each flush as etsy's Graphite backend does."""
    clock = SystemClock()
    health = Health(clock)
    listen = (f"udp://127.0.0.1:{port}",)
    settings = StatsdSettings.model_validate({"listen": listen, "flush_interval": 1, "native": native})
    source = StatsdSource(settings, {}, health, clock)
    packets = own.LISTENER_PACKETS.series(BRIDGE, "udp")
    told = 0.0

    def emit(samples: Sequence[Sample]) -> None:
        nonlocal told
        text = "".join(f"{series.name} {number.text(value)} {time:.0f}\n" for series, value, time in samples)
        counted = health.counted(packets)
        with socket.create_connection(("127.0.0.1", sink)) as out:
            out.sendall(f"{text}{RECEIVED} {counted - told:.0f} 0\n".encode())
        told = counted

    async def beat() -> None:
        while True:
            await clock.sleep(1)
            emit([])

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(source.run(emit)), group.create_task(beat())]
        for task in tasks:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


class Row(NamedTuple):
    """What one receiver did under one load."""

    rate: float
    cpu: float
    lost: float


def measure(receiver: Receiver, sender: Sender, rate: int, seconds: float) -> Row:
    """Send, wait until the receiver has told of the last packet, and compare."""
    before, cpu = receiver.received(), receiver.cpu()
    start = time.monotonic()
    sent = send_at(sender, receiver, rate, seconds)
    passed = time.monotonic() - start
    flushes = len(receiver.sink.flushes)
    wait_until(lambda: len(receiver.sink.flushes) > flushes + 3, "the last flush")
    received = receiver.received() - before
    return Row(received / passed, (receiver.cpu() - cpu) / received * 1e6, 1 - received / sent)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rates", default="20000,60000")
    parser.add_argument("--own", action="store_true")
    options = parser.parse_args()
    if options.serve:
        port, sink, native = options.serve.split(",")
        with contextlib.suppress(asyncio.CancelledError, BaseExceptionGroup):
            uvloop.run(serve(int(port), int(sink), native))
        return
    receivers: dict[str, Callable[[Path], contextlib.AbstractContextManager[Receiver]]] = {
        "asterisk-bridge": ours,
        "the same, native=off": partial(ours, native="off"),
    }
    if not options.own:
        receivers["etsy's statsd"] = etsy
    rates = [*map(int, options.rates.split(",")), 0]
    sender = Sender(lines(100_000))
    rows: dict[tuple[int, str], list[Row]] = {}
    for _ in range(options.rounds):
        for rate in rates:
            for name, start in receivers.items():
                with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as receiver:
                    measure(receiver, sender, 20_000, 1.0)
                    rows.setdefault((rate, name), []).append(measure(receiver, sender, rate, options.seconds))
    print(f"| load | receiver | lines/s | CPU s per million lines | lost |\n|{' --- |' * 5}")
    for (rate, name), found in rows.items():
        middle = Row(*(statistics.median(column) for column in zip(*found, strict=True)))
        load = f"{rate}/s" if rate else "full"
        print(f"| {load} | {name} | {middle.rate:,.0f} | {middle.cpu:.2f} | {middle.lost:.2%} |")


if __name__ == "__main__":
    main()
