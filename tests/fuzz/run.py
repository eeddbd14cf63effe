"""Runs the fuzz targets under atheris, which looks for inputs that take new ways through the code.

    python -m tests.fuzz --seconds 15             all targets, as many at a time as there are cores
    python -m tests.fuzz --seconds 3600 statsd    one of them, for longer

What is found is kept in the cache folder, so that the next run goes on from there. An input that breaks a
law is left in the corpus of its target, where the tests run it from then on.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.servers.process import cache

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
TARGETS = tuple(sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir()))
LONGEST = 4096
"""Bytes of an input: more is in the tests of limits, and makes a fuzzer slow."""
PATIENCE = 5
"""Seconds that one input may take."""
MEMORY = 2048
"""MB that a target may take, its own bookkeeping included."""


def fuzz(target: str, seconds: int) -> None:
    """Fuzz one target in this process, which ends with it: 0 if the law holds."""
    import atheris

    with atheris.instrument_imports(include=["bridge", "tests.fuzz"]):
        module = importlib.import_module(f"tests.fuzz.{target}")
    found = cache() / "fuzz" / target
    found.mkdir(parents=True, exist_ok=True)
    atheris.Setup(
        [
            target,
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-timeout={PATIENCE}",
            f"-rss_limit_mb={MEMORY}",
            f"-artifact_prefix={CORPUS / target}{os.sep}",
            "-print_final_stats=1",
            "-verbosity=0",
            str(found),
            str(CORPUS / target),
        ],
        module.one,
    )
    atheris.Fuzz()


def run(target: str, seconds: int) -> tuple[str, str]:
    """Fuzz one target in a process of its own; return a line on it, and its output if it failed."""
    with tempfile.TemporaryFile("w+") as output:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", "--here", "--seconds", str(seconds), target],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            timeout=seconds + 120,
        )
        output.seek(0)
        said = output.read()
    inputs = next((line.split()[-1] for line in said.splitlines() if "executed_units" in line), "?")
    return f"{target:10} {inputs:>9} inputs  {'FAILED' if ended.returncode else 'ok'}", (
        said if ended.returncode else ""
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets that are named, or all; return 1 if a law is broken."""
    parser = argparse.ArgumentParser("python -m tests.fuzz", description="Fuzz the parsers.")
    parser.add_argument("--seconds", type=int, default=15, help="time for each target")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if chosen.here:
        fuzz(chosen.targets[0], chosen.seconds)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda target: run(target, chosen.seconds), chosen.targets or TARGETS))
    for told, output in outcomes:
        print(told, output, sep="\n" if output else "")
    return int(any(output for _, output in outcomes))
