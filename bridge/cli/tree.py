"""All commands as data, from what typer makes of them."""

import inspect
from collections.abc import Iterator
from typing import Any, NamedTuple

from typer.main import get_command

from bridge.cli.program import NAME, NOTES, Notes, app

Records = tuple[tuple[str, str], ...]
"""How each argument or option is written, and what it means."""
EVERYWHERE = "--help"
"""The option that every command has."""


class Described(NamedTuple):
    """A command, or the program itself.

    Attributes:
        words: with which it is called; none for the program itself.
        usage: the whole line.
        help: paragraphs; one that begins with a backspace keeps its lines.
        arguments: those that it takes.
        options: those that it knows; `--help` is only named among those of the program itself.
        notes: what there is to say of it besides.
    """

    words: str
    usage: str
    help: tuple[str, ...]
    arguments: Records
    options: Records
    notes: Notes


def program() -> Described:
    """The program itself."""
    return _described(get_command(app), "")


def commands() -> Iterator[Described]:
    """Every command that is not hidden, in the order of the help."""
    return _below(get_command(app), "")


def _below(group: Any, words: str) -> Iterator[Described]:
    for name in group.list_commands(None):
        command, path = group.commands[name], f"{words} {name}".strip()
        if hasattr(command, "commands"):
            yield from _below(command, path)
        elif not command.hidden:
            yield _described(command, path)


def _described(command: Any, words: str) -> Described:
    """A command. Its class is of a part of typer that has moved between versions: hence Any."""
    path = f"{NAME} {words}".strip()
    arguments, options = [], []
    with command.make_context(path, [], resilient_parsing=True) as context:
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        for each in command.get_params(context):
            name, text = (" ".join(words.split()) for words in each.get_help_record(context) or ("", ""))
            if each.param_type_name == "argument":
                arguments.append((name.partition(" <")[0], text))
            elif name and not (words and name == EVERYWHERE):
                options.append((name, text))
    help_ = tuple(inspect.cleandoc(command.help or "").split("\n\n"))
    return Described(words, usage, help_, tuple(arguments), tuple(options), NOTES.get(words, Notes()))
