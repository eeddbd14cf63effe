"""A real mosquitto, and what it holds, seen by mosquitto's own client."""

import contextlib
import datetime as dt
import ipaddress
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.servers.process import answers, free_port, program, running, wait_until

DAY = dt.timedelta(days=1)


class Authority:
    """A certificate authority for one test, and the files of the certificates that it signs.

    Args:
        folder: where the files go.
        name: of the authority; two of them trust one another not at all.

    Attributes:
        file: its own certificate, which it has signed itself.
        key: the key of that.
    """

    def __init__(self, folder: Path, name: str = "test CA") -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.file = folder / f"{name}.pem"
        certificate = self._sign(
            self._name, self._key, x509.BasicConstraints(ca=True, path_length=0), _key_usage(signs=True)
        )
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key = folder / f"{name}.key"
        self.key.write_bytes(_private(self._key))

    def issue(self, name: str, *, days: int = 30, since: int = -30) -> tuple[Path, Path]:
        """The files of a certificate and its key, for a host name, an address or a user.

        Args:
            name: what the certificate is for.
            days: until it expires; a negative number makes one that has expired.
            since: days until it begins to be valid.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        alternative = x509.SubjectAlternativeName([_general_name(name)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        basic = x509.BasicConstraints(ca=False, path_length=None)
        certificate = self._sign(
            subject,
            key,
            basic,
            _key_usage(signs=False),
            alternative,
            usage,
            expires=days * DAY,
            begins=since * DAY,
        )
        files = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(_private(key))
        return files

    def revoke(self, *certificates: Path) -> Path:
        """The file of a list of those certificates that are not valid any more."""
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(now - DAY).next_update(now + 30 * DAY)
        for file in certificates:
            serial = x509.load_pem_x509_certificate(file.read_bytes()).serial_number
            gone = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY)
            builder = builder.add_revoked_certificate(gone.build())
        listed = self.file.with_suffix(".crl")
        listed.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return listed

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *extensions: x509.ExtensionType,
        expires: dt.timedelta = 30 * DAY,
        begins: dt.timedelta = -30 * DAY,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + expires)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _general_name(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


class Received(NamedTuple):
    """One message as a subscriber sees it, `retain` as it was published."""

    topic: str
    payload: str
    qos: int
    retain: bool


class Watcher:
    """A subscriber: mosquitto_sub, which writes what comes to a file."""

    def __init__(self, output: Path) -> None:
        self._output = output

    @property
    def messages(self) -> list[Received]:
        """Everything that came so far."""
        lines = self._output.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n")]
        return [Received(one["topic"], one["payload"], one["qos"], bool(one["retain"])) for one in found]

    def wait_for(self, topic: str, payload: str) -> None:
        """Return as soon as the last message of the topic has that payload."""
        wait_until(
            lambda: [one.payload for one in self.messages if one.topic == topic][-1:] == [payload],
            f"{payload} on {topic}",
        )


class Broker:
    """A mosquitto on loopback; unless it is persistent, a restart wipes it.

    Attributes:
        port: where the listener under test is.
        side: the port of a second listener, plain and open to anyone, for the test's own eyes.
        url: of the listener under test.
    """

    def __init__(
        self, folder: Path, scheme: str, listener: list[str], log: str, *, persistent: bool = False
    ) -> None:
        self.port = free_port()
        self.side = free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self._folder = folder
        self._process = contextlib.ExitStack()
        self._watchers = 0
        self._pid = 0
        self._log = folder / "mosquitto.log"
        self._config = folder / "mosquitto.conf"
        root = ["user root"] if os.geteuid() == 0 else []
        lines = [
            *root,
            *([f"persistence_location {folder}/"] if persistent else []),
            f"persistence {str(persistent).lower()}",
            "max_queued_messages 100000",
            "set_tcp_nodelay true",
            f"log_type {log}",
            "per_listener_settings true",
            f"listener {self.side} 127.0.0.1",
            "allow_anonymous true",
            f"listener {self.port} 127.0.0.1",
            *listener,
        ]
        self._config.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start it, empty."""
        process = self._process.enter_context(
            running([program("mosquitto"), "-c", str(self._config)], self._log)
        )
        self._pid = process.pid
        wait_until(lambda: answers(self.side) and answers(self.port), "mosquitto to listen")

    def wipe(self) -> None:
        """Have it forget everything, once it has stopped."""
        (self._folder / "mosquitto.db").unlink(missing_ok=True)

    def let_in(self, users: Mapping[str, str]) -> None:
        """Let these users in from now on, by name and password."""
        _password_file(self._folder, users)
        os.kill(self._pid, signal.SIGHUP)

    def freeze(self) -> None:
        """Let it hold its connections and do nothing; `stop` thaws it."""
        os.kill(self._pid, signal.SIGSTOP)

    def stop(self) -> None:
        """Stop it; it forgets everything."""
        self._process.close()

    @property
    def log(self) -> str:
        """What it has written to its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish as somebody else."""
        argv = [program("mosquitto_pub"), "-p", str(self.side), "-q", "1", "-t", topic, "-m", payload]
        subprocess.run([*argv, *(["-r"] if retain else [])], check=True, timeout=30)

    @contextlib.contextmanager
    def watch(self, topics: str = "#", *, patient: bool = False) -> Iterator[Watcher]:
        """Everything published from now on, and what is retained; `patient` outlives a restart."""
        self._watchers += 1
        name = f"watcher-{self._watchers}"
        output = self._folder / name
        argv = [program("mosquitto_sub"), "-p", str(self.side), "-i", name, "-V", "5"]
        if patient:
            argv.append("-c")
        with running([*argv, "--retain-as-published", "-q", "1", "-t", topics, "-F", "%j"], output):
            wait_until(lambda: f"Sending SUBACK to {name}\n" in self.log, "the subscription")
            yield Watcher(output)

    def retained(self) -> dict[str, str]:
        """Topic and payload of every message that it retains."""
        marker = "marker"
        with self.watch() as watcher:
            self.publish(marker, "the end")
            wait_until(lambda: any(one.topic == marker for one in watcher.messages), "the marker")
            return {one.topic: one.payload for one in watcher.messages if one.retain}


@contextlib.contextmanager
def mosquitto(
    folder: Path,
    *,
    tls: Authority | None = None,
    host: str = "127.0.0.1",
    days: int = 30,
    since: int = -30,
    client_certificates: bool = False,
    revoked: Sequence[Path] = (),
    users: Mapping[str, str] | None = None,
    acl: str = "",
    websockets: bool = False,
    log: str = "all",
    persistent: bool = False,
) -> Iterator[Broker]:
    """Run a broker.

    Args:
        folder: an empty folder for its files.
        tls: who signs its certificate; without, it speaks plain.
        host: the name in its certificate.
        days: until that expires.
        since: days until it begins to be valid.
        client_certificates: refuse clients whose certificate `tls` has not signed.
        revoked: certificates that `tls` has signed, and that are of no use any more.
        users: names and passwords of those who may connect; without, anyone may.
        acl: the content of its access list; without, everything is allowed.
        websockets: listen for WebSockets.
        log: what it writes of; with less than `all` it is faster, and cannot be watched.
        persistent: remember everything over a restart.
    """
    listener = ["allow_anonymous " + ("false" if users else "true")]
    if tls:
        certificate, key = tls.issue(host, days=days, since=since)
        listener += [f"cafile {tls.file}", f"certfile {certificate}", f"keyfile {key}"]
        listener += [f"require_certificate {str(client_certificates).lower()}"]
        listener += [f"crlfile {tls.revoke(*revoked)}"] if revoked else []
    if users:
        listener += [f"password_file {_password_file(folder, users)}"]
    if acl:
        (folder / "acl").write_text(acl)
        (folder / "acl").chmod(0o600)
        listener += [f"acl_file {folder / 'acl'}"]
    if websockets:
        listener += ["protocol websockets"]
    scheme = ("wss" if tls else "ws") if websockets else ("mqtts" if tls else "mqtt")
    broker = Broker(folder, scheme, listener, log, persistent=persistent)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def _password_file(folder: Path, users: Mapping[str, str]) -> Path:
    file = folder / "passwords"
    file.touch(mode=0o600)
    for user, password in users.items():
        subprocess.run(
            [program("mosquitto_passwd"), "-b", str(file), user, password],
            check=True,
            capture_output=True,
            timeout=30,
        )
    return file


@contextlib.contextmanager
def silent_listener() -> Iterator[int]:
    """The port of something that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        yield port
