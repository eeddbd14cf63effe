"""Prometheus, from the package that tests/install.d/45-prometheus unpacks."""

import contextlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.servers.process import answers, cache, free_port, missing, running, wait_until

CONFIG = """\
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: bridge
    static_configs:
      - targets: ["127.0.0.1:{target}"]
"""


class RefusedError(Exception):
    """Prometheus did not take a query; the text is what it says."""


class PrometheusServer:
    """A server that scrapes one target every second.

    Attributes:
        port: its HTTP port on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, **query: str | float) -> Any:
        """What its HTTP API gives as data.

        Raises:
            RefusedError: it did not take the query.
        """
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(query)}"
        try:
            with urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except HTTPError as error:
            raise RefusedError(error.read().decode()) from error


def _binary(name: str) -> str:
    home = cache() / "prometheus"
    binary = home / "usr/bin" / name
    if not binary.exists():
        missing("Prometheus is not installed: run tests/install")
    return str(binary)


def load(home: Path, lines: Iterable[str]) -> None:
    """Put numbers with their times, as OpenMetrics has them, into the data of a server not yet started."""
    text = home / "numbers.txt"
    text.write_text("\n".join([*lines, "# EOF"]) + "\n")
    argv = [_binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), f"{home}/data"]
    subprocess.run(argv, check=True, capture_output=True)


@contextlib.contextmanager
def prometheus(home: Path, target: int = 0) -> Iterator[PrometheusServer]:
    """A running server with its data in `home`, which scrapes that port of 127.0.0.1, if it is one."""
    port = free_port()
    config = home / "prometheus.yml"
    config.write_text(CONFIG.format(target=target) if target else "")
    argv = [
        _binary("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={home}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(argv, home / "prometheus.log"):
        wait_until(lambda: answers(port), f"Prometheus; see {home}/prometheus.log")
        yield PrometheusServer(port)
