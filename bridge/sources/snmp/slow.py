"""Asks by pysnmp, which speaks everything that there is in SNMP."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.proto import errind, rfc1902, rfc1905

from bridge.asterisk.mib import Syntax, Value
from bridge.errors import SourceError
from bridge.protocols.snmp import GET, GET_BULK, GET_NEXT
from bridge.protocols.usm import Report
from bridge.settings import SnmpSettings
from bridge.sources.snmp.engine import Engine
from bridge.sources.snmp.refusals import TOO_BIG
from bridge.sources.snmp.user import User
from bridge.sources.snmp.wire import (
    DISCOVERIES,
    Address,
    Blank,
    Counts,
    Question,
    Reply,
    ReportError,
    SilentError,
)

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
BLANKS = {
    rfc1905.NoSuchObject.tagSet: Blank.ABSENT,
    rfc1905.NoSuchInstance.tagSet: Blank.ABSENT,
    rfc1905.EndOfMibView.tagSet: Blank.END,
}
COMMANDS = {
    GET: cmdgen.GetCommandGenerator,
    GET_NEXT: cmdgen.NextCommandGeneratorSingleRun,
    GET_BULK: cmdgen.BulkCommandGeneratorSingleRun,
}
REPORTS = (
    ((errind.UnknownUserName, errind.UnknownSecurityName), Report.USER),
    ((errind.WrongDigest, errind.AuthenticationFailure), Report.DIGEST),
    ((errind.DecryptionError,), Report.DECRYPTION),
    ((errind.UnsupportedSecurityLevel,), Report.LEVEL),
    ((errind.NotInTimeWindow,), Report.NOT_IN_TIME),
    ((errind.UnknownEngineID,), Report.ENGINE),
)
Told = tuple[Exception | str | None, Reply]
"""What pysnmp says of a question: its error indication or None, and the reply."""
NO_REPLY = Reply(0, 0, ())


@contextlib.contextmanager
def pysnmp_wire(settings: SnmpSettings, address: Address, counts: Counts) -> Iterator["PysnmpWire"]:
    """Asks one agent for the time of the `with`; targets with the same credentials share one engine."""
    user = User.of(settings)
    with Engine.lease(user) as engine:
        wire = PysnmpWire(settings, engine, address, counts)
        with wire.target(user.level, settings.retries):
            try:
                yield wire
            except SilentError:
                # pysnmp asks on for the old engine ID of an agent that came back with a new one
                if wire.answered and user.name:
                    Engine.retire(user)
                raise


class PysnmpWire:
    """A Wire through pysnmp.

    Attributes:
        answered: whether the agent has answered anything yet.
    """

    def __init__(self, settings: SnmpSettings, engine: Engine, address: Address, counts: Counts) -> None:
        self._settings = settings
        self._engine = engine
        self._address = address
        self._counts = counts
        self._target = ""
        self._patience = (settings.timeout + TICK) * (settings.retries + 1 + DISCOVERIES)
        self.answered = False

    @contextlib.contextmanager
    def target(self, level: str, retries: int) -> Iterator[None]:
        """Ask at that security level, and again so often, for the time of the `with`."""
        settings, before = self._settings, self._target
        parameters = self._engine.parameters(settings, level)
        patience = settings.timeout, retries
        with self._engine.target(self._address, parameters, patience, self._counts) as self._target:
            yield
        self._target = before

    async def ask(self, question: Question, once_at: str = "") -> Reply:
        """See Wire."""
        if once_at:
            with self.target(once_at, 0):
                indication, reply = await self._send(question)
        else:
            indication, reply = await self._send(question)
        if isinstance(indication, errind.RequestTimedOut):
            raise SilentError
        self.answered |= not once_at
        if isinstance(indication, errind.TooBig):
            return Reply(TOO_BIG, 0, ())
        if indication is not None:
            raise ReportError(_report(indication))
        return reply

    async def _send(self, question: Question) -> Told:
        """One request through pysnmp.

        pysnmp answers nothing at all when it stumbles over a reply that it has matched.
        """
        future: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

        def answered(
            _engine: Any, _handle: Any, indication: Any, status: Any, culprit: Any, *rest: Any
        ) -> None:
            if not future.done():
                future.set_result((indication, int(status), int(culprit), rest[0]))

        command = COMMANDS[question.kind](discoveryRetries=DISCOVERIES)
        extra = (0, question.repetitions) if question.kind == GET_BULK else ()
        variables = [(oid, rfc1902.Null("")) for oid in question.oids]
        try:
            command.send_varbinds(
                self._engine.snmp, self._target, None, self._settings.context, *extra, variables, answered
            )
            async with asyncio.timeout(self._patience):
                indication, status, culprit, answers = await future
        except TimeoutError:
            return errind.requestTimedOut, NO_REPLY
        except PySnmpError as error:
            where = f"{self._settings.host}:{self._settings.port}"
            raise SourceError(f"{where}: pysnmp could not ask: {error}") from error
        found = [(tuple(name), _value(value)) for name, value in answers]
        return indication, Reply(status, culprit, found)


def _report(indication: Exception | str) -> Report | str:
    return next((report for kinds, report in REPORTS if isinstance(indication, kinds)), str(indication))


def _value(value: Any) -> Value | Blank:
    syntax = SYNTAXES.get(value.tagSet)
    if syntax is None:
        return BLANKS.get(value.tagSet, Blank.NOTHING)
    if syntax is Syntax.TEXT:
        return Value(syntax, bytes(value))
    return Value(syntax, tuple(value) if syntax is Syntax.OID else int(value))
