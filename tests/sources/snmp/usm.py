"""A fake SNMPv3 agent: it can lie about its clock, name and MACs, and encrypt whatever it likes."""

import hashlib
import hmac
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from bridge.asterisk.mib import Oid
from tests.servers.snmpd import AUTH_PASSWORD, PRIV_PASSWORD
from tests.sources.snmp.forger import REPORT, Variable, elements, number, oid, pdu, question, text, tlv

HASHES = {"sha": ("sha1", 12), "sha512": ("sha512", 48)}
"""Protocol to the hash of its MAC and the length of that (RFC 3414 and 7860)."""
UNKNOWN_ENGINE: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)
NOT_IN_TIME: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)
BEGUN = int(time.time()) - 1_000_000
AUTH, PRIV = 1, 2
WINDOW = 150
"""Seconds by which a clock may be wrong (RFC 3414, section 2.2.3)."""


class Question(NamedTuple):
    """A question of version 3 as it came."""

    number: int
    flags: int
    engine: bytes
    boots: int
    time: int
    user: bytes
    context: bytes
    kind: int
    ident: int
    repetitions: int
    names: tuple[Oid, ...]


class Usm:
    """The security of an agent.

    Args:
        protocol: of its authentication, `sha` or `sha512`; its privacy, if it is asked with one, is AES.

    Attributes:
        engine: its id.
        boots: how often it has started.
        ahead: seconds by which its clock goes ahead of what it was at first.
    """

    def __init__(self, protocol: str = "sha", engine: bytes = b"\x80\0\x1f\x88\x04fake") -> None:
        self.hash, self.mac_length = HASHES[protocol]
        self.engine = engine
        self.boots, self.ahead = 7, 0

    @property
    def time(self) -> int:
        """Its clock, in seconds."""
        return int(time.time()) - BEGUN + self.ahead

    def question(self, data: bytes) -> Question:
        """The question in a datagram of version 3."""
        _, (_, header), (_, parameters), (_, scoped) = elements(elements(data)[0][1])
        (_, ident), _, (_, flags), _ = elements(header)
        (_, engine), (_, boots), (_, clock), (_, user), _, (_, salt) = elements(elements(parameters)[0][1])
        place, boots_there, time_there = (int.from_bytes(each, signed=True) for each in (ident, boots, clock))
        if flags[0] & PRIV:
            cipher = self._cipher(boots_there, time_there, salt).decryptor()
            scoped = elements(cipher.update(scoped))[0][1]
        _, (_, context), (kind, inner) = elements(scoped)
        asked = question(inner)
        return Question(place, flags[0], engine, boots_there, time_there, user, context, kind, *asked)

    def _cipher(self, boots: int, clock: int, salt: bytes) -> Cipher[CFB]:
        """AES as RFC 3826 has it."""
        vector = boots.to_bytes(4) + clock.to_bytes(4) + salt
        return Cipher(AES(self._key(PRIV_PASSWORD)[:16]), CFB(vector))

    def _key(self, secret: str) -> bytes:
        return key(secret, self.engine, self.hash)

    def message(self, asked: Question, inner: bytes, flags: int = AUTH, mac: int | None = None) -> bytes:
        """A message to the one who asked, encrypted if its flags have PRIV.

        Args:
            asked: what is answered.
            inner: the PDU.
            flags: AUTH and PRIV.
            mac: how many octets of its MAC it shows; None for all.
        """
        length = self.mac_length if mac is None else mac
        now = self.time
        blank = self._message(asked, inner, (flags, now), bytes(length) if flags & AUTH else b"")
        if not flags & AUTH:
            return blank
        digest = hmac.new(self._key(AUTH_PASSWORD), blank, self.hash).digest()[:length]
        return self._message(asked, inner, (flags, now), digest)

    def _message(self, asked: Question, inner: bytes, how: tuple[int, int], mac: bytes) -> bytes:
        flags, now = how
        header = tlv(0x30, number(asked.number), number(65507), text(bytes([flags])), number(3))
        salt = bytes(8) if flags & PRIV else b""
        names = text(self.engine), number(self.boots), number(now), text(asked.user)
        scoped = tlv(0x30, text(self.engine), text(asked.context), inner)
        if flags & PRIV:
            scoped = text(self._cipher(self.boots, now, salt).encryptor().update(scoped))
        parts = (*names, text(mac), text(salt))
        return tlv(0x30, number(3), header, text(tlv(0x30, *parts)), scoped)

    def reply(self, asked: Question, variables: Iterable[Variable], mac: int | None = None) -> bytes:
        """An answer, protected as the question is, and authentic if its MAC is whole."""
        return self.message(asked, pdu(asked.ident, variables), asked.flags & (AUTH | PRIV), mac)

    def objection(self, asked: Question) -> bytes | None:
        """The report with which a real agent answers a question that does not suit it (RFC 3414, 3.2)."""
        if asked.engine != self.engine:
            return self.report(asked, UNKNOWN_ENGINE, 0)
        if asked.boots != self.boots or abs(asked.time - self.time) > WINDOW:
            return self.report(asked, NOT_IN_TIME, AUTH)
        return None

    def report(self, asked: Question, counter: Oid, flags: int) -> bytes:
        """A report of one of the agent's counters; unprotected with no flags."""
        return self.message(asked, pdu(asked.ident, [(oid(counter), number(1, 0x41))], kind=REPORT), flags)


@lru_cache
def key(secret: str, engine: bytes, algorithm: str) -> bytes:
    """A password as a key of an engine (RFC 3414, appendix A.2)."""
    password = secret.encode()
    million = (password * (1 + 2**20 // len(password)))[: 2**20]
    digest = hashlib.new(algorithm, million).digest()
    return hashlib.new(algorithm, digest + engine + digest).digest()


class Agent3:
    """Answers every variable with the number 7, as an agent does with that security."""

    def __init__(self, usm: Usm) -> None:
        self.usm = usm

    def __call__(self, asked: Question) -> Iterator[bytes]:
        objection = self.usm.objection(asked)
        yield objection or self.usm.reply(asked, answers(asked, 7))


def answers(asked: Question, value: int) -> list[Variable]:
    """That number for every variable."""
    return [(oid(name), number(value)) for name in asked.names]
