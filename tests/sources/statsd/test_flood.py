"""Under a flood of UDP datagrams are lost, and we say how many.

TEST_FLOOD=3  seconds of flood; the full run takes 60
"""

import asyncio
import os
import socket
import sys
from pathlib import Path

from bridge.core import own
from bridge.core.sample import BRIDGE
from bridge.settings import StatsdSettings
from tests.servers.process import free_port
from tests.sources.statsd import flood
from tests.sources.statsd.wired import MIB, Bench, resident

SECONDS = float(os.environ.get("TEST_FLOOD", "3"))
BUFFERS = {"compiled": 16 * 1024, "python": 4 * MIB}
"""The compiled core is faster than this sender: it loses what comes while others have their turn."""
FULL = 20
"""Seconds from which on the flood is what it is meant to be, whatever else the machine does at first."""


def test_received_and_dropped_by_the_kernel_are_all_that_was_sent(core: str) -> None:
    """Nothing is queued between the socket and the books, so that there is no third place to lose it.

    The sender is a process of its own and sends several times what can be taken. It sends nothing more when
    the flood is over, so the last drops must be known without another datagram.
    """
    port = free_port(socket.SOCK_DGRAM)
    listen = (f"udp://127.0.0.1:{port}",)
    bench = Bench(StatsdSettings(listen=listen, flush_interval=1, receive_buffer=BUFFERS[core]))
    sent: list[int] = []
    grown: list[int] = []

    async def work() -> None:
        before_flood = resident()
        argv = (str(Path(flood.__file__)), str(port), str(SECONDS))
        process = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        sent.append(int(output))
        grown.append(resident() - before_flood)

    bench.run(work, patience=SECONDS + 60)

    received = bench.counted("listener.packets")
    dropped = bench.health.counted(own.LISTENER_KERNEL_DROPS.series(BRIDGE, "udp"))
    lines = sum(sample.value for sample in bench.samples if sample.series.name.endswith(".count"))
    print(
        f"\n{sent[0]} sent = {received:.0f} received + {dropped:.0f} dropped by the kernel, difference "
        f"{sent[0] - received - dropped:.0f}; lag {bench.lag() * 1000:.0f} ms, {grown[0] / MIB:+.1f} MiB"
    )
    assert received > 0
    assert dropped > 0
    assert SECONDS < FULL or core == "compiled" or sent[0] >= 3 * received, (
        "no flood of three times what can be taken"
    )
    assert abs(sent[0] - received - dropped) <= 0.001 * sent[0]
    assert lines == received * flood.LINES == bench.counted("listener.lines")
    assert bench.lag() <= 0.5
    assert grown[0] <= 16 * MIB
