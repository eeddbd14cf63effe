"""Home Assistant's MQTT discovery: which entities there are, which are due to be told, and which have gone.

Every PBX is a device, and so is the bridge. What an entity's message says stands in `homeassistant_entities`,
how a metric looks in `homeassistant_looks`, and how topics are named in `homeassistant_ids`.
"""

from collections import deque
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.core.alert import Key
from bridge.core.metric import Metric, MetricKind
from bridge.core.naming import STATSD
from bridge.core.own import SOURCE_UP
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.protocols import homeassistant_entities as entities
from bridge.protocols.homeassistant_entities import House
from bridge.protocols.homeassistant_ids import Found, filters, found
from bridge.protocols.homeassistant_looks import THINGS, look
from bridge.protocols.mqtt import LONGEST_TOPIC, Message
from bridge.protocols.mqtt_values import MOST_SERIES

MOST = 10_000
"""Entities of one bridge: some 10 MB on the broker, all of which Home Assistant reads whenever it starts, and
keeps in its registry, a file that it writes anew at each change."""
MOST_BUCKETS = 500
"""Of them, those of the user's own buckets: their names are free, so a program may make them without end."""
GONE = 3600.0
"""Seconds of silence after which a thing has gone, if all sources of its PBX were up for as long.

As long as a topic keeps its last value; shorter, and a queue would go whenever a poll fails for a while.
"""
SWEEP = GONE / 60
"""Seconds between two looks for what has gone."""
AGAIN = 10.0
"""Seconds between two times that all is told again: who asks for it in a loop does not make us loop."""
LONGEST_STRANGER = 1024
"""Characters of a topic that is not announced: whoever may write below our node cannot fill the memory."""
AT_ONCE = 25
"""New entities in one turn: some 3 ms of work, after which others have a turn."""
LONG_AGO = float("-inf")
ONLINE = b"online"
VERSION = "system.info"
WATCHED = frozenset({SOURCE_UP.name, VERSION})
"""Series whose news matter here."""

Name = tuple[str, ...]
"""What comes and goes as a whole: the PBX, and labels that name a queue or a trunk of it; or one bucket."""


@dataclass(slots=True)
class _Thing:
    """Something that comes and goes.

    Attributes:
        heard: when a sample told of it last.
        topics: where its entities are announced.
        series: those that tell of it.
    """

    heard: float = 0.0
    topics: list[str] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)


class _Stranger(NamedTuple):
    """A topic of our node that is not announced: when it was heard of first, and of what it tells."""

    since: float
    name: Name | None


class Discovery:
    """Fed with samples, alerts and what the broker says, it gives the messages that are due.

    Nothing has to be settled: after a lost connection `everything` says it all again. An entity that is
    announced twice in the same words stays as it is.

    Args:
        house: what all messages have in common.
        metrics: the catalogue, by name. Of other series only those of the group `statsd` become entities.
        pbxs: the PBXs that are configured; entities of others are orphans. None: all that there may be.
        gone: seconds of silence after which a thing has gone.

    Attributes:
        refused: entities that were not announced since there are too many.
        lost: the series of things that have gone; whoever reads them takes them out.
    """

    def __init__(
        self,
        house: House,
        metrics: Mapping[str, Metric],
        pbxs: Container[str] | None = None,
        gone: float = GONE,
    ) -> None:
        self._house = house
        _, self._birth = filters(house.discovery, house.prefix)
        self._metrics = metrics
        self._pbxs = pbxs
        self._gone = gone
        self._pause = min(SWEEP, gone / 60)
        self.refused = 0
        self.lost: list[Series] = []
        self._said: dict[str, Message] = {}
        self._due: dict[str, Message] = {}
        self._buckets = 0
        self._seen: dict[Series, _Thing] = {}
        self._things: dict[Name, _Thing] = {}
        self._sources: dict[str, dict[str, bool]] = {}
        self._well_since: dict[str, float] = {}
        self._new = deque[Series]()
        self._welcomed: set[str] = set()
        self._strangers: dict[str, _Stranger] = {}
        self._fixed: set[tuple[str, Name]] = {("binary_sensor", entities.CONNECTIVITY)}
        self._fixed |= {("event", entities.HAPPENINGS)} if house.alerts else set()
        self._fixed |= {("button", entities.ACKNOWLEDGE)} if house.alerts and house.commands else set()
        self._swept = LONG_AGO
        self._asked = False
        self._retold = LONG_AGO
        self._welcome(BRIDGE)

    @property
    def filters(self) -> tuple[str, str]:
        """What to subscribe: our own topics, and where Home Assistant says that it has started."""
        return filters(self._house.discovery, self._house.prefix)

    def belongs(self, topic: str) -> bool:
        """Whether a topic is one of our node, announced or not."""
        return self._found(topic) is not None

    def take(self, samples: Iterable[Sample], now: float) -> None:
        """Hear of series; `now` is any time in seconds that does not jump, the same everywhere here."""
        for series, value, _ in samples:
            thing = self._seen.get(series)
            if not thing:
                if not self._is_served(series.pbx):
                    continue
                thing = self._note(series, now)
            thing.heard = now
            if series.name in WATCHED:
                self._watch(series, value, now)

    def alert(self, key: Key) -> None:
        """Hear of an alert that is known, whether it fires or not."""
        if self._house.alerts and self._is_served(key.pbx):
            self._welcome(key.pbx)
            self._announce(entities.of_alert(self._house, key))

    def forget_alert(self, key: Key) -> None:
        """Hear of an alert that has gone."""
        if self._house.alerts:
            self._retract([entities.of_alert(self._house, key).topic])

    def hear(self, topic: str, payload: bytes, now: float) -> None:
        """Hear what the broker says on `filters`: who deletes an entity of ours is contradicted."""
        if topic == self._birth:
            self._asked = self._asked or payload == ONLINE
        elif topic in self._said:
            if not payload:
                self._due[topic] = self._said[topic]
        elif not payload:
            self._strangers.pop(topic, None)
        elif len(topic) <= LONGEST_STRANGER and len(self._strangers) < MOST and (there := self._found(topic)):
            stranger = self._strangers.setdefault(topic, _Stranger(now, self._name_of(there)))
            self._swept = LONG_AGO if self._is_orphan(stranger, now) else self._swept

    def due(self, now: float) -> list[Message]:
        """What must be said since the last call; an empty message takes an entity away.

        Of what is new, a part: call it again until there is nothing, and let others have a turn in between.
        """
        if not 0 <= now - self._swept < self._pause:
            self._swept = now
            self._sweep(now)
        if self._asked and not 0 <= now - self._retold < AGAIN:
            self._asked, self._retold = False, now
            self._due |= self._said
        while self._new and len(self._due) < AT_ONCE:
            self._meet(self._new.popleft())
        messages, self._due = [*self._due.values()], {}
        return messages

    def everything(self) -> list[Message]:
        """All that a broker should retain, the bridge first; nothing of it is due afterwards."""
        farewells = {topic: message for topic, message in self._due.items() if not message.payload}
        self._due, self._asked = {}, False
        return [*farewells.values(), *self._said.values()]

    def serve(self, pbxs: Container[str] | None) -> None:
        """New settings name other PBXs: what is not among them goes."""
        self._pbxs = pbxs
        for name, thing in [*self._things.items()]:
            if not self._is_served(name[0]):
                self._forget(name, thing)
                self._well_since.pop(name[0], None)
                self._sources.pop(name[0], None)
        self._welcomed = {pbx for pbx in self._welcomed if self._is_served(pbx)}
        self._retract([topic for topic in self._said if not self._is_served(self._pbx_of(topic))])

    # --- what comes

    def _note(self, series: Series, now: float) -> _Thing:
        """A series that is new, if there is room for it."""
        if len(self._seen) >= MOST_SERIES:
            return _Thing()
        self._look_after(series.pbx, now)
        thing = self._things.setdefault(_name(self._metrics.get(series.name), series), _Thing())
        thing.series.append(series)
        self._seen[series] = thing
        self._new.append(series)
        return thing

    def _meet(self, series: Series) -> None:
        """Announce it, unless it has gone meanwhile."""
        thing, metric = self._seen.get(series), self._metrics.get(series.name)
        if thing:
            self._welcome(series.pbx)
            message = self._entity(metric, series)
            if message and self._announce(message, bucket=metric is None):
                thing.topics.append(message.topic)

    def _entity(self, metric: Metric | None, series: Series) -> Message | None:
        if metric:
            return entities.of_series(self._house, metric, series)
        group, _, _ = series.name.partition(".")
        return entities.of_bucket(self._house, series) if group == STATSD else None

    def _welcome(self, pbx: str) -> None:
        """Announce what every PBX has."""
        if pbx in self._welcomed:
            return
        self._welcomed.add(pbx)
        self._announce(entities.connectivity(self._house, pbx))
        if self._house.alerts:
            self._announce(entities.happenings(self._house, pbx))
        if self._house.alerts and self._house.commands:
            self._announce(entities.acknowledge(self._house, pbx))

    def _announce(self, message: Message, *, bucket: bool = False) -> bool:
        """Say it if it is news; return whether there is room for it."""
        topic = message.topic
        if topic not in self._said:
            full = len(self._said) >= MOST or (bucket and self._buckets >= MOST_BUCKETS)
            if full or len(topic) > LONGEST_TOPIC:
                self.refused += 1
                return False
            self._buckets += bucket
        if self._said.get(topic) != message:
            self._said[topic] = self._due[topic] = message
        self._strangers.pop(topic, None)
        return True

    def _watch(self, series: Series, value: float, now: float) -> None:
        (_, pbx), *labels = series.labels
        (_, word), *_ = [*labels, ("", "")]
        if series.name == VERSION:
            self._welcome(pbx)
            self._announce(entities.connectivity(self._house, pbx, word))
            return
        self._sources.setdefault(pbx, {})[word] = value > 0
        self._look_after(pbx, now)

    def _look_after(self, pbx: str, now: float) -> None:
        """Note since when all sources of the PBX have been up."""
        if all(self._sources.get(pbx, {}).values()):
            self._well_since.setdefault(pbx, now)
        else:
            self._well_since.pop(pbx, None)

    # --- what goes

    def _sweep(self, now: float) -> None:
        """Take away things that have gone, and what somebody announced as ours who is no more."""
        for name, thing in [*self._things.items()]:
            comes_and_goes = len(name) > 1
            if comes_and_goes and now - thing.heard > self._gone and self._is_well(name[0], now):
                self._forget(name, thing)
        self._retract([topic for topic, each in self._strangers.items() if self._is_orphan(each, now)])

    def _is_well(self, pbx: str, now: float) -> bool:
        """Whether the PBX would have told us of all that it has."""
        return now - self._well_since.get(pbx, now) > self._gone

    def _is_orphan(self, stranger: _Stranger, now: float) -> bool:
        """Whether nobody will announce it any more."""
        since, name = stranger
        if name is None or not self._is_served(name[0]):
            return True
        comes_and_goes = len(name) > 1
        patient = now - since > self._gone and self._is_well(name[0], now)
        return comes_and_goes and patient and name not in self._things

    def _name_of(self, there: Found) -> Name | None:
        """Of which thing an entity tells; None if there is no such entity any more."""
        pbx, group, *rest = (*there.parts, "", "")
        parts = there.parts
        if (there.component, parts[1:]) in self._fixed:
            return (pbx,)
        if group == STATSD or (group == "alert" and self._house.alerts):
            return parts
        metric = self._metrics.get(".".join(parts[1:3]))
        shown = metric and look(metric)
        if not metric or not shown or shown.component != there.component:
            return None
        labels = metric.labels[:-1] if metric.kind is MetricKind.INFO else metric.labels
        values = rest[1:-2]
        if len(labels) != len(values):
            return None
        return _name(metric, Series(metric.name, (("pbx", pbx), *zip(labels, values, strict=True))))

    def _forget(self, name: Name, thing: _Thing) -> None:
        del self._things[name]
        for series in thing.series:
            del self._seen[series]
        self.lost += thing.series
        self._buckets -= len(thing.topics) if name[1:2] == (STATSD,) else 0
        self._retract(thing.topics)

    def _retract(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._said.pop(topic, None)
            self._strangers.pop(topic, None)
            self._due[topic] = Message(topic, b"")

    def _found(self, topic: str) -> Found | None:
        return found(self._house.discovery, self._house.prefix, topic)

    def _pbx_of(self, topic: str) -> str:
        there = self._found(topic)
        return there.parts[0] if there and there.parts else ""

    def _is_served(self, pbx: str) -> bool:
        return pbx == BRIDGE or (bool(pbx) and (self._pbxs is None or pbx in self._pbxs))


def _name(metric: Metric | None, series: Series) -> Name:
    """Of which thing a series tells; of its PBX, if of none that comes and goes."""
    if metric is None:
        return entities.bucket_parts(series)
    return (series.pbx, *(word for label in series.labels if label[0] in THINGS for word in label))
