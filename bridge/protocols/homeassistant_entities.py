"""The messages by which Home Assistant learns of one entity each.

Home Assistant puts the name of the device in front of an entity's name by itself. Whatever a template reads
may be missing, since the fields of a topic come one after another, and the topic is emptied when it goes:
then a template says nothing, and the entity stays as it is.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from bridge.core.alert import EVENTS, Key
from bridge.core.metric import Metric, MetricKind
from bridge.core.naming import STATSD
from bridge.core.own import SOURCE_UP
from bridge.core.printable import printable
from bridge.core.sample import BRIDGE, Series
from bridge.protocols.homeassistant_ids import config_topic, entity_id, join, node
from bridge.protocols.homeassistant_looks import Look, bucket_look, is_own, look
from bridge.protocols.mqtt import RESERVED, Message, announce, escape
from bridge.protocols.mqtt_alerts import alert_topic, event_topic, request_topic
from bridge.protocols.mqtt_cells import Cell, entity_cell, metric_cell

ORIGIN = "asterisk-bridge"
MAKER = "Asterisk"
NAME_LENGTH = 40
"""Characters that a label value has in a name; topics and ids have it whole."""
STATE = "{{ value_json.state }}"
ACRONYMS = frozenset({
    "abr", "acd", "aht", "ami", "asa", "asr", "bhca", "cpu", "crc", "dahdi", "http", "irq", "kpi", "mht",
    "mos", "ner", "pdd", "pid", "rtt", "snmp",
})  # fmt: skip
SAID_BY_CLASS = frozenset({"up", "state"})
"""Second words that a device class says by itself."""
BOUND = re.compile(r"_le_([0-9]+)(?:_([0-9]+))?$")
CONNECTIVITY = ("availability",)
HAPPENINGS = ("event", "alert")
ACKNOWLEDGE = ("request", "ack")
"""The parts, after the PBX, of what every PBX has."""
REMEMBERED = 1000
"""What is the same in many messages is kept ready: more than there are PBXs."""
SOLE = frozenset({("ami",), ("snmp",)})
"""Sources whose loss leaves a gauge without news, where they are its only ones."""

Parts = tuple[str, ...]
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class House:
    """What all messages have in common.

    Attributes:
        prefix: the first part of every topic of ours.
        version: of the bridge.
        discovery: the prefix under which Home Assistant looks for entities.
        layout: of the topics of values.
        alerts: whether alerts are published.
        commands: whether people may acknowledge them over MQTT.
        url: where to read about the bridge; empty if nowhere.
    """

    prefix: str
    version: str
    discovery: str = "homeassistant"
    layout: Literal["entity", "metric"] = "entity"
    alerts: bool = False
    commands: bool = False
    url: str = ""

    def cell(self, series: Series, *, info: bool = False) -> Cell:
        """Where a number is published."""
        cell_of = entity_cell if self.layout == "entity" else metric_cell
        return cell_of(self.prefix, series, info)


def connectivity(house: House, pbx: str, version: str = "") -> Message:
    """Whether the PBX can be reached, or whether the bridge runs.

    It alone tells Home Assistant which version the device has, so that news of that is one message.
    """
    own = pbx == BRIDGE
    body: Body = {
        "name": "Connection",
        "state_topic": _bridge_state(house)["topic"] if own else _availability(house, pbx),
        "value_template": STATE,
        "payload_on": "online",
        "payload_off": "offline",
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        **({} if own else _available(_bridge_state(house))),
    }
    body["device"] = _device(house, pbx, house.version if own else version)
    return _message(house, "binary_sensor", (pbx, *CONNECTIVITY), body)


def of_series(house: House, metric: Metric, series: Series) -> Message | None:
    """A number of the catalogue; None if it never becomes an entity."""
    found = look(metric)
    if not found:
        return None
    _, *labels = series.labels
    info = metric.kind is MetricKind.INFO
    values = [value for _, value in (labels[:-1] if info else labels)]
    group, _, what = metric.name.partition(".")
    body = {
        "name": _name(group, values, "" if found.device_class and what in SAID_BY_CLASS else what),
        **_value(house, found, house.cell(series, info=info)),
        **_shown(found),
        **_available(*_needed(house, metric, series.pbx)),
        "device": _device(house, series.pbx),
    }
    return _message(house, found.component, (series.pbx, group, what, *values), body)


def of_bucket(house: House, series: Series) -> Message:
    """A number of a user's own bucket."""
    _, _, what = series.name.partition(".")
    _, *labels = series.labels
    cell = house.cell(series)
    found = bucket_look(json.loads(cell.field) if cell.field else what.rpartition(".")[2])
    body = {
        "name": " ".join(["StatsD", _short(what), *(_short(value) for _, value in labels)]),
        **_value(house, found, cell),
        **_shown(found),
        **_available(*_needed(house, None, series.pbx)),
        "device": _device(house, series.pbx),
    }
    return _message(house, found.component, bucket_parts(series), body)


def bucket_parts(series: Series) -> Parts:
    """The parts of its name: its labels are free, so their keys are in it, too."""
    _, _, what = series.name.partition(".")
    _, *labels = series.labels
    return (series.pbx, STATSD, what, *(word for label in labels for word in label))


def of_alert(house: House, key: Key) -> Message:
    """Whether an alert fires."""
    _, *labels = key.labels
    topic = alert_topic(house.prefix, key)
    body = {
        "name": " ".join([_name("alert", [], key.rule), *(_short(value) for _, value in labels)]),
        "state_topic": topic,
        "value_template": _template(
            "(value_json|default({}))['state']", "'ON' if x=='firing' else 'OFF' if x is string else ''"
        ),
        "json_attributes_topic": topic,
        "qos": 1,
        "device_class": "problem",
        **_available(_bridge_state(house)),
        "device": _device(house, key.pbx),
    }
    parts = (key.pbx, "alert", key.rule, *(value for _, value in labels))
    return _message(house, "binary_sensor", parts, body)


def happenings(house: House, pbx: str) -> Message:
    """What happens to the alerts of a PBX."""
    body = {
        "name": "Alerts",
        "state_topic": event_topic(house.prefix, pbx),
        "event_types": [each.value for each in EVENTS],
        "qos": 1,
        **_available(_bridge_state(house)),
        "device": _device(house, pbx),
    }
    return _message(house, "event", (pbx, *HAPPENINGS), body)


def acknowledge(house: House, pbx: str) -> Message:
    """A button that acknowledges all alerts of a PBX."""
    body = {
        "name": "Acknowledge alerts",
        "command_topic": request_topic(house.prefix, "ack"),
        "payload_press": json.dumps({"pbx": pbx}, separators=(",", ":")),
        "qos": 1,
        **_available(_bridge_state(house)),
        "device": _device(house, pbx),
    }
    return _message(house, "button", (pbx, *ACKNOWLEDGE), body)


def _message(house: House, component: str, parts: Parts, body: Body) -> Message:
    about = {"name": ORIGIN, "sw_version": house.version, **({"support_url": house.url} if house.url else {})}
    pbx, *rest = parts
    whole = {
        **body,
        "unique_id": f"{node(house.prefix)}--{join(parts)}",
        "default_entity_id": entity_id(component, [MAKER, pbx, *_in_order(rest)]),
        "origin": about,
    }
    payload = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return Message(config_topic(house.discovery, component, house.prefix, parts), payload.encode())


def _in_order(rest: Sequence[str]) -> list[str]:
    """The thing before the number: `queue_support_waiting`."""
    group, *others = rest
    return [*rest] if group in RESERVED | {STATSD} else [group, *others[1:], *others[:1]]


@lru_cache(REMEMBERED)
def _device(house: House, pbx: str, version: str = "") -> Body:
    own = pbx == BRIDGE
    return {
        "identifiers": [_device_id(house, pbx)],
        "name": "Asterisk bridge" if own else f"PBX {_short(pbx)}",
        "manufacturer": ORIGIN if own else MAKER,
        "model": "Bridge" if own else MAKER,
        **({"sw_version": printable(version)} if version else {}),
        **({} if own else {"via_device": _device_id(house, BRIDGE)}),
    }


def _device_id(house: House, pbx: str) -> str:
    return f"{node(house.prefix)}--{join([pbx])}"


def _bridge_state(house: House) -> Body:
    return {"topic": announce(house.prefix, online=True).topic, "value_template": STATE}


def _availability(house: House, pbx: str) -> str:
    return f"{house.prefix}/{escape(pbx)}/availability"


def _available(*needed: Body) -> Body:
    return {"availability": list(needed), "availability_mode": "all"}


def _needed(house: House, metric: Metric | None, pbx: str) -> list[Body]:
    """What has to be there for a number to be true: a gauge needs its source, if it has no other.

    What the bridge says about itself and its sources is true even while the PBX cannot be reached.
    """
    if pbx == BRIDGE or (metric and is_own(metric)):
        return [_bridge_state(house)]
    needed = [_bridge_state(house), {"topic": _availability(house, pbx), "value_template": STATE}]
    if metric and metric.kind is MetricKind.GAUGE and metric.sources in SOLE:
        needed.append(_source_state(house, pbx, *metric.sources))
    return needed


@lru_cache(REMEMBERED)
def _source_state(house: House, pbx: str, source: str) -> Body:
    cell = house.cell(SOURCE_UP.series(pbx, source))
    template = _template(_field(cell), "'online' if x==1 else 'offline' if x is number else ''")
    return {"topic": cell.topic, "value_template": template}


def _value(house: House, found: Look, cell: Cell) -> Body:
    """Where the state is, and how it is read."""
    body: Body = {"state_topic": cell.topic}
    if found.state:
        body["value_template"] = _template(_field(cell), found.state)
    elif house.layout == "entity":
        body["value_template"] = f"{{{{ {_field(cell)}|default('') }}}}"
    return body


def _field(cell: Cell) -> str:
    """The value as an expression of Jinja, whose literals are those of Python."""
    if not cell.field:
        return "value_json|default('')"
    return f"(value_json|default({{}}))[{json.loads(cell.field)!a}]"


def _template(value: str, state: str) -> str:
    return f"{{% set x={value} %}}{{{{ {state} }}}}"


def _shown(found: Look) -> Body:
    body: Body = {
        "device_class": found.device_class,
        "state_class": found.state_class,
        "unit_of_measurement": found.unit,
        "entity_category": "diagnostic" if found.diagnostic else "",
    }
    body = {key: value for key, value in body.items() if value}
    if found.precision is not None:
        body["suggested_display_precision"] = found.precision
    return body if found.enabled else {**body, "enabled_by_default": False}


def _name(group: str, values: Sequence[str], what: str) -> str:
    """A name for people: `Queue support waiting`."""
    bounded = BOUND.sub(lambda found: f"_≤_{found[1]}" + (f".{found[2]}" if found[2] else ""), what)
    words = [*_words(group), *filter(None, map(_short, values)), *_words(bounded)]
    first, *rest = words
    return " ".join([first[:1].upper() + first[1:], *rest])


def _words(name: str) -> list[str]:
    return [word.upper() if word in ACRONYMS else word for word in name.split("_") if word]


def _short(value: str) -> str:
    """A label value for people: all of it can be seen, and none of it is long."""
    shown = printable(value)
    return shown if len(shown) <= NAME_LENGTH else shown[: NAME_LENGTH - 1] + "…"
