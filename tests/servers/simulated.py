"""The simulated PBX of the demo, in a process of its own, with an account of the test's choice."""

import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bridge.demo.ami_server import AmiServer
from bridge.demo.traffic import Traffic
from tests.servers.process import running, wait_until

ROOT = Path(__file__).parents[2]
PAST = 900.0
"""Seconds for which it has run already, so that calls are up at once."""


@contextlib.contextmanager
def simulated_pbx(folder: Path, username: str, secret: str) -> Iterator[int]:
    """A PBX with traffic; gives its AMI port on 127.0.0.1."""
    log = folder / "pbx.log"
    with running([sys.executable, "-m", __name__, username, secret], log, cwd=ROOT):
        wait_until(lambda: log.exists() and log.read_text().strip().isdigit(), f"the PBX; see {log}")
        yield int(log.read_text())


async def _serve(username: str, secret: str) -> None:
    traffic = Traffic(secrets.randbits(32), time.time() - PAST)
    traffic.step(time.time())
    manager = AmiServer(traffic.pbx, username, secret)
    print(await manager.start(), flush=True)
    while True:
        manager.publish(traffic.step(time.time()))
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
