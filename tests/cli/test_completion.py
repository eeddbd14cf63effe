"""Shells complete our commands."""

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.calling import HQ, Run, environ

Complete = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("shell", "hook"),
    [
        ("bash", "complete -o default -F _asterisk_bridge_completion asterisk-bridge"),
        ("zsh", "#compdef asterisk-bridge"),
        ("fish", "complete --command asterisk-bridge"),
    ],
)
def test_there_is_a_script_for_each_shell(run: Run, shell: str, hook: str) -> None:
    result = run("completion", shell)

    assert (result.code, result.err) == (0, "")
    assert hook in result.out


def test_another_shell_is_told_of(run: Run) -> None:
    result = run("completion", "tcsh")

    assert (result.code, result.out) == (2, "")
    assert "'bash', 'zsh', 'fish'" in result.err


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with our program, under the name that users know."""
    script = tmp_path / "bin" / "asterisk-bridge"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bridge "$@"\n')
    script.chmod(0o755)
    return script.parent


def bash(script: str, program: Path, **named: str) -> str:
    """What bash prints when it runs the script."""
    surroundings = environ(**named)
    surroundings["PATH"] = f"{program}:{surroundings['PATH']}"
    ended = subprocess.run(
        ["bash", "--norc", "-c", script],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stderr == ""
    return ended.stdout


BASH = """
source <(asterisk-bridge completion bash)
complete_words() {
    COMP_WORDS=(asterisk-bridge "$@") COMP_CWORD=$# COMPREPLY=()
    _asterisk_bridge_completion asterisk-bridge "${@: -1}"
    echo "${COMPREPLY[*]}"
}
"""


def test_bash_completes_what_was_begun(program: Path) -> None:
    calls = (
        "ch",
        "check --",
        "poll ''",
        "alerts ''",
        "alerts ack trunk_d",
        "alerts test ''",
    )

    told = bash(BASH + "\n".join(f"complete_words {each}" for each in calls), program, **HQ)

    assert dict(zip(calls, map(str.split, told.splitlines()), strict=True)) == {
        "ch": ["check"],
        "check --": ["--connect", "--json", "--help"],
        "poll ''": ["hq"],
        "alerts ''": ["list", "ack", "silence", "unsilence", "test"],
        "alerts ack trunk_d": ["trunk_down"],
        "alerts test ''": [],  # bash goes on with files
    }


def test_bad_settings_complete_nothing_and_say_nothing(program: Path) -> None:
    told = bash(f"{BASH}complete_words poll ''", program, BRIDGE_MQTT__QOS="7")

    assert told == "\n"


def test_it_can_be_installed_for_the_shell_that_one_is_in(program: Path, tmp_path: Path) -> None:
    told = bash("asterisk-bridge --install-completion; true", program, HOME=str(tmp_path))

    assert "bash completion installed" in told
    assert "asterisk-bridge.sh" in (tmp_path / ".bashrc").read_text()
    assert "_asterisk_bridge_completion" in (tmp_path / ".bash_completions/asterisk-bridge.sh").read_text()
