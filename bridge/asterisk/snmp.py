"""What the variables of ASTERISK-MIB mean: values that an agent answered become Samples."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE, CHANNELS_BRIDGED, TECHNOLOGY_CHANNELS
from bridge.asterisk.catalog.channel_table import (
    CHANNEL_APPLICATION,
    CHANNEL_CONTEXT,
    CHANNEL_HANGUP_CAUSE,
    CHANNEL_HANGUP_IN,
    CHANNEL_OUTBOUND,
    CHANNEL_PRIORITY,
    CHANNEL_RINGS,
    CHANNEL_STATE,
    CHANNEL_TECHNOLOGY,
)
from bridge.asterisk.catalog.system import (
    DIALPLAN_ACTIVE,
    DIALPLAN_PROCESSED,
    SYSTEM_INDICATIONS,
    SYSTEM_INFO,
    SYSTEM_MODULES,
    SYSTEM_PID,
    SYSTEM_RELOAD_AGE,
    SYSTEM_UPTIME,
    SYSTEM_VERSION,
)
from bridge.asterisk.mib import OBJECTS, MibObject, Oid, Syntax, Value
from bridge.core.counter import RunningCounter
from bridge.core.lifetime import Lifetime
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import Sample, Series
from bridge.core.state import Json, mapping
from bridge.core.state import number as number_in

NUMBERS = frozenset({Syntax.INTEGER, Syntax.GAUGE, Syntax.COUNTER, Syntax.COUNTER64, Syntax.TICKS})
TICKS_TOP = 1 << 32
TICKS_PER_SECOND = 100

GAUGES: dict[str, Metric] = {
    "astVersionTag": SYSTEM_VERSION,
    "astConfigPid": SYSTEM_PID,
    "astConfigCallsActive": DIALPLAN_ACTIVE,
    "astNumModules": SYSTEM_MODULES,
    "astNumIndications": SYSTEM_INDICATIONS,
    "astNumChannels": CHANNELS_ACTIVE,
    "astNumChanBridge": CHANNELS_BRIDGED,
}
"""The scalars that become a gauge as they are."""

SCALARS: tuple[Oid, ...] = tuple(
    OBJECTS[name].at()
    for name in (
        "astVersionString",
        "astConfigUpTime",
        "astConfigReloadTime",
        "astConfigCallsProcessed",
        "astNumChanTypes",
        *GAUGES,
    )
)
"""What one poll asks for first; the path of the control socket and the default tone zone say nothing new."""

TYPE_LIMIT = 250
"""The most rows of the channel-type table that are asked for: an Asterisk with every driver there ever was
has some thirty, so more is a broken agent."""

CHANNEL_METRICS: dict[str, Metric] = {
    "astChanState": CHANNEL_STATE,
    "astChanType": CHANNEL_TECHNOLOGY,
    "astChanHangupCause": CHANNEL_HANGUP_CAUSE,
    "astChanWhenHangup": CHANNEL_HANGUP_IN,
    "astChanPri": CHANNEL_PRIORITY,
    "astChanRings": CHANNEL_RINGS,
    "astChanFlags": CHANNEL_OUTBOUND,
    "astChanApp": CHANNEL_APPLICATION,
    "astChanContext": CHANNEL_CONTEXT,
}
"""The columns of the channel table that may be polled. The others are personal (names, numbers, caller id,
variables, dialled numbers, account codes, the peer) or dead."""

_OUTGOING = 10
"""The SNMP bit of astChanFlags that is set on a leg which Asterisk dialled; the 2008 text leaves it out."""


class Reading:
    """The samples made of one poll, and how many of its values were of a type they must not have.

    Args:
        pbx: the PBX, for the label.
        now: Unix time of the poll.
        monotonic: the same moment on a clock that never jumps, by which restarts are told.

    Attributes:
        samples: what was understood.
        wrong: values left out: a text where a number belongs, or a number where a text belongs.
    """

    def __init__(self, pbx: str, now: float, monotonic: float = 0.0) -> None:
        self.pbx = pbx
        self.monotonic = monotonic
        self.samples: list[Sample] = []
        self.wrong = 0
        self._now = now

    def add(self, series: Series, value: float) -> None:
        """One more sample, of the time of the poll."""
        self.samples.append(Sample(series, value, self._now))

    def number(self, value: Value | None) -> int | None:
        """The number in `value`; None if it is absent or, which is counted, not a number."""
        if value is None:
            return None
        if value.syntax in NUMBERS and isinstance(value.data, int):
            return value.data
        self.wrong += 1
        return None

    def text(self, value: Value | None) -> str | None:
        """The text in `value`; None if it is absent or, which is counted, not a text."""
        if value is None:
            return None
        if isinstance(value.data, bytes):
            return value.data.decode("utf-8", "replace")
        self.wrong += 1
        return None

    def bit(self, value: Value | None, number: int) -> int | None:
        """Bit `number` of BITS, which count from the most significant one of the first octet; as `text`."""
        if value is None:
            return None
        if isinstance(value.data, bytes):
            octet, place = divmod(number, 8)
            return int(octet < len(value.data) and bool(value.data[octet] & (0x80 >> place)))
        self.wrong += 1
        return None


class AsteriskMib:
    """Turns the values of one PBX's polls into Samples; remembers what counters need between polls."""

    def __init__(self) -> None:
        self._life = Lifetime(TICKS_TOP / TICKS_PER_SECOND)
        self._reload = Lifetime(TICKS_TOP / TICKS_PER_SECOND)
        self._processed = RunningCounter()
        self._pid: float | None = None

    def scalars(self, values: Mapping[Oid, Value], reading: Reading) -> None:
        """Add the samples of the scalars; one that is absent has none."""

        def number(name: str) -> int | None:
            return reading.number(values.get(OBJECTS[name].at()))

        self._times(number("astConfigUpTime"), number("astConfigReloadTime"), values, reading)
        for name, metric in GAUGES.items():
            if (value := number(name)) is not None:
                reading.add(metric.series(reading.pbx), value)
        if (processed := number("astConfigCallsProcessed")) is not None:
            total = self._processed.update(processed, str(self._life.run))
            reading.add(DIALPLAN_PROCESSED.series(reading.pbx), total)
        if (version := reading.text(values.get(OBJECTS["astVersionString"].at()))) is not None:
            reading.add(SYSTEM_INFO.series(reading.pbx, version), 1)

    def _times(
        self, uptime: int | None, reload_age: int | None, values: Mapping[Oid, Value], reading: Reading
    ) -> None:
        """Add uptime and age of the last reload, and notice whether Asterisk began anew."""
        before, other = self._life.run, self._other_process(values)
        if uptime is not None:
            self._life.update(uptime / TICKS_PER_SECOND, reading.monotonic, restarted=other)
            reading.add(SYSTEM_UPTIME.series(reading.pbx), self._life.seconds)
        elif other:
            self._life.run += 1
        if reload_age is not None:
            restarted = self._life.run != before
            self._reload.update(reload_age / TICKS_PER_SECOND, reading.monotonic, restarted=restarted)
            reading.add(SYSTEM_RELOAD_AGE.series(reading.pbx), self._reload.seconds)

    def _other_process(self, values: Mapping[Oid, Value]) -> bool:
        value = values.get(OBJECTS["astConfigPid"].at())
        if value is None or not isinstance(value.data, int):
            return False
        last, self._pid = self._pid, value.data
        return last is not None and last != value.data

    def state(self, offset: float) -> Json:
        """What counters need after a restart of the bridge; `offset` as for Lifetime."""
        return {
            "pid": self._pid,
            "life": self._life.state(offset),
            "reload": self._reload.state(offset),
            "processed": self._processed.state(),
        }

    def restore(self, state: Json, offset: float) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        known = mapping(state)
        self._pid = number_in(known.get("pid"))
        self._life.restore(known.get("life"), offset)
        self._reload.restore(known.get("reload"), offset)
        self._processed.restore(known.get("processed"))


def type_rows(values: Mapping[Oid, Value]) -> list[Oid]:
    """The variables that bring channels by technology: name and number of each row, side by side."""
    count = values.get(OBJECTS["astNumChanTypes"].at())
    rows = count.data if count and isinstance(count.data, int) else 0
    name, channels = OBJECTS["astChanTypeName"], OBJECTS["astChanTypeChannels"]
    return [item.at(row) for row in range(1, min(rows, TYPE_LIMIT) + 1) for item in (name, channels)]


def technologies(values: Sequence[Value | None], reading: Reading) -> None:
    """Add the samples of what `type_rows` asked for; keyed by name, since rows move when drivers load."""
    for name, channels in zip(values[::2], values[1::2], strict=True):
        technology, number = reading.text(name), reading.number(channels)
        if technology and number is not None:
            reading.add(TECHNOLOGY_CHANNELS.series(reading.pbx, technology), number)


def channel_columns(names: Sequence[str]) -> tuple[MibObject, ...]:
    """The columns of the channel table by name.

    Raises:
        ValueError: one of them may not be polled; the message lists those that may.
    """
    for name in names:
        if name not in CHANNEL_METRICS:
            why = "is personal or says nothing" if name in OBJECTS else "is not a column of astChanTable"
            raise ValueError(f"{name!r} {why}; allowed are {', '.join(CHANNEL_METRICS)}")
    return tuple(OBJECTS[name] for name in names)


class ChannelRow(NamedTuple):
    """One live channel: its unique id, and the value of each column that was asked for."""

    unique_id: str
    values: Sequence[Value | None]


def channel_row(columns: Sequence[MibObject], row: int) -> list[Oid]:
    """The variables of one row, who it is asked first and last: rows move between two variables."""
    who = [OBJECTS["astChanUniqueId"].at(row), OBJECTS["astChanName"].at(row)]
    return [*who, *(column.at(row) for column in columns), *who]


def whole_row(values: Sequence[Value | None]) -> ChannelRow | None:
    """The row that was answered to `channel_row`; None if another channel moved into it meanwhile."""
    unique_id = values[0]
    if values[:2] != values[-2:] or unique_id is None or not isinstance(unique_id.data, bytes):
        return None
    return ChannelRow(unique_id.data.decode("utf-8", "replace"), values[2:-2])


def add_channel(columns: Sequence[MibObject], row: ChannelRow, reading: Reading) -> None:
    """Add the samples of one live channel; an absent value, which is common, has none."""
    for column, value in zip(columns, row.values, strict=True):
        metric = CHANNEL_METRICS[column.name]
        if metric.kind is MetricKind.INFO:
            if text := reading.text(value):
                reading.add(metric.series(reading.pbx, row.unique_id, text), 1)
        elif (number := _channel_number(column, value, reading)) is not None:
            reading.add(metric.series(reading.pbx, row.unique_id), number)


def _channel_number(column: MibObject, value: Value | None, reading: Reading) -> float | None:
    if column.name == "astChanFlags":
        return reading.bit(value, _OUTGOING)
    number = reading.number(value)
    if number is None or column.syntax is not Syntax.TICKS:
        return number
    # A hangup that is overdue is sent as a huge number: a negative time in an unsigned type.
    return number / TICKS_PER_SECOND if number < TICKS_TOP // 2 else 0.0
