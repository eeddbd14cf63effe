"""The package is built with the compiled StatsD core where there is a C compiler, else without it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("bridge", "mibs", "pyproject.toml", "README.md", "LICENSE")


def wheel(folder: Path, **environ: str) -> Path:
    """Build one from a copy of the sources."""
    sources = folder / "sources"
    sources.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, sources / part, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy(ROOT / part, sources)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "-w", str(folder), str(sources)],
        env=os.environ | environ,
        check=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )
    (built,) = folder.glob("*.whl")
    return built


def cores(built: Path) -> list[str]:
    return [name for name in zipfile.ZipFile(built).namelist() if "_native" in name and name.endswith(".so")]


@pytest.mark.skipif(not shutil.which(os.environ.get("CC", "cc")), reason="there is no C compiler here")
def test_with_a_compiler_the_wheel_has_the_core(tmp_path: Path) -> None:
    assert len(cores(wheel(tmp_path))) == 1


def test_without_one_it_has_none_and_the_bridge_says_so_and_works(tmp_path: Path) -> None:
    built = wheel(tmp_path, CC="/nonexistent/cc")
    zipfile.ZipFile(built).extractall(tmp_path / "installed")

    said = subprocess.run(
        [sys.executable, "-c", LISTEN],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    ).stdout

    assert cores(built) == []
    assert said.count("there was no C compiler") == 1
    assert said.endswith("statsd.calls.count 1\n")


LISTEN = """
import asyncio, socket
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import StatsdSettings
from bridge.sources.statsd import StatsdSource

async def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    settings = StatsdSettings(listen=(f"udp://127.0.0.1:{address[1]}",), flush_interval=3600)
    samples = []
    health = Health(SystemClock())
    source = StatsdSource(settings, {}, health, SystemClock())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(source.run(samples.extend))
        while not any(health.states().values()):
            await asyncio.sleep(0.01)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"calls:1|c", address)
        task.cancel()
    counts = [int(each.value) for each in samples if each.series.name == "statsd.calls.count"]
    print("statsd.calls.count", *counts)

asyncio.run(main())
"""
