"""`asterisk-bridge check`, as users and tests run it."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

from bridge.cli import main


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def checked(environ: Mapping[str, str]) -> Answer:
    """What `asterisk-bridge check` answers, within this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environ),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        main(["check"])
    code = ended.value.code or 0
    assert isinstance(code, int)
    return Answer(code, out.getvalue(), err.getvalue())


def told(environ: Mapping[str, str]) -> Answer:
    """The same by a process of its own."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    ended = subprocess.run(
        [sys.executable, "-m", "bridge", "check"],
        env={**others, **environ},
        capture_output=True,
        timeout=100,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    return Answer(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
