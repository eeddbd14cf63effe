"""SnmpSource: polls res_snmp of one PBX through the SNMP agent of its host."""

from bridge.asterisk.catalog.system import SNMP_CONNECTED
from bridge.asterisk.mib import ASTERISK, OBJECTS, SYS_OR_ID, MibObject, Oid, Value
from bridge.asterisk.snmp import (
    SCALARS,
    AsteriskMib,
    Reading,
    add_channel,
    channel_columns,
    channel_row,
    technologies,
    type_rows,
    whole_row,
)
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import Fault, SettingsError, SourceError
from bridge.log import get_logger
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock, Emit
from bridge.pipeline.memory import Memory
from bridge.pipeline.poller import Poller
from bridge.settings import SnmpSettings
from bridge.sources.snmp.fast import is_fast
from bridge.sources.snmp.objects import UserObjects, compile_objects
from bridge.sources.snmp.session import Connect, Session, get_all, open_session
from bridge.sources.snmp.sizes import FEW
from bridge.sources.snmp.wire import Counts

NAME = "snmp"
WEAK = frozenset({"md5", "sha"})
"""Authentication that still holds, but is no longer recommended (RFC 7860 has what follows it)."""
REGISTERED_LIMIT = 100
"""The most rows of sysORTable that are looked through; net-snmp has some ten of its own."""

log = get_logger(component=NAME)


class SnmpSource:
    """Polls one PBX over SNMP.

    Args:
        pbx: the name of the PBX.
        settings: where and how to ask.
        health: where polls and errors are counted.
        clock: where time comes from.
        memory: where counters are remembered; none to begin afresh.
        connect: makes the session with the agent.

    Raises:
        SettingsError: `objects` or `channel_columns` cannot be polled.
    """

    def __init__(
        self,
        pbx: str,
        settings: SnmpSettings,
        health: Health,
        clock: Clock,
        memory: Memory | None = None,
        *,
        connect: Connect = open_session,
    ) -> None:
        self._pbx = pbx
        self._settings = settings
        self._health = health
        self._clock = clock
        self._connect = connect
        self._columns, self._objects = _checked(pbx, settings)
        self._mib = AsteriskMib()
        self._begun = False
        if memory:
            self._remember(memory)
        self._poller = Poller(Part("source", pbx, NAME), settings.interval, health, clock)

    def _remember(self, memory: Memory) -> None:
        key = f"{NAME}/{self._pbx}"
        self._mib.restore(memory.recall(key), self._offset())
        memory.keep(key, lambda: self._mib.state(self._offset()))

    def _offset(self) -> float:
        """What is between the clock that never jumps and the one that goes on over restarts."""
        return self._clock.time() - self._clock.monotonic()

    @property
    def name(self) -> str:
        """`snmp`."""
        return NAME

    @property
    def pbx(self) -> str:
        """The PBX it reads."""
        return self._pbx

    @property
    def how(self) -> str:
        """Which engine asks: `engine fast` or `engine pysnmp`."""
        return f"engine {'fast' if is_fast(self._settings) else 'pysnmp'}"

    async def run(self, emit: Emit) -> None:
        """Poll until cancelled.

        Raises:
            SourceError: no agent answers, it refuses us, or res_snmp is not connected to it.
        """
        self._warn_once()
        async with self._connect(self._settings, self._counts()) as session:
            await self._poller.run(lambda: self._poll(session, emit), emit)

    def _warn_once(self) -> None:
        """However often a lost connection is made anew."""
        if self._settings.version == "3" and self._settings.auth_protocol in WEAK and not self._begun:
            log.warning(
                "weak SNMP authentication: use sha256 or better if the agent knows it",
                pbx=self._pbx,
                auth_protocol=self._settings.auth_protocol,
            )
        self._begun = True

    async def poll_once(self) -> list[Sample]:
        """Connect, poll everything once, disconnect.

        Raises:
            SourceError: as `run`.
        """
        async with self._connect(self._settings, self._counts()) as session:
            return await self._poll(session, lambda _: None)

    async def _poll(self, session: Session, emit: Emit) -> list[Sample]:
        """One poll of everything; what is known although Asterisk is not seen goes to `emit` at once."""
        reading = Reading(self._pbx, self._clock.time(), self._clock.monotonic())
        answered = await get_all(session, SCALARS)
        values = {oid: value for oid, value in zip(SCALARS, answered, strict=True) if value is not None}
        await self._objects.poll(session, reading)
        reading.add(SNMP_CONNECTED.series(self._pbx), float(bool(values)))
        if not values:
            emit(reading.samples)
            raise SourceError(await self._why_unseen(session))
        await self._asterisk(session, values, reading)
        self._count("wrong type", reading.wrong)
        return reading.samples

    async def _asterisk(self, session: Session, values: dict[Oid, Value], reading: Reading) -> None:
        self._mib.scalars(values, reading)
        technologies(await get_all(session, type_rows(values)), reading)
        if self._settings.channel_table:
            channels = reading.number(values.get(OBJECTS["astNumChannels"].at())) or 0
            if channels <= self._settings.channel_limit:
                await self._channels(session, channels, reading)
            else:
                self._count("too many channels", 1)

    async def _channels(self, session: Session, channels: int, reading: Reading) -> None:
        """Add the live channels: as many whole rows in one request as it may hold."""
        seen = set[str]()
        rows = [channel_row(self._columns, row) for row in range(1, channels + 1)]
        width = len(self._columns) + 4
        at_once = max(1, FEW // width)
        for start in range(0, channels, at_once):
            oids = [oid for row in rows[start : start + at_once] for oid in row]
            values = await get_all(session, oids, len(oids))
            for first in range(0, len(values), width):
                cells = values[first : first + width]
                row = whole_row(cells)
                if row and row.unique_id not in seen:
                    seen.add(row.unique_id)
                    add_channel(self._columns, row, reading)
                elif not row and any(cells):
                    self._count("torn row", 1)

    async def _why_unseen(self, session: Session) -> str:
        """Why an agent that answers shows nothing of Asterisk."""
        where = f"the SNMP agent at {self._settings.host}:{self._settings.port} answers, but"
        registered = {value.data for _, value in await session.column(SYS_OR_ID, REGISTERED_LIMIT)}
        view = "let the view of this user or community include .1.3.6.1.4.1.22736 (snmpd.conf)"
        module = (
            "see that it runs, load res_snmp with `enabled = yes` (res_snmp.conf), and let Asterisk's user "
            "open the socket of `master agentx` (agentXPerms in snmpd.conf)"
        )
        if ASTERISK in registered:
            return f"{where} hides Asterisk, which is registered with it: {view}"
        if registered:
            return f"{where} Asterisk is not registered with it: {module}"
        return f"{where} shows nothing of Asterisk: {module}; and {view}"

    def _counts(self) -> Counts:
        """Where refused answers are counted: by this PBX, and what strangers send by the bridge."""
        return Counts(self._count, lambda reason: self._health.count(_errors(BRIDGE, reason)))

    def _count(self, reason: str, amount: int = 1) -> None:
        if amount:
            self._health.count(_errors(self._pbx, reason), amount)


def _errors(pbx: str, reason: str) -> Series:
    return own.SOURCE_ERRORS.series(pbx, NAME, reason)


def _checked(pbx: str, settings: SnmpSettings) -> tuple[tuple[MibObject, ...], UserObjects]:
    """The columns and objects that the settings name.

    Raises:
        SettingsError: some of them cannot be polled.
    """
    section = f"BRIDGE_PBX__{pbx.upper()}__SNMP"
    faults: list[Fault] = []
    columns: tuple[MibObject, ...] = ()
    objects = UserObjects(())
    try:
        columns = channel_columns(settings.channel_columns) if settings.channel_table else ()
    except ValueError as error:
        faults.append(Fault(f"{section}__CHANNEL_COLUMNS", str(error)))
    try:
        objects = UserObjects(compile_objects(settings.objects, settings.mib_dir))
    except ValueError as error:
        faults.append(Fault(f"{section}__OBJECTS", str(error)))
    if faults:
        raise SettingsError(faults)
    return columns, objects
