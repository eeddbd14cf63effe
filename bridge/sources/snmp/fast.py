"""Asks by a codec of our own: versions 1 and 2c, and of version 3 all that is in common use."""

import contextlib
import itertools
import secrets
from collections.abc import Iterator, Sequence
from functools import partial

from bridge.asterisk.mib import Oid
from bridge.protocols import usm
from bridge.protocols.ber import BerError
from bridge.protocols.snmp import AUTH, GET, PRIV, REPORT, REPORTABLE, RESPONSE, V1, V2C, V3, Outline, Reason
from bridge.protocols.snmp_layout import Memory
from bridge.protocols.snmp_messages import NOTHING, Message, Names, Pdu, message, names_of, question
from bridge.protocols.usm import Authority, Header, Report, Seal, Sealed
from bridge.settings import SnmpSettings
from bridge.sources.snmp.crypto import Aes
from bridge.sources.snmp.net import Line, Net
from bridge.sources.snmp.user import AUTH_ONLY, AUTH_PRIV, NO_AUTH, User
from bridge.sources.snmp.values import reply_of
from bridge.sources.snmp.wire import (
    DISCOVERIES,
    NOT_AUTHENTIC,
    NOT_DECRYPTED,
    NOT_IN_TIME,
    Address,
    Counts,
    Question,
    Reply,
    ReportError,
    Wire,
)

VERSIONS = {"1": V1, "2c": V2C}
FLAGS = {NO_AUTH: REPORTABLE, AUTH_ONLY: REPORTABLE | AUTH, AUTH_PRIV: REPORTABLE | AUTH | PRIV}
PROTECTED = AUTH | PRIV
SHORTEST_ENGINE, LONGEST_ENGINE = 5, 32
"""Octets of an engine ID (RFC 3411, section 5)."""
LISTS_KEPT = 64
"""How many lists of names a wire remembers: of twenty names each they take 150 KB."""
ASK_AGAIN = frozenset({Report.NOT_IN_TIME, Report.ENGINE})
"""Reports that teach what the next question has to say."""

_salts = itertools.count(secrets.randbits(63))
"""No two messages of this process have the same salt (RFC 3826, section 3.1.2.1)."""


def is_fast(settings: SnmpSettings) -> bool:
    """Whether the agent is to be asked by this engine."""
    if settings.engine == "auto":
        return settings.version != "3" or settings.priv_protocol in {"none", *usm.KEY_SIZES}
    return settings.engine == "fast"


@contextlib.contextmanager
def fast_wire(settings: SnmpSettings, address: Address, counts: Counts) -> Iterator[Wire]:
    """Asks one agent for the time of the `with`; all agents share the sockets."""
    with Net.lease() as net, net.target(address, counts):
        line = Line(net, address, settings.timeout)
        yield UserWire(settings, line) if settings.version == "3" else CommunityWire(settings, line)


class CommunityWire:
    """A Wire for versions 1 and 2c."""

    def __init__(self, settings: SnmpSettings, line: Line) -> None:
        self._line = line
        self._tries = settings.retries + 1
        self._version = VERSIONS[settings.version]
        self._known = Known()
        self._community = settings.community.get_secret_value().encode()

    async def ask(self, question: Question, once_at: str = "") -> Reply:
        """See Wire."""
        number = self._line.number()
        asked = Outline(self._version, number, question.kind, self._community)
        names = self._known.names(question.oids)
        data = message(self._version, self._community, _pdu(question, number, names))
        tries = 1 if once_at else self._tries
        return await self._line.exchange(asked, data, partial(_read, names), tries, _memory(question, names))


class Known:
    """The lists of names that a wire has asked for, since every poll asks for the same ones."""

    def __init__(self) -> None:
        self._lists: dict[tuple[Oid, int], Names] = {}

    def names(self, oids: Sequence[Oid]) -> Names:
        """These names, written. Lists are told apart by what costs least, and then compared."""
        key = oids[0], len(oids)
        names = self._lists.get(key)
        if not names or names.arcs != oids:
            names = names_of(oids)
            if len(self._lists) >= LISTS_KEPT:
                self._lists.clear()
            self._lists[key] = names
        return names


def _pdu(asked: Question, number: int, names: Names) -> bytes:
    return question(asked.kind, number, names, asked.repetitions)


def _memory(asked: Question, names: Names) -> Memory | None:
    """Tables are walked in many parts; what is known of their answers would take more room than it saves."""
    return names.memory if asked.kind == GET else None


def _read(names: Names, heard: Message) -> Reply:
    return reply_of(heard.pdu, names)


class UserWire:
    """A Wire for version 3. It learns the engine of the agent once, and its clock with every answer.

    An agent that comes back with another engine ID is not heard any more; a new wire finds it.
    """

    def __init__(self, settings: SnmpSettings, line: Line) -> None:
        self._line = line
        self._tries = settings.retries + 1
        self._user = User.of(settings)
        self._name = self._user.name.encode()
        self._context = settings.context.encode()
        self._known = Known()
        self._authority = Authority()
        self._seal = Seal(usm.Keys(), Aes())

    async def ask(self, question: Question, once_at: str = "") -> Reply:
        """See Wire."""
        flags = FLAGS[once_at or self._user.level]
        tries = 1 if once_at else self._tries
        if not self._authority.engine:
            await self._discover(tries)
        report: Report | str = ""
        for _ in range(1 + DISCOVERIES):
            heard = await self._exchange(question, flags, tries)
            if isinstance(heard, Reply):
                return heard
            report = heard
            if report not in ASK_AGAIN:
                break
        raise ReportError(report)

    async def _discover(self, tries: int) -> None:
        """Learn the engine of the agent (RFC 3414, section 4), and make the keys for it."""
        number = self._line.number()
        header = Header(number, REPORTABLE, b"", 0, 0, b"")
        asked = Outline(V3, number, GET, b"", b"", REPORTABLE)
        data = self._seal.close(header, usm.scoped(b"", b"", question(GET, number, NOTHING)), b"")
        found = await self._line.exchange(asked, data, self._discovered, tries)
        user = self._user
        protocols, passphrases = (user.auth, user.priv), (user.auth_password, user.priv_password)
        self._seal = Seal(usm.keys(protocols, passphrases, found.engine), Aes())
        self._authority = found

    def _discovered(self, heard: Sealed) -> Authority:
        header = heard.header
        if heard.pdu is None or heard.pdu.kind != REPORT:
            raise BerError(Reason.NOT_AN_ANSWER)
        if header.flags & PROTECTED:
            raise BerError(NOT_AUTHENTIC)
        if not SHORTEST_ENGINE <= len(header.engine) <= LONGEST_ENGINE:
            raise BerError(Reason.BAD_SECURITY)
        return Authority(header.engine, header.boots, header.time, self._line.now)

    async def _exchange(self, asked: Question, flags: int, tries: int) -> Reply | Report | str:
        number, authority = self._line.number(), self._authority
        boots, time = authority.boots, authority.clock(self._line.now)
        header = Header(number, flags, authority.engine, boots, time, self._name)
        names = self._known.names(asked.oids)
        inside = usm.scoped(authority.engine, self._context, _pdu(asked, number, names))
        data = self._seal.close(header, inside, next(_salts).to_bytes(usm.SALT_SIZE))
        outline = Outline(V3, number, asked.kind, self._name, authority.engine, flags)
        read = partial(self._unsealed, number, names, _memory(asked, names))
        return await self._line.exchange(outline, data, read, tries)

    def _unsealed(
        self, number: int, names: Names, memory: Memory | None, heard: Sealed
    ) -> Reply | Report | str:
        """What a message says that fits the question of that number.

        Raises:
            BerError: it is not protected as it should be, or is no answer.
        """
        self._verify(heard)
        if heard.pdu:
            return _said(heard.pdu, number, names)
        try:
            return _said(self._seal.inside(heard, memory), number, names)
        except BerError:
            raise BerError(NOT_DECRYPTED) from None

    def _verify(self, heard: Sealed) -> None:
        """See that a message is from the engine, and learn its clock if that is proven.

        What is authentic answers a number that was drawn for it, so it cannot be an old one. Only a report,
        whose purpose is to tell the time, may be out of the window.
        """
        header, now = heard.header, self._line.now
        if header.engine != self._authority.engine:
            raise BerError(Reason.OTHER_ENGINE)
        if not header.flags & AUTH:
            return
        if not self._seal.authentic(heard):
            raise BerError(NOT_AUTHENTIC)
        is_report = heard.pdu is not None and heard.pdu.kind == REPORT
        if not is_report and self._authority.late(header, now):
            raise BerError(NOT_IN_TIME)
        self._authority = Authority(header.engine, header.boots, header.time, now)


def _said(pdu: Pdu, number: int, names: Names) -> Reply | Report | str:
    if pdu.kind == REPORT:
        return usm.report_of(pdu)
    if pdu.kind != RESPONSE:
        raise BerError(Reason.NOT_AN_ANSWER)
    reply = reply_of(pdu, names)
    return reply if pdu.number == number else "an answer to another question"
