"""Real Asterisk servers on loopback: each runs in a chroot that tests/install.d/50-asterisk made.

An instance lives in a folder of its own inside the chroot, with an snmpd of its own; its configuration is
rendered from the templates in etc/, and every port is one that the OS says is free.
"""

import contextlib
import functools
import os
import re
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.servers.mosquitto import Authority
from tests.servers.process import cache, free_port, missing, running, wait_until

VERSIONS = ("22", "16")
TEMPLATES = Path(__file__).parent / "etc"
CACHE = cache()
RTP_PORTS = 2000
CA = "live"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root", "MIBS": ""}

COUNTS = re.compile(
    r"(?P<channels>\d+) active channels?\s+"
    r"(?P<calls>\d+)(?: of \d+ max)? active calls?[^\n]*\n"
    r"(?P<processed>\d+) calls? processed"
)


class Account(NamedTuple):
    """An AMI account of etc/manager.conf."""

    username: str
    secret: str


LEAST = Account("bridge", "live-bridge")
WITH_CLI = Account("bridge-cli", "live-bridge-cli")
PLACING = Account("test", "live-test")
COMMUNITY = "live-community"
USER_V3 = {
    "version": "3",
    "username": "live-user",
    "auth_protocol": "sha",
    "auth_password": "live-auth-password",
    "priv_protocol": "aes",
    "priv_password": "live-priv-password",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where an instance listens, and where it sends StatsD."""

    ami: int
    ami_tls: int
    sip: int
    snmp: int
    statsd: int
    rtp_first: int

    @classmethod
    def choose(cls) -> "Ports":
        """Ports that the OS says are free; above the first RTP port Asterisk looks for free ones itself."""
        tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
        rtp_first = min(free_port(udp) & ~1, 65535 - RTP_PORTS)
        return cls(free_port(tcp), free_port(tcp), free_port(udp), free_port(udp), free_port(udp), rtp_first)

    def snmp_settings(self) -> dict[str, str]:
        """Settings of the bridge's SNMP section."""
        return {"host": "127.0.0.1", "port": str(self.snmp), "community": COMMUNITY}

    def ami_settings(self, account: Account) -> dict[str, str]:
        """Settings of the bridge's AMI section."""
        return {"host": "127.0.0.1", "port": str(self.ami), **account._asdict()}


@dataclass(frozen=True, slots=True)
class Counts:
    """What Asterisk's own command line says at one moment.

    Attributes:
        processed: calls processed since Asterisk started.
        technologies: channels by technology; one without channels is not in it.
    """

    channels: int
    calls: int
    processed: int
    technologies: Mapping[str, int]


class Asterisk:
    """A running instance.

    Attributes:
        version: `22` or `16`.
        home: its folder, as this process sees it; in the chroot it is `/srv/<name>`.
        ports: where it listens.
    """

    def __init__(self, version: str, root: Path, home: Path, ports: Ports) -> None:
        self.version = version
        self.home = home
        self.ports = ports
        self._root = root
        self._placed = 0

    @property
    def authority(self) -> Path:
        """The certificate of the authority behind AMI over TLS, whose host is `localhost`."""
        return self.home / f"etc/{CA}.pem"

    def snmp(self, **more: str) -> dict[str, str]:
        """Settings of the bridge's SNMP section for this server."""
        return self.ports.snmp_settings() | more

    def ami(self, account: Account, **more: str) -> dict[str, str]:
        """Settings of the bridge's AMI section for this server."""
        return self.ports.ami_settings(account) | more

    def ami_whole(self, **more: str) -> dict[str, str]:
        """The same for the least account that is told of processed calls too."""
        if self.version == "22":
            return self.ami(LEAST, **more)
        return self.ami(WITH_CLI, cli="true", **more)

    def cli(self, command: str) -> str:
        """What Asterisk's command line answers."""
        config = f"{self._inside}/etc/asterisk.conf"
        argv = ["chroot", str(self._root), "/usr/sbin/asterisk", "-C", config, "-rx", command]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=ENVIRONMENT)
        return done.stdout

    def counts(self) -> Counts:
        """Channels and calls now; asked until two answers running are the same, so nothing moves."""
        seen: list[Counts] = []

        def settled() -> bool:
            seen.append(self._ask_counts())
            return len(seen) > 1 and seen[-1] == seen[-2]

        wait_until(settled, f"the channels of Asterisk {self.version} to settle")
        return seen[-1]

    def _ask_counts(self) -> Counts:
        found = COUNTS.search(self.cli("core show channels count"))
        assert found, f"Asterisk {self.version} does not say what it is doing"
        technologies = Counter(name.partition("/")[0] for name, _, _ in self._channels())
        return Counts(int(found["channels"]), int(found["calls"]), int(found["processed"]), technologies)

    def _channels(self) -> list[tuple[str, str, str]]:
        """Name, state and application of each channel."""
        rows = [row.split("!") for row in self.cli("core show channels concise").splitlines()]
        return [(row[0], row[4], row[5]) for row in rows if len(row) > 5]

    def uptime(self) -> int:
        """Seconds since it started."""
        found = re.search(r"System uptime: (\d+)", self.cli("core show uptime seconds"))
        assert found, f"Asterisk {self.version} does not say how long it runs"
        return int(found[1])

    def version_text(self) -> str:
        """The version as Asterisk writes it, such as `22.10.1~dfsg`."""
        return self.cli("core show version").split()[1]

    def contacts(self) -> dict[str, int]:
        """How many SIP contacts are in each state, as the command line names states."""
        rows = re.findall(r"Contact: .* (Avail|Unavail|NonQual|Unknown) ", self.cli("pjsip show contacts"))
        return dict(Counter(rows))

    def place(self, destinations: Sequence[str]) -> None:
        """Place one call to each dial string by a call file, and wait until all are connected.

        The one who answers, an extension of etc/extensions.conf, talks to a caller who holds for ever.
        """
        spool = self.home / "spool"
        expected = len(self._channels()) + 2 * len(destinations)
        for destination in destinations:
            self._placed += 1
            draft = spool / "tmp" / f"{self._placed}.call"
            draft.write_text(f"Channel: {destination}\nContext: calls\nExtension: hold\nPriority: 1\n")
            draft.rename(spool / "outgoing" / draft.name)

        def connected() -> bool:
            channels = self._channels()
            return len(channels) >= expected and all(
                state == "Up" and application != "Answer" for _, state, application in channels
            )

        wait_until(connected, "the calls to be connected")

    def hang_up(self) -> None:
        """End every call."""
        self.cli("channel request hangup all")
        wait_until(self.idle, "the calls to end")

    def idle(self) -> bool:
        """Whether it has no channels."""
        return self._ask_counts().channels == 0

    def restart(self) -> None:
        """Start Asterisk anew, in the same process, as an administrator does; snmpd stays."""
        self.cli("core restart now")
        self.wait_booted()

    def wait_booted(self) -> None:
        """Return when every module is up."""
        booted = "Asterisk has fully booted"
        wait_until(lambda: booted in self.cli("core waitfullybooted"), f"Asterisk {self.version} to boot", 60)

    @property
    def _inside(self) -> str:
        return f"/srv/{self.home.name}"


@contextlib.contextmanager
def asterisk(version: str, ports: Ports | None = None) -> Iterator[Asterisk]:
    """A running Asterisk of the version with its snmpd; the test is skipped where that cannot be."""
    root = _chroot(version)
    with tempfile.TemporaryDirectory(prefix="live-", dir=root / "srv") as folder:
        instance = Asterisk(version, root, Path(folder), ports or Ports.choose())
        _prepare(instance, root)
        inside = f"/srv/{instance.home.name}"
        env = {
            **ENVIRONMENT,
            "SNMPCONFPATH": f"{inside}/etc/snmp",
            "SNMP_PERSISTENT_DIR": f"{inside}/snmp",
        }
        log = instance.home / "log"
        agent = ["/usr/sbin/snmpd", "-f", "-Lo", "-I", "-smux", "-C", "-c", f"{inside}/etc/snmp/snmpd.conf"]
        server = ["/usr/sbin/asterisk", "-f", "-n", "-C", f"{inside}/etc/asterisk.conf"]
        with contextlib.ExitStack() as stack:
            stack.enter_context(running(_enter(root, agent), log / "snmpd.out", env))
            wait_until((instance.home / "run/agentx").exists, "snmpd's AgentX socket")
            stack.enter_context(running(_enter(root, server), log / "asterisk.out", env))
            instance.wait_booted()
            yield instance


def _chroot(version: str) -> Path:
    if os.geteuid() != 0:
        missing("Asterisk runs in a chroot, which only root can enter")
    root = CACHE / f"asterisk-{version}"
    if not (root / ".installed").exists():
        missing(f"Asterisk {version} is not installed: run tests/install")
    return root


def _enter(root: Path, argv: Sequence[str]) -> list[str]:
    """The command in the chroot, with /proc where it may be mounted; it dies when its starter does."""
    leash = ["setpriv", "--pdeathsig", "KILL"]
    if not _may_mount():
        return [*leash, "chroot", str(root), *argv]
    script = 'mount -t proc proc "$1/proc" && exec chroot "$@"'
    return [*leash, "unshare", "--mount", "sh", "-c", script, "sh", str(root), *argv]


@functools.cache
def _may_mount() -> bool:
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


def _prepare(instance: Asterisk, root: Path) -> None:
    """Lay out the instance's folder: configuration, certificate, and the folders Asterisk writes to."""
    home, ports = instance.home, instance.ports
    for name in (
        "etc/snmp",
        "lib",
        "log/cdr-custom",
        "log/cel-custom",
        "run",
        "snmp",
        "spool/outgoing",
        "spool/tmp",
    ):
        (home / name).mkdir(parents=True)
    modules = next(root.glob("usr/lib/**/app_queue.so")).parent
    values = {
        "VERSION": instance.version,
        "HOME": f"/srv/{home.name}",
        "MODULES": f"/{modules.relative_to(root)}",
        "ENTITY_ID": "02:00:00:00:{:02x}:{:02x}".format(*divmod(ports.ami, 256)),
        "AMI": ports.ami,
        "AMI_TLS": ports.ami_tls,
        "SIP": ports.sip,
        "SNMP": ports.snmp,
        "STATSD": ports.statsd,
        "RTP_FIRST": ports.rtp_first,
        "RTP_LAST": ports.rtp_first + RTP_PORTS,
    }
    for template in TEMPLATES.rglob("*.conf"):
        text = re.sub(r"@([A-Z_]+)@", lambda match: str(values[match[1]]), template.read_text())
        (home / "etc" / template.relative_to(TEMPLATES)).write_text(text)
    Authority(home / "etc", CA).issue("localhost")
