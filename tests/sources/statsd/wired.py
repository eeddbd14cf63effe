"""A StatsD source on real sockets, with what it has emitted and counted; and those who send to it."""

import asyncio
import contextlib
import os
import socket
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health, Part
from bridge.settings import StatsdSettings
from bridge.sources.statsd import StatsdSource

LONG = 3600.0
"""Seconds between flushes: the one that ends a test brings everything."""
MIB = 1 << 20
WINDOW = 64
"""Packets under way at a time where the kernel would drop what does not fit."""


class Bench:
    """A source, what it has emitted, what it has counted, and how late it let others have their turn.

    Attributes:
        lags: seconds by which a task beside the source was late, again and again.
    """

    def __init__(self, settings: StatsdSettings, senders: dict[str, tuple[str, ...]] | None = None) -> None:
        self.samples: list[Sample] = []
        self.lags: list[float] = []
        self.health = Health(SystemClock())
        self.source = StatsdSource(settings, senders or {}, self.health, SystemClock())

    def counted(self, name: str) -> float:
        """The sum of a count over all its labels."""
        return sum(sample.value for sample in self.health.samples(0) if sample.series.name == name)

    def bad(self) -> Counter[str]:
        """Bad lines by reason."""
        return Counter(
            {
                sample.series.labels[-1][1]: int(sample.value)
                for sample in self.health.samples(0)
                if sample.series.name == own.LISTENER_BAD_LINES.name
            }
        )

    def value(self, name: str, pbx: str = "default") -> float:
        """The last value of a bucket."""
        (value,) = (
            sample.value
            for sample in self.samples
            if (sample.series.name, sample.series.pbx) == (f"statsd.{name}", pbx)
        )
        return value

    def run(self, work: Callable[[], Coroutine[Any, Any, None]], patience: float = 90) -> None:
        """Do the work while the source runs, then end the source by cancelling it."""
        self.health.down(Part("source", BRIDGE, "statsd"), "not started")

        async def both() -> None:
            tasks = [
                asyncio.create_task(self.source.run(self.samples.extend)),
                asyncio.create_task(self._measure()),
            ]
            try:
                await until(lambda: not self.health.missing())
                await asyncio.wait_for(work(), patience)
            finally:
                for task in tasks:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

        asyncio.run(both())

    async def _measure(self, pause: float = 0.002) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due = now() + pause
            await asyncio.sleep(pause)
            self.lags.append(now() - due)

    def lag(self, share: float = 0.99) -> float:
        """The lag that this share of them did not exceed."""
        return sorted(self.lags)[int(share * (len(self.lags) - 1))]


def resident() -> int:
    """Bytes of memory that this process has in use."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def until(condition: Callable[[], object], pause: float = 0.002) -> None:
    """Return as soon as the condition holds; Bench.run gives up for us if it never does."""
    while not condition():
        await asyncio.sleep(pause)


class Feeder:
    """Sends to a listener without losing anything: it waits until what it has sent was counted.

    Args:
        bench: whose source listens, with a single listener.
        scheme: `udp`, `tcp`, `unixgram` or `unix`.
        address: where.
    """

    def __init__(self, bench: Bench, scheme: str, address: Any) -> None:
        self._bench = bench
        self._address = address
        self._family = socket.AF_UNIX if scheme.startswith("unix") else socket.AF_INET
        self._is_stream = scheme in {"tcp", "unix"}
        self._kind = socket.SOCK_STREAM if self._is_stream else socket.SOCK_DGRAM
        self._lines = own.LISTENER_LINES.series(BRIDGE, scheme)
        self._sent = 0

    async def feed(self, packets: Iterable[tuple[bytes, bool]]) -> None:
        """Send packets of one line each, with whether the stream ends with it."""
        opened = await self._connected()
        for packet, ends in packets:
            if self._is_stream:
                await self._streamed(opened, packet, ends=ends)
                if ends:
                    opened = await self._connected()
            else:
                await _sent(opened, packet)
            self._sent += 1
            if self._sent % WINDOW == 0:
                await until(self._is_counted, 0)
        await until(self._is_counted, 0)
        opened.close()

    def _is_counted(self) -> bool:
        return self._bench.health.counted(self._lines) + self._bench.bad().total() >= self._sent

    async def _connected(self) -> socket.socket:
        opened = socket.socket(self._family, self._kind)
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, self._address)
        return opened

    async def _streamed(self, opened: socket.socket, packet: bytes, *, ends: bool) -> None:
        loop = asyncio.get_running_loop()
        line = packet if packet.endswith(b"\n") else packet + b"\n"
        if not ends:
            await loop.sock_sendall(opened, line)
            return
        with contextlib.suppress(ConnectionError), opened:
            await loop.sock_sendall(opened, line)
            assert await loop.sock_recv(opened, 1) == b""


async def _sent(opened: socket.socket, packet: bytes) -> None:
    while True:
        try:
            opened.send(packet)
        except BlockingIOError:  # a unix socket makes its sender wait
            await asyncio.sleep(0)
        else:
            return
