"""What the topics of values say, and what becomes of the samples that they are fed with.

Samples may come late: what is fresh goes before a backlog. No topic goes back in time by that.
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from itertools import chain, count
from sys import intern
from typing import Literal

from bridge.core.number import texts
from bridge.core.runs import Runs
from bridge.core.sample import Sample, Series
from bridge.protocols.mqtt import LONGEST_TOPIC, Message
from bridge.protocols.mqtt_cells import entity_cell, metric_cell
from bridge.protocols.mqtt_turns import Entity, Every, Field, Latest, Told, Turn

MOST_SERIES = 100_000
"""Each is kept here, to be said again after a lost connection, and by the broker too.

It is five times what the StatsD listener lets live; beyond it somebody puts ids into label values.
"""
STALE = 3600.0
"""Seconds of silence after which a topic may make room for others; until then it keeps its last value."""


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
        self._whole = layout == "entity"
        self._cell_of = entity_cell if self._whole else metric_cell
        self._infos = infos
        self._qos = qos
        self._retain = retain
        self._most = most
        self._swept = 0.0
        self._fields: dict[Series, Field] = {}
        self._words: dict[Series, str] = {}
        self._entities: dict[str, Entity] = {}
        self._gone: dict[str, None] = {}
        self._runs = Runs[Field](most)
        self._turns = count(1)
        self._turn: Turn = self._latest()

    def _latest(self, entities: Iterable[Entity] = ()) -> Latest:
        return Latest(next(self._turns), entities)

    def update(self, samples: Sequence[Sample], now: float) -> list[Message]:
        """Take samples; return the messages that are due. An empty one takes a stale topic off the broker.

        Samples of which `settle` was not called afterwards must be given again.

        Args:
            samples: in the order in which they came; those older than what a topic says are passed over.
            now: Unix time in seconds. A topic whose time is more than a minute ahead of it was said by a
                clock that was wrong, and may go back.
        """
        self._turn = self._latest() if self._retain else Every()
        if samples:
            self._turn.take(self._told(samples, now), now)
        return self._messages(self._turn)

    def _told(self, samples: Sequence[Sample], now: float) -> Iterable[Told]:
        series, values, times = zip(*samples, strict=True)
        said = texts(values)
        known = self._runs.get(series)
        if known is not None:
            return zip(known, said, times, strict=True)
        fields = [self._locate(each, now) for each in series]
        if not self._words.keys().isdisjoint(series):
            said = [self._words.get(each, text) for each, text in zip(series, said, strict=True)]
        elif all(fields):
            self._runs.learn(series, [field for field in fields if field])
        return zip(fields, said, times, strict=True)

    def everything(self) -> list[Message]:
        """A message for each topic that a broker should retain; to be settled as those of an update."""
        self._turn = self._latest(self._entities.values() if self._retain else ())
        return self._messages(self._turn)

    def forget(self, series: Iterable[Series]) -> None:
        """What these tell of has gone: the next update takes it off the broker, unless told again."""
        for each in series:
            field = self._fields.pop(each, None)
            self._words.pop(each, None)
            if not field:
                continue
            self._runs.clear()
            field.said = None
            field.entity.series -= 1
            if not field.entity.series:
                del self._entities[field.entity.topic]
                self._gone |= {field.entity.topic: None} if self._retain else {}

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

    def _messages(self, turn: Turn) -> list[Message]:
        """What is due, and then farewells to topics that have gone."""
        farewells = ((topic, "") for topic in self._gone.keys() - self._entities.keys())
        qos, retain = self._qos, self._retain
        return [
            Message(topic, payload.encode(), qos, retain) for topic, payload in chain(turn.due(), farewells)
        ]

    def _locate(self, series: Series, now: float) -> Field | None:
        """The place of a series, which may be new; none if there is no room."""
        field = self._fields.get(series) or self._place(series, now)
        if field:
            field.entity.heard = now
        return field

    def _place(self, series: Series, now: float) -> Field | None:
        topic, key, words = self._cell_of(self._prefix, series, series.name in self._infos)
        if len(self._fields) >= self._most:
            self._make_room(now)
        if len(self._fields) >= self._most or len(topic.encode()) > LONGEST_TOPIC:
            return None
        entity = self._entities.get(topic)
        if not entity:
            entity = self._entities[topic] = Entity(topic, self._whole, [])
        entity.series += 1
        if words is not None:
            self._words[series] = words
        field = self._fields[series] = _field(entity, intern(f"{key}:") if key else "")
        return field

    def _make_room(self, now: float) -> None:
        """Forget what is stale, if the last look was a while ago."""
        if 0 <= now - self._swept < STALE / 60:
            return
        self._swept = now
        stale = {topic: each for topic, each in self._entities.items() if now - each.heard > STALE}
        entities = set(stale.values())
        for series in [series for series, field in self._fields.items() if field.entity in entities]:
            del self._fields[series]
            self._words.pop(series, None)
        for topic in stale:
            del self._entities[topic]
        self._runs.clear()
        self._gone |= dict.fromkeys(stale if self._retain else ())


def _field(entity: Entity, key: str) -> Field:
    """The field with that key, which may be new."""
    for field in entity.fields:
        if field.key == key:
            return field
    entity.fields.append(Field(entity, key))
    return entity.fields[-1]
