"""A PBX with a provider, a bridge that watches it, and what a subscriber is told of alerts."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.live.asterisk import LEAST, VERSIONS, Asterisk, Ports, asterisk
from tests.live.stage import QUICK, section
from tests.servers.bridge import bridge
from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import free_port, program, running, wait_until

TOPICS = ("asterisk/+/alert/#", "asterisk/+/event/alert", "asterisk/hq/availability")
EVENT = "/event/alert"

RULES = {
    "PBX_UNREACHABLE__FOR": "1s",
    "ASTERISK_RESTARTED__BELOW": "45",
    "TRUNK_DOWN__FOR": "6s",
    "TRUNK_DOWN__LABELS": "trunk=!trunk",
    "REGISTRATION_LOST__FOR": "1s",
    "REGISTRATION_LOST__LABELS": "registration=!trunk",
    "REGISTRATION_REJECTED__FOR": "1s",
    "CONTACT_UNREACHABLE__ENABLED": "true",
    "CONTACT_UNREACHABLE__LABELS": "aor=acme",
    "CONTACT_UNREACHABLE__FOR": "0s",
    "QUEUE_WITHOUT_MEMBERS__FOR": "0s",
    "QUEUE_WITHOUT_MEMBERS__FLAPS": "0",
    "QUEUE_WAITING__ABOVE": "3",
    "QUEUE_WAITING__CLEAR": "1",
    "QUEUE_WAITING__FOR": "500ms",
    "AUTHENTICATION_FAILURES__OVER": "6s",
    "AUTHENTICATION_FAILURES__ABOVE": "3",
    "AUTHENTICATION_FAILURES__CLEAR": "1",
    "CALLER_WAITS__METRIC": "queue.waiting",
    "CALLER_WAITS__LABELS": "queue=support",
    "CALLER_WAITS__ABOVE": "0",
    "CALLER_WAITS__SEVERITY": "info",
    "CALLER_WAITS__FLAPS": "0",
}
"""The rules that ship, in less time and with fewer callers; and one of a user's own, which tells at once that
somebody waits. The registration `trunk` of etc/pjsip.conf may begin ten seconds late, so it is left out."""

MARK = "; behind the template\n"
LINE = """
[{name}](loopback)
aors = {name}
{of_endpoint}
[{name}]
type = aor
{of_aor}
[{name}]
type = auth
auth_type = userpass
username = {name}
password = {password}
"""
REGISTRAR = "max_contacts = 1\nremove_existing = yes\nminimum_expiration = 1"
TRANSPORT = "\n[tcp]\ntype = transport\nprotocol = tcp\nbind = 127.0.0.1:{port}\n"
REGISTRATION = """
; Asterisk registers anew ten seconds before the end: here every two.
[{name}]
type = registration
transport = {transport}
outbound_auth = {auth}
server_uri = sip:{at}
client_uri = sip:{user}@{at}
expiration = 12
retry_interval = 1
max_retries = 10000
max_random_initial_delay = 0
auth_rejection_permanent = no
"""
AUTH = "\n[{name}]\ntype = auth\nauth_type = userpass\nusername = {user}\npassword = {password}\n"
QUALIFIED = "qualify_frequency = 1\nqualify_timeout = 1.0\ncontact = sip:acme@{at}"
CUSTOMER, BRANCH = "live-acme", "live-branch"
"""The right passwords."""


class Server:
    """An Asterisk that ends, and comes back where it was.

    Attributes:
        ports: where it listens.
        tcp: its port for SIP over TCP.
        pbx: it, while it runs.
    """

    pbx: Asterisk

    def __init__(self, version: str) -> None:
        self.ports = Ports.choose()
        self.tcp = free_port()
        self._version = version
        self._life = contextlib.ExitStack()

    def start(self, more: str) -> None:
        """Start it, with this behind what the template of pjsip.conf has."""
        self.pbx = self._life.enter_context(asterisk(self._version, self.ports))
        self.configure(more)

    def configure(self, more: str) -> None:
        """Have it take something else behind the template."""
        file = self.pbx.home / "etc/pjsip.conf"
        template = file.read_text().partition(MARK)[0]
        file.write_text(template + MARK + more)
        self.pbx.cli("module reload res_pjsip.so")

    def kill(self) -> None:
        """End it without a word to anybody."""
        os.kill(int((self.pbx.home / "run/asterisk.pid").read_text()), signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """End what still runs of it, snmpd too."""
        self._life.close()


class Pair:
    """The PBX that is watched, and the provider of its trunk `acme`, over TCP.

    The PBX has a registration `branch` besides, at itself. Its ends know a password each.
    """

    def __init__(self, version: str) -> None:
        (other,) = {*VERSIONS} - {version}
        self.hq = Server(version)
        self.provider = Server(other)

    def start_provider(self) -> None:
        """Start the other end of the trunk."""
        customer = LINE.format(
            name="customer", of_endpoint="auth = customer", of_aor=REGISTRAR, password=CUSTOMER
        )
        self.provider.start(TRANSPORT.format(port=self.provider.tcp) + customer)

    def start_hq(self) -> None:
        """Start the PBX that is watched."""
        self.hq.start(self._lines(BRANCH))

    def give_branch(self, password: str) -> None:
        """Have `branch` register with this password."""
        self.hq.configure(self._lines(password))

    def _lines(self, password: str) -> str:
        provider = f"127.0.0.1:{self.provider.tcp}\\;transport=tcp"
        itself = f"127.0.0.1:{self.hq.ports.sip}"
        return "".join(
            [
                TRANSPORT.format(port=self.hq.tcp),
                LINE.format(
                    name="acme",
                    of_endpoint="transport = tcp",
                    of_aor=QUALIFIED.format(at=provider),
                    password="unused",
                ),
                AUTH.format(name="customer", user="customer", password=CUSTOMER),
                REGISTRATION.format(
                    name="acme", transport="tcp", auth="customer", user="customer", at=provider
                ),
                LINE.format(name="desk", of_endpoint="auth = desk", of_aor=REGISTRAR, password=BRANCH),
                AUTH.format(name="branch", user="desk", password=password),
                REGISTRATION.format(name="branch", transport="udp", auth="branch", user="desk", at=itself),
            ]
        )


class Told(NamedTuple):
    """A message as it came: at this Unix time, of this topic; an empty one has no words."""

    at: float
    topic: str
    words: Mapping[str, Any]


class Subscriber:
    """What mosquitto_sub writes, with the time at which each message reached it."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._read = 0
        self._told: list[Told] = []

    @property
    def told(self) -> list[Told]:
        """Everything that came so far."""
        with self._output.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        for line in whole.decode().splitlines():
            at, topic, payload = line.split(" ", 2)
            self._told.append(Told(float(at), topic, json.loads(payload or "{}")))
        self._read += len(whole) + bool(whole)
        return self._told

    def now(self) -> int:
        """A mark: what is told from now on comes behind it."""
        return len(self.told)

    def shown(self, alert: str) -> Mapping[str, Any]:
        """How an alert of `hq` stands by its topic, such as `trunk_down/acme`; empty if it is not known."""
        found = [each.words for each in self.told if each.topic == f"asterisk/hq/alert/{alert}"]
        return found[-1] if found else {}

    def firing(self, *severities: str) -> set[str]:
        """The topics, behind `asterisk/`, of alerts of these severities that fire now."""
        last = {each.topic: each.words for each in self.told if "/alert/" in each.topic}
        return {
            topic.removeprefix("asterisk/")
            for topic, words in last.items()
            if words and words["state"] == "firing" and words["severity"] in severities
        }

    def events(self, since: int) -> list[Told]:
        """What has happened to alerts since a mark."""
        return [each for each in self.told[since:] if each.topic.endswith(EVENT)]

    def fired(self, since: int, *severities: str) -> set[tuple[str, ...]]:
        """Rule and labels, without the PBX `hq`, of all that has fired since a mark."""
        return {
            (each.words["rule"], *(value for value in each.words["labels"].values() if value != "hq"))
            for each in self.events(since)
            if each.words["event_type"] == "firing" and each.words["severity"] in severities
        }

    def wait_for(self, happening: str, rule: str, since: int, **labels: str) -> Told:
        """The first such event of an alert of `hq` since a mark, which is waited for."""
        wanted = (f"asterisk/hq{EVENT}", happening, rule, {"pbx": "hq", **labels})
        found: list[Told] = []

        def came() -> bool:
            found.extend(each for each in self.events(since) if _which(each) == wanted)
            return bool(found)

        with contextlib.suppress(TimeoutError):
            wait_until(came, happening)
            return found[0]
        raise TimeoutError(f"{wanted} did not come, but {[_which(each) for each in self.events(since)]}")

    def wait_available(self, state: str) -> Told:
        """The last word on whether `hq` is there, as soon as it is that one."""

        def last() -> list[Told]:
            return [each for each in self.told if each.topic == "asterisk/hq/availability"][-1:]

        wait_until(lambda: [each.words for each in last()] == [{"state": state}], f"hq to be {state}")
        return last()[0]


def _which(event: Told) -> tuple[str, str, str, Mapping[str, str]]:
    return event.topic, event.words["event_type"], event.words["rule"], event.words["labels"]


@contextlib.contextmanager
def subscribed(broker: Broker, output: Path) -> Iterator[Subscriber]:
    """A subscriber of TOPICS."""
    argv = [program("mosquitto_sub"), "-p", str(broker.side), "-i", "subscriber", "-q", "1", "-F", "%U %t %p"]
    topics = [word for topic in TOPICS for word in ("-t", topic)]
    with running([*argv, *topics], output):
        wait_until(lambda: "Sending SUBACK to subscriber\n" in broker.log, "the subscription")
        yield Subscriber(output)


class Stage(NamedTuple):
    """What a test sees."""

    pair: Pair
    subscriber: Subscriber

    @property
    def pbx(self) -> Asterisk:
        """The Asterisk that is watched."""
        return self.pair.hq.pbx


@contextlib.contextmanager
def watched(version: str, folder: Path) -> Iterator[Stage]:
    """Everything at work, and nothing wrong any more."""
    with contextlib.ExitStack() as stack:
        (folder / "mosquitto").mkdir()
        broker = stack.enter_context(mosquitto(folder / "mosquitto"))
        subscriber = stack.enter_context(subscribed(broker, folder / "told"))
        pair = Pair(version)
        for server, start in (pair.provider, pair.start_provider), (pair.hq, pair.start_hq):
            stack.callback(server.stop)
            start()
        settings = {"MQTT__URL": broker.url, "SELF_INTERVAL": "1s"}
        settings |= {f"ALERTS__RULE__{name}": value for name, value in RULES.items()}
        settings |= section("hq", "ami", pair.hq.pbx.ami(LEAST, **QUICK))
        settings |= section("hq", "snmp", pair.hq.pbx.snmp(**QUICK))
        stack.enter_context(bridge(settings, folder)).wait_ready()
        alerts = [f"trunk_down/{trunk}" for trunk in ("acme", "branch")]
        wait_until(lambda: all(subscriber.shown(each).get("value") == 1 for each in alerts), "both trunks")
        yield Stage(pair, subscriber)


# --- what people do


def call(pbx: Asterisk, extension: str, times: int = 1) -> None:
    """Have so many callers, who stay, call an extension of etc/extensions.conf."""
    for _ in range(times):
        pbx.cli(f"channel originate Local/{extension}/n extension hold@calls")


def fail_to_log_in(pbx: Asterisk, times: int = 1) -> None:
    """Try so often, at the same time, to log in to AMI with a wrong secret."""
    with contextlib.ExitStack() as stack:
        address = ("127.0.0.1", pbx.ports.ami)
        files = []
        for _ in range(times):
            connection = stack.enter_context(socket.create_connection(address, timeout=30))
            files.append(stack.enter_context(connection.makefile("rb")))
            connection.sendall(f"Action: Login\r\nUsername: {LEAST.username}\r\nSecret: no\r\n\r\n".encode())
        assert all(any(b"Authentication failed" in line for line in file) for file in files)


@contextlib.contextmanager
def hearing(pbx: Asterisk, event: str) -> Iterator[list[float]]:
    """The Unix times at which another AMI session than the bridge's is told of that event."""
    times: list[float] = []
    with socket.create_connection(("127.0.0.1", pbx.ports.ami)) as connection:
        login = f"Action: Login\r\nUsername: {LEAST.username}\r\nSecret: {LEAST.secret}\r\n\r\n"
        connection.sendall(login.encode())
        file = connection.makefile("rb")
        assert any(b"Authentication accepted" in line for line in file)

        def hear() -> None:
            for line in file:
                if line == f"Event: {event}\r\n".encode():
                    times.append(time.time())

        thread = threading.Thread(target=hear)
        thread.start()
        try:
            yield times
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            thread.join()
            file.close()
