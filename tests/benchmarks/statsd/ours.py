"""Our StatsD source alone in a process, flushing every second to carbon.

    python -m tests.benchmarks.statsd.ours PORT CARBON auto|off

The last word is for `BRIDGE_STATSD__NATIVE`: the compiled core, or pure Python.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence

from bridge import collecting
from bridge.app import _event_loop
from bridge.asterisk.catalog import CATALOG
from bridge.core.sample import Sample
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.protocols.graphite import Names, path_layout, plaintext
from bridge.settings import StatsdSettings
from bridge.sources.statsd import StatsdSource
from tests.benchmarks.statsd.machine import BUFFER


async def serve(port: int, carbon: int, native: str) -> None:
    """Run until SIGTERM."""
    clock = SystemClock()
    listen = (f"udp://127.0.0.1:{port}",)
    chosen = {"listen": listen, "flush_interval": 1, "receive_buffer": BUFFER, "native": native}
    source = StatsdSource(StatsdSettings.model_validate(chosen), {}, Health(clock), clock)
    names = Names(path_layout("asterisk", CATALOG))
    _, writer = await asyncio.open_connection("127.0.0.1", carbon)

    def emit(samples: Sequence[Sample]) -> None:
        for piece in plaintext(samples, names):
            writer.write(piece)

    running = asyncio.gather(source.run(emit), collecting.run(clock))
    collecting.settle()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
    writer.close()


def main() -> None:
    """Take the arguments."""
    port, carbon, native = sys.argv[1:]
    with asyncio.Runner(loop_factory=_event_loop) as runner:
        runner.run(serve(int(port), int(carbon), native))


if __name__ == "__main__":
    main()
