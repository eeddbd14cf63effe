"""No secret is ever seen: not when all is well, and not on any of the ways on which things fail.

Every secret that the models know holds a canary, and nothing that the bridge writes, answers or publishes may
hold one: its log at level debug, tracebacks, what `repr` and the commands show, /readyz, /metrics, what it
says of itself over MQTT, its command line, and what it keeps on disk.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.environment import effective, masked, read
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.plans import build_sources, sink_plans
from bridge.settings.variables import MASK, VARIABLES
from bridge.sources.snmp.user import User
from tests.servers.bridge import Bridge, bridge
from tests.servers.failing import (
    CANARIES,
    CANARY,
    PATHS,
    Environ,
    canaries,
    everything_fails,
    garbage,
    hang_up,
    named,
    peer,
)
from tests.servers.mosquitto import Authority, mosquitto, silent_listener
from tests.servers.process import free_port, wait_until

SECRETIVE = re.compile(r"password|passphrase|secret|community|token|credential|(?:^|_)key$", re.IGNORECASE)


def test_what_is_named_like_a_secret_is_one() -> None:
    """A setting that is added later, and forgotten, fails here; the path of a key is none."""
    forgotten = [
        name
        for path, variable in VARIABLES.items()
        if SECRETIVE.search(name := named(path)) and not variable.secret and variable.form.name != "path"
    ]

    assert forgotten == []
    assert len(PATHS) >= 6


FAILING = 27


@pytest.mark.live
def test_a_bridge_on_which_everything_fails_tells_no_secret(tmp_path: Path) -> None:
    """The process as it runs anywhere, also while it refuses new settings, and when it ends."""
    heard: list[bytes] = []
    password = canaries("MQTT__PASSWORD")["MQTT__PASSWORD"]
    config = tmp_path / "bridge.toml"
    config.write_text("")
    with (
        everything_fails(tmp_path, heard) as failing,
        mosquitto(folder_of(tmp_path / "broker"), users={"bridge": password}) as broker,
        broker.watch() as watcher,
    ):
        settings = {
            **failing,
            **canaries("PRIVACY"),
            **canaries("MQTT"),
            "PRIVACY__CALLER": "hash",
            "MQTT__URL": broker.url.replace("//", "//bridge@"),
            "GRAPHITE__URL": f"tcp://127.0.0.1:{free_port()}",
            "LOG__LEVEL": "debug",
            "SELF_INTERVAL": "1s",
            "STOP_TIMEOUT": "1s",
            "STATE_DIR": str(tmp_path / "state"),
            "CONFIG": str(config),
        }
        with bridge(settings, tmp_path) as running:
            told: list[str] = []
            wait_until(lambda: len(names_down(told, running)) >= FAILING, "every PBX to fail")
            config.write_text(f'[mqtt]\npasword = "{password}"\n[pbx.hq.ami]\nsecret = {password}\n')
            running.send(signal.SIGHUP)
            wait_until(
                lambda: "new settings refused" in running.output.read_text(), "the settings to be refused"
            )
            wait_until(
                lambda: any(one.topic.endswith("/health") for one in watcher.messages), "bridge/health"
            )
            told += [running.get(page)[1] for page in ("/readyz", "/metrics", "/livez", "/")]
            told += [Path(f"/proc/{running.process.pid}/cmdline").read_text()]
        told += [running.output.read_text(), *(one.payload for one in watcher.messages)]
        kept = [file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file()]

    published = {one.topic: one.payload for one in watcher.messages}
    assert MASK in published["asterisk/bridge/info"]
    assert "asterisk/bridge/health" in published
    assert not [text for text in told if CANARY in text]
    assert kept
    assert not [data for data in kept if CANARY.encode() in data]
    assert [data for data in heard if CANARY.encode() in data], "the community was never sent"


def names_down(told: list[str], running: Bridge) -> set[str]:
    told.append(running.get("/readyz")[1])
    return {
        str(line["pbx"]) for line in running.log() if line["event"] == "down" and line["kind"] == "source"
    }


def folder_of(path: Path) -> Path:
    path.mkdir()
    return path


Show = Callable[..., str]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Show:
    """Runs a command with an environment; returns its exit code and all that it printed."""

    def run(*command: str, environ: Environ) -> str:
        with monkeypatch.context() as patched:
            for name, value in environ.items():
                patched.setenv(f"BRIDGE_{name}", value)
            with pytest.raises(SystemExit) as ended:
                main(command)
        told = capsys.readouterr()
        return f"{ended.value.code or 0}\n{told.out}{told.err}"

    return run


GOOD = {
    **canaries("PBX"),
    **canaries("MQTT"),
    **canaries("PRIVACY"),
    "PBX__HQ__SNMP__HOST": "127.0.0.1",
    "PBX__HQ__AMI__HOST": "127.0.0.1",
    "PBX__HQ__AMI__USERNAME": "bridge",
}


@pytest.mark.parametrize("command", ["check", "show", "env", "mqtt-acl", "version"])
def test_what_the_commands_print_holds_no_secret(command: str, show: Show) -> None:
    told = show(command, environ=GOOD)

    assert told.startswith("0\n")
    assert CANARY not in told


SECRET = CANARIES["mqtt", "password"]
WRONG: dict[str, Environ] = {
    "as the wrong type": {"MQTT__QOS": "7"},
    "in a variable with a slip": {"MQTT__PASWORD": SECRET},
    "in a section": {"MQTT": SECRET},
    "one level too deep": {"MQTT__PASSWORD__X": SECRET},
    "in the URL": {"MQTT__URL": f"mqtt://u:{SECRET}@broker"},
    "in the URL, with a slash": {"MQTT__URL": f"mqtt://u:/{SECRET}@broker"},
    "in a URL that is none": {"MQTT__URL": f"mqtt:u:{SECRET}@broker"},
    "in the URL of Graphite": {"GRAPHITE__URL": f"tcp://u:{SECRET}@one,tcp://u:{SECRET}@two"},
    "too short for a user": {"PBX__HQ__SNMP__VERSION": "3", "PBX__HQ__SNMP__AUTH_PASSWORD": CANARY},
    "too short for a key": {"PRIVACY__CALLER": "hash", "PRIVACY__KEY": CANARY},
    "with a line end": {"MQTT__PASSWORD": f"{SECRET}\n{SECRET}"},
    "without a user": {"MQTT__URL": "mqtt://b", "MQTT__VERSION": "3.1.1"},
    "as the name of its file": {"MQTT__PASSWORD_FILE": "/none"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_said_of_bad_settings_holds_no_secret(wrong: Environ, show: Show) -> None:
    told = show("check", environ=GOOD | wrong)

    assert told.startswith("2\n")
    assert CANARY not in told


@pytest.mark.parametrize(
    "text",
    [
        f'[mqtt]\npassword = "{SECRET}',
        f"[mqtt]\npassword = {SECRET}",
        f'[mqtt]\npassword = ["{SECRET}"]',
        f'[mqtt]\npassword = {{ text = "{SECRET}" }}',
        f'[mqtt]\npasword = "{SECRET}"',
        f'[mqtt]\nurl = ["mqtt://u:{SECRET}@b"]',
        f'mqtt = "{SECRET}"',
        f'[mqtt]\npassword = "{SECRET}"\npassword = "{SECRET}"',
    ],
)
def test_what_is_said_of_a_bad_file_holds_no_secret(text: str, tmp_path: Path, show: Show) -> None:
    (tmp_path / "bridge.toml").write_text(text)

    told = show("check", environ={"CONFIG": str(tmp_path / "bridge.toml")})

    assert told.startswith("2\n")
    assert CANARY not in told


@pytest.mark.live
def test_what_is_said_of_a_broker_that_fails_holds_no_secret(tmp_path: Path, show: Show) -> None:
    """Seven ways, tried as `check --connect` does."""
    ours, strangers = Authority(tmp_path, "ours"), Authority(tmp_path, "strangers")
    user = {"MQTT__USERNAME": "bridge", "MQTT__TIMEOUT": "1s", **canaries("MQTT")}
    with (
        mosquitto(folder_of(tmp_path / "plain"), users={"bridge": "another"}) as plain,
        mosquitto(folder_of(tmp_path / "tls"), tls=ours, host="other.example") as other_name,
        peer(garbage) as noise,
        peer(hang_up) as gone,
        silent_listener() as silent,
    ):
        ports = f"mqtt://127.0.0.1:{free_port()} mqtt://127.0.0.1:{noise} mqtt://127.0.0.1:{gone}".split()
        ways = [(url, "") for url in (*ports, f"mqtt://127.0.0.1:{silent}", plain.url)]
        ways += [(other_name.url, str(ours.file)), (other_name.url, str(strangers.file))]
        told = [
            show("check", "--connect", environ={**user, "MQTT__URL": url, "MQTT__TLS_CA": authority})
            for url, authority in ways
        ]

    assert all(each.startswith("1\n") and "failed  mqtt: " in each for each in told), told
    assert not [each for each in told if CANARY in each]


def test_nothing_shows_a_secret_when_it_is_printed() -> None:
    """As a traceback or a debugger would: the settings, and all that is made of them."""
    loaded = read(
        {f"BRIDGE_{name}": value for name, value in GOOD.items()} | {"BRIDGE_MQTT__URL": "mqtt://b"}
    )
    settings, health = loaded.settings, Health(SystemClock())
    snmp = settings.pbx["hq"].snmp
    assert snmp
    made = [
        *build_sources(settings, health, SystemClock()),
        *sink_plans(settings, health),
        User.of(snmp.model_copy(update={"version": "3"})),
    ]

    shown = [
        f"{thing!r} {thing}" for thing in (loaded, settings, *made, [*effective(loaded)], masked(settings))
    ]
    shown += [settings.model_dump_json(), repr([vars(thing) for thing in made if hasattr(thing, "__dict__")])]

    assert not [text for text in shown if CANARY in text]


PROGRAM = """
import asyncio, os, signal
from contextlib import ExitStack
from unittest.mock import patch
import bridge.app, bridge.sinks.graphite, bridge.sources.ami.source
from bridge.cli import main

def defect(*_): raise RuntimeError(os.environ["BRIDGE_MQTT__PASSWORD"])
async def in_a_task(): defect()
def in_a_callback(): defect()
def begin(_):
    asyncio.get_running_loop().call_soon(in_a_callback)
    asyncio.ensure_future(in_a_task())

signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
signal.alarm(3)
with ExitStack() as stack:
    for name, instead in {defects}.items(): stack.enter_context(patch(name, side_effect=instead))
    main(["run"])
"""
PARTS = """{
    "bridge.sources.ami.source.AmiSource.run": defect,
    "bridge.sinks.graphite.GraphiteSink.open": defect,
    "bridge.app.notify": begin,
}"""
WHOLE = """{"bridge.app.run_forever": defect}"""


@pytest.mark.parametrize(
    ("defects", "tracebacks"),
    [(PARTS, ["AmiSource", "GraphiteSink", "in_a_callback", "in_a_task"]), (WHOLE, ["in main"])],
    ids=["parts", "whole"],
)
def test_the_traceback_of_a_defect_holds_no_secret(
    defects: str, tracebacks: list[str], tmp_path: Path
) -> None:
    """Defects whose exceptions say a secret: where they are is told, and what they say is not."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")},
        **{f"BRIDGE_{name}": value for name, value in GOOD.items()},
        "BRIDGE_GRAPHITE__URL": f"tcp://127.0.0.1:{free_port()}",
        "BRIDGE_HTTP__LISTEN": "off",
        "BRIDGE_STATSD__ENABLED": "no",
        "BRIDGE_STATE_DIR": str(tmp_path),
        "BRIDGE_LOG__LEVEL": "debug",
        "BRIDGE_STOP_TIMEOUT": "500ms",
    }

    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{defects}", defects)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "RuntimeError" in ended.stderr
    assert CANARY not in ended.stdout + ended.stderr
