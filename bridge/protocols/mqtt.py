"""What is published over MQTT: topics, payloads, retain and QoS, in the manner of zigbee2mqtt.

    <prefix>/bridge/state                     {"state":"online"}, also the Last Will
    <prefix>/bridge/info, .../health          JSON objects
    <prefix>/<pbx>/availability               {"state":"online"} while any source of the PBX answers
    <prefix>/<pbx>/<group>[/<label values>]   layout entity: {"waiting":3,"members":5}
    .../<what>                                layout metric: 3

Label values are escaped so that no two series share a topic; `%XX` reads back with any URL decoder.
"""

import json
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from bridge.core.naming import STATSD, escaper, place
from bridge.core.number import text
from bridge.core.own import SOURCE_UP
from bridge.core.sample import BRIDGE, Sample, Series

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~@:,()"
"""What stays as it is in a topic: neither `/ + # $`, nor blanks, nor anything beyond ASCII."""
LONGEST_TOPIC = 65_535
"""Bytes; the length of a topic is sent in 16 bits."""
MOST_SERIES = 100_000
"""Each is kept here, to be said again after a lost connection, and by the broker too.

It is five times what the StatsD listener lets live; beyond it somebody puts ids into label values.
"""
STALE = 3600.0
"""Seconds of silence after which a topic may make room for others; until then it keeps its last value."""
STATISTIC = re.compile(r"(?:count|rate|sum|sum_squares|lower|upper|mean|median|std)(?:_(?:top)?[0-9_]+)?")
"""The last word of a StatsD bucket's derived series, as in `web.requests.upper_90`."""
RESERVED = frozenset({"availability", "alert", "event", "state", "info", "health", "request", "response"})
"""Words that stand where a group could: no group of the catalogue may have one as its name."""

REASONS = {
    0x80: "the connection was lost",
    0x84: "it does not speak this version of MQTT; set BRIDGE_MQTT__VERSION to the other one",
    0x85: "it does not accept the client id; set BRIDGE_MQTT__CLIENT_ID to another",
    0x86: "it does not accept the user; check BRIDGE_MQTT__USERNAME and BRIDGE_MQTT__PASSWORD",
    0x87: "it does not let the user in; check BRIDGE_MQTT__USERNAME and BRIDGE_MQTT__PASSWORD",
    0x8D: "it has been silent for too long",
    0x8E: "another client came with the same client id; give each bridge a BRIDGE_MQTT__CLIENT_ID of its own",
}
"""What reason codes of MQTT 5 (section 2.4) mean to the user, and what to do."""
HUNG_UP = (
    "it hung up before it answered; is the port the right one, for this version of MQTT, with or without "
    "TLS, and does it want a client certificate?"
)
"""The same for a broker that gives no reason."""

ONLINE = b'{"state":"online"}'
OFFLINE = b'{"state":"offline"}'

escape = escaper(SAFE)


class Message(NamedTuple):
    """One PUBLISH."""

    topic: str
    payload: bytes
    qos: Literal[0, 1] = 1
    retain: bool = True


def announce(prefix: str, online: bool) -> Message:
    """The birth message; with `online` false the Last Will, which is also the farewell."""
    return Message(f"{prefix}/{BRIDGE}/state", ONLINE if online else OFFLINE)


def report(prefix: str, name: Literal["info", "health"], content: Mapping[str, object]) -> Message:
    """What the bridge tells of itself as a JSON object; what JSON does not know becomes text."""
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)
    return Message(f"{prefix}/{BRIDGE}/{name}", payload.encode("utf-8", "replace"))


class Availability:
    """Which PBXs can be reached, from the samples of `source.up`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._up: dict[str, set[str]] = {}

    def update(self, samples: Iterable[Sample]) -> list[Message]:
        """Take samples; return a message for each PBX whose availability changed or was heard of first."""
        before = {pbx: bool(sources) for pbx, sources in self._up.items()}
        for series, value, _ in samples:
            if series.name == SOURCE_UP.name and series.pbx != BRIDGE:
                (_, pbx), (_, source) = series.labels
                sources = self._up.setdefault(pbx, set())
                (sources.add if value else sources.discard)(source)
        return [self._message(pbx) for pbx, sources in self._up.items() if before.get(pbx) != bool(sources)]

    def everything(self) -> list[Message]:
        """A message for each PBX."""
        return [self._message(pbx) for pbx in self._up]

    def _message(self, pbx: str) -> Message:
        return Message(f"{self._prefix}/{escape(pbx)}/availability", ONLINE if self._up[pbx] else OFFLINE)


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
    """What a topic says, the series it says it of, and when one of them was heard last."""

    fields: dict[str, str] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    heard: float = 0.0


class Values:
    """What the topics of values say. Fed with samples, it gives the messages that are due.

    A retained topic is published when something in it changed, so that a subscriber is told of news; one
    that is not retained whenever a sample of it comes, so that a subscriber who joins late hears of it.

    Args:
        prefix: the first part of every topic.
        layout: one JSON object per entity, or one plain number per series.
        infos: names of the INFO metrics; the last label of each is its text.
        qos: of every message.
        retain: whether messages are retained.
        most: how many series are kept; when they are that many, topics that are stale make room.

    Attributes:
        refused: how many values found no room, or have a topic that is too long.
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
        self.refused = 0
        self._prefix = prefix
        self._cell_of = _entity_cell if layout == "entity" else _metric_cell
        self._encode = _object if layout == "entity" else _plain
        self._infos = infos
        self._qos = qos
        self._retain = retain
        self._most = most
        self._swept = 0.0
        self._cells: dict[Series, Cell] = {}
        self._entities: dict[str, _Entity] = {}

    def update(self, samples: Iterable[Sample]) -> list[Message]:
        """Take samples; return one message for each topic that is due, with the last of its values.

        An empty message takes a stale topic off the broker.
        """
        due: dict[str, None] = {}
        for series, value, time in samples:
            cell = self._cells.get(series)
            if not cell:
                due |= self._make_room(time)
                cell = self._locate(series)
            if not cell:
                self.refused += 1
                continue
            topic, key, words = cell
            entity = self._entities[topic]
            entity.heard = time
            said = text(value) if words is None else words
            if entity.fields.get(key) != said or not self._retain:
                entity.fields[key] = said
                due[topic] = None
        return [self._message(topic) for topic in due]

    def everything(self) -> list[Message]:
        """A message for each topic that a broker should retain."""
        return [self._message(topic) for topic in self._entities] if self._retain else []

    def _locate(self, series: Series) -> Cell | None:
        """Give a new series its place, if there is room."""
        cell = self._cell_of(self._prefix, series, series.name in self._infos)
        if len(self._cells) >= self._most or len(cell.topic.encode()) > LONGEST_TOPIC:
            return None
        self._cells[series] = cell
        self._entities.setdefault(cell.topic, _Entity()).series.append(series)
        return cell

    def _make_room(self, now: float) -> dict[str, None]:
        """Forget what is stale, if there is need and the last look was a while ago; return its topics."""
        if len(self._cells) < self._most or 0 <= now - self._swept < STALE / 60:
            return {}
        self._swept = now
        stale = [topic for topic, entity in self._entities.items() if now - entity.heard > STALE]
        for topic in stale:
            for series in self._entities.pop(topic).series:
                del self._cells[series]
        return dict.fromkeys(stale)

    def _message(self, topic: str) -> Message:
        entity = self._entities.get(topic)
        payload = self._encode(entity.fields).encode() if entity else b""
        return Message(topic, payload, self._qos, self._retain)


def _entity_cell(prefix: str, series: Series, info: bool) -> Cell:
    if info:
        series, key, words = _text_of(series)
        return Cell(_topic(prefix, *place(series, escape).entity), _json(key), _json(words))
    entity = place(series, escape).entity
    _, _, what = series.name.partition(".")
    if entity[1] == STATSD:
        bucket, what = _statistic(what)
        entity = (*entity, escape(bucket))
    return Cell(_topic(prefix, *entity), _json(what))


def _metric_cell(prefix: str, series: Series, info: bool) -> Cell:
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


def client_id(host: str) -> str:
    """The default client id: without `+ # /`, which some brokers read as wildcards in their access lists."""
    return "asterisk-bridge-" + re.sub(r"[^A-Za-z0-9.-]", "-", host)


def acl(prefix: str, username: str) -> str:
    """The access list for mosquitto (`acl_file`) that allows what the bridge does, and nothing else.

    Args:
        prefix: the first part of every topic.
        username: the user as which the bridge logs in; empty for a broker without users.
    """
    user = [f"user {username}"] if username else []
    state = announce(prefix, online=True).topic
    return "\n".join([*user, f"topic write {prefix}/#", f"topic read {state}", ""])
