"""The seam to the SNMP engine: a Session asks one agent, and turns every failure into a SourceError."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.proto import errind, rfc1902, rfc1905

from bridge.asterisk.mib import SYS_UPTIME, Oid, Syntax, Value
from bridge.errors import SourceError
from bridge.protocols.snmp import Reason
from bridge.settings import SnmpSettings
from bridge.sources.snmp import refusals
from bridge.sources.snmp.engine import AUTH_ONLY, AUTH_PRIV, Engine, User
from bridge.sources.snmp.refusals import NO_SUCH_NAME, TOO_BIG
from bridge.sources.snmp.transport import UNCOUNTED, Address, Counts

MAX_VARIABLES = 20
"""The most variables asked for at once: the answer mostly fits into one Ethernet frame, and every agent
takes that many."""

DISCOVERIES = 2
"""How often a question is put again because the agent objects to the engine ID or to the time in it: once
for each (RFC 3414, section 4)."""
TICK = 0.5
"""Seconds by which pysnmp may wait longer than it is told."""

SYNTAXES = {
    kind.tagSet: syntax
    for kind, syntax in (
        (rfc1902.Integer32, Syntax.INTEGER),
        (rfc1902.Gauge32, Syntax.GAUGE),
        (rfc1902.Counter32, Syntax.COUNTER),
        (rfc1902.Counter64, Syntax.COUNTER64),
        (rfc1902.TimeTicks, Syntax.TICKS),
        (rfc1902.OctetString, Syntax.TEXT),
        (rfc1902.IpAddress, Syntax.TEXT),
        (rfc1902.Opaque, Syntax.TEXT),
        (rfc1902.ObjectIdentifier, Syntax.OID),
    )
}
"""What a tag on the wire means."""

END_OF_MIB_VIEW = rfc1905.EndOfMibView.tagSet
ABSENCES = frozenset(kind.tagSet for kind in (rfc1905.NoSuchObject, rfc1905.NoSuchInstance))
"""What an agent answers for a variable that it does not have."""


class TooBig(Exception):  # noqa: N818 - the name that RFC 3416 gives this answer
    """The answer does not fit into one message: ask for less."""


class SilentError(SourceError):
    """Nothing answers, or nothing that we understand."""


class Session(Protocol):
    """Asks one agent; used by one poll at a time."""

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        """The values of the variables, in the order asked, by one request; None for an absent one.

        Raises:
            TooBig: the answer does not fit.
            SourceError: no answer, or a refusal; the message says what to check.
        """

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        """At most `limit` variables below `column`, in their order. Not for columns with holes.

        Raises:
            SourceError: no answer, or a refusal; the message says what to check.
        """


Connect = Callable[[SnmpSettings, Counts], contextlib.AbstractAsyncContextManager[Session]]
"""Makes a Session for the time of a `with`, which counts what it refuses. Raises SourceError."""


async def get_all(session: Session, oids: Sequence[Oid], most: int = MAX_VARIABLES) -> list[Value | None]:
    """The values of any number of variables, in the order asked; by smaller requests where one is too big.

    Raises:
        SourceError: as `Session.get`.
    """
    values: list[Value | None] = []
    while len(values) < len(oids):
        wanted = oids[len(values) : len(values) + most]
        try:
            values += await session.get(wanted)
        except TooBig:
            if len(wanted) == 1:
                raise SourceError(f"not even {_dotted(wanted[0])} alone fits into an answer") from None
            most = len(wanted) // 2
    return values


@contextlib.asynccontextmanager
async def open_session(settings: SnmpSettings, counts: Counts = UNCOUNTED) -> AsyncIterator[Session]:
    """A Session through pysnmp; targets with the same credentials share one engine and its sockets.

    Raises:
        SourceError: the name of the host cannot be resolved.
    """
    address = await _resolve(settings)
    user = User.of(settings)
    with Engine.lease(user) as engine:
        session = PysnmpSession(settings, engine, address, counts)
        with session.target(user.level, settings.retries):
            try:
                yield session
            except SilentError:
                # pysnmp asks on for the old engine ID of an agent that came back with a new one
                if session.answered and user.name:
                    Engine.retire(user)
                raise


async def _resolve(settings: SnmpSettings) -> Address:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(settings.host, settings.port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise SourceError(f"cannot resolve the SNMP host {settings.host!r}: {error}") from error
    return found[0][4]


class _Reply(NamedTuple):
    """The answer to one request: its error (0: none), which variable that is about, and the variables."""

    status: int
    culprit: int
    variables: Sequence[tuple[Any, Any]]


class PysnmpSession:
    """A Session through pysnmp.

    Attributes:
        answered: whether the agent has answered anything yet.
    """

    def __init__(self, settings: SnmpSettings, engine: Engine, address: Address, counts: Counts) -> None:
        self._settings = settings
        self._engine = engine
        self._address = address
        self._counts = Counts(self._refuse, counts.bridge)
        self._count = counts.pbx
        self._refused = ""
        self._target = ""
        self._patience = (settings.timeout + TICK) * (settings.retries + 1 + DISCOVERIES)
        self.answered = False
        self._where = f"{settings.host}:{settings.port}"

    def _refuse(self, reason: str) -> None:
        """Count something that the agent sent; what is only late does not explain why it is not heard."""
        self._count(reason)
        if reason != Reason.UNMATCHED:
            self._refused = reason

    @contextlib.contextmanager
    def target(self, level: str, retries: int) -> Iterator[None]:
        """Ask at that security level, and again so often, for the time of the `with`."""
        settings, before = self._settings, self._target
        parameters = self._engine.parameters(settings, level)
        patience = settings.timeout, retries
        with self._engine.target(self._address, parameters, patience, self._counts) as self._target:
            yield
        self._target = before

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        """See Session. Version 1 knows no absent variable: it is left out, and the others asked again."""
        values: dict[int, Value | None] = {}
        places = list(range(len(oids)))
        while places:
            reply = await self._ask(
                cmdgen.GetCommandGenerator(discoveryRetries=DISCOVERIES), [oids[place] for place in places]
            )
            if reply.status == NO_SUCH_NAME and 0 < reply.culprit <= len(places):
                del places[reply.culprit - 1]
                continue
            if [tuple(name) for name, _ in reply.variables] != [tuple(oids[place]) for place in places]:
                self._count(refusals.OTHER_VARIABLES)
                raise SourceError(f"{self._where} answered other variables than were asked for")
            values.update(zip(places, (self._value(value) for _, value in reply.variables), strict=True))
            break
        return [values.get(place) for place in range(len(oids))]

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        """See Session. An agent that does not move forward is not followed."""
        found: list[tuple[Oid, Value]] = []
        last = column
        while rows := (await self._next(last)).variables:
            for name, answered in rows:
                oid = tuple(name)
                if answered.tagSet == END_OF_MIB_VIEW or (oid[: len(column)] != column and oid > last):
                    return found
                if oid <= last:
                    self._count(refusals.NOT_INCREASING)
                    return found
                value = self._value(answered)
                if value is None or len(found) == limit:
                    return found
                found.append((oid, value))
                last = oid
        return found

    async def _next(self, oid: Oid) -> _Reply:
        if self._settings.version == "1":
            reply = await self._ask(cmdgen.NextCommandGeneratorSingleRun(discoveryRetries=DISCOVERIES), [oid])
            return _Reply(0, 0, ()) if reply.status == NO_SUCH_NAME else reply
        return await self._ask(
            cmdgen.BulkCommandGeneratorSingleRun(discoveryRetries=DISCOVERIES), [oid], 0, MAX_VARIABLES
        )

    async def _ask(self, command: Any, oids: Sequence[Oid], *extra: int) -> _Reply:
        """One request at the security level of the settings, and its answer.

        Raises:
            TooBig: the answer does not fit.
            SourceError: no answer, or a refusal.
        """
        self._refused = ""
        indication, reply = await self._send(command, oids, *extra)
        if isinstance(indication, errind.RequestTimedOut):
            raise SilentError(await self._why_silent())
        self.answered = True
        if isinstance(indication, errind.TooBig) or reply.status == TOO_BIG:
            self._count(refusals.TOO_LARGE)
            raise TooBig
        if indication is not None:
            raise SourceError(self._refusal(indication))
        named = 0 < reply.culprit <= len(oids)
        if reply.status and not (reply.status == NO_SUCH_NAME and named):
            self._count(refusals.REFUSED)
            culprit = f" for {_dotted(oids[reply.culprit - 1])}" if named else ""
            raise SourceError(f"{self._where}: {refusals.of_status(reply.status)}{culprit}")
        return reply

    async def _send(
        self, command: Any, oids: Sequence[Oid], *extra: int
    ) -> tuple[Exception | str | None, _Reply]:
        """One request through pysnmp; its error indication or None, and the reply.

        pysnmp answers nothing at all when it stumbles over a reply that it has matched.
        """
        future: asyncio.Future[tuple[Exception | str | None, _Reply]]
        future = asyncio.get_running_loop().create_future()

        def answered(
            _engine: Any, _handle: Any, indication: Any, status: Any, index: Any, *rest: Any
        ) -> None:
            if not future.done():
                future.set_result((indication, _Reply(int(status), int(index), rest[0])))

        variables = [(oid, rfc1902.Null("")) for oid in oids]
        try:
            command.send_varbinds(
                self._engine.snmp, self._target, None, self._settings.context, *extra, variables, answered
            )
            async with asyncio.timeout(self._patience):
                return await future
        except TimeoutError:
            return errind.requestTimedOut, _Reply(0, 0, ())
        except PySnmpError as error:
            raise SourceError(f"{self._where}: pysnmp could not ask: {error}") from error

    async def _why_silent(self) -> str:
        """What silence means, found out by asking for less.

        net-snmp drops what it cannot decrypt, so a wrong privacy secret looks like a dead host: unless the
        same user is heard without privacy.
        """
        settings = self._settings
        if self._refused:
            return f"{self._where} answers what cannot be used: {self._refused} (source.errors has it all)"
        if await self._heard(User.of(settings).level):
            return (
                f"{self._where} answers for itself, but not in {settings.timeout:g} s for Asterisk: "
                "it is stuck or overloaded, or raise timeout"
            )
        if settings.version != "3":
            return (
                f"no answer from {self._where} (SNMP {settings.version}): wrong host, port, version or "
                "community, or a firewall; an agent does not answer a wrong community"
            )
        if User.of(settings).level == AUTH_PRIV and await self._heard(AUTH_ONLY):
            return (
                f"{self._where} knows the user {settings.username!r} and its auth_password, but does not "
                f"understand its privacy: priv_password or priv_protocol ({settings.priv_protocol}) is wrong"
            )
        context = f"context {settings.context!r}, " if settings.context else ""
        return f"no answer from {self._where} (SNMP 3): wrong host, port, {context}or a firewall"

    async def _heard(self, level: str) -> bool:
        """Whether the agent says anything to its user at that security level, be it a refusal."""
        with self.target(level, 0):
            indication, _ = await self._send(
                cmdgen.GetCommandGenerator(discoveryRetries=DISCOVERIES), [SYS_UPTIME]
            )
        return not isinstance(indication, errind.RequestTimedOut)

    def _refusal(self, indication: Exception | str) -> str:
        """What an agent reports, or what pysnmp says of an answer; counted."""
        self._count(refusals.BAD_RESPONSE if isinstance(indication, str) else refusals.REFUSED)
        return f"{self._where} {refusals.of_report(indication, self._settings)}"

    def _value(self, value: Any) -> Value | None:
        """What a variable holds; None for an absent one, and for one without a value, which is counted."""
        syntax = SYNTAXES.get(value.tagSet)
        if syntax is None:
            if value.tagSet not in ABSENCES:
                self._count(refusals.NO_VALUE)
            return None
        if syntax is Syntax.TEXT:
            return Value(syntax, bytes(value))
        return Value(syntax, tuple(value) if syntax is Syntax.OID else int(value))


def _dotted(oid: Oid) -> str:
    return ".".join(map(str, oid))
