"""Every command of README.md and docs/ is run, and every setting in them is read.

What a developer's machine cannot run is one of a few kinds, each with its reason; nothing else is left out.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.environment import read
from tests.documented import PAGES, Command, blocks, commands, settings
from tests.page_reader import Reader
from tests.servers.prometheus import _binary as server
from tests.situations import SITUATIONS

LANGUAGES = {"sh", "console", "env", "ini", "snmpd", "toml", "json", "yaml", "text", "python"}
NOT_RUN_HERE = {
    r"asterisk -rx '": "asks the PBX of whoever reads; tests/live/test_quickstart.py asks a real one",
    r"systemctl |journalctl ": "needs a running systemd; tests/test_config.py has systemd judge the unit",
    r"python3 -m venv /opt/|(?:/opt/asterisk-bridge/bin/)?pip install \.$": "`make run` installs in this way",
    r"make (?:run|test|proof)$": "CI runs it itself",
}
"""Beginnings of commands, with the reason why no test runs them here."""
HOST = re.compile(r"10\.0\.0\.\d+|127\.0\.0\.1|\b(?:graphite|broker)\b(?=:)")


def documented() -> list[Command]:
    return [command for page in PAGES for block in blocks(page) for command in commands(block)]


def reason(line: str) -> str:
    """Why a command is not run here; empty for one that is."""
    return next((why for begin, why in NOT_RUN_HERE.items() if re.match(begin, line)), "")


def pages_with_commands() -> list[Path]:
    return [page for page in PAGES if any(list(commands(block)) for block in blocks(page))]


def test_every_block_says_what_it_is() -> None:
    """A fence without a known language could hide a command from this test."""
    every = [block for page in PAGES for block in blocks(page)]

    assert [f"{each.page}:{each.line}" for each in every if each.language not in LANGUAGES] == []


def test_each_kind_of_command_that_is_not_run_occurs() -> None:
    lines = [command.line for command in documented()]

    assert [kind for kind in NOT_RUN_HERE if not any(re.match(kind, line) for line in lines)] == []


def test_each_situation_is_one_of_a_page() -> None:
    used = {block.when for page in PAGES for block in blocks(page)} - {""}

    assert used == set(SITUATIONS)


@pytest.mark.live
@pytest.mark.parametrize("page", pages_with_commands(), ids=lambda page: page.stem)
def test_every_command_of_a_page_does_what_the_page_says(page: Path, tmp_path: Path) -> None:
    """In their order, each with the settings that the page has told until then."""
    with Reader(tmp_path) as reader:
        for block in blocks(page):
            if block.when:
                continue
            reader.read(block)
            for command in commands(block):
                if reason(command.line):
                    continue
                done = reader.do(command)

                assert done.code == 0, f"{block.page}:{block.line}: {command.line}\n{done.output}"
                holds(command, done.output)


@pytest.mark.live
@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_said_when_something_is_wrong_is_what_the_page_shows(name: str, tmp_path: Path) -> None:
    shown = [each for page in PAGES for each in blocks(page) if each.when == name]

    with SITUATIONS[name](tmp_path) as say:
        for command in (each for block in shown for each in commands(block)):
            holds(command, say(command))
        for block in shown:
            if block.language == "text":
                holds(Command(block, "the log", tuple(block.text.splitlines())), say(None))


def holds(command: Command, output: str) -> None:
    """Check that the output has the lines which the page shows, in their order.

    `...` on the page stands for anything; numbers, addresses and folders are those of this machine.
    """
    lines = iter(map(_general, output.splitlines()))
    for shown in filter(None, map(_general, command.output)):
        pattern = re.compile(".*".join(map(re.escape, shown.split("..."))))
        assert any(pattern.fullmatch(line) for line in lines), (
            f"{command.block.page}:{command.block.line}: {command.line}\nshould say: {shown}\nsays:\n{output}"
        )


def _general(line: str) -> str:
    line = re.sub(r"^\d{4}-\d\d-\d\dT\S+ ", "", line)
    line = HOST.sub("HOST", line)
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", line)).strip()


@pytest.mark.live
def test_prometheus_takes_what_is_shown_of_its_settings(tmp_path: Path) -> None:
    (shown,) = (each for page in PAGES for each in blocks(page) if each.language == "yaml")
    file = tmp_path / "prometheus.yml"
    file.write_text(shown.text)

    checked = subprocess.run(
        [server("promtool"), "check", "config", file], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("where", "variables"),
    [pytest.param(*each, id=each[0]) for page in PAGES for each in settings(page)],
)
def test_the_settings_of_a_page_are_good(where: str, variables: dict[str, str], tmp_path: Path) -> None:
    """Those that it shows together, with what a PBX must have besides."""
    assert read(dict(_whole(variables, tmp_path))).settings


def _whole(variables: dict[str, str], folder: Path) -> Iterator[tuple[str, str]]:
    """The variables, with a host and an account where only a part is shown, and with files that are there."""
    for name, value in variables.items():
        if found := re.match(r"BRIDGE_PBX__\w+?__(?:AMI__|SNMP__)", name):
            needed = {"HOST": "h", "USERNAME": "u", "SECRET": "s"} if "AMI" in found[0] else {"HOST": "h"}
            given = {each.removesuffix("_FILE") for each in variables}
            yield from (
                (f"{found[0]}{each}", text)
                for each, text in needed.items()
                if f"{found[0]}{each}" not in given
            )
        if value.startswith("/"):
            file = folder / name
            file.write_text("secret" if name.endswith("_FILE") else "")
            file.chmod(0o600)
            yield name, str(file)
        else:
            yield name, value
