"""What goes wrong on docs/troubleshooting.md, made to go wrong: each gives what is said then."""

import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.documented import Command
from tests.page_reader import HERE, Reader
from tests.servers.mosquitto import mosquitto
from tests.servers.process import wait_until
from tests.servers.snmpd import COMMUNITY, snmpd

Say = Callable[[Command | None], str]
"""What a command says in the situation; without a command, what the running bridge has logged."""
Situation = Callable[[Path], contextlib.AbstractContextManager[Say]]

NOBODY = "1"
"""A TCP port on which no machine listens."""
PBX = {
    "BRIDGE_PBX__HQ__AMI__HOST": HERE,
    "BRIDGE_PBX__HQ__AMI__USERNAME": "bridge",
    "BRIDGE_PBX__HQ__AMI__SECRET": "change-me",
}


def settings(variables: Mapping[str, str], wrong: Mapping[str, str]) -> Situation:
    """Settings of which some are wrong; each command is run once, and says the same again."""

    @contextlib.contextmanager
    def situation(folder: Path) -> Iterator[Say]:
        with Reader(folder) as reader:
            reader.set(variables)
            said: dict[str, str] = {}

            def say(command: Command | None) -> str:
                if not command:
                    return reader.log()
                if command.line not in said:
                    said[command.line] = reader.do(command, wrong).output
                return said[command.line]

            yield say

    return situation


@contextlib.contextmanager
def without_res_snmp(folder: Path) -> Iterator[Say]:
    with snmpd(folder / "agent") as agent:
        wrong = {
            "BRIDGE_PBX__HQ__SNMP__PORT": str(agent.port),
            "BRIDGE_PBX__HQ__SNMP__COMMUNITY": COMMUNITY,
            "BRIDGE_PBX__HQ__SNMP__TIMEOUT": "5s",
        }
        with settings({"BRIDGE_PBX__HQ__SNMP__HOST": "10.0.0.5"}, wrong)(folder) as say:
            yield say


@contextlib.contextmanager
def refusing_broker(folder: Path) -> Iterator[Say]:
    with mosquitto(folder, users={"bridge": "right"}) as broker:
        wrong = {
            "BRIDGE_MQTT__URL": broker.url,
            "BRIDGE_MQTT__USERNAME": "bridge",
            "BRIDGE_MQTT__PASSWORD": "wrong",
        }
        with settings({}, wrong)(folder) as say:
            yield say


@contextlib.contextmanager
def bad_lines(folder: Path) -> Iterator[Say]:
    """A running bridge that hears lines which it cannot use, and packets that it should not hear."""
    with Reader(folder) as reader:
        reader.set({"BRIDGE_PRIVACY__STATSD_LINE": "show"})
        reader.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for line in (b"shop.orders:many|c", b"shop.orders:1|x"):
                sender.sendto(line, (HERE, reader.udp()))
        wait_until(lambda: reader.log().count("bad line") == 2, "both lines to be refused")
        yield lambda command: reader.do(command).output if command else reader.log()


@contextlib.contextmanager
def strange_sender(folder: Path) -> Iterator[Say]:
    with Reader(folder) as reader:
        reader.set({"BRIDGE_STATSD__ALLOW": "10.0.0.77"})
        reader.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"shop.orders:1|c", (HERE, reader.udp()))
        wait_until(lambda: "packet refused" in reader.log(), "the packet to be refused")
        yield lambda command: reader.do(command).output if command else reader.log()


@contextlib.contextmanager
def peers_away(folder: Path) -> Iterator[Say]:
    """A running bridge that reaches nobody."""
    with Reader(folder) as reader:
        wrong = {
            **PBX,
            "BRIDGE_PBX__HQ__AMI__HOST": HERE,
            "BRIDGE_PBX__HQ__AMI__PORT": NOBODY,
            "BRIDGE_GRAPHITE__URL": f"tcp://{HERE}:{NOBODY}",
        }
        reader.start(wrong, ready=False)
        wait_until(lambda: reader.log().count(" down ") >= 2, "both to be missed")
        yield lambda command: reader.do(command).output if command else reader.log()


@contextlib.contextmanager
def second_bridge(folder: Path) -> Iterator[Say]:
    """One that is started while another runs with the same folder and the same ports."""
    for name in ("first", "second"):
        (folder / name).mkdir()
    with Reader(folder / "first") as first, Reader(folder / "second") as second:
        first.start()
        state = {"BRIDGE_STATE_DIR": str(folder / "first" / "state")}
        second.start(state)
        yield lambda command: second.do(command, state).output if command else second.log()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Say]:
    """A bridge that runs well, and tells its own numbers often."""
    with Reader(folder) as reader:
        reader.set({**PBX, "BRIDGE_GRAPHITE__URL": "tcp://graphite:2003", "BRIDGE_SELF_INTERVAL": "500ms"})
        reader.start()
        wait_until(lambda: "asterisk_sink_" in reader.page("metrics"), "its own numbers")
        yield lambda command: reader.do(command).output if command else reader.log()


SITUATIONS: Mapping[str, Situation] = {
    "a name is mistyped": settings(
        {},
        {
            "BRIDGE_PBX__HQ__AMI__HOST": "10.0.0.5",
            "BRIDGE_PBX__HQ__AMI__USER": "bridge",
            "BRIDGE_PBX__HQ__AMI__SECRET": "change-me",
            "BRIDGE_GRAPHITE__URL": "graphite:2003",
        },
    ),
    "the secret is wrong": settings(PBX, {"BRIDGE_PBX__HQ__AMI__SECRET": "wrong"}),
    "nobody answers": settings(
        {},
        {
            **PBX,
            "BRIDGE_PBX__HQ__AMI__PORT": NOBODY,
            "BRIDGE_PBX__HQ__SNMP__HOST": HERE,
            "BRIDGE_PBX__HQ__SNMP__PORT": NOBODY,
            "BRIDGE_PBX__HQ__SNMP__TIMEOUT": "300ms",
            "BRIDGE_GRAPHITE__URL": f"tcp://{HERE}:{NOBODY}",
            "BRIDGE_MQTT__URL": f"mqtt://{HERE}:{NOBODY}",
        },
    ),
    "res_snmp is not loaded": without_res_snmp,
    "the password of the broker is wrong": refusing_broker,
    "lines of StatsD are bad": bad_lines,
    "a sender is not allowed": strange_sender,
    "nobody is reached": peers_away,
    "two bridges share a folder": second_bridge,
    "no bridge runs": settings({}, {}),
    "a bridge runs": running,
}
"""By the name that a comment on the page gives."""
