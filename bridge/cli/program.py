"""The program and its groups of commands; what is said of each command below its options."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from bridge.terminal import is_coloured, is_live

NAME = "asterisk-bridge"
GOOD, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130
EXITS = {
    GOOD: "done",
    FAILED: "a peer, or the bridge that was asked, failed",
    WRONG: "the command or the settings are wrong, and nothing was done",
    INTERRUPTED: "interrupted with Ctrl-C",
}
"""What the exit codes mean everywhere."""
HELP = """\
Reads Asterisk PBXs over SNMP, AMI and StatsD, makes one truth of it, and republishes it to Graphite, MQTT and
Prometheus.

\b
Three commands to begin with:
  asterisk-bridge demo             a simulated PBX, live: nothing else is needed
  asterisk-bridge check --connect  are the settings good, and does each peer answer?
  asterisk-bridge run              the bridge itself

Settings are environment variables: `asterisk-bridge env` lists them, `asterisk-bridge show` tells what is in
force. `asterisk-bridge COMMAND --help` explains a command. The documentation begins with README.md in the
source; docs/cli.md there has all commands on one page.
"""

ORDER = ("demo", "check", "run", "show", "env", "poll", "listen", "send", "alerts")
"""The first commands of the help; others follow as they come."""

Made = TypeVar("Made", bound=Callable[..., Any])


class Notes(NamedTuple):
    """What there is to say of a command besides its options.

    Attributes:
        exits: exit codes that mean something of its own; all others as in EXITS.
        keys: of each object that `--json` prints, one a line, with what they mean.
        examples: how it is called, without the name of the program.
    """

    exits: Mapping[int, str] = {}
    keys: Mapping[str, str] = {}
    examples: tuple[str, ...] = ()

    def codes(self) -> dict[int, str]:
        """All exit codes but that of Ctrl-C, which is everywhere the same."""
        everywhere = {GOOD: EXITS[GOOD], WRONG: EXITS[WRONG]}
        return dict(sorted({**everywhere, **self.exits}.items()))

    def epilog(self) -> str:
        """All of it, as the help of the command ends."""
        parts = [_codes(self.codes())]
        if self.keys:
            parts.append(f"With --json, one object per line: {', '.join(self.keys)}.")
        if self.examples:
            parts.append("\n".join(["\b", "Examples:", *(f"  {NAME} {each}" for each in self.examples)]))
        return "\n\n".join(parts)


def _codes(codes: Mapping[int, str]) -> str:
    return "\n".join(["\b", "Exit codes:", *(f"  {code}  {meaning}" for code, meaning in codes.items())])


class Command(TyperCommand):
    """Asks whoever mistypes an option what was meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the arguments."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter:
            raise
        except Exception as error:
            _suggest(error, getattr(error, "possibilities", None) or ())
            raise


class Group(TyperGroup):
    """Lists first what a newcomer needs, and knows where a command is that is looked for elsewhere."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the help."""
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command of the arguments."""
        try:
            return super().resolve_command(ctx, args)
        except Exception as error:
            elsewhere = (
                name for name, each in self.commands.items() if args[0] in getattr(each, "commands", ())
            )
            _suggest(error, [f"{name} {args[0]}" for name in elsewhere])
            raise


def _suggest(error: Any, meant: Iterable[str]) -> None:
    """Have a usage error of typer end with what may have been meant."""
    if meant:
        error.message = f"{error.message.rstrip('.')}. Did you mean {' or '.join(map(repr, sorted(meant)))}?"
        error.possibilities = ()


app = typer.Typer(
    name=NAME,
    cls=Group,
    help=HELP,
    epilog=_codes(EXITS),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich"
    if all(is_live(each) and is_coloured(each) for each in (sys.stdout, sys.stderr))
    else None,
)
alerts = typer.Typer(
    cls=Group, help="See, acknowledge and silence alerts of a running bridge.", no_args_is_help=True
)
app.add_typer(alerts, name="alerts")

NOTES: dict[str, Notes] = {}
"""Of each command, by the words with which it is called."""


def command(name: str, notes: Notes, group: str = "", **options: Any) -> Callable[[Made], Made]:
    """Make a command of a function, whose docstring is its help and whose parameters are its options.

    Args:
        name: what it is called.
        notes: what there is to say of it besides.
        group: none for the program itself, or `alerts`.
        options: what else typer is told.
    """
    NOTES[f"{group} {name}".strip()] = notes
    to = alerts if group else app
    return to.command(name, cls=Command, epilog=notes.epilog(), **options)
