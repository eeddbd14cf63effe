"""How tests call the command line, and what comes of it."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

PROGRAM = (sys.executable, "-m", "bridge")

SECRET = "correct-horse-battery"
HQ = {
    "BRIDGE_PBX__HQ__AMI__HOST": "127.0.0.1",
    "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
    "BRIDGE_PBX__HQ__AMI__SECRET": SECRET,
}


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


def environ(**named: str) -> dict[str, str]:
    """The environment of a test, without what says how much a terminal can show."""
    others = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    return {**others, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30", **named}


def piped(*arguments: str, **named: str) -> Result:
    """The command line as a process of its own, its output in pipes."""
    ended = subprocess.run(
        [*PROGRAM, *arguments], env=environ(**named), capture_output=True, timeout=60, check=False
    )
    return Result(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def on_terminal(*arguments: str, **named: str) -> Result:
    """The same with a terminal for both outputs, of which `out` has all that it was sent."""
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as screen:  # noqa: PTH123 - it is no path
        process = subprocess.Popen([*PROGRAM, *arguments], env=environ(**named), stdout=theirs, stderr=theirs)
        os.close(theirs)
        shown = bytearray()
        with contextlib.suppress(OSError):  # that is how Linux says that nobody has the terminal any more
            while data := screen.read(65_536):
                shown += data
        return Result(process.wait(60), shown.decode(), "")
