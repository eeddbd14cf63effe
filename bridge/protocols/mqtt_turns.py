"""Turns: what becomes of the samples that the topics of values are fed with at a time.

What a turn has said counts once it is settled: until then its samples may come again.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from bridge.core.sample import Series
from bridge.protocols.mqtt import late


@dataclass(slots=True, eq=False)
class Field:
    """One value of a topic.

    Attributes:
        entity: the topic.
        key: what stands before the value: in layout `entity` its name in JSON and a colon, else nothing.
        said: the value as it is written; None if it says none.
        time: of the sample that it comes from.
        turn: the number of the turn that said it last.
        shown: how many samples of that turn it stands for.
    """

    entity: "Entity"
    key: str
    said: str | None = None
    time: float | None = None
    turn: int = 0
    shown: int = 0


@dataclass(slots=True, eq=False)
class Entity:
    """A topic, what it says, and the series that it says it of.

    Attributes:
        topic: the whole topic.
        fields: its values, by their keys.
        series: those that have a field here.
        heard: when a sample came last.
        refused: the broker did not take what was said last.
    """

    topic: str
    fields: dict[str, Field] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    heard: float = 0.0
    refused: bool = False


Encode = Callable[[Entity], str]
"""Makes the payload of a topic."""


class Turn(Protocol):
    """What is made of samples: some are said in a message, the others are lost."""

    lost: Counter[str]

    def say(self, place: Field, said: str, time: float, horizon: float) -> None:
        """Have a field say this, unless that would take it back in time (see `late`)."""

    def due(self) -> list[tuple[str, str]]:
        """Topics and payloads in the order in which they must go."""

    def settle(self, refused: Collection[int]) -> None:
        """All of what was due went; the broker refused what is at these places."""


class Latest:
    """A turn of retained topics: each says the last of its values, if that is news.

    Args:
        encode: makes payloads.
        number: another one for each turn.
        entities: those that are due whether there is news or not.
    """

    def __init__(self, encode: Encode, number: int, entities: Iterable[Entity] = ()) -> None:
        self.lost = Counter[str]()
        self._encode = encode
        self._number = number
        self._due = {entity.topic: entity for entity in entities}

    def say(self, place: Field, said: str, time: float, horizon: float) -> None:
        """Have a field say this."""
        if late(time, place.time, horizon):
            self.lost["superseded"] += 1
            return
        place.time = time
        if place.turn != self._number:
            place.turn, place.shown = self._number, 0
        if place.said != said:
            if place.shown:
                self.lost["superseded"] += place.shown
                place.shown = 0
            place.said = said
            self._due[place.entity.topic] = place.entity
        elif place.entity.refused:
            self._due[place.entity.topic] = place.entity
        place.shown += 1

    def due(self) -> list[tuple[str, str]]:
        """One message for each topic that has news."""
        return [(topic, self._encode(entity)) for topic, entity in self._due.items()]

    def settle(self, refused: Collection[int]) -> None:
        """Remember what was refused: it is news the next time too."""
        for at, entity in enumerate(self._due.values()):
            entity.refused = at in refused
            if entity.refused:
                said = (place.shown for place in entity.fields.values() if place.turn == self._number)
                self.lost["not_allowed"] += sum(said)


@dataclass(slots=True)
class _Group:
    """Samples of one topic and one time, which one message says together."""

    entity: Entity
    time: float
    keys: set[str] = field(default_factory=set)


class Every:
    """A turn of topics that are not retained: every sample is said, so that a listener can record all.

    Args:
        encode: makes payloads.
    """

    def __init__(self, encode: Encode) -> None:
        self.lost = Counter[str]()
        self._encode = encode
        self._groups: dict[str, _Group] = {}
        self._said: list[tuple[str, str]] = []
        self._shares: list[int] = []
        self._times: dict[Field, float] = {}

    def say(self, place: Field, said: str, time: float, horizon: float) -> None:
        """Have a field say this. The time of what was not settled does not count: its samples come again."""
        if late(time, self._times.get(place, place.time), horizon):
            self.lost["superseded"] += 1
            return
        entity = place.entity
        group = self._groups.get(entity.topic)
        if group and (group.time != time or place.key in group.keys):
            self._close(group)
            group = None
        if not group:
            group = self._groups[entity.topic] = _Group(entity, time)
        group.keys.add(place.key)
        place.said = said
        self._times[place] = time

    def _close(self, group: _Group) -> None:
        del self._groups[group.entity.topic]
        self._said.append((group.entity.topic, self._encode(group.entity)))
        self._shares.append(len(group.keys))

    def due(self) -> list[tuple[str, str]]:
        """A message for each time of each topic."""
        for group in [*self._groups.values()]:
            self._close(group)
        return self._said

    def settle(self, refused: Collection[int]) -> None:
        """Count what was refused."""
        for place, time in self._times.items():
            place.time = time
        self.lost["not_allowed"] += sum(self._shares[at] for at in refused if at < len(self._shares))
