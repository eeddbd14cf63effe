"""The manual: docs/cli.md and the manual page docs/asterisk-bridge.1, from the commands themselves."""

import re
from collections.abc import Callable, Iterable, Iterator
from textwrap import wrap

from bridge import __version__
from bridge.alertpages import NOTE
from bridge.cli.program import EXITS, NAME
from bridge.cli.tree import Described, commands, program

DATED = "2026-11-30"
"""When what the manual page tells last changed by more than an option."""
PURPOSE = "SNMP, AMI and StatsD of Asterisk to Graphite and MQTT"
WIDTH = 72
"""Characters of a line of the manual page's source, but for those that escape others."""
KEEP = "\b\n"
"""How a paragraph begins whose lines are kept."""
ENVIRONMENT = {
    "BRIDGE_...": f"The settings; `{NAME} env` lists them.",
    "NO_COLOR": "If it is not empty, there are no colours and no bold letters, and help has no frames.",
    "FORCE_COLOR": "If it is not empty, and NO_COLOR is, a pipe gets colours too; with 0 nothing does.",
    "TERM": "If it is `dumb`, there are no colours and no progress.",
}
PAGE = """\
# Command line

{help}

What is asked for goes to standard output, and everything else to standard error. Into a pipe or a file goes
plain text: no colours, nothing cut to a width. While `check --connect` and `poll` wait for peers, a terminal
shows how far they are. `--json` prints one JSON object per line, with the keys that are named below; a later
version may add keys, and takes none away.

## Exit codes

{exits}
## Environment

{environment}
## Completion by the shell

`{name} --install-completion` sets up bash, zsh or fish, whichever you are in; `--show-completion` prints what
it would install. For all users of a machine:

    {name} completion bash > /etc/bash_completion.d/{name}
    {name} completion zsh > /usr/local/share/zsh/site-functions/_{name}
    {name} completion fish > /etc/fish/completions/{name}.fish

Commands, options and files are completed, and the names of PBXs and rules by the settings in force.

## The manual page

`man docs/{name}.1` in the source; copy it to /usr/local/share/man/man1 to have `man {name}`.

"""


def page() -> str:
    """docs/cli.md."""
    whole = program()
    head = PAGE.format(
        name=NAME,
        help="\n\n".join(map(_paragraph, whole.help)),
        exits=_table(("code", "meaning"), _codes(EXITS)),
        environment=_table(("variable", "meaning"), _records(ENVIRONMENT.items())),
    )
    return f"<!-- {NOTE}; do not edit -->\n\n{head}" + "\n".join(map(_section, commands()))


def _paragraph(text: str) -> str:
    if text.startswith(KEEP):
        title, _, lines = text.removeprefix(KEEP).partition("\n")
        return title + "\n\n" + "\n".join(f"    {line.strip()}" for line in lines.splitlines())
    return text


def _section(command: Described) -> str:
    notes = command.notes
    parts = [
        f"## {command.words}\n\n    {command.usage}\n",
        *(f"{_paragraph(each)}\n" for each in command.help),
        _table(("argument", "meaning"), _records(command.arguments)),
        _table(("option", "meaning"), _records(command.options)),
        f"Exit codes: {'; '.join(f'{code} {text}' for code, text in notes.codes().items())}.\n",
        _table(("key of `--json`", "meaning"), _records(notes.keys.items())),
        "".join(f"    {NAME} {each}\n" for each in notes.examples),
    ]
    return "\n".join(filter(None, parts))


def _codes(codes: dict[int, str]) -> Iterator[tuple[str, str]]:
    return ((str(code), meaning) for code, meaning in codes.items())


def _records(records: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((f"`{name}`", text) for name, text in records)


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [[cell.replace("|", r"\|") for cell in row] for row in rows]
    if not lines:
        return ""
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ("---", "---"), *lines))


# --- the manual page


def manual_page() -> str:
    """docs/asterisk-bridge.1, in the macros of man(7)."""
    return "\n".join(
        [
            f'.\\" {NOTE}; do not edit',
            f'.TH {NAME.upper()} 1 {DATED} "{NAME} {__version__}" "User Commands"',
            *(".SH NAME", f"{_roff(NAME)} \\- {_roff(PURPOSE)}"),
            *(".SH SYNOPSIS", f".B {_roff(NAME)}", r".I COMMAND", "[...]"),
            *(".SH DESCRIPTION", *_paragraphs(program().help)),
            *(".SH OPTIONS", *_items(program().options)),
            ".SH COMMANDS",
            *(line for command in commands() for line in _command(command)),
            *(".SH EXIT STATUS", *_items(_codes(EXITS))),
            *(".SH ENVIRONMENT", *_items(ENVIRONMENT.items())),
            *(".SH SEE ALSO", ".BR asterisk (8),", ".BR mosquitto.conf (5)"),
            "",
        ]
    )


def _command(command: Described) -> Iterator[str]:
    notes = command.notes
    yield f".SS {_roff(command.usage)}"
    yield from _paragraphs(command.help)
    yield from _items((*command.arguments, *command.options))
    own = {code: text for code, text in notes.codes().items() if EXITS.get(code) != text}
    if own:
        yield from (".PP", "Exit codes of its own:")
        yield from _items(_codes(own))
    if notes.keys:
        yield from (".PP", "Keys of each JSON object:")
        yield from _items(notes.keys.items())
    if notes.examples:
        yield from (".PP", "Examples:", *_kept(f"{NAME} {each}" for each in notes.examples))


def _paragraphs(paragraphs: Iterable[str]) -> Iterator[str]:
    for index, text in enumerate(paragraphs):
        if index:
            yield ".PP"
        if text.startswith(KEEP):
            title, *lines = text.removeprefix(KEEP).splitlines()
            yield _roff(title)
            yield from _kept(line.strip() for line in lines)
        else:
            yield from _filled(text)


def _kept(lines: Iterable[str]) -> Iterator[str]:
    yield from (".RS 4", ".nf", *map(_roff, lines), ".fi", ".RE")


def _items(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in items:
        yield from (".TP", f".B {_roff(name)}", *_filled(text))


def _filled(text: str) -> Iterator[str]:
    return (_roff(line) for line in wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def _roff(text: str) -> str:
    """A text as it is: no escape, no request, and a minus that can be copied."""
    safe = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", safe)


GENERATED: dict[str, Callable[[], str]] = {"docs/cli.md": page, f"docs/{NAME}.1": manual_page}
"""Path in the repository to what makes the file."""
