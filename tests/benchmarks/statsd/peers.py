"""The receivers: how each is configured and started, so that all do the same.

Each listens on loopback, flushes every second, computes one upper percentile of its timers, and writes to the
same carbon. Of netdata and collectd nothing runs but StatsD and the way to Graphite.
"""

import contextlib
import os
import pwd
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge.sources.statsd.lanes import COMPILED
from tests.benchmarks.statsd.machine import is_bound
from tests.servers.bridge import REPOSITORY
from tests.servers.etsy import VERSION, etsy_statsd, home
from tests.servers.process import cache, free_port, running, wait_until

SINK, ETSY, COLLECTD, NETDATA, PYTHON, NATIVE = "sink", "etsy", "collectd", "netdata", "python", "native"
TITLES = {
    SINK: "C sink, counts only",
    ETSY: f"etsy's statsd {VERSION}",
    COLLECTD: "collectd",
    NETDATA: "netdata",
    PYTHON: "asterisk-bridge, pure Python",
    NATIVE: "asterisk-bridge, compiled core",
}

COLLECTD_CONFIGURATION = """\
Interval 1
BaseDir "{folder}"
PIDFile "{folder}/collectd.pid"
PluginDir "{peers}/usr/lib/collectd"
TypesDB "{peers}/usr/share/collectd/types.db"
LoadPlugin statsd
LoadPlugin write_graphite
<Plugin statsd>
  Host "127.0.0.1"
  Port "{port}"
  TimerPercentile 90.0
  TimerLower true
  TimerUpper true
  TimerSum true
  TimerCount true
</Plugin>
<Plugin write_graphite>
  <Node "carbon">
    Host "127.0.0.1"
    Port "{carbon}"
    Protocol "tcp"
  </Node>
</Plugin>
"""

NETDATA_CONFIGURATION = """\
[global]
  run as user = {user}
  process scheduling policy = keep
  hostname = bench
[directories]
  config = {folder}
  cache = {folder}
  lib = {folder}
  log = {folder}
  health config = {folder}/none
  stock config = {folder}/none
  stock health config = {folder}/none
  web = {folder}/none
  plugins = {folder}/none
[db]
  mode = ram
  retention = 60
  update every = 1
[ml]
  enabled = no
[health]
  enabled = no
[web]
  mode = none
[plugins]
  enable running new plugins = no
  checks = no
  cgroups = no
  diskspace = no
  idlejitter = no
  netdata monitoring = no
  netdata monitoring extended = no
  proc = no
  slabinfo = no
  tc = no
  timex = no
  statsd = yes
[statsd]
  update every (flushInterval) = 1
  bind to = udp:127.0.0.1:{port}
  histograms and timers percentile (percentThreshold) = 90.0
  max private charts hard limit = 10000
"""

NETDATA_EXPORT = """\
[exporting:global]
  enabled = yes
[graphite:carbon]
  enabled = yes
  destination = 127.0.0.1:{carbon}
  data source = as collected
  update every = 1
"""


class Place(NamedTuple):
    """Where a receiver is started: its folder, the program of the C sink, and the TCP port of carbon."""

    folder: Path
    sink: Path
    carbon: int


class Running(NamedTuple):
    """A receiver that runs: its process id, and its UDP port."""

    pid: int
    port: int


Start = Callable[[Place], AbstractContextManager[Running]]


@contextlib.contextmanager
def _started(
    argv: Sequence[str | Path], port: int, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    log = folder / "receiver.log"
    with running([*map(str, argv)], log, {**os.environ, **(env or {})}, cwd=folder) as process:
        wait_until(lambda: is_bound(port) or process.poll() is not None, f"a receiver; see {folder}")
        if process.poll() is not None:
            raise RuntimeError(f"{argv[0]} ended at once:\n{log.read_text()}")
        yield Running(process.pid, port)


def sink(place: Place) -> AbstractContextManager[Running]:
    """A loop that counts: no receiver does less."""
    port = free_port(socket.SOCK_DGRAM)
    return _started([place.sink, "udp", str(port)], port, place.folder)


@contextlib.contextmanager
def etsy(place: Place) -> Iterator[Running]:
    """etsy's statsd, with its own backend for Graphite."""
    with etsy_statsd(place.folder, place.carbon, flushInterval=1000, percentThreshold=[90]) as server:
        yield Running(server.pid, server.port)


def collectd(place: Place) -> AbstractContextManager[Running]:
    """collectd with its plugins statsd and write_graphite."""
    port = free_port(socket.SOCK_DGRAM)
    file = place.folder / "collectd.conf"
    words = {"folder": place.folder, "peers": unpacked(), "port": port, "carbon": place.carbon}
    file.write_text(COLLECTD_CONFIGURATION.format_map(words))
    return _started([_program(COLLECTD), "-f", "-C", file], port, place.folder, libraries())


def netdata(place: Place) -> AbstractContextManager[Running]:
    """netdata with StatsD and its export to Graphite, and nothing else."""
    port = free_port(socket.SOCK_DGRAM)
    (place.folder / "none").mkdir()
    user = pwd.getpwuid(os.getuid()).pw_name
    words = {"folder": place.folder, "port": port, "carbon": place.carbon, "user": user}
    file = place.folder / "netdata.conf"
    file.write_text(NETDATA_CONFIGURATION.format_map(words))
    (place.folder / "exporting.conf").write_text(NETDATA_EXPORT.format_map(words))
    return _started([_program(NETDATA), "-D", "-c", file], port, place.folder, libraries())


def ours(native: str) -> Start:
    """Our source, with `native` for what BRIDGE_STATSD__NATIVE would say."""

    def start(place: Place) -> AbstractContextManager[Running]:
        port = free_port(socket.SOCK_DGRAM)
        argv = [sys.executable, "-m", "tests.benchmarks.statsd.ours", str(port), str(place.carbon), native]
        return _started(argv, port, place.folder, {"PYTHONPATH": str(REPOSITORY)})

    return start


RECEIVERS: dict[str, Start] = {
    SINK: sink,
    ETSY: etsy,
    COLLECTD: collectd,
    NETDATA: netdata,
    PYTHON: ours("off"),
    NATIVE: ours("auto"),
}


def unpacked() -> Path:
    """Where tests/install.d/90-benchmarks puts what comes from Debian."""
    return cache() / "statsd-peers"


def _program(name: str) -> Path:
    return unpacked() / "usr/sbin" / name


def libraries() -> dict[str, str]:
    """The environment in which programs from there find their libraries."""
    return {"LD_LIBRARY_PATH": ":".join(map(str, (unpacked() / "usr/lib").glob("*-linux-*")))}


def absence(name: str) -> str:
    """Why a receiver cannot be measured here; empty if it can."""
    if name in {COLLECTD, NETDATA} and not _program(name).exists():
        return "it is not installed: run TEST_BENCHMARKS=1 tests/install"
    if name == NATIVE and not COMPILED:
        return "there was no C compiler when the bridge was installed"
    if name == ETSY:
        try:
            home()
        except (pytest.skip.Exception, pytest.fail.Exception) as error:
            return str(error)
    return ""
