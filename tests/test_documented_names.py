"""Commands that pages only mention, in a sentence or a table, are commands, with options that they know."""

import re
import shlex

import pytest

from bridge.cli import app
from bridge.cli.tree import EVERYWHERE, commands, program
from tests.documented import PAGES

MENTIONED = re.compile(r"`asterisk-bridge ([^`\n]+)`|^ {4}asterisk-bridge (.+)$", re.MULTILINE)
OPTION = re.compile(r"--[a-z][\w-]*")
HIDDEN = {
    each.name or each.callback.__name__ for each in app.registered_commands if each.hidden and each.callback
}


def mentioned() -> dict[str, str]:
    """Each command that is mentioned, and the page that does."""
    return {
        next(filter(None, found)): page.name
        for page in PAGES
        for found in MENTIONED.findall(page.read_text(encoding="utf-8"))
    }


def known() -> dict[str, set[str]]:
    """The options of each command, by the words with which it is called."""
    described = [program(), *commands()]
    return {
        each.words: {option for name, _ in each.options for option in OPTION.findall(name)}
        for each in described
    }


@pytest.mark.parametrize("line", mentioned())
def test_every_command_that_is_mentioned_exists(line: str) -> None:
    options = known()
    words = shlex.split(re.split(r"[|>]", line.partition("   ")[0])[0])
    if words[0] in HIDDEN | {"COMMAND"}:
        return

    name = next((each for each in (" ".join(words[:2]), words[0]) if each in options), "")

    assert name or words[0].startswith("--"), f"{mentioned()[line]}: no such command"
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used <= options[name] | {EVERYWHERE}, mentioned()[line]
