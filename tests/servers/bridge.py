"""The bridge itself as a user runs it: `python -m bridge run`, settings from the environment alone."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import free_port, running, wait_until

REPOSITORY = Path(__file__).parents[2]
STOP_PATIENCE = 10.0
"""Seconds within which the program must have ended after SIGTERM."""

METRIC = re.compile(r"(?P<name>[a-zA-Z_:]\w*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: \S+)?")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running bridge.

    Attributes:
        process: the program.
        port: its HTTP port on 127.0.0.1.
        output: the file with everything it wrote.
    """

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page of its HTTP port; status 0 while nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def metrics(self) -> dict[tuple[str, ...], float]:
        """What /metrics says at one moment, by name and values of labels (in the order of their names)."""
        found = {}
        for match in map(METRIC.fullmatch, self.get("/metrics")[1].splitlines()):
            if match:
                labels = sorted(LABEL.findall(match["labels"] or ""))
                found[match["name"], *(value for _, value in labels)] = float(match["value"])
        return found

    def log(self) -> list[dict[str, object]]:
        """What it has logged so far, one mapping of fields per line."""
        lines = self.output.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def wait_ready(self, patience: float = 30.0) -> None:
        """Return as soon as /readyz says that every source and sink works."""
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: self.get("/readyz")[0] == 200, "/readyz", patience)
            return
        raise TimeoutError(f"the bridge is not ready: {self.get('/readyz')}\n{self.output.read_text()}")

    def send(self, sign: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.send_signal(sign)

    def stop(self) -> int:
        """Ask it to end; return its exit code.

        Raises:
            subprocess.TimeoutExpired: it had not ended after STOP_PATIENCE seconds.
        """
        self.send(signal.SIGTERM)
        return self.process.wait(STOP_PATIENCE)


@contextlib.contextmanager
def bridge(settings: Mapping[str, str], folder: Path) -> Iterator[Bridge]:
    """A running bridge that answers on its HTTP port; at the end it is stopped and must exit with 0.

    Args:
        settings: environment variables without `BRIDGE_` in front, such as `MQTT__URL`. Nothing of the
            caller's own BRIDGE_ variables is passed on. The StatsD listener is off unless they turn it on,
            and no state is kept.
        folder: where it runs and where its output goes.
    """
    port = free_port()
    own = {
        "HTTP__LISTEN": f"127.0.0.1:{port}",
        "STATSD__ENABLED": "false",
        "LOG__FORMAT": "json",
        "STATE_DIR": "off",
        **settings,
    }
    env = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    env |= {f"BRIDGE_{name}": value for name, value in own.items()}
    env |= {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    output = folder / f"bridge-{port}.log"
    with running([sys.executable, "-m", "bridge", "run"], output, env, cwd=folder) as process:
        started = Bridge(process, port, output)
        wait_until(
            lambda: started.get("/livez")[0] == 200 or process.poll() is not None, "the bridge to be live"
        )
        assert process.poll() is None, f"the bridge ended at once:\n{output.read_text()}"
        yield started
        if process.poll() is None:
            assert started.stop() == 0, f"the bridge did not end well:\n{output.read_text()}"
