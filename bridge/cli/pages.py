"""Commands about the bridge itself: its version, and the documents that come from it."""

import platform
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer._completion_shared import get_completion_script  # the one place that says it for any shell

from bridge import __version__, documents
from bridge.cli import manual
from bridge.cli.output import say, say_json
from bridge.cli.program import FAILED, NAME, Notes, command

VERSION = {"version": "of the bridge", "python": "that it runs on"}


@command("version", Notes(keys=VERSION, examples=("version", "version --json")))
def version(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Print the version."""
    if as_json:
        say_json({"version": __version__, "python": platform.python_version()})
    else:
        say(__version__)


class Shell(StrEnum):
    """Shells that can complete our commands."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@command("completion", Notes(examples=(f"completion bash > /etc/bash_completion.d/{NAME}",)))
def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print what lets a shell complete our commands.

    That is commands, options and files, and names of PBXs and rules. --install-completion sets up your own
    shell.
    """
    variable = f"_{NAME.replace('-', '_').upper()}_COMPLETE"
    say(get_completion_script(prog_name=NAME, complete_var=variable, shell=shell.value))


@command("docs", Notes({FAILED: "with --check, some are stale"}, examples=("docs --check",)), hidden=True)
def docs(
    check_only: Annotated[bool, typer.Option("--check", help="Only tell whether they are stale.")] = False,
    root: Annotated[Path, typer.Option(help="Root of the repository.")] = Path(),
) -> None:
    """Write the documents that come from the models and the catalogue."""
    stale = documents.stale(root, {**documents.GENERATED, **manual.GENERATED})
    for path, text in stale.items():
        say(f"{'stale' if check_only else 'wrote'} {path}")
        if not check_only:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    if stale and check_only:
        sys.exit(FAILED)
