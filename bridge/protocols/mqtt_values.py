"""What the topics of values say, and what becomes of the samples that they are fed with.

    <prefix>/<pbx>/<group>[/<label values>]   layout entity: {"waiting":3,"members":5}
    .../<what>                                layout metric: 3

Samples may come late: what is fresh goes before a backlog. No topic goes back in time by that.
"""

import json
import re
from collections.abc import Collection, Container, Iterable, Mapping
from itertools import count
from typing import Literal, NamedTuple

from bridge.core.naming import STATSD, place
from bridge.core.number import texts
from bridge.core.sample import Sample, Series
from bridge.protocols.mqtt import AHEAD, LONGEST_TOPIC, Message, escape
from bridge.protocols.mqtt_turns import Entity, Every, Field, Latest, Turn

MOST_SERIES = 100_000
"""Each is kept here, to be said again after a lost connection, and by the broker too.

It is five times what the StatsD listener lets live; beyond it somebody puts ids into label values.
"""
STALE = 3600.0
"""Seconds of silence after which a topic may make room for others; until then it keeps its last value."""
STATISTIC = re.compile(r"(?:count|rate|sum|sum_squares|lower|upper|mean|median|std)(?:_(?:top)?[0-9_]+)?")
"""The last word of a StatsD bucket's derived series, as in `web.requests.upper_90`."""


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
        self._cells: dict[Series, tuple[Field, str | None]] = {}
        self._entities: dict[str, Entity] = {}
        self._gone: dict[str, None] = {}
        self._turns = count(1)
        self._turn: Turn = self._latest()

    def _latest(self, entities: Iterable[Entity] = ()) -> Latest:
        return Latest(self._encode, next(self._turns), entities)

    def update(self, samples: Iterable[Sample], now: float) -> list[Message]:
        """Take samples; return the messages that are due. An empty one takes a stale topic off the broker.

        Samples of which `settle` was not called afterwards must be given again.

        Args:
            samples: in the order in which they came; those older than what a topic says are passed over.
            now: Unix time in seconds. A topic whose time is more than a minute ahead of it was said by a
                clock that was wrong, and may go back.
        """
        turn: Turn = self._latest() if self._retain else Every(self._encode)
        self._turn = turn
        horizon = now + AHEAD
        taken = [*samples]
        for (series, _, time), said in zip(taken, texts(value for _, value, _ in taken), strict=True):
            cell = self._cells.get(series) or self._locate(series, now)
            if not cell:
                turn.lost["no_room"] += 1
                continue
            place, words = cell
            place.entity.heard = now
            turn.say(place, said if words is None else words, time, horizon)
        return [*self._messages(turn), *self._farewells()]

    def everything(self) -> list[Message]:
        """A message for each topic that a broker should retain; to be settled as those of an update."""
        self._turn = self._latest(self._entities.values() if self._retain else ())
        return [*self._messages(self._turn), *self._farewells()]

    def forget(self, series: Iterable[Series]) -> None:
        """What these tell of has gone: the next update takes it off the broker, unless told again."""
        for each in series:
            cell = self._cells.pop(each, None)
            if not cell:
                continue
            place, _ = cell
            entity = place.entity
            entity.series.remove(each)
            place.said = None
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

    def _messages(self, turn: Turn) -> Iterable[Message]:
        for topic, payload in turn.due():
            yield Message(topic, payload.encode(), self._qos, self._retain)

    def _farewells(self) -> Iterable[Message]:
        for topic in self._gone.keys() - self._entities.keys():
            yield Message(topic, b"", self._qos, self._retain)

    def _locate(self, series: Series, now: float) -> tuple[Field, str | None] | None:
        """Give a new series its place, if there is room."""
        topic, key, words = self._cell_of(self._prefix, series, series.name in self._infos)
        key = f"{key}:" if key else key
        if len(self._cells) >= self._most:
            self._make_room(now)
        if len(self._cells) >= self._most or len(topic.encode()) > LONGEST_TOPIC:
            return None
        entity = self._entities.get(topic) or self._entities.setdefault(topic, Entity(topic))
        entity.series.append(series)
        place = entity.fields.get(key) or entity.fields.setdefault(key, Field(entity, key))
        cell = self._cells[series] = place, words
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


def _object(entity: Entity) -> str:
    fields = [place.key + place.said for place in entity.fields.values() if place.said is not None]
    return "{" + ",".join(fields) + "}"


def _plain(entity: Entity) -> str:
    return entity.fields[""].said or ""
