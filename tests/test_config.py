"""The files in config/: what they promise about themselves holds."""

import configparser
import json
import re
import shlex
import subprocess
import sys
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from bridge.sources.ami.source import CLASSES
from tests.checking import checked
from tests.servers.process import program
from tests.servers.snmpd import recording, snmpd

CONFIG = Path(__file__).parent.parent / "config"
UNIT = CONFIG / "asterisk-bridge.service"
MOST_EXPOSED = 1.5
"""What `systemd-analyze security` may say at most, on its scale from 0 to 10."""


def section(file: str, name: str) -> dict[str, str]:
    """A section of one of Asterisk's files."""
    parser = configparser.ConfigParser(strict=False, delimiters=("=",), comment_prefixes=(";",))
    parser.read_string((CONFIG / "asterisk" / file).read_text())
    return dict(parser[name])


def test_the_ami_account_hears_what_is_asked_for_and_may_change_nothing() -> None:
    account = section("manager.conf", "bridge")

    assert set(CLASSES.split(",")) <= set(account["read"].split(","))
    assert account["write"] == "reporting"
    assert account["deny"] == "0.0.0.0/0.0.0.0"


def test_the_account_of_the_document_is_the_one_that_is_tested() -> None:
    """docs/asterisk.md, config/ and the live tests give the bridge the same classes."""
    document = (CONFIG.parent / "docs" / "asterisk.md").read_text()
    live = (CONFIG.parent / "tests" / "live" / "etc" / "manager.conf").read_text()
    account = section("manager.conf", "bridge")

    for lines in (f"read = {account['read']}", f"write = {account['write']}"):
        assert f"\n{lines}\n" in document.partition("[bridge]")[2].partition("```")[0]
        assert f"\n{lines}\n" in live.partition("[bridge]")[2].partition("[")[0]


def test_asterisk_is_an_agentx_subagent_and_snmpd_lets_it_in() -> None:
    snmpd = (CONFIG / "asterisk" / "snmpd.conf").read_text()

    assert section("res_snmp.conf", "general") == {"subagent": "yes", "enabled": "yes"}
    assert "\nmaster agentx\n" in snmpd
    assert "\nview asterisk included .1.3.6.1.4.1.22736\n" in snmpd


@pytest.mark.live
@pytest.mark.parametrize(
    "login",
    ["-v2c -c change-me", "-v3 -l authPriv -u bridge -a SHA -A change-me-first -x AES -X change-me-second"],
)
def test_snmpd_shows_the_bridge_what_it_asks_for_and_no_more(tmp_path: Path, login: str) -> None:
    """With the lines of the file, those for version 3 included, in the configuration of a real snmpd."""
    lines = (CONFIG / "asterisk" / "snmpd.conf").read_text().replace("\n#createUser", "\ncreateUser")
    lines = lines.replace("\n#rouser", "\nrouser")
    access = [line for line in lines.splitlines() if line.startswith(("view", "ro", "createUser"))]

    with snmpd(tmp_path, recording(), extra=access) as agent:
        answers = {
            name: subprocess.run(
                [program("snmpget"), *login.split(), "-On", f"127.0.0.1:{agent.port}", oid],
                capture_output=True,
                text=True,
                env={"MIBS": ""},
                check=False,
            ).stdout
            for name, oid in {
                "uptime": ".1.3.6.1.2.1.1.3.0",
                "version": ".1.3.6.1.4.1.22736.1.1.1.0",
                "processes": ".1.3.6.1.2.1.25.1.6.0",
            }.items()
        }

    assert "Timeticks" in answers["uptime"]
    assert "STRING" in answers["version"]
    assert "No Such" in answers["processes"]


def test_statsd_goes_to_a_numeric_address_and_meters_stay_meters() -> None:
    """Asterisk refuses a host name there, and `meter_support = no` breaks everything but meters."""
    general = section("statsd.conf", "general")

    assert re.fullmatch(r"[0-9.]+:[0-9]+", general["server"])
    assert general["meter_support"] == "yes"


def test_every_statsd_call_of_the_dialplan_is_wrapped() -> None:
    """A mistake in the arguments of StatsD() would hang up the call."""
    lines = (CONFIG / "asterisk" / "extensions.conf").read_text().splitlines()
    calls = [line for line in lines if "StatsD(" in line and not line.lstrip().startswith(";")]

    assert calls
    assert all("TryExec(StatsD(" in line for line in calls)


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"(?<=^ExecStart=)\S+", sys.executable, UNIT.read_text(), flags=re.MULTILINE))

    result = analyze("verify", str(unit))

    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_the_unit_leaves_little_to_an_intruder() -> None:
    result = analyze("security", "--offline=true", str(UNIT))

    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", result.stdout)
    assert exposure, result.stderr
    assert float(exposure[1]) <= MOST_EXPOSED


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "DynamicUser=yes",
        "RestartPreventExitStatus=2",
        "StateDirectory=asterisk-bridge",
        "WatchdogSec=30",
        "LimitCORE=0",
    ],
)
def test_the_unit_says_how_the_bridge_behaves(line: str) -> None:
    assert line in UNIT.read_text().splitlines()


class TestImage:
    """config/Containerfile, as far as it can be judged without building it."""

    @pytest.fixture
    def steps(self) -> list[tuple[str, str]]:
        """Every instruction with its arguments, over continued lines."""
        text = re.sub(r"^#.*\n", "", (CONFIG / "Containerfile").read_text(), flags=re.MULTILINE)
        lines = text.replace("\\\n", " ").splitlines()
        return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line)]

    def test_it_runs_the_bridge_as_nobody_by_number(self, steps: list[tuple[str, str]]) -> None:
        """By number, since an engine that demands a user other than root cannot look up a name."""
        final = steps[len(steps) - [word for word, _ in reversed(steps)].index("FROM") :]

        assert [rest for word, rest in final if word == "USER"] == ["65532:65532"]
        assert ("ENTRYPOINT", '["asterisk-bridge"]') in final
        assert ("CMD", '["run"]') in final

    def test_no_shell_is_needed_to_run(self, steps: list[tuple[str, str]]) -> None:
        commands = [rest[rest.index("[") :] for word, rest in steps if word in {"ENTRYPOINT", "CMD"}]
        commands += [rest.partition(" CMD ")[2] for word, rest in steps if word == "HEALTHCHECK"]

        assert len(commands) == 3
        assert all(isinstance(json.loads(command), list) for command in commands)

    def test_its_health_check_is_a_program_that_answers(self, steps: list[tuple[str, str]]) -> None:
        """Run here, against an HTTP port of the test's own."""
        (check,) = (rest for word, rest in steps if word == "HEALTHCHECK")
        _, *arguments = json.loads(check.partition(" CMD ")[2])

        with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
            threading.Thread(target=server.handle_request, daemon=True).start()
            env = {"BRIDGE_HTTP__LISTEN": f"0.0.0.0:{server.server_port}"}
            ended = subprocess.run(
                [sys.executable, *arguments], env=env, capture_output=True, text=True, check=False, timeout=30
            )

        assert ended.returncode == 1
        assert "HTTP Error 404" in ended.stderr

    def test_what_it_copies_is_there_and_what_it_installs_is_locked(
        self, steps: list[tuple[str, str]]
    ) -> None:
        copied = [rest.split()[:-1] for word, rest in steps if word == "COPY" and "--from" not in rest]
        installed = [rest for word, rest in steps if word == "RUN" and "pip install" in rest]

        assert copied
        assert [path for paths in copied for path in paths if not (CONFIG.parent / path).exists()] == []
        assert all("--require-hashes" in line or "--no-deps" in line for line in installed)
        assert not [word for word, _ in steps if word == "ADD"]

    def test_its_settings_are_good(self, steps: list[tuple[str, str]]) -> None:
        (line,) = (rest for word, rest in steps if word == "ENV")
        environ = dict(each.partition("=")[::2] for each in shlex.split(line))

        assert (
            checked({name: value for name, value in environ.items() if name.startswith("BRIDGE_")}).code == 0
        )


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("systemd-analyze"), "--no-pager", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
