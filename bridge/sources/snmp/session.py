"""The seam to the SNMP engine: a Session asks one agent, and turns every failure into a SourceError."""

import asyncio
import contextlib
import operator
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol, TypeGuard

from bridge.asterisk.mib import SYS_UPTIME, Oid, Value
from bridge.errors import SourceError
from bridge.protocols.snmp import GET, GET_BULK, GET_NEXT, Reason
from bridge.protocols.usm import Report
from bridge.settings import SnmpSettings
from bridge.sources.snmp import refusals, sizes
from bridge.sources.snmp.fast import fast_wire, is_fast
from bridge.sources.snmp.refusals import NO_SUCH_NAME, TOO_BIG
from bridge.sources.snmp.sizes import FEW, Rows, Sizes
from bridge.sources.snmp.slow import pysnmp_wire
from bridge.sources.snmp.user import AUTH_ONLY, AUTH_PRIV, User
from bridge.sources.snmp.wire import (
    UNCOUNTED,
    Address,
    Blank,
    Counts,
    Question,
    Reply,
    ReportError,
    SilentError,
    Wire,
)


class TooBig(Exception):  # noqa: N818 - the name that RFC 3416 gives this answer
    """The answer does not fit into one message: ask for less."""


class Session(Protocol):
    """Asks one agent; used by one poll at a time."""

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        """The values of the variables, in the order asked, by one request; None for an absent one.

        Raises:
            TooBig: the answer does not fit.
            SourceError: no answer, or a refusal; the message says what to check.
        """

    def at_once(self, oids: Sequence[Oid]) -> int:
        """How many of these, from the first on, are best asked for by one request."""

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        """At most `limit` variables below `column`, in their order. Not for columns with holes.

        Raises:
            SourceError: no answer, or a refusal; the message says what to check.
        """


Connect = Callable[[SnmpSettings, Counts], contextlib.AbstractAsyncContextManager[Session]]
"""Makes a Session for the time of a `with`, which counts what it refuses. Raises SourceError."""


async def get_all(session: Session, oids: Sequence[Oid], most: int = 0) -> list[Value | None]:
    """The values of any number of variables, in the order asked; by smaller requests where one is too big.

    Args:
        session: asks.
        oids: the variables.
        most: how many are asked for at once; 0 for as many as are best.

    Raises:
        SourceError: as `Session.get`.
    """
    values: list[Value | None] = []
    while len(values) < len(oids):
        rest = oids[len(values) :]
        wanted = rest[: most or session.at_once(rest)]
        try:
            values += await session.get(wanted)
        except TooBig:
            if len(wanted) == 1:
                raise SourceError(f"not even {_dotted(wanted[0])} alone fits into an answer") from None
            most = len(wanted) // 2
    return values


@contextlib.asynccontextmanager
async def open_session(settings: SnmpSettings, counts: Counts = UNCOUNTED) -> AsyncIterator[Session]:
    """A Session through the engine that the settings choose; targets share its sockets.

    Raises:
        SourceError: the name of the host cannot be resolved.
    """
    address = await _resolve(settings)
    session = AgentSession(settings, counts)
    engine = fast_wire if is_fast(settings) else pysnmp_wire
    with engine(settings, address, Counts(session.refuse, counts.bridge)) as session.wire:
        yield session


async def _resolve(settings: SnmpSettings) -> Address:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(settings.host, settings.port, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise SourceError(f"cannot resolve the SNMP host {settings.host!r}: {error}") from error
    return found[0][4]


class AgentSession:
    """A Session through either engine.

    Attributes:
        wire: the engine that asks; to be set before anything is asked.
    """

    wire: Wire

    def __init__(self, settings: SnmpSettings, counts: Counts) -> None:
        self._settings = settings
        self._count = counts.pbx
        self._refused = ""
        self._where = f"{settings.host}:{settings.port}"
        self._level = User.of(settings).level
        self._sizes = Sizes()

    def refuse(self, reason: str) -> None:
        """Count something that the agent sent; what is only late does not explain why it is not heard."""
        self._count(reason)
        if reason != Reason.UNMATCHED:
            self._refused = reason

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        """See Session. Version 1 knows no absent variable: it is left out, and the others asked again."""
        places = list(range(len(oids)))
        while places:
            asked = [oids[place] for place in places]
            reply = await self._ask(Question(GET, asked))
            self._sizes.answered(asked, reply.octets)
            if reply.status == NO_SUCH_NAME and 0 < reply.culprit <= len(places):
                del places[reply.culprit - 1]
                continue
            if [name for name, _ in reply.variables] != asked:
                self._count(refusals.OTHER_VARIABLES)
                raise SourceError(f"{self._where} answered other variables than were asked for")
            answers = [each if isinstance(each, Value) else self._value(each) for _, each in reply.variables]
            if len(answers) == len(oids):
                return answers
            found = dict(zip(places, answers, strict=True))
            return [found.get(place) for place in range(len(oids))]
        return [None] * len(oids)

    def at_once(self, oids: Sequence[Oid]) -> int:
        """See Session."""
        return self._sizes.at_once(oids)

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        """See Session. An agent that does not move forward is not followed.

        As many rows are asked for as there were the last time, and one that shows that they end there.
        """
        found: list[tuple[Oid, Value]] = []
        expected, in_frame = self._sizes.rows(column)
        goes_on = True
        while goes_on:
            last = found[-1][0] if found else column
            end = min(limit, expected if len(found) <= expected else limit) + 1
            reply = await self._next(last, min(in_frame, end - len(found)))
            in_frame = sizes.in_frame(reply)
            goes_on = self._add_rows(reply, column, limit, found)
        self._sizes.walked(column, Rows(len(found), in_frame))
        return found

    def _add_rows(self, reply: Reply, column: Oid, limit: int, found: list[tuple[Oid, Value]]) -> bool:
        """Add what is a row of the column and follows those that were found; whether there may be more."""
        last, width = found[-1][0] if found else column, len(column)
        if len(found) + len(reply.variables) <= limit and _are_rows(reply.variables, column, last):
            found += reply.variables
            return True
        for oid, answered in reply.variables:
            is_end = answered is Blank.END
            if is_end or oid[:width] != column or oid <= last:
                if oid <= last and not is_end:
                    self._count(refusals.NOT_INCREASING)
                return False
            if len(found) == limit or not isinstance(answered, Value):
                self._value(answered)
                return False
            found.append((oid, answered))
            last = oid
        return True

    async def _next(self, oid: Oid, amount: int) -> Reply:
        """The variables that follow, `amount` of them at most; that there are no more is one too.

        Raises:
            SourceError: there is nothing in the answer, or as `_ask`.
        """
        if self._settings.version == "1":
            reply = await self._ask(Question(GET_NEXT, [oid]))
            if reply.status == NO_SUCH_NAME:
                return Reply(0, 0, [(oid, Blank.END)])
        else:
            reply = await self._ask(Question(GET_BULK, [oid], amount))
        if not reply.variables:
            self._count(refusals.BAD_RESPONSE)
            raise SourceError(
                f"{self._where} answered nothing, not even that there is no more: update the agent"
            )
        return reply

    async def _ask(self, question: Question) -> Reply:
        """The answer to a question at the security level of the settings.

        What asks for many variables is sent once: who is silent to it is asked for few from then on.

        Raises:
            TooBig: the answer does not fit, or there is none to many.
            SourceError: no answer, or a refusal.
        """
        self._refused = ""
        are_many = len(question.oids) > FEW
        try:
            reply = await self.wire.ask(question, self._level if are_many else "")
        except SilentError:
            if are_many:
                self._sizes.most = FEW
                raise TooBig from None
            raise SilentError(await self._why_silent()) from None
        except ReportError as error:
            raise SourceError(self._refusal(error.report)) from None
        if reply.status == TOO_BIG:
            self._count(refusals.TOO_LARGE)
            raise TooBig
        oids = question.oids
        named = 0 < reply.culprit <= len(oids)
        if reply.status and not (reply.status == NO_SUCH_NAME and named):
            self._count(refusals.REFUSED)
            culprit = f" for {_dotted(oids[reply.culprit - 1])}" if named else ""
            raise SourceError(f"{self._where}: {refusals.of_status(reply.status)}{culprit}")
        return reply

    async def _why_silent(self) -> str:
        """What silence means, found out by asking for less.

        net-snmp drops what it cannot decrypt, so a wrong privacy secret looks like a dead host: unless the
        same user is heard without privacy.
        """
        settings = self._settings
        if self._refused:
            return f"{self._where} answers what cannot be used: {self._refused} (source.errors has it all)"
        if await self._heard(self._level):
            return (
                f"{self._where} answers for itself, but not in {settings.timeout:g} s for Asterisk: "
                "it is stuck or overloaded, or raise timeout"
            )
        if settings.version != "3":
            return (
                f"no answer from {self._where} (SNMP {settings.version}): wrong host, port, version or "
                "community, or a firewall; an agent does not answer a wrong community"
            )
        if self._level == AUTH_PRIV and await self._heard(AUTH_ONLY):
            return (
                f"{self._where} knows the user {settings.username!r} and its auth_password, but does not "
                f"understand its privacy: priv_password or priv_protocol ({settings.priv_protocol}) is wrong"
            )
        context = f"context {settings.context!r}, " if settings.context else ""
        return f"no answer from {self._where} (SNMP 3): wrong host, port, {context}or a firewall"

    async def _heard(self, level: str) -> bool:
        """Whether the agent says anything to its user at that security level, be it a refusal."""
        try:
            await self.wire.ask(Question(GET, [SYS_UPTIME]), once_at=level)
        except SilentError:
            return False
        except ReportError:
            return True
        return True

    def _refusal(self, report: Report | str) -> str:
        """What an agent reports, or what an engine says of an answer; counted."""
        self._count(refusals.REFUSED if isinstance(report, Report) else refusals.BAD_RESPONSE)
        return f"{self._where} {refusals.of_report(report, self._settings)}"

    def _value(self, answered: Value | Blank) -> Value | None:
        """What a variable holds; None for an absent one, and for one without a value, which is counted."""
        if isinstance(answered, Value):
            return answered
        if answered is not Blank.ABSENT:
            self._count(refusals.NO_VALUE)
        return None


def _are_rows(
    variables: Sequence[tuple[Oid, Value | Blank]], column: Oid, last: Oid
) -> TypeGuard[Sequence[tuple[Oid, Value]]]:
    """Whether all are rows of the column, in their order behind `last`; in order, the last one tells."""
    names = [last, *(name for name, _ in variables)]
    return (
        names[-1][: len(column)] == column
        and all(map(operator.lt, names, names[1:]))
        and Blank not in map(type, (value for _, value in variables))
    )


def _dotted(oid: Oid) -> str:
    return ".".join(map(str, oid))
