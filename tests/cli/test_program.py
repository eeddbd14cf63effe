"""The program: what it says when it is called wrongly, or fails."""

import pytest

from bridge.cli.program import EXITS, NOTES
from tests.cli.calling import SECRET, Run


def test_a_defect_is_told_without_what_its_exception_says(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("bridge.cli.settings.read", defect)

    result = run("check")

    assert result.code == 1
    assert "please report it" in result.err
    assert "in defect" in result.err
    assert SECRET not in result.err


def test_without_a_command_the_commands_are_listed(run: Run) -> None:
    result = run()

    assert "Usage: asterisk-bridge [OPTIONS] COMMAND [ARGS]..." in result.out + result.err


@pytest.mark.parametrize("arguments", [["chekc"], ["check", "--conect"], ["poll"], ["send", "a"]])
def test_a_wrong_command_ends_with_2_and_no_traceback(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)

    assert result.code == 2
    assert "Usage:" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["chekc"], "'check'"),
        (["alerts", "lst"], "'list'"),
        (["silence", "x"], "'alerts silence'"),
        (["check", "--conect"], "'--connect'"),
        (["alerts", "silence", "--jsn", "x"], "'--json'"),
    ],
)
def test_whoever_mistypes_is_asked_what_was_meant(run: Run, arguments: list[str], meant: str) -> None:
    result = run(*arguments)

    assert (result.code, result.out) == (2, "")
    assert result.err.rstrip().endswith(f"Did you mean {meant}?")


def test_what_is_like_nothing_is_asked_nothing(run: Run) -> None:
    assert "Did you mean" not in run("xyzzy").err
    assert "Did you mean" not in run("check", "--xyzzy").err


def test_the_help_tells_what_it_is_how_to_begin_and_where_to_read_on(run: Run) -> None:
    help_ = run().err

    assert all(word in help_ for word in ("SNMP", "AMI", "StatsD", "Graphite", "MQTT", "Prometheus"))
    assert all(f"  asterisk-bridge {each} " in help_ for each in ("demo", "check --connect", "run"))
    assert "README.md" in help_
    assert "..." not in help_.partition("Commands:")[2], "a sentence is cut"
    assert all(f"  {code}  {meaning}" in help_ for code, meaning in EXITS.items())


@pytest.mark.parametrize("words", [words for words in NOTES if words != "docs"])
def test_the_help_of_a_command_has_its_exit_codes_and_examples(run: Run, words: str) -> None:
    help_ = run(*words.split(), "--help").out

    assert all(f"  {code}  {meaning}" in help_ for code, meaning in NOTES[words].codes().items())
    assert all(f"  asterisk-bridge {each}" in help_ for each in NOTES[words].examples)
