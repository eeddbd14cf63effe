"""A real net-snmp agent on a loopback port of its own, with communities, v3 users and Asterisk's subtree."""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.asterisk.mib import Oid, Syntax, Value
from bridge.settings import SnmpSettings
from tests.servers.process import free_port, program, running, wait_until
from tests.servers.snmp_pass import parse

COMMUNITY = "test-community"
AUTH_PASSWORD, PRIV_PASSWORD = "test-auth-password", "test-priv-password"
ENGINE_ID, OTHER_ENGINE_ID = "80001f8880e9630000d61ff449", "80001f8880e9630000d61ff44a"
PASS = Path(__file__).with_name("snmp_pass.py")
RECORDING = Path(__file__).parents[1] / "data/snmp/asterisk-22.snmprec"
TAGS = {2: Syntax.INTEGER, 4: Syntax.TEXT, 65: Syntax.COUNTER, 66: Syntax.GAUGE, 67: Syntax.TICKS}
PASS_TYPES = {
    Syntax.INTEGER: "integer",
    Syntax.TEXT: "octet",
    Syntax.COUNTER: "counter",
    Syntax.COUNTER64: "counter64",
    Syntax.GAUGE: "gauge",
    Syntax.TICKS: "timeticks",
}
Values = dict[Oid, Value]

AUTHS = {"md5": "MD5", "sha": "SHA", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384"}
AUTHS["sha512"] = "SHA-512"
PRIVS = {"none": "", "des": "DES", "aes": "AES", "aes192": "AES-192", "aes256": "AES-256"}
PRIVS |= {"aes192c": "AES-192-C", "aes256c": "AES-256-C"}
USERS: dict[str, tuple[str, str]] = {f"{auth}-{priv}": (auth, priv) for auth in AUTHS for priv in PRIVS} | {
    "none-none": ("none", "none")
}
"""User name to its protocols, by the names that the settings give them: all 43 that Debian's snmpd can do."""


@dataclass(frozen=True)
class Agent:
    """A running snmpd: where it listens, and the file that holds what it answers for Asterisk."""

    port: int
    answers: Path

    def answer(self, values: Values) -> None:
        """From now on the agent answers these values for Asterisk."""
        fresh = self.answers.with_suffix(".new")
        fresh.write_text(_passed(values))
        fresh.replace(self.answers)


def settings(agent: Agent, **changes: Any) -> SnmpSettings:
    """The settings that reach the agent by v2c; `changes` override them."""
    base = {"host": "127.0.0.1", "port": agent.port, "community": COMMUNITY, "timeout": 5.0, "retries": 2}
    return SnmpSettings(**{**base, **changes})


def user(name: str, **changes: Any) -> dict[str, Any]:
    """The settings of one of USERS; `changes` override them, to make them wrong."""
    auth, priv = USERS[name]
    base = {"version": "3", "username": name, "auth_protocol": auth, "priv_protocol": priv, "allow_des": True}
    secrets = {"auth_password": AUTH_PASSWORD, "priv_password": PRIV_PASSWORD}
    return {**base, **secrets, **changes}


def recording() -> Values:
    """What a real Asterisk 22 with calls up answered: everything, but only the first 9 of its channels."""
    return recorded(RECORDING.read_text().splitlines())


def recorded(lines: Iterable[str]) -> Values:
    """What the lines of a file in snmpsim's format say."""
    return dict(map(_recorded, lines))


def _recorded(line: str) -> tuple[Oid, Value]:
    """A line of snmpsim's format, `OID|tag|value`; `x` after the tag says that the value is in hex."""
    oid, tag, text = line.split("|", 2)
    syntax = TAGS[int(tag.rstrip("x"))]
    data: int | bytes = int(text) if syntax is not Syntax.TEXT else text.encode()
    return parse(oid), Value(syntax, bytes.fromhex(text) if tag.endswith("x") else data)


def _passed(values: Values) -> str:
    """The file that `snmp_pass.py` reads: one `OID type value` per line."""
    lines = []
    for oid, (syntax, data) in values.items():
        text = " ".join(f"{octet:02x}" for octet in data) if isinstance(data, bytes) else str(data)
        lines.append(f"{'.'.join(map(str, oid))}\t{PASS_TYPES[syntax]}\t{text}\n")
    return "".join(lines)


@contextlib.contextmanager
def snmpd(
    folder: Path,
    values: Values | None = None,
    extra: Sequence[str] = (),
    port: int = 0,
    engine_id: str = ENGINE_ID,
) -> Iterator[Agent]:
    """An agent that answers `values` below Asterisk's root; None: Asterisk is not registered with it."""
    folder.mkdir(parents=True, exist_ok=True)
    agent = Agent(port or free_port(socket.SOCK_DGRAM), folder / "values.txt")
    agent.answer(values or {})
    lines = [
        f"agentAddress udp:127.0.0.1:{agent.port}",
        f"engineID {engine_id}",
        "sysName snmpd-of-a-test",
        f"rocommunity {COMMUNITY} 127.0.0.0/8",
        "dontLogTCPWrappersConnects yes",
        *_user_lines(),
        *extra,
    ]
    if values is not None:
        lines.append(f"pass_persist .1.3.6.1.4.1.22736.1 {sys.executable} -S {PASS} {agent.answers}")
    config = folder / "snmpd.conf"
    config.write_text("\n".join(lines) + "\n")
    argv = [program("snmpd"), "-f", "-Lo", "-I", "-smux", "-C", "-c", str(config), "-p", str(folder / "pid")]
    env = {"SNMP_PERSISTENT_DIR": str(folder / "state"), "SNMPCONFPATH": str(folder), "MIBS": ""}
    with running(argv, folder / "snmpd.log", env):
        wait_until(lambda: _answers(agent.port), "snmpd")
        yield agent


@contextlib.asynccontextmanager
async def lossy(agent: Agent, loses: Callable[[bytes], bool]) -> AsyncIterator[Agent]:
    """The same agent behind a network that loses those of the datagrams to it for which `loses` is true."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Lossy(agent.port, loses), local_addr=("127.0.0.1", 0)
    )
    try:
        yield Agent(transport.get_extra_info("sockname")[1], agent.answers)
    finally:
        transport.close()


class _Lossy(asyncio.DatagramProtocol):
    def __init__(self, port: int, loses: Callable[[bytes], bool]) -> None:
        self.agent = ("127.0.0.1", port)
        self.loses = loses
        self.client: tuple[str, int] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if addr == self.agent:
            self.transport.sendto(data, self.client)
        elif not self.loses(data):
            self.client = addr
            self.transport.sendto(data, self.agent)


def _user_lines() -> Iterator[str]:
    for name, (auth, priv) in USERS.items():
        if auth == "none":
            yield f"createUser {name}"
            yield f"rouser {name} noauth"
            continue
        privacy = f"{PRIVS[priv]} {PRIV_PASSWORD}" if PRIVS[priv] else ""
        yield f"createUser {name} {AUTHS[auth]} {AUTH_PASSWORD} {privacy}"
        yield f"rouser {name} {'priv' if privacy else 'auth'}"


def _answers(port: int) -> bool:
    argv = [
        program("snmpget"),
        "-v2c",
        "-c",
        COMMUNITY,
        "-r0",
        "-t1",
        f"127.0.0.1:{port}",
        ".1.3.6.1.2.1.1.3.0",
    ]
    return subprocess.run(argv, capture_output=True, check=False, env={"MIBS": ""}).returncode == 0
