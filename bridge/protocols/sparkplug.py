"""Sparkplug B 3.0: topics, payloads and commands. Who is born and dies when stands in `sparkplug_node`.

    spBv1.0/<group>/<NBIRTH|NDATA|NDEATH|NCMD>/<node>
    spBv1.0/<group>/<DBIRTH|DDATA|DDEATH>/<node>/<device>

A number is a Double, whatever it counts: samples are doubles, a counter of a source that samples need not be
whole, and a data type cannot change between births. Whole numbers are exact in it up to 2**53.

Source of the facts: the specification of the Eclipse Foundation, chapters 4 to 6, whose statements are cited
by their mark (`tck-id-...`), and its `sparkplug_b.proto`.
"""

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from functools import cache
from typing import NamedTuple

from bridge.protocols import protobuf
from bridge.protocols.mqtt import Message

NAMESPACE = "spBv1.0"
RESERVED = "+/#"
"""What no id may hold (tck-id-topic-structure-namespace-valid-group-id)."""
BD_SEQ = "bdSeq"
BD_SEQ_ALIAS = 1
REBIRTH = "Node Control/Rebirth"
"""Names of the two metrics that every NBIRTH has, and the alias of the one that may have one."""
STALE = 500
"""The quality of a value that may have changed without our knowledge (6.4.9); a good one needs no word."""
LONGEST_COMMAND = 4096
"""Bytes of a command; that for a rebirth takes fifty."""
LATEST = (1 << 63) - 1
"""Milliseconds beyond which hosts that have no unsigned numbers would see a time before 1970."""


class Verb(StrEnum):
    """What a message is for."""

    NODE_BIRTH = "NBIRTH"
    NODE_DATA = "NDATA"
    NODE_DEATH = "NDEATH"
    NODE_COMMAND = "NCMD"
    DEVICE_BIRTH = "DBIRTH"
    DEVICE_DATA = "DDATA"
    DEVICE_DEATH = "DDEATH"


class DataType(IntEnum):
    """The types that we write."""

    INT32 = 3
    INT64 = 4
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12


class _Payload(IntEnum):
    """Fields of the message Payload."""

    TIMESTAMP = 1
    METRICS = 2
    SEQ = 3


class _Metric(IntEnum):
    """Fields of the message Metric that we write."""

    NAME = 1
    ALIAS = 2
    TIMESTAMP = 3
    DATATYPE = 4
    HISTORICAL = 5
    PROPERTIES = 9
    LONG = 11
    DOUBLE = 13
    BOOLEAN = 14
    STRING = 15


class _Properties(IntEnum):
    """Fields of the message PropertySet: two lists of the same length."""

    KEYS = 1
    VALUES = 2


class _Property(IntEnum):
    """Fields of the message PropertyValue."""

    TYPE = 1
    INT = 3
    STRING = 8


VALUES = {
    10: protobuf.VARINT,
    11: protobuf.VARINT,
    12: protobuf.FIXED32,
    13: protobuf.FIXED64,
    14: protobuf.VARINT,
    **dict.fromkeys(range(15, 20), protobuf.LENGTH),
}
"""The fields of a metric of which only one counts, and the wire type of each: its value."""


class EdgeNode(NamedTuple):
    """The names under which the bridge is known; `checked` makes one of what a user has written.

    Attributes:
        group: the group id.
        node: the id of the edge node in it.
    """

    group: str
    node: str

    @classmethod
    def checked(cls, group: str, node: str) -> "EdgeNode":
        """The names, if they can be ids.

        Raises:
            ValueError: one is empty, or holds one of `+ / #` or a control character.
        """
        for what, name in (("group", group), ("node", node)):
            if not name or not name.isprintable() or set(name) & set(RESERVED):
                raise ValueError(f"{name!r} is no Sparkplug {what} id: not empty, none of + / #, printable")
        return cls(group, node)

    def topic(self, verb: Verb, device: str = "") -> str:
        """The topic of a message; those of devices, and no others, have a device."""
        return "/".join((NAMESPACE, self.group, verb, self.node, *([device] if device else [])))

    def message(self, verb: Verb, payload: bytes, device: str = "") -> Message:
        """A message as the verb demands it: QoS 0, but 1 for the death of the node, and none retained."""
        return Message(self.topic(verb, device), payload, 1 if verb is Verb.NODE_DEATH else 0, retain=False)


def access(name: EdgeNode) -> list[str]:
    """Lines for the access list of mosquitto (`acl_file`) that allow what the edge node does."""
    written = [verb for verb in Verb if verb is not Verb.NODE_COMMAND]
    topics = [name.topic(verb, "+" if verb.startswith("D") else "") for verb in written]
    return [*(f"topic write {topic}" for topic in topics), f"topic read {name.topic(Verb.NODE_COMMAND)}"]


def milliseconds(time: float) -> int:
    """Unix time as Sparkplug writes it."""
    return min(max(0, round(time * 1000)), LATEST)


def payload(time: float, metrics: Iterable[bytes], seq: int | None) -> bytes:
    """What a message says.

    Args:
        time: when it is said, Unix time in seconds.
        metrics: each as one of the functions below makes it.
        seq: its number; None for the death of the node, which has none.
    """
    parts = [protobuf.number(_Payload.TIMESTAMP, milliseconds(time)), *metrics]
    return b"".join(parts if seq is None else [*parts, protobuf.number(_Payload.SEQ, seq)])


@cache
def properties(unit: str, stale: bool) -> bytes:
    """The field of a metric that tells its unit, and that its value may be old; empty if neither is so.

    Sparkplug has no word for units; `engUnit` is that of Ignition's tags, which its users know.
    """
    keys, values = [], []
    if unit:
        keys.append("engUnit")
        values.append((DataType.STRING, protobuf.text(_Property.STRING, unit)))
    if stale:
        keys.append("Quality")
        values.append((DataType.INT32, protobuf.number(_Property.INT, STALE)))
    if not keys:
        return b""
    parts = [protobuf.text(_Properties.KEYS, key) for key in keys]
    parts += [
        protobuf.message(_Properties.VALUES, (protobuf.number(_Property.TYPE, kind), value))
        for kind, value in values
    ]
    return protobuf.message(_Metric.PROPERTIES, parts)


def definition(name: str, alias: int | None, kind: DataType) -> bytes:
    """The part of a metric that only births have; without an alias it is always called by its name."""
    parts = [protobuf.text(_Metric.NAME, name), protobuf.number(_Metric.DATATYPE, kind)]
    return b"".join(parts if alias is None else [*parts, reference(alias)])


def reference(alias: int) -> bytes:
    """The part by which data name their metric."""
    return protobuf.number(_Metric.ALIAS, alias)


def metric(head: bytes, time: float, value: float | str | bool, tail: bytes = b"") -> bytes:
    """One metric of a payload.

    Args:
        head: its definition, or the reference to it.
        time: of the value, Unix time in seconds.
        value: a number for a Double, a text for a String, a bool for a Boolean.
        tail: its properties, or HISTORICAL.
    """
    return _timed(head, time, _value(value), tail)


def _timed(head: bytes, time: float, value: bytes, tail: bytes = b"") -> bytes:
    timestamp = protobuf.number(_Metric.TIMESTAMP, milliseconds(time))
    return protobuf.message(_Payload.METRICS, (head, timestamp, value, tail))


def session(bd_seq: int, time: float) -> bytes:
    """The metric by which a birth and a death of the node find each other."""
    head = definition(BD_SEQ, BD_SEQ_ALIAS, DataType.INT64)
    return _timed(head, time, protobuf.number(_Metric.LONG, bd_seq))


def rebirth_control(time: float) -> bytes:
    """The metric by which hosts ask for births; it has no alias, for a host may know none yet."""
    return metric(definition(REBIRTH, None, DataType.BOOLEAN), time, value=False)


HISTORICAL = protobuf.number(_Metric.HISTORICAL, value=True)
"""Says of a value that it is not the present one."""


def _value(value: float | str | bool) -> bytes:
    if isinstance(value, str):
        return protobuf.text(_Metric.STRING, value)
    if isinstance(value, bool):
        return protobuf.number(_Metric.BOOLEAN, value)
    return protobuf.double(_Metric.DOUBLE, value)


def asks_for_rebirth(command: bytes) -> bool:
    """Whether a command is a request for all births.

    Raises:
        ValueError: it is too long, or no Sparkplug payload.
    """
    if len(command) > LONGEST_COMMAND:
        raise ValueError(f"it has {len(command)} bytes")
    metrics = [
        bytes(body)
        for field, kind, body in protobuf.fields(command)
        if (field, kind) == (_Payload.METRICS, protobuf.LENGTH)
    ]
    return any([_is_rebirth(body) for body in metrics])  # noqa: C419 - all of them have to be readable


def _is_rebirth(body: bytes) -> bool:
    """Of names the last one counts, and of values too, whatever their type."""
    name: protobuf.Value = b""
    value = False
    for field, kind, content in protobuf.fields(body):
        if (field, kind) == (_Metric.NAME, protobuf.LENGTH):
            name = content
        elif VALUES.get(field) == kind:
            value = field == _Metric.BOOLEAN and bool(content)
    return value and name == REBIRTH.encode()
