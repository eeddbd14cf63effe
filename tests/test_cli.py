"""The command line: what it prints, to where, and with which exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bridge import __version__
from bridge.cli import main
from bridge.documents import GENERATED, configuration
from bridge.settings.variables import VARIABLES
from tests.servers.process import free_port, running, wait_until

SECRET = "correct-horse-battery"
HQ = {
    "BRIDGE_PBX__HQ__AMI__HOST": "127.0.0.1",
    "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
    "BRIDGE_PBX__HQ__AMI__SECRET": SECRET,
}


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process, with only the variables that are given."""
    for name in [name for name in os.environ if name.startswith("BRIDGE_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str, **environ: str) -> Result:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Result(code or 0, *capsys.readouterr())

    return run


def test_a_defect_is_told_without_what_its_exception_says(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("bridge.cli.read", defect)

    result = run("check")

    assert result.code == 1
    assert "please report it" in result.err
    assert "in defect" in result.err
    assert SECRET not in result.err


def test_version(run: Run) -> None:
    assert run("version") == (0, f"{__version__}\n", "")


def test_without_a_command_the_commands_are_listed(run: Run) -> None:
    result = run()

    assert "Usage: asterisk-bridge [OPTIONS] COMMAND [ARGS]..." in result.out + result.err


@pytest.mark.parametrize("arguments", [["chekc"], ["check", "--conect"], ["poll"], ["send", "a"]])
def test_a_wrong_command_ends_with_2_and_no_traceback(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)

    assert result.code == 2
    assert "Usage:" in result.err
    assert "Traceback" not in result.err


class TestCheck:
    def test_good_settings_are_summed_up(self, run: Run) -> None:
        result = run("check", **HQ)

        assert (result.code, result.err) == (0, "")
        assert result.out.startswith("settings are good: PBXs hq (ami)")

    def test_every_fault_is_one_line_of_standard_error(self, run: Run) -> None:
        result = run("check", BRIDGE_MQTT__QOS="7", BRIDGE_MQTT__ULR="x")

        assert (result.code, result.out) == (2, "")
        assert result.err.splitlines() == [
            "BRIDGE_MQTT__ULR: is not a setting (did you mean BRIDGE_MQTT__URL?)",
            "BRIDGE_MQTT__QOS: 7 is not one of 0 or 1",
        ]

    def test_what_only_a_source_can_see_is_a_fault_too(self, run: Run) -> None:
        result = run(
            "check", BRIDGE_PBX__HQ__SNMP__HOST="127.0.0.1", BRIDGE_PBX__HQ__SNMP__OBJECTS="NO-MIB::thing.0"
        )

        assert result.code == 2
        assert result.err.startswith("BRIDGE_PBX__HQ__SNMP__OBJECTS: no file with the MIB NO-MIB")

    def test_a_secret_that_is_open_to_others_is_warned_of(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "secret"
        file.write_text(SECRET)
        file.chmod(0o644)

        result = run("check", BRIDGE_MQTT__PASSWORD_FILE=str(file))

        assert result.code == 0
        assert result.err.startswith("warning: BRIDGE_MQTT__PASSWORD_FILE: ")

    def test_with_connect_every_peer_is_tried(self, run: Run) -> None:
        with socket.create_server(("127.0.0.1", 0)) as carbon:
            result = run(
                "check",
                "--connect",
                **HQ,
                BRIDGE_PBX__HQ__AMI__PORT=str(free_port()),
                BRIDGE_GRAPHITE__URL=f"tcp://127.0.0.1:{carbon.getsockname()[1]}",
            )

        assert result.code == 1
        _, ami, graphite = result.out.splitlines()
        assert ami.startswith("failed  hq ami: ")
        assert graphite == "ok      graphite"


class TestShow:
    def test_settings_are_shown_with_their_origin_and_secrets_masked(self, run: Run) -> None:
        result = run("show", **HQ)

        rows = [line.split() for line in result.out.splitlines()]
        assert ["BRIDGE_PBX__HQ__AMI__HOST", "127.0.0.1", "environment"] in rows
        assert ["BRIDGE_PBX__HQ__AMI__SECRET", "********", "environment"] in rows
        assert ["BRIDGE_FRESHNESS", "1m", "default"] in rows
        assert SECRET not in result.out

    def test_a_pipe_gets_plain_text_and_nothing_is_cut(self, run: Run) -> None:
        url = ",".join(f"tcp://graphite-{number}.example:2003" for number in range(20))

        result = run("show", BRIDGE_GRAPHITE__URL=url)

        assert url in result.out
        assert "\x1b" not in result.out


class TestPoll:
    def test_an_unknown_pbx_is_told_with_those_that_are_known(self, run: Run) -> None:
        result = run("poll", "hk", **HQ)

        assert (result.code, result.err) == (2, "BRIDGE_PBX__HK: no such PBX (known: hq)\n")

    def test_a_pbx_that_does_not_answer_is_told_and_nothing_is_printed(self, run: Run) -> None:
        result = run("poll", "HQ", "--json", **HQ, BRIDGE_PBX__HQ__AMI__PORT=str(free_port()))

        assert (result.code, result.out) == (1, "")
        assert result.err.startswith("failed  hq ami: ")


@pytest.mark.parametrize(
    ("value", "kind", "packet"),
    [
        ("2", "c", b"shop.orders:2|c"),
        ("2.5", "g", b"shop.orders:2.5|g"),
        ("+1", "g", b"shop.orders:+1|g"),
        ("-1", "g", b"shop.orders:-1|g"),
        ("320", "ms", b"shop.orders:320|ms"),
        ("blue", "s", b"shop.orders:blue|s"),
    ],
)
def test_a_metric_that_is_sent_arrives(run: Run, value: str, kind: str, packet: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        at = f"udp://127.0.0.1:{server.getsockname()[1]}"

        result = run("send", "--type", kind, "--at", at, "shop.orders", value)

        assert result == (0, "", "")
        assert server.recv(100).startswith(packet.removesuffix(b"|ms"))


def test_what_is_not_a_number_is_not_sent(run: Run) -> None:
    result = run("send", "shop.orders", "many")

    assert result.code == 2
    assert "Invalid value for VALUE: 'many' is not a number" in result.err


@pytest.mark.parametrize("at", ["tcp://127.0.0.1:8125", "8125"])
def test_only_udp_can_be_sent_to(run: Run, at: str) -> None:
    result = run("send", "shop.orders", "2", "--at", at)

    assert result.code == 2
    assert result.err.startswith(f"--at: '{at}' must begin with udp://")


def test_where_the_bridge_does_not_listen_on_udp_an_address_must_be_named(run: Run) -> None:
    result = run("listen", BRIDGE_STATSD__LISTEN="tcp://127.0.0.1:8125")

    assert result.code == 2
    assert result.err == "BRIDGE_STATSD__LISTEN: has no udp:// address (name one with --at)\n"


class TestEnv:
    def test_every_variable_is_listed(self, run: Run) -> None:
        result = run("env")

        _, *rows = result.out.splitlines()
        assert [row.split()[0] for row in rows] == [variable.name for variable in VARIABLES.values()]

    def test_markdown_is_the_document(self, run: Run) -> None:
        assert run("env", "--markdown").out.strip() == configuration().strip()


def test_the_access_list_is_for_the_user_and_prefix_of_the_settings(run: Run) -> None:
    result = run("mqtt-acl", BRIDGE_MQTT__URL="mqtt://me@broker", BRIDGE_MQTT__PREFIX="sites/a")

    assert result.out.splitlines() == ["user me", "topic write sites/a/#", "topic read sites/a/bridge/state"]


def test_the_access_list_has_what_is_switched_on(run: Run) -> None:
    result = run(
        "mqtt-acl",
        BRIDGE_MQTT__PREFIX="sites/a",
        BRIDGE_MQTT__HOMEASSISTANT="true",
        BRIDGE_MQTT__HOMEASSISTANT_PREFIX="ha",
        BRIDGE_MQTT__SPARKPLUG="true",
        BRIDGE_MQTT__SPARKPLUG_NODE="gateway",
        BRIDGE_ALERTS__COMMANDS="true",
    )

    assert result.out.splitlines() == [
        "topic write sites/a/#",
        "topic read sites/a/bridge/state",
        "topic read sites/a/bridge/request/+",
        "topic readwrite ha/+/asterisk-bridge--sites-2Fa/+/config",
        "topic read ha/status",
        *(f"topic write spBv1.0/asterisk/{verb}/gateway" for verb in ("NBIRTH", "NDATA", "NDEATH")),
        *(f"topic write spBv1.0/asterisk/{verb}/gateway/+" for verb in ("DBIRTH", "DDATA", "DDEATH")),
        "topic read spBv1.0/asterisk/NCMD/gateway",
    ]


def test_where_alerts_are_off_nobody_may_ask(run: Run) -> None:
    result = run("mqtt-acl", BRIDGE_ALERTS__COMMANDS="true", BRIDGE_ALERTS__ENABLED="false")

    assert "request" not in result.out


class TestDocs:
    def test_stale_documents_are_told_and_written(self, run: Run, tmp_path: Path) -> None:
        for path in GENERATED:
            (tmp_path / path).parent.mkdir(exist_ok=True)

        before = run("docs", "--check", "--root", str(tmp_path))
        writing = run("docs", "--root", str(tmp_path))
        after = run("docs", "--check", "--root", str(tmp_path))

        assert (before.code, before.out.splitlines()) == (1, [f"stale {path}" for path in GENERATED])
        assert (writing.code, writing.out.splitlines()) == (0, [f"wrote {path}" for path in GENERATED])
        assert after == (0, "", "")


def test_the_demo_without_its_extra_says_what_to_install() -> None:
    """An import that is blocked stands for an installation without the extra."""
    code = "import sys; sys.modules['amqtt'] = None; from bridge.cli import main; main(['demo', '--plain'])"

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert result.returncode == 1
    assert "pip install 'asterisk-bridge[embedded]'" in result.stderr
    assert "Traceback" not in result.stderr


class TestProcess:
    """As a process of its own, which signals end."""

    @pytest.fixture
    def log(self, tmp_path: Path) -> Path:
        return tmp_path / "log"

    @pytest.fixture
    def environ(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}

    def test_ctrl_c_ends_listen_quietly_with_130(self, log: Path, environ: dict[str, str]) -> None:
        port = free_port(socket.SOCK_DGRAM)
        argv = [sys.executable, "-m", "bridge", "listen", "--at", f"udp://127.0.0.1:{port}"]
        with (
            running(argv, log, environ) as process,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):

            def heard() -> bool:
                sender.sendto(b"shop.orders:2|c", ("127.0.0.1", port))
                return "counter  shop.orders  2" in log.read_text()

            wait_until(heard, "the datagram to be printed")
            process.send_signal(signal.SIGINT)

            assert process.wait(30) == 130
        assert "Traceback" not in log.read_text()

    def test_run_starts_with_every_peer_down_and_stops_when_asked(
        self, log: Path, environ: dict[str, str]
    ) -> None:
        settings = {
            **HQ,
            "BRIDGE_PBX__HQ__AMI__PORT": str(free_port()),
            "BRIDGE_STATSD__ENABLED": "no",
            "BRIDGE_HTTP__LISTEN": "off",
            "BRIDGE_LOG__FORMAT": "json",
        }
        with running([sys.executable, "-m", "bridge", "run"], log, {**environ, **settings}) as process:
            wait_until(lambda: '"event": "down"' in log.read_text(), "the bridge to miss its peer")
            process.send_signal(signal.SIGTERM)

            assert process.wait(30) == 0
        told = [json.loads(line) for line in log.read_text().splitlines()]
        assert [line["event"] for line in told if line["level"] == "warning"][:1] == ["down"]
        assert SECRET not in log.read_text()

    def test_run_with_bad_settings_does_not_start(self, log: Path, environ: dict[str, str]) -> None:
        argv = [sys.executable, "-m", "bridge", "run"]
        with running(argv, log, {**environ, "BRIDGE_LOG__LEVEL": "loud"}) as process:
            assert process.wait(30) == 2
        assert log.read_text().startswith("BRIDGE_LOG__LEVEL: 'loud' is not one of")
