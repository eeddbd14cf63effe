"""Node: the bridge as an edge node of Sparkplug B, with a device for each PBX; samples in, messages out.

A host knows what was born: births name all metrics with their type, alias and value, data name the alias
alone. So a metric that is new means a new birth of its device, or, if it is of the bridge itself, of the
node; and the birth of the node means that of all its devices. A device whose PBX answers no more dies, and
has no data until it is born again. Numbers of messages (`seq`) and of sessions (`bdSeq`) go round at 255.

A value that has not changed is not told again, but for the first one after a doubt: what a birth tells from
before the session, or from before a device died, is marked as stale until a sample confirms it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.core.metric import Metric, MetricKind
from bridge.core.naming import place
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols.mqtt import AHEAD, ONLINE, Availability, Message, escape, late
from bridge.protocols.mqtt_values import MOST_SERIES, STALE
from bridge.protocols.sparkplug import (
    BD_SEQ_ALIAS,
    HISTORICAL,
    DataType,
    EdgeNode,
    Verb,
    definition,
    metric,
    milliseconds,
    payload,
    properties,
    rebirth_control,
    reference,
    session,
)

ROUND = 256
"""How many numbers there are for messages, and for sessions."""


class Turn(NamedTuple):
    """What an update comes to.

    Attributes:
        messages: in the order in which they must go.
        lost: by reason, how many of the samples no host will ever see.
    """

    messages: list[Message]
    lost: Mapping[str, int]


@dataclass(slots=True)
class _Tag:
    """A metric as hosts see it.

    Attributes:
        definition: what a birth says of it beside its value.
        reference: what data say of it.
        unit: of its value.
        value: the present one.
        time: of the sample that it is from; None before the first.
        heard: when a sample came last.
        stale: it may have changed since, and nobody told us.
        told: what hosts take for the present value; None if they must be told it in any case.
    """

    definition: bytes
    reference: bytes
    unit: str
    value: float | str = 0.0
    time: float | None = None
    heard: float = 0.0
    stale: bool = True
    told: float | str | None = None


class _Fact(NamedTuple):
    """A value of a tag at a time, that hosts are to be told; `historical` if it is not the present one."""

    tag: _Tag
    value: float | str
    time: float
    historical: bool


@dataclass(slots=True)
class _Device:
    """A PBX, or the node itself.

    Attributes:
        id: of the device; empty for the node.
        tags: all its metrics by name.
        alive: its PBX answers, as far as is known.
        born: hosts know that it is there.
        grown: there are metrics, or one less, that its last birth did not tell.
        facts: what is to be told, by tag and millisecond: no metric has two values at a time.
    """

    id: str
    tags: dict[str, _Tag] = field(default_factory=dict)
    alive: bool = True
    born: bool = False
    grown: bool = False
    facts: dict[tuple[bytes, int], _Fact] = field(default_factory=dict)

    @property
    def due(self) -> bool:
        """Whether it is to be born, for the first time or again."""
        return self.alive and (self.grown or not self.born)

    def doubt(self) -> None:
        """Nothing is certain any more."""
        for tag in self.tags.values():
            tag.stale, tag.told = True, None


class Node:
    """The edge node, over all its sessions.

    Args:
        name: its ids.
        metrics: the catalogue, by name: units, and which metrics are texts.
        most: how many series are kept; when they are that many, those that are silent make room.

    Attributes:
        bd_seq: the number of the session; of the next one, before it has begun.
    """

    def __init__(self, name: EdgeNode, metrics: Mapping[str, Metric], most: int = MOST_SERIES) -> None:
        self.bd_seq = 0
        self._name = name
        self._metrics = metrics
        self._most = most
        self._swept = 0.0
        self._begun = False
        self._seq = 0
        self._alias = BD_SEQ_ALIAS
        self._availability = Availability("")
        self._node = _Device("")
        self._devices: dict[str, _Device] = {}
        self._places: dict[Series, tuple[_Device, _Tag, str | None]] = {}

    def begin(self, now: float) -> Message:
        """Begin a session: what was known before it is not certain any more.

        Args:
            now: Unix time in seconds, here and below.

        Returns:
            The Last Will, which is the farewell too.
        """
        if self._begun:
            self.bd_seq = (self.bd_seq + 1) % ROUND
            self._begun = False
        for device in self._all():
            device.doubt()
        return self._name.message(Verb.NODE_DEATH, payload(now, [session(self.bd_seq, now)], None))

    def births(self, now: float) -> list[Message]:
        """The births of the node and of its devices: when a session begins, and when a host asks for them."""
        self._begun = True
        self._node.born = False
        return [*self._births(now)]

    def update(self, samples: Sequence[Sample], now: float) -> Turn:
        """Take samples in the order in which they came; if not all that is due goes, they must come again."""
        lost = Counter[str]()
        for series, value, time in samples:
            found = self._places.get(series) or self._locate(series, now)
            if not found:
                lost["no_room"] += 1
                continue
            device, tag, words = found
            tag.heard = now
            past = late(time, tag.time, now + AHEAD)
            lost["superseded"] += _take(
                device, _Fact(tag, float(value) if words is None else words, time, past)
            )
        dead = self._dead(samples, now)
        messages = [*self._births(now), *self._data(now, lost), *self._deaths(dead, now)]
        return Turn(messages, {reason: amount for reason, amount in lost.items() if amount})

    def _all(self) -> Iterator[_Device]:
        yield self._node
        yield from self._devices.values()

    def _dead(self, samples: Sequence[Sample], now: float) -> list[_Device]:
        """The devices that die by these samples; those that come back are alive from here on."""
        dead = []
        for topic, state, *_ in self._availability.update(samples, now):
            device = self._device(topic.split("/")[-2])
            device.alive = state == ONLINE or device.born
            if state != ONLINE and device.born:
                dead.append(device)
        return dead

    def _deaths(self, dead: Iterable[_Device], now: float) -> Iterator[Message]:
        for device in dead:
            device.alive = device.born = False
            device.doubt()
            yield self._message(Verb.DEVICE_DEATH, now, [], device)

    def _births(self, now: float) -> Iterator[Message]:
        if self._node.due:
            for device in self._devices.values():
                device.born = False
            self._seq = -1
            controls = (now, session(self.bd_seq, now)), (now, rebirth_control(now))
            yield self._birth(Verb.NODE_BIRTH, now, self._node, controls)
        for device in self._devices.values():
            if device.due:
                yield self._birth(Verb.DEVICE_BIRTH, now, device)

    def _birth(
        self, verb: Verb, now: float, device: _Device, controls: Iterable[tuple[float, bytes]] = ()
    ) -> Message:
        """Tell the present values of all metrics, the oldest first; what else is to be told is past."""
        device.born, device.grown = True, False
        device.facts = {
            key: fact._replace(historical=True)
            for key, fact in device.facts.items()
            if fact.historical or fact.time != fact.tag.time
        }
        told = []
        for tag in device.tags.values():
            tag.told = None if tag.stale else tag.value
            tail = properties(tag.unit, tag.stale)
            told.append((_time(tag), metric(tag.definition, _time(tag), tag.value, tail)))
        return self._message(verb, now, [each for _, each in sorted([*told, *controls])], device)

    def _data(self, now: float, lost: Counter[str]) -> Iterator[Message]:
        for device in self._all():
            facts = sorted(device.facts.values(), key=_time)
            device.facts = {}
            if not device.alive:
                lost["offline"] += len(facts)
            elif told := [*filter(None, map(_data_of, facts))]:
                yield self._message(Verb.DEVICE_DATA if device.id else Verb.NODE_DATA, now, told, device)

    def _message(self, verb: Verb, now: float, metrics: Iterable[bytes], device: _Device) -> Message:
        self._seq = (self._seq + 1) % ROUND
        return self._name.message(verb, payload(now, metrics, self._seq), device.id)

    def _locate(self, series: Series, now: float) -> tuple[_Device, _Tag, str | None] | None:
        """Give a new series its place, if there is room."""
        if len(self._places) >= self._most:
            self._make_room(now)
        if len(self._places) >= self._most:
            return None
        known = self._metrics.get(series.name)
        words = None
        shown = series
        if known and known.kind is MetricKind.INFO:
            *labels, (key, words) = series.labels
            shown = Series(f"{series.name.partition('.')[0]}.{key}", tuple(labels))
        (pbx, *folders), what = place(shown, escape)
        device = self._node if series.pbx == BRIDGE else self._device(pbx)
        name = "/".join((*folders, what))
        tag = device.tags.get(name) or self._tag(device, name, known.unit if known else "", words)
        found = self._places[series] = device, tag, words
        return found

    def _make_room(self, now: float) -> None:
        """Forget what is silent, if the last look was a while ago."""
        if 0 <= now - self._swept < STALE / 60:
            return
        self._swept = now
        self._places = {
            series: found for series, found in self._places.items() if now - found[1].heard <= STALE
        }
        for device in self._all():
            kept = {name: tag for name, tag in device.tags.items() if now - tag.heard <= STALE}
            device.grown = device.grown or len(kept) < len(device.tags)
            device.tags = kept

    def _device(self, id_: str) -> _Device:
        return self._devices.get(id_) or self._devices.setdefault(id_, _Device(id_))

    def _tag(self, device: _Device, name: str, unit: str, words: str | None) -> _Tag:
        self._alias += 1
        kind = DataType.DOUBLE if words is None else DataType.STRING
        tag = device.tags[name] = _Tag(definition(name, self._alias, kind), reference(self._alias), unit)
        device.grown = True
        return tag


def _take(device: _Device, fact: _Fact) -> bool:
    """Note what has to be told, if anything; return whether a value goes untold for another of its time."""
    tag, value, time, historical = fact
    if not historical:
        news = tag.stale or tag.value != value
        tag.value, tag.time, tag.stale = value, time, False
        if not news:
            return False
    key = tag.reference, milliseconds(time)
    taken = key in device.facts
    if not (taken and historical):
        device.facts[key] = fact
    return taken


def _data_of(fact: _Fact) -> bytes:
    """What is told of a fact; nothing if hosts know it. A clock that was ahead is past, too."""
    tag, value, time, historical = fact
    if historical or time > _time(tag):
        return metric(tag.reference, time, value, HISTORICAL)
    if value == tag.told:
        return b""
    tag.told = value
    return metric(tag.reference, time, value)


def _time(told: _Tag | _Fact) -> float:
    return told.time or 0.0
