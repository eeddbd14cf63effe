"""Benchmarks: that they can be run. What they measure is no test's business."""

import importlib
import json
import shutil
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import bench_graphite, bench_latency, bench_mqtt, bench_statsd
from tests.benchmarks.statsd.loads import Run
from tests.benchmarks.statsd.machine import borrowed, compiled, is_bound
from tests.benchmarks.statsd.peers import COLLECTD, ETSY, NATIVE, NETDATA, PYTHON, SINK, TITLES
from tests.benchmarks.statsd.tables import Runs, ratio, tables
from tests.servers.process import free_port, running, stop, wait_until

FILES = sorted((Path(__file__).parent / "benchmarks").glob("bench_*.py"))
needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of libraries, as they are imported
@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_each_can_be_imported(name: str) -> None:
    module = importlib.import_module(f"tests.benchmarks.{name}")

    assert callable(module.main)


def can_watch_sockets() -> bool:
    """Whether this user may look at the sockets of its children: in some containers it may not."""
    port = free_port(socket.SOCK_DGRAM)
    code = f"import socket; held = socket.socket(type=2); held.bind(('127.0.0.1', {port})); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as child:
        wait_until(lambda: is_bound(port), "a socket")
        try:
            borrowed(child.pid, port).close()
        except PermissionError:
            return False
        finally:
            child.communicate(b"\n")
    return True


@needs_compiler
def test_statsd_runs_at_its_smallest(capsys: pytest.CaptureFixture[str]) -> None:
    """With our own receiver and the C sink, no peer needed."""
    if not can_watch_sockets():
        pytest.skip("this user may not look at the sockets of other processes")

    bench_statsd.main(["--smoke"])

    shown = capsys.readouterr().out
    assert shown.count(f"| {TITLES[SINK]}") == 2
    assert shown.count(f"| {TITLES[PYTHON]}") == 3


def test_graphite_runs_at_its_smallest(capsys: pytest.CaptureFixture[str]) -> None:
    bench_graphite.main(["--smoke"])

    shown = capsys.readouterr().out
    assert shown.count("reached") + shown.count("**missed**") == len(bench_graphite.VALUES)
    assert shown.count(" ns |") == len(bench_graphite.VALUES) * 2 * 4


def test_mqtt_runs_at_its_smallest(capsys: pytest.CaptureFixture[str]) -> None:
    bench_mqtt.main(["--smoke"])

    shown = capsys.readouterr().out
    assert shown.count("| entity of ") == len(bench_mqtt.KINDS) * len(bench_mqtt.ENTITIES)
    assert shown.count("reached") + shown.count("**missed**") == 2


def test_latency_runs_at_its_smallest(capsys: pytest.CaptureFixture[str]) -> None:
    bench_latency.main(["--smoke"])

    shown = capsys.readouterr().out
    assert shown.count(" s |") == 4


@needs_compiler
@pytest.mark.parametrize(
    ("load", "least", "most"), [("single", 30, 60), ("segmented", 30, 60), ("packed", 1300, 1432)]
)
def test_the_generator_tells_what_arrives(load: str, least: int, most: int, tmp_path: Path) -> None:
    """As many packets as the sink counts, and of the size that the load is named for."""
    generator, sink, port = (
        compiled("generator", tmp_path),
        compiled("sink", tmp_path),
        free_port(socket.SOCK_DGRAM),
    )
    log = tmp_path / "sink.log"

    with running([str(sink), "udp", str(port)], log) as receiver:
        wait_until(lambda: is_bound(port), "the sink")
        with borrowed(receiver.pid, port) as inside:
            argv = [generator, "--port", port, "--load", load, "--rate", 50_000, "--seconds", 0.1]
            argv += ["--socket", inside.fileno(), "--pid", receiver.pid]
            told = json.loads(subprocess.check_output([*map(str, argv)], pass_fds=[inside.fileno()]))
        stop(receiver)

    counted = json.loads(log.read_text())
    assert counted["packets"] == told["packets"] - told["drops"] > 0
    assert least < counted["bytes"] / counted["packets"] <= most


@pytest.fixture
def snmp() -> Any:
    """The benchmark of SNMP; pysnmp's API, which it imports, warns of itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("tests.benchmarks.bench_snmp")


def test_snmp_runs_at_its_smallest(snmp: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """With our own engine alone."""
    snmp.main(["--smoke"])

    shown = capsys.readouterr().out
    assert all(f"| {load.title} |" in shown for load in snmp.LOADS)
    assert shown.count("poll of Asterisk") == 2


def test_a_goal_of_snmp_is_met_by_the_median_ratio(snmp: Any) -> None:
    row = {snmp.OURS: [1.0, 1.0, 4.0], snmp.GUFO: [2.0, 4.0, 2.0], snmp.API: [69.0] * 3}

    shown = "\n".join(snmp.goals({snmp.LOADS[0]: row}))

    assert "at most gufo-snmp | 0.50 x | reached |" in shown
    assert "at most 1/70 of pysnmp's API | 1/69 | **missed** |" in shown


def a_run(rate: float, cpu: float = 1.0, foreign: float = 0.0) -> Run:
    return Run(rate, cpu, lost=0.0, foreign=foreign)


def test_a_ratio_is_the_median_of_those_of_each_round() -> None:
    runs: Runs = {("1g", NATIVE): [a_run(4), a_run(9), a_run(8)], ("1g", NETDATA): [a_run(2), a_run(3), None]}

    assert ratio(runs, "1g", "rate", NATIVE, NETDATA) == 2.5
    assert ratio(runs, "1g", "rate", NATIVE, ETSY) is None


def test_the_tables_mark_what_was_disturbed_and_tell_which_goals_are_missed() -> None:
    runs: Runs = {
        ("1g", SINK): [a_run(2_000_000, 0.5, foreign=0.9)],
        ("1g", NETDATA): [a_run(1_000_000, 1.0)],
        ("1g", NATIVE): [a_run(1_500_000, 0.5)],
        ("60k", COLLECTD): [a_run(60_000, 2.0)],
        ("60k", PYTHON): [None],
    }

    shown = "\n".join(tables(runs))

    assert f"| {TITLES[SINK]}\\* | 2,000,000 |" in shown
    assert f"| {TITLES[NATIVE]} | 1,500,000 | 1.50 |  | 0.75 | 0.500 | 0.50 |  | 1.00 | 0.00% |" in shown
    assert f"| {TITLES[PYTHON]} | none found |" in shown
    assert "≥ 1.7 x netdata | 1.50 x | **missed** |" in shown
    assert "≤ 0.55 x netdata | 0.50 x | reached |" in shown
