"""The user-based security model of SNMPv3 (RFCs 3414, 3826 and 7860): keys, messages, clocks and reports.

The cipher and the salt are handed in, since nothing here knows more than the standard library or draws lots.
"""

import hashlib
import hmac
from enum import StrEnum
from functools import lru_cache, partial
from typing import NamedTuple, Protocol

from bridge.protocols.ber import (
    INTEGER,
    OCTETS,
    SEQUENCE,
    Arcs,
    BerError,
    Reader,
    arcs,
    integer,
    number,
    tlv,
)
from bridge.protocols.snmp import AUTH, PRIV, USM, V3, Outline, Reason
from bridge.protocols.snmp_layout import Memory
from bridge.protocols.snmp_messages import Pdu, read_pdu

MACS = {
    "md5": ("md5", 12),
    "sha": ("sha1", 12),
    "sha224": ("sha224", 16),
    "sha256": ("sha256", 24),
    "sha384": ("sha384", 32),
    "sha512": ("sha512", 48),
}
"""Authentication protocol to its hash, and how many octets of it a message shows."""
KEY_SIZES = {"aes": 16, "aes192": 24, "aes256": 32, "aes192c": 24, "aes256c": 32}
"""Privacy protocol to the octets of its key."""
STRETCHED = 1 << 20
"""Octets of repeated passphrase that a key is made of."""
SALT_SIZE = 8
WINDOW = 150
"""Seconds by which a message may be late (RFC 3414, section 2.2.3)."""
LAST_BOOT = 2**31 - 1
"""The count of starts at which an engine may be heard no more."""
LARGEST = 65_507
"""Octets that a datagram holds, which is what is asked for at most."""
_SIZE, _MODEL, _VERSION = integer(LARGEST), integer(USM), integer(V3)
_FLAGS = [tlv(OCTETS, bytes((flags,))) for flags in range(8)]
_text = lru_cache(4096)(partial(tlv, OCTETS))
"""What nearly every message has: an engine, a user, a context, or a blank where the MAC comes."""


class Report(StrEnum):
    """What an agent objects to, in a report (RFC 3414, section 5)."""

    LEVEL = "unsupported security level"
    NOT_IN_TIME = "not in time window"
    USER = "unknown user"
    ENGINE = "unknown engine"
    DIGEST = "wrong digest"
    DECRYPTION = "decryption error"


COUNTERS: Arcs = (1, 3, 6, 1, 6, 3, 15, 1, 1)
REPORTS = {(*COUNTERS, place, 0): report for place, report in enumerate(Report, 1)}
"""The counter that a report shows, to what that means."""


class Cipher(Protocol):
    """AES in the mode of RFC 3826."""

    def encrypt(self, key: bytes, vector: bytes, data: bytes) -> bytes:
        """The data encrypted."""

    def decrypt(self, key: bytes, vector: bytes, data: bytes) -> bytes:
        """What `encrypt` encrypted."""


class Keys(NamedTuple):
    """What a user shares with one engine; empty where there is no such protection."""

    protocol: str = "none"
    auth: bytes = b""
    priv: bytes = b""

    def __repr__(self) -> str:
        """Without the keys: a traceback or a log may show it."""
        return f"<Keys for {self.protocol}>"


class Header(NamedTuple):
    """The fields of a message of version 3 that are in the clear, apart from MAC and salt."""

    number: int
    flags: int
    engine: bytes
    boots: int
    time: int
    user: bytes


class Sealed(NamedTuple):
    """A message of version 3 whose protection is not yet looked at.

    Attributes:
        header: what is in the clear.
        data: the whole message.
        mac: what it shows to be authentic.
        mac_at: where that stands in the message.
        salt: of its encryption.
        encrypted: the scoped PDU, where it is encrypted.
        pdu: what the scoped PDU holds, where it is in the clear.
    """

    header: Header
    data: bytes
    mac: bytes
    mac_at: int
    salt: bytes
    encrypted: bytes
    pdu: Pdu | None

    @property
    def outline(self) -> Outline:
        """Who says what to whom."""
        header = self.header
        kind = self.pdu.kind if self.pdu else None
        return Outline(V3, header.number, kind, header.user, header.engine, header.flags)


def keys(protocols: tuple[str, str], passphrases: tuple[str, str], engine: bytes) -> Keys:
    """The keys of a user for an engine; of authentication first, then of privacy. `none` has no key."""
    auth, priv = protocols
    if auth == "none":
        return Keys()
    algorithm = MACS[auth][0]
    proof = localized(stretched(passphrases[0].encode(), algorithm), engine, algorithm)
    if priv == "none":
        return Keys(auth, proof)
    secret = localized(stretched(passphrases[1].encode(), algorithm), engine, algorithm)
    size = KEY_SIZES[priv]
    while len(secret) < size:
        if priv.endswith("c"):
            secret += localized(stretched(secret, algorithm), engine, algorithm)
        else:
            secret += hashlib.new(algorithm, secret).digest()
    return Keys(auth, proof, secret[:size])


@lru_cache(256)
def stretched(passphrase: bytes, algorithm: str) -> bytes:
    """A passphrase as a key (RFC 3414, appendix A.2). It takes milliseconds; fleets share it."""
    repeated = passphrase * (STRETCHED // len(passphrase) + 1)
    return hashlib.new(algorithm, repeated[:STRETCHED]).digest()


def localized(key: bytes, engine: bytes, algorithm: str) -> bytes:
    """A key for one engine (RFC 3414, section 2.6)."""
    return hashlib.new(algorithm, key + engine + key).digest()


def scoped(engine: bytes, context: bytes, pdu: bytes) -> bytes:
    """A PDU with the name of the context that it is about."""
    return tlv(SEQUENCE, _text(engine), _text(context), pdu)


class Seal:
    """Protects messages to one engine, and looks at the protection of those from it.

    Args:
        shared: the keys.
        cipher: encrypts.
    """

    def __init__(self, shared: Keys, cipher: Cipher) -> None:
        self._keys = shared
        self._cipher = cipher
        self._hash, self._mac_size = MACS.get(shared.protocol, ("", 0))
        self._keyed = hmac.new(shared.auth, digestmod=self._hash) if self._hash else None

    def close(self, header: Header, inside: bytes, salt: bytes) -> bytes:
        """A message around a scoped PDU, protected as the flags of its header say.

        Args:
            header: what is in the clear.
            inside: the scoped PDU.
            salt: 8 octets that no other message has; used where it is encrypted.
        """
        if header.flags & PRIV:
            inside = tlv(OCTETS, self._cipher.encrypt(self._keys.priv, _vector(header, salt), inside))
        else:
            salt = b""
        blank = bytes(self._mac_size if header.flags & AUTH else 0)
        whole = _message(header, blank, salt, inside)
        if not blank:
            return whole
        at = len(whole) - len(inside) - len(tlv(OCTETS, salt)) - len(blank)
        return whole[:at] + self._mac(whole) + whole[at + len(blank) :]

    def authentic(self, message: Sealed) -> bool:
        """Whether its MAC is that of the one who has the key; a shortened one is not."""
        if not self._keys.auth or len(message.mac) != self._mac_size:
            return False
        end = message.mac_at + self._mac_size
        blank = message.data[: message.mac_at] + bytes(self._mac_size) + message.data[end:]
        return hmac.compare_digest(self._mac(blank), message.mac)

    def _mac(self, blank: bytes) -> bytes:
        assert self._keyed, "without a key nothing is authentic"
        mac = self._keyed.copy()
        mac.update(blank)
        return mac.digest()[: self._mac_size]

    def inside(self, message: Sealed, memory: Memory | None = None) -> Pdu:
        """The PDU of an encrypted message; `memory` is of earlier answers to the same question.

        Raises:
            BerError: what comes out is none.
        """
        if len(message.salt) != SALT_SIZE:
            raise BerError(Reason.BAD_SECURITY)
        vector = _vector(message.header, message.salt)
        clear = self._cipher.decrypt(self._keys.priv, vector, message.encrypted)
        return read_scoped(Reader(clear), clear, memory)


def _vector(header: Header, salt: bytes) -> bytes:
    return header.boots.to_bytes(4) + header.time.to_bytes(4) + salt


def _message(header: Header, mac: bytes, salt: bytes, inside: bytes) -> bytes:
    about = tlv(SEQUENCE, integer(header.number), _SIZE, _FLAGS[header.flags], _MODEL)
    clock = integer(header.boots), integer(header.time)
    texts = _text(mac), tlv(OCTETS, salt)
    security = tlv(OCTETS, tlv(SEQUENCE, _text(header.engine), *clock, _text(header.user), *texts))
    return tlv(SEQUENCE, _VERSION, about, security, inside)


def read_sealed(fields: Reader, data: bytes) -> Sealed:
    """The rest of a message of version 3, of which `snmp.envelope` has read the begin.

    Raises:
        BerError: it is none, or beyond a limit; `reason` says why.
    """
    about = fields.inside(SEQUENCE)
    ident, size, flags, model = about.contents(INTEGER, INTEGER, OCTETS, INTEGER)
    about.close()
    number(size)
    if len(flags) != 1 or (flags[0] & PRIV and not flags[0] & AUTH) or number(model) != USM:
        raise BerError(Reason.BAD_SECURITY)
    whole = fields.inside(OCTETS)
    security = whole.inside(SEQUENCE)
    whole.close()
    engine, *clock, user, mac = security.contents(OCTETS, INTEGER, INTEGER, OCTETS, OCTETS)
    boots, time = map(number, clock)
    mac_at = security.span[0] - len(mac)
    salt = security.octets()
    security.close()
    if not (0 <= boots <= LAST_BOOT and 0 <= time <= LAST_BOOT):
        raise BerError(Reason.BAD_SECURITY)
    header = Header(number(ident), flags[0], engine, boots, time, user)
    pdu, encrypted = None, b""
    if flags[0] & PRIV:
        encrypted = fields.octets()
    else:
        pdu = read_scoped(fields, data)
    fields.close()
    return Sealed(header, data, mac, mac_at, salt, encrypted, pdu)


def read_scoped(fields: Reader, data: bytes, memory: Memory | None = None) -> Pdu:
    """The next element of `data`, which is a scoped PDU. What may be padding behind it is not looked at.

    Raises:
        BerError: it is none.
    """
    inner = fields.inside(SEQUENCE)
    inner.contents(OCTETS, OCTETS)
    pdu = read_pdu(inner, data, lambda _: memory)
    inner.close()
    return pdu


class Authority(NamedTuple):
    """What is known of the engine of an agent.

    Attributes:
        engine: its id; empty while it is unknown.
        boots: how often it has started.
        time: seconds since then, when it was heard last.
        heard: when that was, by our clock.
    """

    engine: bytes = b""
    boots: int = 0
    time: int = 0
    heard: float = 0.0

    def clock(self, now: float) -> int:
        """What its clock shows."""
        return min(self.time + int(now - self.heard), LAST_BOOT)

    def late(self, header: Header, now: float) -> bool:
        """Whether an authentic message lies outside the time window (RFC 3414, section 3.2, step 7b)."""
        if header.boots == LAST_BOOT or header.boots < self.boots:
            return True
        return header.boots == self.boots and header.time < self.clock(now) - WINDOW


def report_of(pdu: Pdu) -> Report | str:
    """What a report objects to; words for what is none of the user or the clock.

    Raises:
        BerError: the name of its counter is none.
    """
    if not pdu.variables:
        return "a report of nothing"
    counter = arcs(pdu.variables[0][0])
    return REPORTS.get(counter) or f"a report of {'.'.join(map(str, counter))}"
