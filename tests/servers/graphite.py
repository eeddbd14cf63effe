"""carbon-cache and graphite-web, from the environment that tests/install.d/40-graphite makes."""

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.servers.process import answers, cache, free_port, missing, running, wait_until

Point = tuple[float, int]
"""(value, Unix time)."""

CARBON = """\
[cache]
STORAGE_DIR = {home}
LOCAL_DATA_DIR = {home}/whisper
CONF_DIR = {home}
LOG_DIR = {home}
PID_DIR = {home}
ENABLE_LOGROTATION = False
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {line}
ENABLE_UDP_LISTENER = True
UDP_RECEIVER_INTERFACE = 127.0.0.1
UDP_RECEIVER_PORT = {line}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickle}
CACHE_QUERY_INTERFACE = 127.0.0.1
CACHE_QUERY_PORT = {query}
MAX_CREATES_PER_MINUTE = inf
MAX_UPDATES_PER_SECOND = inf
CARBON_METRIC_INTERVAL = 0
GRAPHITE_URL = http://127.0.0.1:{web}
TAG_UPDATE_INTERVAL = 1
TAG_BATCH_SIZE = 1
"""

SCHEMAS = """\
[every_second]
pattern = .*
retentions = 1s:1d
"""

WEB = """\
SECRET_KEY = "of the tests"
ALLOWED_HOSTS = ["127.0.0.1"]
STORAGE_DIR = CONF_DIR = LOG_DIR = {home!r}
WHISPER_DIR = {home!r} + "/whisper"
STANDARD_DIRS = [WHISPER_DIR]
CARBONLINK_HOSTS = ["127.0.0.1:{query}"]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {home!r} + "/web.db"}}}}
LOG_RENDERING_PERFORMANCE = LOG_CACHE_PERFORMANCE = False
"""


def environment() -> Path:
    """The Python environment with carbon and graphite-web; without it the test is skipped."""
    home = cache() / "graphite"
    if not (home / "installed.txt").exists():
        missing("carbon and graphite-web are not installed: run tests/install")
    return home


class GraphiteServer:
    """A carbon-cache with a data folder of its own, and a graphite-web that reads it.

    Attributes:
        line_port: plaintext, over TCP and over UDP.
        pickle_port: pickles.
        web_port: graphite-web.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._programs = environment() / "bin"
        self._carbon: contextlib.ExitStack | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.line_port = _port_for_both()
        self.pickle_port, self.web_port, query = free_port(), free_port(), free_port()
        (home / "whisper").mkdir()
        places = {"home": str(home), "line": self.line_port, "pickle": self.pickle_port}
        places |= {"query": query, "web": self.web_port}
        (home / "carbon.conf").write_text(CARBON.format_map(places))
        (home / "storage-schemas.conf").write_text(SCHEMAS)
        (home / "web_settings.py").write_text(WEB.format_map(places))
        self._env = os.environ | {
            "GRAPHITE_ROOT": str(home),
            "PYTHONPATH": str(home),
            "GRAPHITE_SETTINGS_MODULE": "web_settings",
            "DJANGO_SETTINGS_MODULE": "graphite.settings",
        }

    def start(self) -> None:
        """Start carbon-cache, again after `kill` on the same ports and data."""
        self._carbon = contextlib.ExitStack()
        argv = [self._program("carbon-cache.py"), f"--config={self._home}/carbon.conf", "--nodaemon", "start"]
        self._process = self._carbon.enter_context(running(argv, self._home / "carbon.log", self._env))
        wait_until(self._listens, f"carbon-cache; see {self._home}/carbon.log")

    def _listens(self) -> bool:
        return answers(self.line_port) and answers(self.pickle_port)

    def kill(self) -> None:
        """Kill carbon-cache as a crash does: what it held in memory is lost."""
        assert self._process
        self._process.send_signal(signal.SIGKILL)
        self.stop()

    def pause(self) -> None:
        """Make carbon-cache hang: its ports stay open, but it reads nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End carbon-cache."""
        if self._carbon:
            self._carbon.close()
        self._carbon = None

    @contextlib.contextmanager
    def web(self) -> Iterator[None]:
        """Run graphite-web."""
        subprocess.run(
            [self._program("django-admin"), "migrate", "--run-syncdb"],
            env=self._env,
            check=True,
            capture_output=True,
        )
        listen = f"127.0.0.1:{self.web_port}"
        argv = [self._program("waitress-serve"), "--listen", listen, "graphite.wsgi:application"]
        with running(argv, self._home / "web.log", self._env):
            wait_until(lambda: answers(self.web_port), f"graphite-web; see {self._home}/web.log")
            yield

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def render(self, target: str, from_: int | str = "-1h", until: int | str = "now") -> list[Point]:
        """What graphite-web shows of the one series that `target` names, without empty moments."""
        found = self.get("/render", target=target, **{"from": from_}, until=until, format="json", noCache=1)
        assert len(found) <= 1, f"{target} names {len(found)} series"
        return [(value, moment) for one in found for value, moment in one["datapoints"] if value is not None]

    def find(self, query: str) -> list[str]:
        """The names of the nodes that match, as a dashboard's editor lists them."""
        return sorted(node["id"] for node in self.get("/metrics/find", query=query))

    def get(self, path: str, **query: str | int) -> Any:
        """Decoded JSON from graphite-web."""
        with urlopen(f"http://127.0.0.1:{self.web_port}{path}?{urlencode(query)}", timeout=30) as answer:
            return json.load(answer)


def _port_for_both() -> int:
    """A loopback port that is free for TCP and for UDP."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def carbon(home: Path) -> Iterator[GraphiteServer]:
    """A running carbon-cache and graphite-web whose files are in `home`."""
    server = GraphiteServer(home)
    try:
        server.start()
        with server.web():
            yield server
    finally:
        server.stop()
