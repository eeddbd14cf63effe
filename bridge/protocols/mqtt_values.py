"""What the topics of values say, and what becomes of the samples that they are fed with.

    <prefix>/<pbx>/<group>[/<label values>]   layout entity: {"waiting":3,"members":5}
    .../<what>                                layout metric: 3

Samples may come late: what is fresh goes before a backlog. No topic goes back in time by that.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from bridge.core.naming import STATSD, place
from bridge.core.number import text
from bridge.core.sample import Sample, Series
from bridge.protocols.mqtt import AHEAD, LONGEST_TOPIC, Message, escape, late

MOST_SERIES = 100_000
"""Each is kept here, to be said again after a lost connection, and by the broker too.

It is five times what the StatsD listener lets live; beyond it somebody puts ids into label values.
"""
STALE = 3600.0
"""Seconds of silence after which a topic may make room for others; until then it keeps its last value."""
STATISTIC = re.compile(r"(?:count|rate|sum|sum_squares|lower|upper|mean|median|std)(?:_(?:top)?[0-9_]+)?")
"""The last word of a StatsD bucket's derived series, as in `web.requests.upper_90`."""

Encode = Callable[[Mapping[str, str]], str]
"""Makes the payload of a topic from its fields."""


class Cell(NamedTuple):
    """Where a series is shown: a topic, and in layout `entity` the field of its JSON object.

    Attributes:
        topic: the whole topic.
        field: encoded as JSON; empty in layout `metric`.
        words: the text of an INFO metric, encoded for its layout; it stands in place of the value.
    """

    topic: str
    field: str = ""
    words: str | None = None


@dataclass(slots=True)
class _Entity:
    """A topic, what it says, and the series that it says it of.

    Attributes:
        topic: the whole topic.
        fields: name of each field, and its value.
        times: of the samples that the fields come from.
        series: those that have a field here.
        heard: when a sample came last.
        refused: the broker did not take what was said last.
    """

    topic: str
    fields: dict[str, str] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    heard: float = 0.0
    refused: bool = False


class _Turn(Protocol):
    """What an update makes of its samples: some are said in a message, the others are lost."""

    lost: Counter[str]

    def last(self, entity: _Entity, key: str) -> float | None:
        """The time of the sample that the field comes from."""

    def say(self, entity: _Entity, key: str, said: str, time: float) -> None:
        """Have the field say this."""

    def due(self) -> list[tuple[str, str]]:
        """Topics and payloads in the order in which they must go."""

    def settle(self, refused: Collection[int]) -> None:
        """All of what was due went; the broker refused what is at these places."""


class _Latest:
    """A turn of retained topics: each says the last of its values, if that is news."""

    def __init__(self, encode: Encode, entities: Iterable[_Entity] = ()) -> None:
        self.lost = Counter[str]()
        self._encode = encode
        self._due = {entity.topic: entity for entity in entities}
        self._shown: dict[str, dict[str, int]] = {}

    def last(self, entity: _Entity, key: str) -> float | None:
        return entity.times.get(key)

    def say(self, entity: _Entity, key: str, said: str, time: float) -> None:
        shown = self._shown.get(entity.topic)
        if shown is None:
            shown = self._shown[entity.topic] = {}
        entity.times[key] = time
        if entity.fields.get(key) != said:
            if shown:
                self.lost["superseded"] += shown.pop(key, 0)
            entity.fields[key] = said
            self._due[entity.topic] = entity
        elif entity.refused:
            self._due[entity.topic] = entity
        shown[key] = shown.get(key, 0) + 1

    def due(self) -> list[tuple[str, str]]:
        return [(topic, self._encode(entity.fields)) for topic, entity in self._due.items()]

    def settle(self, refused: Collection[int]) -> None:
        for at, (topic, entity) in enumerate(self._due.items()):
            entity.refused = at in refused
            if entity.refused:
                self.lost["not_allowed"] += sum(self._shown.get(topic, {}).values())


@dataclass(slots=True)
class _Group:
    """Samples of one topic and one time, which one message says together."""

    entity: _Entity
    time: float
    keys: set[str] = field(default_factory=set)


class _Every:
    """A turn of topics that are not retained: every sample is said, so that a listener can record all."""

    def __init__(self, encode: Encode) -> None:
        self.lost = Counter[str]()
        self._encode = encode
        self._groups: dict[str, _Group] = {}
        self._said: list[tuple[str, str]] = []
        self._shares: list[int] = []
        self._times: dict[tuple[str, str], tuple[_Entity, float]] = {}

    def last(self, entity: _Entity, key: str) -> float | None:
        """What was not settled does not count: its samples come again."""
        _, time = self._times.get((entity.topic, key), (entity, entity.times.get(key)))
        return time

    def say(self, entity: _Entity, key: str, said: str, time: float) -> None:
        group = self._groups.get(entity.topic)
        if group and (group.time != time or key in group.keys):
            self._close(group)
            group = None
        if not group:
            group = self._groups[entity.topic] = _Group(entity, time)
        group.keys.add(key)
        entity.fields[key] = said
        self._times[entity.topic, key] = entity, time

    def _close(self, group: _Group) -> None:
        del self._groups[group.entity.topic]
        self._said.append((group.entity.topic, self._encode(group.entity.fields)))
        self._shares.append(len(group.keys))

    def due(self) -> list[tuple[str, str]]:
        for group in [*self._groups.values()]:
            self._close(group)
        return self._said

    def settle(self, refused: Collection[int]) -> None:
        for (_, key), (entity, time) in self._times.items():
            entity.times[key] = time
        self.lost["not_allowed"] += sum(self._shares[at] for at in refused if at < len(self._shares))


class Values:
    """What the topics of values say. Fed with samples, it gives the messages that are due.

    A retained topic is published when something in it changed, so that a subscriber is told of news. Of one
    that is not retained there is a message for every time of which a sample comes, so that a subscriber who
    joins late hears of it, and one who records misses nothing.

    Args:
        prefix: the first part of every topic.
        layout: one JSON object per entity, or one plain number per series.
        infos: names of the INFO metrics; the last label of each is its text.
        qos: of every message.
        retain: whether messages are retained.
        most: how many series are kept; when they are that many, topics that are stale make room.
    """

    def __init__(
        self,
        prefix: str,
        layout: Literal["entity", "metric"],
        infos: Container[str],
        *,
        qos: Literal[0, 1] = 0,
        retain: bool = True,
        most: int = MOST_SERIES,
    ) -> None:
        self._prefix = prefix
        self._cell_of = entity_cell if layout == "entity" else metric_cell
        self._encode = _object if layout == "entity" else _plain
        self._infos = infos
        self._qos = qos
        self._retain = retain
        self._most = most
        self._swept = 0.0
        self._cells: dict[Series, tuple[_Entity, str, str | None]] = {}
        self._entities: dict[str, _Entity] = {}
        self._gone: dict[str, None] = {}
        self._turn: _Turn = _Latest(self._encode)

    def update(self, samples: Iterable[Sample], now: float) -> list[Message]:
        """Take samples; return the messages that are due. An empty one takes a stale topic off the broker.

        Samples of which `settle` was not called afterwards must be given again.

        Args:
            samples: in the order in which they came; those older than what a topic says are passed over.
            now: Unix time in seconds. A topic whose time is more than a minute ahead of it was said by a
                clock that was wrong, and may go back.
        """
        turn = self._turn = _Latest(self._encode) if self._retain else _Every(self._encode)
        horizon = now + AHEAD
        for series, value, time in samples:
            cell = self._cells.get(series) or self._locate(series, now)
            if not cell:
                turn.lost["no_room"] += 1
                continue
            entity, key, words = cell
            entity.heard = now
            if late(time, turn.last(entity, key), horizon):
                turn.lost["superseded"] += 1
            else:
                turn.say(entity, key, text(value) if words is None else words, time)
        return [*self._messages(turn), *self._farewells()]

    def everything(self) -> list[Message]:
        """A message for each topic that a broker should retain; to be settled as those of an update."""
        self._turn = _Latest(self._encode, self._entities.values() if self._retain else ())
        return [*self._messages(self._turn), *self._farewells()]

    def forget(self, series: Iterable[Series]) -> None:
        """What these tell of has gone: the next update takes it off the broker, unless told again."""
        for each in series:
            cell = self._cells.pop(each, None)
            if not cell:
                continue
            entity, key, _ = cell
            entity.series.remove(each)
            entity.fields.pop(key, None)
            if not entity.series:
                del self._entities[entity.topic]
                self._gone |= {entity.topic: None} if self._retain else {}

    def settle(self, refused: Collection[int]) -> Mapping[str, int]:
        """The broker has what the last call returned.

        Args:
            refused: the places of those messages which it did not allow; others behind them do not matter.

        Returns:
            By reason, how many of the samples will never be seen: `superseded` by newer ones, `no_room` for
            their series (there are too many, or its topic is too long), or `not_allowed`.
        """
        self._turn.settle(refused)
        self._gone.clear()
        return {reason: amount for reason, amount in self._turn.lost.items() if amount}

    def _messages(self, turn: _Turn) -> Iterable[Message]:
        for topic, payload in turn.due():
            yield Message(topic, payload.encode(), self._qos, self._retain)

    def _farewells(self) -> Iterable[Message]:
        for topic in self._gone.keys() - self._entities.keys():
            yield Message(topic, b"", self._qos, self._retain)

    def _locate(self, series: Series, now: float) -> tuple[_Entity, str, str | None] | None:
        """Give a new series its place, if there is room."""
        topic, key, words = self._cell_of(self._prefix, series, series.name in self._infos)
        if len(self._cells) >= self._most:
            self._make_room(now)
        if len(self._cells) >= self._most or len(topic.encode()) > LONGEST_TOPIC:
            return None
        entity = self._entities.get(topic) or self._entities.setdefault(topic, _Entity(topic))
        entity.series.append(series)
        cell = self._cells[series] = entity, key, words
        return cell

    def _make_room(self, now: float) -> None:
        """Forget what is stale, if the last look was a while ago."""
        if 0 <= now - self._swept < STALE / 60:
            return
        self._swept = now
        stale = [topic for topic, entity in self._entities.items() if now - entity.heard > STALE]
        for topic in stale:
            for series in self._entities.pop(topic).series:
                del self._cells[series]
        self._gone |= dict.fromkeys(stale if self._retain else ())


def entity_cell(prefix: str, series: Series, info: bool) -> Cell:
    """Where layout `entity` shows a series: a field of the JSON object of its entity."""
    if info:
        series, key, words = _text_of(series)
        return Cell(_topic(prefix, *place(series, escape).entity), _json(key), _json(words))
    entity = place(series, escape).entity
    _, _, what = series.name.partition(".")
    if entity[1] == STATSD:
        bucket, what = _statistic(what)
        entity = (*entity, escape(bucket))
    return Cell(_topic(prefix, *entity), _json(what))


def metric_cell(prefix: str, series: Series, info: bool) -> Cell:
    """Where layout `metric` shows a series: a topic of its own."""
    if info:
        series, key, words = _text_of(series)
        return Cell(_topic(prefix, *place(series, escape).entity, escape(key)), words=_utf8(words))
    entity, what = place(series, escape)
    return Cell(_topic(prefix, *entity, what))


def _text_of(info: Series) -> tuple[Series, str, str]:
    """An INFO series without its text, and the text with its key."""
    *labels, (key, words) = info.labels
    return info._replace(labels=tuple(labels)), key, words


def _statistic(name: str) -> tuple[str, str]:
    """A StatsD bucket and which of its numbers it is; a gauge has but one, its `value`."""
    bucket, _, last = name.rpartition(".")
    return (bucket, last) if bucket and STATISTIC.fullmatch(last) else (name, "value")


def _topic(*components: str) -> str:
    return "/".join(components)


def _utf8(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def _json(value: str) -> str:
    return json.dumps(_utf8(value), ensure_ascii=False)


def _object(fields: Mapping[str, str]) -> str:
    return "{" + ",".join(map(":".join, fields.items())) + "}"


def _plain(fields: Mapping[str, str]) -> str:
    return fields[""]
