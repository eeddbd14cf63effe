"""How long a StatsD packet takes to become a line for carbon, through the whole bridge as it is run.

    python -m tests.benchmarks.bench_latency [--packets 4000] [--seconds 20] [--beside 0,20000] [--smoke]

Packets come at random moments, each with a name of its own; the peer in place of carbon notes when the first
line with that name has come. The bridge flushes every second, so half a second is the mean of what must be.
"""

import random
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from tests.benchmarks import wording
from tests.servers.bridge import bridge
from tests.servers.process import free_port, wait_until

BAR = 1.05
"""Seconds within which 99 of 100 must have come."""
NAMES = 1000
"""Names of what is sent beside."""
PACKED = 30
"""Lines in each packet of that."""
BEAT = 0.01
"""Seconds between two sendings of that."""
WARM = 200
"""Packets before those that count."""


class Carbon:
    """A peer that notes when it has read a name first.

    Attributes:
        seen: monotonic seconds, by the last word of the name.
    """

    def __init__(self) -> None:
        self.seen: dict[bytes, float] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._listener:
            connection, _ = self._listener.accept()
        with connection:
            rest = b""
            while piece := connection.recv(1 << 20):
                now = time.monotonic()
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    path = line.partition(b" ")[0].split(b".")
                    if b"lone" in path:
                        self.seen.setdefault(path[path.index(b"lone") + 1], now)


@contextmanager
def crowd(port: int, rate: int) -> Iterator[None]:
    """Other lines beside, so many a second, in packets of `PACKED`."""
    ending = threading.Event()
    lines = [b"crowd.%d:%d|%s" % (name, name, (b"c", b"ms", b"g")[name % 3]) for name in range(NAMES)]
    packets = [b"\n".join(lines[start : start + PACKED]) for start in range(0, NAMES, PACKED)]

    def send() -> None:
        sent, start = 0, time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.connect(("127.0.0.1", port))
            while not ending.wait(BEAT):
                while sent < (time.monotonic() - start) * rate:
                    out.send(packets[sent // PACKED % len(packets)])
                    sent += PACKED

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def send(port: int, numbers: range, seconds: float) -> dict[bytes, float]:
    """Send a packet for each number at random moments; return when each was, by the last word of its name."""
    sent = {}
    start = time.monotonic()
    moments = sorted(random.uniform(0, seconds) for _ in numbers)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("127.0.0.1", port))
        for number, moment in zip(numbers, moments, strict=True):
            time.sleep(max(0.0, start + moment - time.monotonic()))
            name = b"n%d" % number
            sent[name] = time.monotonic()
            out.send(b"lone.%s:1|c" % name)
    return sent


def latencies(packets: int, seconds: float, beside: int) -> list[float]:
    """Seconds from each packet to its line, through a bridge of its own."""
    port, carbon = free_port(socket.SOCK_DGRAM), Carbon()
    settings = {
        "STATSD__ENABLED": "true",
        "STATSD__LISTEN": f"udp://127.0.0.1:{port}",
        "STATSD__FLUSH_INTERVAL": "1",
        "GRAPHITE__URL": f"tcp://127.0.0.1:{carbon.port}",
    }
    with tempfile.TemporaryDirectory() as folder, bridge(settings, Path(folder)) as running:
        running.wait_ready()
        with crowd(port, beside):
            send(port, range(-WARM, 0), 1.5)
            sent = send(port, range(packets), seconds)
        wait_until(lambda: sent.keys() <= carbon.seen.keys(), "the last lines")
    return [carbon.seen[name] - at for name, at in sent.items()]


def main(words: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = wording.options(__doc__)
    parser.add_argument("--packets", type=int, default=4000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--beside", default="0,20000", help="other lines a second, one run for each")
    chosen = parser.parse_args(words)
    if chosen.smoke:
        chosen.packets, chosen.seconds, chosen.beside = 100, 1.0, "0"
    print(f"{chosen.packets} packets in {chosen.seconds:g} s, flush every second; wanted: p99 <= {BAR} s\n")
    print("| other lines a second | p50 | p90 | p99 | max |  |\n| --- | --- | --- | --- | --- | --- |")
    for beside in map(int, chosen.beside.split(",")):
        found = latencies(chosen.packets, chosen.seconds, beside)
        cuts = quantiles(found, n=100, method="inclusive")
        figures = (cuts[49], cuts[89], cuts[98], max(found))
        verdict = wording.verdict(cuts[98] <= BAR)
        print(f"| {beside:,} | " + " | ".join(f"{each:.3f} s" for each in figures) + f" | {verdict} |")


if __name__ == "__main__":
    main()
