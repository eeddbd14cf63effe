"""Peers on which the bridge fails, each in another way, and canaries in place of its secrets.

In-process fakes for what no real program does on demand; what one does, mosquitto and snmpd do.
"""

import contextlib
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bridge.settings.variables import ANY, VARIABLES, KeyPath, spelled
from tests.servers.mosquitto import Authority, silent_listener
from tests.servers.process import free_port
from tests.servers.snmpd import AUTH_PASSWORD, snmpd

CANARY = "cAnArY"
PATHS = [path for path, variable in VARIABLES.items() if variable.secret]
CANARIES = {path: f"{CANARY}-{number:02}-{path[-1]}-0123456789" for number, path in enumerate(PATHS)}
"""A canary for each secret there is."""

Environ = dict[str, str]


def named(path: KeyPath, pbx: str = "hq") -> str:
    """The variable of a setting, without `BRIDGE_`."""
    return spelled(tuple(pbx if part == ANY else part for part in path)).removeprefix("BRIDGE_")


def canaries(section: str, pbx: str = "hq") -> Environ:
    """Every secret of the settings whose variables begin so."""
    found = {named(path, pbx): canary for path, canary in CANARIES.items()}
    return {name: value for name, value in found.items() if name.startswith(section)}


Behaviour = Callable[[socket.socket], None]


def garbage(peer: socket.socket) -> None:
    peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    peer.recv(1024)


def hang_up(_: socket.socket) -> None:
    return


def endless_line(peer: socket.socket) -> None:
    peer.sendall(b"Asterisk Call Manager/9.0.0\r\n" + b"x" * 5_000_000)


def manager(answer: Callable[[str, str], str]) -> Behaviour:
    """An AMI that answers each action by what `answer` makes of its name and its whole text."""

    def serve(peer: socket.socket) -> None:
        peer.sendall(b"Asterisk Call Manager/9.0.0\r\n")
        with peer.makefile("rw", newline="") as stream:
            for block in iter(lambda: _block(stream), []):
                headers = dict(line.split(": ", 1) for line in block)
                said = answer(headers["Action"], " ".join(block))
                stream.write(f"{said}\r\nActionID: {headers['ActionID']}\r\n\r\n")
                stream.flush()

    return serve


def _block(stream: Iterator[str]) -> list[str]:
    return [line.strip() for line in itertools.takewhile(lambda line: line.strip(), stream)]


CHALLENGE = "Response: Success\r\nChallenge: 12345"


def refuse(action: str, _: str) -> str:
    return CHALLENGE if action == "Challenge" else "Response: Error\r\nMessage: Authentication failed"


def no_challenge(_: str, __: str) -> str:
    return "Response: Error\r\nMessage: Must specify AuthType"


def echo(action: str, text: str) -> str:
    """What no Asterisk does: to say the log-in again, from its secret on."""
    words = text[text.find("Secret: ") :]
    return CHALLENGE if action == "Challenge" else f"Response: Error\r\nMessage: {words}"


def forbid(action: str, _: str) -> str:
    if action in {"Challenge", "Login"}:
        return CHALLENGE
    return "Response: Error\r\nMessage: Permission denied"


def shut_down(_: str, __: str) -> str:
    return "Response: Error\r\nMessage: Asterisk is shutting down"


@contextlib.contextmanager
def peer(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A TCP server that behaves so to everyone; what no real one does on demand."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepting = threading.Thread(target=_accept, args=(server, behaviour, tls), daemon=True)
        accepting.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        while True:
            found, _ = server.accept()
            threading.Thread(target=_serve, args=(found, behaviour, tls), daemon=True).start()


def _serve(found: socket.socket, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError, ValueError), found:
        if tls:
            with tls.wrap_socket(found, server_side=True) as safe:
                behaviour(safe)
        else:
            behaviour(found)


@contextlib.contextmanager
def datagrams(answer: Callable[[bytes], bytes], heard: list[bytes]) -> Iterator[int]:
    """A UDP port that answers so."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    data, sender = server.recvfrom(65_536)
                    heard.append(data)
                    if reply := answer(data):
                        server.sendto(reply, sender)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def presented(authority: Authority, name: str) -> ssl.SSLContext:
    """What a server shows that has a certificate for `name`."""
    certificate, key = authority.issue(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def ami(name: str, port: int, **others: str) -> Environ:
    base = {"HOST": "127.0.0.1", "PORT": str(port), "USERNAME": "u", "TIMEOUT": "1s"}
    return _settings(f"PBX__{name}__AMI", name, base | others)


def snmp(name: str, port: int, **others: str) -> Environ:
    base = {"HOST": "127.0.0.1", "PORT": str(port), "TIMEOUT": "300ms", "RETRIES": "0", "INTERVAL": "1s"}
    return _settings(f"PBX__{name}__SNMP", name, base | others)


def _settings(section: str, pbx: str, values: Mapping[str, str]) -> Environ:
    return canaries(section, pbx) | {f"{section}__{key}": value for key, value in values.items()}


V3 = {"VERSION": "3", "USERNAME": "sha256-aes", "AUTH_PROTOCOL": "sha256", "PRIV_PROTOCOL": "aes"}


@contextlib.contextmanager
def everything_fails(folder: Path, heard: list[bytes]) -> Iterator[Environ]:
    """Settings of 27 PBXs, each of which fails in another way."""
    ours, strangers = Authority(folder, "ours"), Authority(folder, "strangers")
    with contextlib.ExitStack() as stack:

        def tcp(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> int:
            return stack.enter_context(peer(behaviour, tls))

        def udp(answer: Callable[[bytes], bytes]) -> int:
            return stack.enter_context(datagrams(answer, heard))

        agent = stack.enter_context(snmpd(folder / "snmpd")).port
        tls = {"TLS": "yes", "TLS_CA": str(ours.file)}
        yield {
            **ami("REFUSED", free_port()),
            **ami("SILENT", stack.enter_context(silent_listener())),
            **ami("GARBAGE", tcp(garbage)),
            **ami("GONE", tcp(hang_up)),
            **ami("ENDLESS", tcp(endless_line)),
            **ami("NOLOGIN", tcp(manager(refuse))),
            **ami("NOLOGINPLAIN", tcp(manager(refuse)), AUTH="plain"),
            **ami("NOCHALLENGE", tcp(manager(no_challenge))),
            **ami("ECHO", tcp(manager(echo))),
            **ami("ECHOPLAIN", tcp(manager(echo)), AUTH="plain"),
            **ami("FORBIDDEN", tcp(manager(forbid)), INTERVAL="1s"),
            **ami("STOPPING", tcp(manager(shut_down))),
            **ami("NOTLS", tcp(garbage), **tls),
            **ami("STRANGER", tcp(garbage, presented(strangers, "127.0.0.1")), **tls),
            **ami("OTHERNAME", tcp(garbage, presented(ours, "pbx.example")), **tls),
            **ami("NOWHERE", 5038, HOST="pbx.invalid"),
            **snmp("CLOSED", free_port(socket.SOCK_DGRAM)),
            **snmp("MUTE", udp(lambda _: b"")),
            **snmp("NOISE", udp(lambda _: b"\x30\x80" * 20)),
            **snmp("MIRROR", udp(lambda data: data)),
            **snmp("COMMUNITY1", agent, VERSION="1"),
            **snmp("COMMUNITY2", agent),
            **snmp("WRONGAUTH", agent, **V3),
            **snmp("WRONGPRIV", agent, **V3, AUTH_PASSWORD=AUTH_PASSWORD),
            **snmp("WRONGUSER", agent, **V3 | {"USERNAME": "nobody"}),
            **snmp("MIRROR3", udp(lambda data: data), **V3),
            **snmp("UNKNOWN", 161, HOST="agent.invalid"),
        }
