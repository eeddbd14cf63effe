"""Turns: what becomes of the samples that the topics of values are fed with at a time.

What a turn has said counts once it is settled: until then its samples may come again.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf
from typing import Protocol

from bridge.protocols.mqtt import AHEAD, late

NEVER = inf
"""The time of what was never said: nothing comes too late for it."""


@dataclass(slots=True, eq=False)
class Field:
    """One value of a topic.

    Attributes:
        entity: the topic.
        key: what stands before the value: in layout `entity` its name in JSON and a colon, else nothing.
        said: the value as it is written; None if it says none.
        time: of the sample that it comes from.
        turn: the number of the turn that said it last.
    """

    entity: "Entity"
    key: str
    said: str | None = None
    time: float = NEVER
    turn: int = 0


@dataclass(slots=True, eq=False)
class Entity:
    """A topic, and what it says.

    Attributes:
        topic: the whole topic.
        whole: it says a JSON object of its fields; else it has but one, and says that.
        fields: all that it ever had.
        series: how many have a field here.
        heard: when a sample came last.
        refused: the broker did not take what was said last.
    """

    topic: str
    whole: bool
    fields: list[Field]
    series: int = 0
    heard: float = 0.0
    refused: bool = False

    def payload(self) -> str:
        """What it says now."""
        said = ",".join([field.key + field.said for field in self.fields if field.said is not None])
        return f"{{{said}}}" if self.whole else said


Told = tuple[Field | None, str, float]
"""A sample: its field if there is room for it, its value or the text of an INFO metric, and its time."""


class Turn(Protocol):
    """What is made of samples: some are said in a message, the others are lost."""

    lost: Counter[str]

    def take(self, told: Iterable[Told], now: float) -> None:
        """Have each field say what is told of it, unless that would take it back in time (see `late`)."""

    def due(self) -> list[tuple[str, str]]:
        """Topics and payloads in the order in which they must go."""

    def settle(self, refused: Collection[int]) -> None:
        """All of what was due went; the broker refused what is at these places."""


class Latest:
    """A turn of retained topics: each says the last of its values, if that is news.

    Args:
        number: another one for each turn.
        entities: those that are due whether there is news or not.
    """

    def __init__(self, number: int, entities: Iterable[Entity] = ()) -> None:
        self.lost = Counter[str]()
        self._number = number
        self._due = dict.fromkeys(entities)
        self._more: dict[Field, int] = {}
        """How many samples of this turn a field stands for, beyond the first."""

    def take(self, told: Iterable[Told], now: float) -> None:
        """Have each field say the last that is told of it."""
        number, due, horizon = self._number, self._due, now + AHEAD
        for field, said, time in told:
            if not field:
                self.lost["no_room"] += 1
                continue
            entity = field.entity
            entity.heard = now
            if not field.time <= time <= horizon and late(time, field.time, horizon):
                self.lost["superseded"] += 1
                continue
            field.time = time
            if field.turn == number:
                self._replace(field, said)
            field.turn = number
            if field.said != said or entity.refused:
                field.said = said
                due[entity] = None

    def _replace(self, field: Field, said: str) -> None:
        """It said something in this turn already: that is lost, unless it was the same."""
        before = self._more.pop(field, 0) + 1
        if field.said == said:
            self._more[field] = before
        else:
            self.lost["superseded"] += before

    def due(self) -> list[tuple[str, str]]:
        """One message for each topic that has news."""
        return [(entity.topic, entity.payload()) for entity in self._due]

    def settle(self, refused: Collection[int]) -> None:
        """Remember what was refused: it is news the next time too."""
        for at, entity in enumerate(self._due):
            entity.refused = at in refused
            if entity.refused:
                shown = [field for field in entity.fields if field.turn == self._number]
                self.lost["not_allowed"] += len(shown) + sum(self._more.get(field, 0) for field in shown)


@dataclass(slots=True)
class _Group:
    """Samples of one topic and one time, which one message says together."""

    time: float
    fields: set[Field]


class Every:
    """A turn of topics that are not retained: every sample is said, so that a listener can record all."""

    def __init__(self) -> None:
        self.lost = Counter[str]()
        self._groups: dict[Entity, _Group] = {}
        self._said: list[tuple[str, str]] = []
        self._shares: list[int] = []
        self._times: dict[Field, float] = {}

    def take(self, told: Iterable[Told], now: float) -> None:
        """Have fields say all that is told. The time of what was not settled does not count."""
        for field, said, time in told:
            if not field:
                self.lost["no_room"] += 1
                continue
            field.entity.heard = now
            if late(time, self._times.get(field, field.time), now + AHEAD):
                self.lost["superseded"] += 1
            else:
                self._say(field, said, time)

    def _say(self, field: Field, said: str, time: float) -> None:
        group = self._groups.get(field.entity)
        if group and (group.time != time or field in group.fields):
            self._close(field.entity)
            group = None
        if not group:
            group = self._groups[field.entity] = _Group(time, set())
        group.fields.add(field)
        field.said = said
        self._times[field] = time

    def _close(self, entity: Entity) -> None:
        self._said.append((entity.topic, entity.payload()))
        self._shares.append(len(self._groups.pop(entity).fields))

    def due(self) -> list[tuple[str, str]]:
        """A message for each time of each topic."""
        for entity in [*self._groups]:
            self._close(entity)
        return self._said

    def settle(self, refused: Collection[int]) -> None:
        """Count what was refused."""
        for field, time in self._times.items():
            field.time = time
        self.lost["not_allowed"] += sum(self._shares[at] for at in refused if at < len(self._shares))
