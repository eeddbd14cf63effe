"""etsy's statsd from npm, with its Graphite backend, and the carbon it writes to."""

import contextlib
import json
import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.servers.process import answers, cache, free_port, missing, program, running, wait_until

VERSION = "0.9.0"
SHIM = "const util = require('util'); util.log ??= (...words) => console.log(...words);"
"""Its `util.log` is gone from node 23."""


class Carbon(socketserver.ThreadingTCPServer):
    """Takes plaintext lines; one connection is one flush, since etsy's statsd opens one for each."""

    daemon_threads = True
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Flush)
        self.flushes: list[list[str]] = []

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


class _Flush(socketserver.StreamRequestHandler):
    server: Carbon

    def handle(self) -> None:
        self.server.flushes.append(self.rfile.read().decode().splitlines())


@contextlib.contextmanager
def carbon() -> Iterator[Carbon]:
    """A Carbon that takes connections in a thread of its own."""
    with Carbon() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Etsy(NamedTuple):
    """A running statsd: its process id, and the ports of UDP and of its management interface."""

    pid: int
    port: int
    management: int

    def received(self) -> int:
        """How many packets it has worked off in this interval."""
        with socket.create_connection(("127.0.0.1", self.management), timeout=10) as admin:
            admin.sendall(b"counters\n")
            answer = b""
            while b"END" not in answer:
                answer += admin.recv(65536)
        found = re.search(rb"'statsd.packets_received': (\d+)", answer)
        assert found
        return int(found[1])


def home() -> Path:
    """Where tests/install.d/30-etsy-statsd puts it; the test is skipped where it is missing."""
    found = cache() / f"etsy-statsd-{VERSION}" / "node_modules" / "statsd"
    if not (found / "stats.js").exists():
        missing("etsy's statsd is not installed: run tests/install")
    return found


@contextlib.contextmanager
def etsy_statsd(folder: Path, sink: int, **config: Any) -> Iterator[Etsy]:
    """etsy's statsd on loopback, writing to the TCP port `sink`; `config` goes into its configuration."""
    node = program("node")
    port, management = free_port(socket.SOCK_DGRAM), free_port()
    settings = {
        "address": "127.0.0.1",
        "port": port,
        "mgmt_address": "127.0.0.1",
        "mgmt_port": management,
        "graphiteHost": "127.0.0.1",
        "graphitePort": sink,
        "backends": ["./backends/graphite"],
        **config,
    }
    shim, file = folder / "shim.js", folder / f"etsy-{port}.js"
    shim.write_text(SHIM)
    file.write_text(json.dumps(settings))
    script = str(home() / "stats.js")
    argv = [node, "--require", str(shim), script, str(file)]
    with running(argv, folder / f"etsy-{port}.log", cwd=home()) as process:
        wait_until(lambda: answers(management), f"etsy's statsd; see {folder}")
        yield Etsy(process.pid, port, management)
