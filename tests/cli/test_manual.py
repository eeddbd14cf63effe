"""The manual is made of the commands, so that it leaves nothing out."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.cli.manual import ENVIRONMENT, GENERATED, manual_page, page
from bridge.cli.program import EXITS, NOTES
from bridge.cli.tree import Described, commands, program
from bridge.documents import stale

ROOT = Path(__file__).parents[2]
COMMANDS = {each.words: each for each in commands()}
HIDDEN = {"docs"}


def roff(text: str) -> str:
    return text.replace("\\", r"\e").replace("-", r"\-")


def test_what_is_committed_is_fresh() -> None:
    assert not stale(ROOT, GENERATED), "run `asterisk-bridge docs`"


def test_every_command_is_there_and_has_notes() -> None:
    assert set(NOTES) - HIDDEN == set(COMMANDS)
    assert {"run", "check", "poll", "alerts list", "alerts silence", "mqtt-acl"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_page_has_all_there_is_of_a_command(command: Described) -> None:
    (section,) = [each for each in page().split("\n## ") if each.splitlines()[0] == command.words]

    cells = section.replace(r"\|", "|")
    assert command.usage in section
    assert all(
        f"| `{name}` | {text}".rstrip() in cells for name, text in (*command.arguments, *command.options)
    )
    assert all(f"{code} {meaning}" in section for code, meaning in command.notes.codes().items())
    assert all(f"| `{key}` |" in section for key in command.notes.keys)
    assert command.notes.examples
    assert all(f"    asterisk-bridge {each}\n" in section for each in command.notes.examples)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_manual_page_has_all_there_is_of_a_command(command: Described) -> None:
    (section,) = [
        each for each in manual_page().split("\n.SS ") if each.startswith(roff(command.usage) + "\n")
    ]

    for name, _ in [*command.arguments, *command.options]:
        assert f"\n.B {roff(name)}\n" in section
    assert all(f"\nasterisk\\-bridge {roff(each)}\n" in section for each in command.notes.examples)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_an_example_is_a_call_of_its_command_with_options_that_it_knows(command: Described) -> None:
    known = " ".join(name for name, _ in command.options)

    for example in command.notes.examples:
        ours = example.partition(" | ")[0]
        assert ours.startswith(command.words)
        assert all(option in known for option in re.findall(r"(?<= )--\w+", ours))


def test_both_have_the_exit_codes_and_the_environment() -> None:
    for code, meaning in EXITS.items():
        assert f"| {code} | {meaning} |" in page()
        assert f".B {code}\n{roff(meaning)}\n" in manual_page()
    for name in ENVIRONMENT:
        assert f"| `{name}` |" in page()
        assert f".B {name}\n" in manual_page()


def test_a_long_text_of_help_is_cut_in_no_list_of_commands() -> None:
    """Lists have the first sentence, in 80 columns."""
    widest = max(map(len, COMMANDS))

    assert all(len(each.help[0]) <= 80 - widest for each in (*COMMANDS.values(),))


def test_the_help_begins_with_what_a_newcomer_needs() -> None:
    words = "\n".join(program().help)

    assert all(f"asterisk-bridge {each} " in words for each in ("demo", "check --connect", "run"))
    assert "README.md" in words


@pytest.mark.parametrize(
    "lint",
    [("mandoc", "-T", "lint"), ("groff", "-man", "-ww", "-z")],
    ids=lambda lint: lint[0],
)
def test_formatters_have_nothing_to_say_against_the_manual_page(
    lint: tuple[str, ...], tmp_path: Path
) -> None:
    if not shutil.which(lint[0]):
        pytest.skip(f"{lint[0]} is not installed")
    file = tmp_path / "asterisk-bridge.1"
    file.write_text(manual_page())

    ended = subprocess.run([*lint, file], capture_output=True, text=True, check=False)

    assert (ended.stdout + ended.stderr, ended.returncode) == ("", 0)
