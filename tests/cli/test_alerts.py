"""The commands about alerts: they ask the bridge that runs here, and say in words what came of it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.cli.program import NOTES
from bridge.control import CONTROL, ControlServer
from tests.cli.calling import Result, Run
from tests.pipeline.asked import World
from tests.servers.process import wait_until


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `asterisk-bridge alerts` in this process, with a state folder of its own."""
    monkeypatch.setenv("BRIDGE_STATE_DIR", str(tmp_path))

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["alerts", *arguments])
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Result(code or 0, *capsys.readouterr())

    return run


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Alerts of a bridge that listens on its socket."""
    world = World()
    loop = asyncio.new_event_loop()
    server = loop.create_task(ControlServer(tmp_path / CONTROL, world.requests.answer).run())
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([server])))
    thread.start()
    wait_until((tmp_path / CONTROL).exists, "the socket")
    yield world
    loop.call_soon_threadsafe(server.cancel)
    thread.join()
    loop.close()


def local(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


class TestList:
    def test_alerts_are_a_table(self, run: Run, world: World) -> None:
        result = run("list")

        head, *rows = result.out.splitlines()
        alert = world.alert("hq a")
        assert result.code == 0
        assert head.split() == ["alert", "severity", "since", "of", "id", "summary"]
        assert len(rows) == 5
        assert rows[0].split() == [
            *("firing", "warning", *local(alert.since).split()),
            *("trunk_down", "pbx=hq", "trunk=a", alert.id, "a", "is", "down"),
        ]

    def test_what_is_said_of_an_alert_is_shown_and_silences_follow(self, run: Run, world: World) -> None:
        world.ask("ack", {"pbx": "hq"})
        data = world.ask("silence", {"labels": {"trunk": ["a", "!x"]}, "duration": 60, "comment": "works"})[
            "data"
        ]

        lines = run("list").out.splitlines()

        until = local(data["until"])
        assert lines[1].startswith(f"firing, acknowledged, silenced until {until}")
        assert lines[6:8] == ["", lines[7]]
        assert lines[7].split() == ["silence", "until", "of", "comment"]
        assert lines[8].split() == [data["id"], *until.split(), "*", "trunk=a,!x", "works"]

    def test_inactive_alerts_are_there_if_asked_for(self, run: Run, world: World) -> None:
        assert "inactive" not in run("list").out
        assert run("list", "--all").out.count("inactive") == 1

    def test_programs_get_json_lines(self, run: Run, world: World) -> None:
        world.ask("silence", {"pbx": "lab", "duration": 60})

        result = run("list", "--json")

        *alerts, silence = map(json.loads, result.out.splitlines())
        assert alerts == world.ask("list")["data"]["alerts"]
        assert silence == {"silence": world.ask("list")["data"]["silences"][0]}
        assert "\x1b" not in result.out

    def test_what_programs_get_is_in_the_manual(self, run: Run, world: World) -> None:
        world.ask("silence", {"pbx": "lab", "duration": 60})

        *alerts, silence = map(json.loads, run("list", "--json").out.splitlines())

        documented = set(NOTES["alerts list"].keys)
        assert all(set(each) == documented - {"silence", "more"} for each in alerts)
        assert set(silence) == {"silence"}

    def test_without_alerts_it_says_so(self, run: Run, world: World) -> None:
        world.follow(())

        assert run("list").out == "no alerts\n"


class TestAsking:
    def test_alerts_are_acknowledged(self, run: Run, world: World) -> None:
        result = run("ack", "trunk_*", "--pbx", "hq", "--label", "trunk=a", "--label", "trunk=x")

        assert result[:2] == (0, f"acknowledged 1: {world.alert('hq a').id}\n")
        assert run("ack", "--all").out.startswith("acknowledged 3: ")
        assert run("ack", "--id", world.alert("hq a").id).out == "acknowledged 0: all were before\n"

    def test_alerts_are_silenced_and_told_of_again(self, run: Run, world: World) -> None:
        silenced = run("silence", "trunk_down", "--for", "2h", "--label", "trunk=a", "--comment", "works")

        until = world.alert("lab a").silenced_until
        (silence,) = world.ask("list")["data"]["silences"]
        assert until == world.clock.now + 7200
        assert silenced[:2] == (0, f"silence {silence['id']} until {local(until)}, of 2 alerts now\n")

        ended = run("unsilence", silence["id"])

        assert ended[:2] == (0, f"silence {silence['id']} has ended, of 2 alerts now\n")
        assert world.alert("lab a").silenced_until is None

    def test_programs_get_what_came_of_it_with_the_keys_of_the_manual(self, run: Run, world: World) -> None:
        acknowledged = json.loads(run("ack", "--all", "--json").out)
        silenced = json.loads(run("silence", "--all", "--for", "2h", "--json").out)
        ended = json.loads(run("unsilence", silenced["id"], "--json").out)

        for words, found in (("ack", acknowledged), ("silence", silenced), ("unsilence", ended)):
            assert set(found) == set(NOTES[f"alerts {words}"].keys)
        assert acknowledged["acknowledged"] == 4
        assert silenced["until"] == world.clock.now + 7200

    def test_what_cannot_be_done_is_told_with_code_1(self, run: Run, world: World) -> None:
        assert run("ack", "nothing") == (1, "", "asterisk-bridge: no alert is meant\n")
        assert run("unsilence", "0123456789ab").err.startswith(
            "asterisk-bridge: no silence in force has the id"
        )

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["ack"], "it does not say which alerts"),
            (["ack", "--label", "trunk"], "label 'trunk' is not NAME=GLOB"),
            (["ack", "x", "--all"], "it means all alerts, and those of some rule"),
            (["silence", "x"], "Missing option '--for'"),
            (["silence", "x", "--for", "ever"], 'duration "ever" is not a duration'),
            (["silence", "x", "--for", "40d"], "at most 30d"),
            (["unsilence", "x"], "is not the id of a silence"),
            (["unsilence"], "Missing argument 'ID'"),
        ],
    )
    def test_what_nobody_can_mean_is_told_with_code_2_and_nobody_asked(
        self, run: Run, arguments: list[str], words: str
    ) -> None:
        result = run(*arguments)

        assert (result.code, result.out) == (2, "")
        assert words in result.err
        assert "Traceback" not in result.err


class TestNoBridge:
    def test_it_says_what_to_do(self, run: Run, tmp_path: Path) -> None:
        result = run("list")

        assert (result.code, result.out) == (1, "")
        assert result.err.startswith(f"asterisk-bridge: {tmp_path / CONTROL} is not there: no bridge runs")

    def test_a_socket_can_be_named(self, run: Run, tmp_path: Path) -> None:
        assert str(tmp_path / "other") in run("list", "--socket", str(tmp_path / "other")).err

    def test_without_a_state_folder_nobody_can_be_asked(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BRIDGE_STATE_DIR", "off")

        result = run("list")

        assert result.code == 2
        assert result.err.startswith("BRIDGE_STATE_DIR: is off (")


def test_there_is_no_command_that_changes_anything_in_asterisk(run: Run) -> None:
    commands = [line.split()[0] for line in run("--help").out.partition("Commands:")[2].splitlines() if line]

    assert commands == ["list", "ack", "silence", "unsilence", "test"]


class TestTest:
    """Rules tested as data, without a bridge."""

    FILE = """
interval = "15s"

[rule.trunk_is_away]
metric = "trunk.up"
below = 1
by = ["trunk"]

[[test]]
name = "a trunk is down"

[[test.series]]
metric = "trunk.up"
labels = {{ trunk = "acme" }}
values = "1 0x4"

[[test.expect]]
at = "45s"
rule = "trunk_is_away"
state = "{state}"
"""

    @pytest.mark.parametrize(("state", "code"), [("firing", 0), ("inactive", 1)])
    def test_the_outcome_is_told(self, run: Run, tmp_path: Path, state: str, code: int) -> None:
        file = tmp_path / "rules.toml"
        file.write_text(self.FILE.format(state=state))

        result = run("test", str(file))

        assert (result.code, result.err) == (code, "")
        assert result.out.splitlines()[-1] == f"{file}: {1 - code} of 1 tests are good"

    def test_programs_get_an_object_for_each_test(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "rules.toml"
        file.write_text(self.FILE.format(state="inactive"))

        result = run("test", str(file), "--json")

        found = json.loads(result.out)
        assert result.code == 1
        assert set(found) == set(NOTES["alerts test"].keys)
        assert (found["test"], found["ok"]) == ("a trunk is down", False)
        assert found["faults"][0].startswith("at 45s: ")

    def test_a_file_that_is_not_there_is_told_with_code_2(self, run: Run, tmp_path: Path) -> None:
        result = run("test", str(tmp_path / "none.toml"))

        assert result == (2, "", f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory\n")
