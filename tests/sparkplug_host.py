"""A Sparkplug B host that shares no code with the bridge: Google's protobuf reads, the specification judges.

What the specification demands of an edge node is asserted under its mark (`tck-id-...`).
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple, Protocol

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

REBIRTH = "Node Control/Rebirth"
DOUBLE, BOOLEAN, STRING, INT32, INT64 = 10, 11, 12, 3, 4
STALE = 500

_SCALARS = {"double": 1, "float": 2, "uint64": 4, "bool": 8, "string": 9, "bytes": 12, "uint32": 13}
_SCHEMA = {
    "Payload": "uint64 timestamp 1, repeated Metric metrics 2, uint64 seq 3, string uuid 4, bytes body 5",
    "Metric": "string name 1, uint64 alias 2, uint64 timestamp 3, uint32 datatype 4, bool is_historical 5, "
    "bool is_transient 6, bool is_null 7, MetaData metadata 8, PropertySet properties 9, "
    "oneof uint32 int_value 10, oneof uint64 long_value 11, oneof float float_value 12, "
    "oneof double double_value 13, oneof bool boolean_value 14, oneof string string_value 15, "
    "oneof bytes bytes_value 16, oneof DataSet dataset_value 17, oneof Template template_value 18, "
    "oneof Nothing extension_value 19",
    "MetaData": "bool is_multi_part 1, string content_type 2, uint64 size 3, uint64 seq 4, "
    "string file_name 5, string file_type 6, string md5 7, string description 8",
    "PropertySet": "repeated string keys 1, repeated PropertyValue values 2",
    "PropertySetList": "repeated PropertySet propertyset 1",
    "PropertyValue": "uint32 type 1, bool is_null 2, oneof uint32 int_value 3, oneof uint64 long_value 4, "
    "oneof float float_value 5, oneof double double_value 6, oneof bool boolean_value 7, "
    "oneof string string_value 8, oneof PropertySet propertyset_value 9, "
    "oneof PropertySetList propertysets_value 10, oneof Nothing extension_value 11",
    "DataSet": "uint64 num_of_columns 1, repeated string columns 2, repeated uint32 types 3, "
    "repeated Row rows 4",
    "Row": "repeated Element elements 1",
    "Element": "oneof uint32 int_value 1, oneof uint64 long_value 2, oneof float float_value 3, "
    "oneof double double_value 4, oneof bool boolean_value 5, oneof string string_value 6, "
    "oneof Nothing extension_value 7",
    "Template": "string version 1, repeated Metric metrics 2, repeated Parameter parameters 3, "
    "string template_ref 4, bool is_definition 5",
    "Parameter": "string name 1, uint32 type 2, oneof uint32 int_value 3, oneof uint64 long_value 4, "
    "oneof float float_value 5, oneof double double_value 6, oneof bool boolean_value 7, "
    "oneof string string_value 8, oneof Nothing extension_value 9",
    "Nothing": "",
}
"""The messages of sparkplug_b.proto (proto2): the fields of each, by type, name and number."""


@cache
def _payload_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package="sparkplug", syntax="proto2")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for each in filter(None, fields.split(", ")):
            _add_field(message, *each.split())
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))


def _add_field(message: Any, *words: str) -> None:
    *manner, kind, name, number = words
    field = message.field.add(name=name, number=int(number), label=3 if "repeated" in manner else 1)
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type, field.type_name = 11, f".sparkplug.{kind}"
    if "oneof" in manner:
        if not message.oneof_decl:
            message.oneof_decl.add(name="value")
        field.oneof_index = 0


def parse(data: bytes) -> Any:
    """The Payload that the bytes are.

    Raises:
        DecodeError: they are none.
    """
    payload = _payload_class()()
    payload.ParseFromString(data)
    return payload


def command(**metrics: object) -> bytes:
    """A command that sets metrics, by name; True becomes a Boolean, an int a Long, a text a String."""
    payload = _payload_class()(timestamp=1_700_000_000_000)
    for name, value in metrics.items():
        kind = {bool: "boolean_value", int: "long_value", float: "double_value", str: "string_value"}[
            type(value)
        ]
        payload.metrics.add(name=name, timestamp=1_700_000_000_000, **{kind: value})
    return bytes(payload.SerializeToString())


def rebirth_request() -> bytes:
    """What a host sends that wants all births."""
    return command(**{REBIRTH: True})


def asks_for_rebirth(data: bytes) -> bool | None:
    """Whether this is a request for births; None if it is no payload."""
    try:
        payload = parse(data)
    except DecodeError:
        return None
    return any(
        metric.WhichOneof("value") == "boolean_value" and metric.boolean_value and _name(metric) == REBIRTH
        for metric in payload.metrics
    )


def _name(metric: Any) -> str:
    try:
        return str(metric.name)
    except UnicodeDecodeError:
        return ""


class Publish(Protocol):
    """One message as a subscriber or a test sees it."""

    @property
    def topic(self) -> Any:
        """Where."""

    @property
    def payload(self) -> Any:
        """What."""

    @property
    def qos(self) -> Any:
        """How surely."""

    @property
    def retain(self) -> Any:
        """For whom."""


class Known(NamedTuple):
    """What the host knows of a metric.

    Attributes:
        value: the present one.
        time: of that, in seconds.
        stale: the node is not sure of it.
        unit: in words.
        datatype: by its number.
    """

    value: object
    time: float
    stale: bool
    unit: str
    datatype: int


class Past(NamedTuple):
    """A value that was told as historical."""

    device: str
    name: str
    value: object
    time: float


class Host:
    """Hears one edge node, and asserts that it keeps to the specification.

    Attributes:
        known: present values by device ("" is the node) and name.
        past: historical values in the order in which they came.
        alive: devices that are online, "" for the node.
        log: verb and device of every message.
        bd_seqs: those of the births of the node.
        dead: those of its deaths.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Known] = {}
        self.past: list[Past] = []
        self.alive: set[str] = set()
        self.log: list[tuple[str, str]] = []
        self.bd_seqs: list[int] = []
        self.dead: list[int] = []
        self._seq = 0
        self._aliases: dict[int, tuple[str, str]] = {}

    def hear_all(self, messages: Iterable[Publish]) -> "Host":
        """Hear messages in their order."""
        for each in messages:
            self.hear(each)
        return self

    def hear(self, message: Publish) -> None:
        """Hear a message."""
        namespace, _, verb, _, *rest = str(message.topic).split("/")
        assert namespace == "spBv1.0", "tck-id-topic-structure-namespace-a"
        assert len(rest) == verb.startswith("D"), "tck-id-topic-structure-namespace-device-id-*"
        assert not message.retain, "tck-id-payloads-*-retain"
        assert message.qos == (1 if verb == "NDEATH" else 0), "tck-id-payloads-*-qos"
        device = rest[0] if rest else ""
        self.log.append((verb, device))
        payload = parse(message.payload)
        assert payload.HasField("timestamp"), "tck-id-payloads-*-timestamp"
        if verb == "NDEATH":
            self._hear_death(payload)
            return
        self._check_sequence(verb, payload)
        if verb == "DDEATH":
            assert device in self.alive, "a device dies that was not there"
            self.alive.discard(device)
        elif verb.endswith("BIRTH"):
            self._hear_birth(device, payload)
        else:
            assert verb in {"NDATA", "DDATA"}
            self._hear_data(device, payload)

    def names(self, device: str) -> set[str]:
        """The metrics of a device."""
        return {name for of, name in self.known if of == device}

    def value(self, device: str, name: str) -> object:
        """The present value of a metric."""
        return self.known[device, name].value

    def _check_sequence(self, verb: str, payload: Any) -> None:
        assert payload.HasField("seq"), "tck-id-payloads-sequence-num-always-included"
        if verb == "NBIRTH":
            assert payload.seq == 0, "tck-id-payloads-nbirth-seq"
        else:
            assert "" in self.alive, "tck-id-payloads-dbirth-order"
            assert payload.seq == (self._seq + 1) % 256, "tck-id-payloads-sequence-num-incrementing"
        self._seq = payload.seq

    def _hear_death(self, payload: Any) -> None:
        assert not payload.HasField("seq"), "tck-id-payloads-ndeath-seq"
        assert [metric.name for metric in payload.metrics] == ["bdSeq"], "tck-id-topics-ndeath-payload"
        number = payload.metrics[0].long_value
        self.dead.append(number)
        if self.bd_seqs and number == self.bd_seqs[-1]:
            self.alive.clear()

    def _hear_birth(self, device: str, payload: Any) -> None:
        if not device:
            self.alive.clear()
            self._aliases.clear()
            self.known.clear()
            self._check_controls(payload)
        self.alive.add(device)
        self._forget(device)
        times = []
        for metric in payload.metrics:
            assert metric.HasField("name"), "tck-id-payloads-name-requirement"
            assert metric.HasField("timestamp"), "tck-id-payloads-name-birth-data-requirement"
            assert metric.datatype in {INT64, DOUBLE, BOOLEAN, STRING}, "tck-id-payloads-metric-datatype-req"
            assert metric.HasField("alias") == (metric.name != REBIRTH), (
                "tck-id-payloads-alias-birth-requirement"
            )
            assert metric.alias not in self._aliases or metric.name == REBIRTH, (
                "tck-id-payloads-alias-uniqueness"
            )
            assert (device, metric.name) not in self.known, "a metric is born twice"
            if metric.HasField("alias"):
                self._aliases[metric.alias] = device, metric.name
            times.append(metric.timestamp)
            self.known[device, metric.name] = _known(metric)
        assert times == sorted(times), "tck-id-operational-behavior-data-publish-*birth-order"

    def _forget(self, device: str) -> None:
        self.known = {key: known for key, known in self.known.items() if key[0] != device}
        self._aliases = {alias: key for alias, key in self._aliases.items() if key[0] != device}

    def _check_controls(self, payload: Any) -> None:
        controls = {metric.name: metric for metric in payload.metrics}
        rebirth, bd_seq = controls[REBIRTH], controls["bdSeq"]
        assert rebirth.datatype == BOOLEAN, "tck-id-operational-behavior-data-commands-rebirth-datatype"
        assert rebirth.WhichOneof("value") == "boolean_value"
        assert not rebirth.boolean_value, "tck-id-operational-behavior-data-commands-rebirth-value"
        assert bd_seq.datatype == INT64
        assert bd_seq.WhichOneof("value") == "long_value"
        assert 0 <= bd_seq.long_value <= 255, "tck-id-payloads-nbirth-bdseq-inc"
        self.bd_seqs.append(bd_seq.long_value)

    def _hear_data(self, device: str, payload: Any) -> None:
        assert device in self.alive, "tck-id-payloads-ddata-order"
        assert payload.metrics, "a message without anything in it"
        times, seen = [], set()
        for metric in payload.metrics:
            assert metric.HasField("alias"), "tck-id-payloads-alias-data-cmd-requirement"
            assert not metric.HasField("name"), "tck-id-payloads-alias-data-cmd-requirement"
            assert not metric.HasField("datatype"), "tck-id-payloads-metric-datatype-not-req"
            assert metric.HasField("timestamp"), "tck-id-payloads-name-birth-data-requirement"
            assert (metric.alias, metric.timestamp) not in seen, "two values of a metric at a time"
            seen.add((metric.alias, metric.timestamp))
            of, name = self._aliases[metric.alias]
            assert of == device, "a metric of another device"
            if metric.is_historical:
                self.past.append(Past(device, name, _content(metric), metric.timestamp / 1000))
                continue
            times.append(metric.timestamp)
            before = self.known[device, name]
            assert before.stale or before.value != _content(metric), (
                "tck-id-operational-behavior-data-publish-*birth-change"
            )
            assert metric.WhichOneof("value") == _KINDS[before.datatype], "a value of another type"
            self.known[device, name] = before._replace(
                value=_content(metric), time=metric.timestamp / 1000, stale=False
            )
        assert times == sorted(times), "tck-id-operational-behavior-data-publish-*birth-order"


_KINDS = {DOUBLE: "double_value", STRING: "string_value", BOOLEAN: "boolean_value", INT64: "long_value"}


def _known(metric: Any) -> Known:
    assert metric.WhichOneof("value") == _KINDS[metric.datatype], "tck-id-topics-*birth-metrics"
    keys, values = metric.properties.keys, metric.properties.values
    assert len(keys) == len(values), "tck-id-payloads-propertyset-keys-array-size"
    told = dict(zip(keys, values, strict=True))
    stale = False
    if "Quality" in told:
        quality = told["Quality"]
        assert quality.type == INT32, "tck-id-payloads-propertyset-quality-value-type"
        assert quality.WhichOneof("value") == "int_value", "tck-id-payloads-propertyset-quality-value-value"
        assert quality.int_value in {0, 192, STALE}, "tck-id-payloads-propertyset-quality-value-value"
        stale = quality.int_value == STALE
    unit = ""
    if "engUnit" in told:
        assert told["engUnit"].type == STRING, "tck-id-payloads-metric-propertyvalue-type-value"
        unit = told["engUnit"].string_value
    return Known(_content(metric), metric.timestamp / 1000, stale, unit, metric.datatype)


def _content(metric: Any) -> object:
    return getattr(metric, metric.WhichOneof("value"))
