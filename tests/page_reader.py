"""One who does what a page says, on this machine: its commands run in a folder of scratch, with its settings.

Addresses of the page are those of this machine, and behind its names stand real or simulated peers.
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import whisper

from tests.documented import ROOT, Block, Command, assigned
from tests.servers.graphite import environment
from tests.servers.mosquitto import mosquitto, silent_listener
from tests.servers.process import free_port, program, running, stop, wait_until
from tests.servers.simulated import simulated_pbx
from tests.servers.snmpd import recording, snmpd

HERE = "127.0.0.1"
ELSEWHERE = re.compile(r"\b10\.0\.0\.[59]\b|(?<=//)(?:graphite|broker)\b|(?<=-h )broker\b")
"""Addresses and names of the pages, which are this machine."""
SYSTEM = re.compile(r"(?<=[ =])/(?:etc|opt|usr/local|var/lib)/[\w./@-]*")
"""Paths of the pages, which are in the folder of scratch."""
EXAMPLES = {
    "/etc/carbon/storage-schemas.conf": "[all]\npattern = .*\nretentions = 60s:1d\n",
    "/etc/carbon/storage-aggregation.conf": "[all]\npattern = .*\naggregationMethod = average\n",
}
"""Files that carbon has brought, and what is in them."""
STORED = "/var/lib/graphite/whisper/asterisk/hq/calls/answered.wsp"
"""A file that carbon has made."""
RUNS = "asterisk-bridge run"


class Done(NamedTuple):
    """What came of a command: its exit code, and what it printed anywhere."""

    code: int
    output: str


class Reader(contextlib.ExitStack):
    """Follows a page; whatever it starts ends with it.

    Attributes:
        env: the BRIDGE_ variables of the page so far, as they are on this machine.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.env: dict[str, str] = {}
        self._folder = folder
        self._ports: dict[str, int] = {}
        self._bridge: subprocess.Popen[bytes] | None = None
        self._install()

    def _install(self) -> None:
        """Make `asterisk-bridge` a command, and have the files beside it that a checkout has."""
        command = self._folder / "bin" / "asterisk-bridge"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m bridge "$@"\n')
        command.chmod(0o755)
        (self._folder / "config").symlink_to(ROOT / "config")
        for name, text in EXAMPLES.items():
            self._system(name).write_text(text)
        whisper.create(str(self._system(STORED)), [(60, 1440)])

    def read(self, block: Block) -> None:
        """Take the settings of a block that shows some."""
        if block.language == "env":
            self.set(assigned(block.text))

    def set(self, variables: Mapping[str, str]) -> None:
        """Take settings of the page."""
        for name, value in variables.items():
            self.env[name] = ELSEWHERE.sub(HERE, value)

    def do(self, command: Command, extra: Mapping[str, str] | None = None) -> Done:
        """Run a command of the page; `asterisk-bridge run` goes on until the reader leaves."""
        if command.line.startswith(("export ", "BRIDGE_")):
            self.set(assigned(command.line))
            return Done(0, "")
        if command.line == RUNS:
            self.start()
            return Done(0, self.log())
        ended = subprocess.run(
            ["/bin/sh", "-ec", self._here(command.line)],
            env=self._environ(extra or {}, tools=command.line.startswith("whisper-")),
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(ended.returncode, ended.stdout + ended.stderr)

    def start(self, extra: Mapping[str, str] | None = None, *, ready: bool = True) -> None:
        """Start the bridge anew; return when it is live, or ready."""
        if self._bridge:
            stop(self._bridge)
        log = self._folder / "run.log"
        log.write_text("")
        argv = [sys.executable, "-m", "bridge", "run"]
        self._bridge = started = self.enter_context(
            running(argv, log, self._environ(extra or {}), self._folder)
        )
        page = "readyz" if ready else "livez"
        wait_until(lambda: self.page(page) or started.poll() is not None, f"/{page} of the bridge; see {log}")
        assert started.poll() is None, log.read_text()

    def page(self, name: str) -> str:
        """A page of the bridge's HTTP port; nothing while it does not answer, or is not well."""
        with (
            contextlib.suppress(OSError),
            urlopen(f"http://{HERE}:{self.port('http')}/{name}", timeout=5) as answer,
        ):
            found: bytes = answer.read()
            return found.decode()
        return ""

    def log(self) -> str:
        """What the running bridge has logged."""
        return (self._folder / "run.log").read_text()

    def port(self, name: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
        """A free port of this machine, the same for the whole page."""
        return self._ports.setdefault(name, free_port(kind))

    def udp(self) -> int:
        """Where StatsD is heard, whatever the port that the page names."""
        return self.port("statsd", socket.SOCK_DGRAM)

    def _here(self, line: str) -> str:
        """The command with the addresses of this machine, and with paths of the folder."""
        line = SYSTEM.sub(lambda found: str(self._system(found[0])), ELSEWHERE.sub(HERE, line))
        line = line.replace(f"{HERE}:8080", f"{HERE}:{self.port('http')}")
        line = re.sub(rf"udp://{HERE}:\d+", f"udp://{HERE}:{self.udp()}", line)
        return re.sub(rf"-h {HERE}", f"-h {HERE} -p {self._broker()}", line) if "mosquitto_" in line else line

    def _system(self, path: str) -> Path:
        """A path of the system as one of the folder, whose own folder is there."""
        mine = self._folder / "root" / path.lstrip("/")
        (mine if path.endswith("/") else mine.parent).mkdir(parents=True, exist_ok=True)
        return mine

    def _environ(self, extra: Mapping[str, str], *, tools: bool = False) -> dict[str, str]:
        """All variables of a process: the page's, and where its peers are here; with `tools` Graphite's."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
        env |= {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self._folder)}
        env["PATH"] = f"{self._folder / 'bin'}:{env['PATH']}"
        if tools:
            env["PATH"] += f":{environment() / 'bin'}"
        own = {
            "BRIDGE_HTTP__LISTEN": f"{HERE}:{self.port('http')}",
            "BRIDGE_STATSD__LISTEN": f"udp://{HERE}:{self.udp()}",
            "BRIDGE_STATE_DIR": str(self._folder / "state"),
        }
        given = {**self.env, **own, **self._peers(), **extra}
        lines = (f"{name}='{value}'\n" for name, value in given.items())
        (self._folder / "bridge.env").write_text("".join(lines))
        return {**env, **given}

    def _peers(self) -> dict[str, str]:
        """Variables that lead to the peers which the page has named; each is started when first needed."""
        found = {}
        if "BRIDGE_PBX__HQ__AMI__SECRET" in self.env:
            found["BRIDGE_PBX__HQ__AMI__PORT"] = str(self._pbx())
        if "BRIDGE_PBX__HQ__SNMP__HOST" in self.env:
            found["BRIDGE_PBX__HQ__SNMP__PORT"] = str(self._agent())
        if "BRIDGE_GRAPHITE__URL" in self.env:
            found["BRIDGE_GRAPHITE__URL"] = f"tcp://{HERE}:{self._graphite()}"
        if "BRIDGE_MQTT__URL" in self.env:
            found["BRIDGE_MQTT__URL"] = f"mqtt://{HERE}:{self._broker()}"
        return found

    def _pbx(self) -> int:
        if "pbx" not in self._ports:
            account = (self.env[f"BRIDGE_PBX__HQ__AMI__{name}"] for name in ("USERNAME", "SECRET"))
            self._ports["pbx"] = self.enter_context(simulated_pbx(self._folder, *account))
        return self._ports["pbx"]

    def _agent(self) -> int:
        if "agent" not in self._ports:
            community = self.env.get("BRIDGE_PBX__HQ__SNMP__COMMUNITY", "public")
            lines = [f"rocommunity {community} 127.0.0.0/8"]
            agent = self.enter_context(snmpd(self._folder / "snmpd", recording(), lines))
            self._ports["agent"] = agent.port
        return self._ports["agent"]

    def _graphite(self) -> int:
        if "graphite" not in self._ports:
            self._ports["graphite"] = self.enter_context(silent_listener())
        return self._ports["graphite"]

    def _broker(self) -> int:
        if "broker" not in self._ports:
            program("mosquitto")
            folder = self._folder / "broker"
            folder.mkdir()
            url = self.enter_context(mosquitto(folder)).url
            self._ports["broker"] = int(url.rpartition(":")[2])
        return self._ports["broker"]
