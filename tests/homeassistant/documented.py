"""What Home Assistant documents for MQTT discovery, as far as a bridge has use for it.

Sources: its pages on the integrations MQTT, Sensor, Binary sensor, Event and Button, as of 2026.2.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from bridge.protocols.mqtt import Message

TOPIC = re.compile(r"homeassistant/([a-z_]+)/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)/config")

COMMON = {
    "availability", "availability_mode", "default_entity_id", "device", "enabled_by_default",
    "entity_category", "icon", "json_attributes_template", "json_attributes_topic", "name", "origin",
    "qos", "unique_id",
}  # fmt: skip
"""Keys that every kind of entity takes; `default_entity_id` since 2025.10, before which it is passed over."""
KEYS = {
    "sensor": COMMON
    | {
        "device_class", "expire_after", "force_update", "state_class", "state_topic",
        "suggested_display_precision", "unit_of_measurement", "value_template",
    },
    "binary_sensor": COMMON
    | {
        "device_class", "expire_after", "force_update", "off_delay", "payload_off", "payload_on",
        "state_topic", "value_template",
    },
    "event": COMMON | {"device_class", "event_types", "state_topic", "value_template"},
    "button": COMMON | {"command_template", "command_topic", "device_class", "payload_press", "retain"},
}  # fmt: skip
NEEDED = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "event": {"state_topic", "event_types"},
    "button": {"command_topic"},
}
OURS = {"name", "unique_id", "default_entity_id", "device", "origin"}
"""What every message of ours has, though Home Assistant would do without."""
DEVICE = {
    "configuration_url", "connections", "hw_version", "identifiers", "manufacturer", "model", "model_id",
    "name", "serial_number", "suggested_area", "sw_version", "via_device",
}  # fmt: skip
ORIGIN = {"name", "sw_version", "support_url"}
AVAILABILITY = {"payload_available", "payload_not_available", "topic", "value_template"}

MEASUREMENT, TOTAL_INCREASING, TOTAL = "measurement", "total_increasing", "total"
ANY = {MEASUREMENT, TOTAL_INCREASING, TOTAL, None}
SENSOR_CLASSES: dict[str, tuple[set[str | None], set[str | None]]] = {
    "duration": ({"d", "h", "min", "s", "ms", "μs"}, ANY),
    "data_size": (
        {"bit", "kbit", "Mbit", "Gbit", "B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"},
        ANY,
    ),
    "data_rate": (
        {"bit/s", "kbit/s", "Mbit/s", "B/s", "kB/s", "MB/s", "KiB/s", "MiB/s"},
        {MEASUREMENT, None},
    ),
    "frequency": ({"Hz", "kHz", "MHz", "GHz"}, {MEASUREMENT, None}),
    "timestamp": ({None}, {None}),
    "enum": ({None}, {None}),
}
"""Device classes of sensors, each with the units and the state classes that go with it."""
BINARY_CLASSES = {
    "battery",
    "connectivity",
    "lock",
    "occupancy",
    "power",
    "problem",
    "running",
    "safety",
    "update",
}
CATEGORIES = {"config", "diagnostic"}
LARGEST = 4096
"""Bytes of a payload, by our own bar."""


def faults(message: Message) -> list[str]:
    """What is wrong with an announcement; nothing of it is, if the list is empty."""
    found = TOPIC.fullmatch(message.topic)
    if not found or found[1] not in KEYS:
        return [f"{message.topic} is no discovery topic"]
    payload = json.loads(message.payload)
    return [*_faults(found[1], payload), *_faults_of_message(message)]


def _faults_of_message(message: Message) -> Iterator[str]:
    if not (message.retain and message.qos == 1):
        yield "is not retained, or not sent for sure"
    if len(message.payload) > LARGEST:
        yield f"has {len(message.payload)} bytes"


def _faults(component: str, payload: dict[str, Any]) -> Iterator[str]:
    if unknown := payload.keys() - KEYS[component]:
        yield f"{component} has no {unknown}"
    if missing := (NEEDED[component] | OURS) - payload.keys():
        yield f"{component} needs {missing}"
    yield from _faults_of_parts(payload)
    if payload.get("entity_category", "diagnostic") not in CATEGORIES:
        yield "has a category that there is not"
    if not payload["default_entity_id"].startswith(f"{component}."):
        yield "proposes the id of another kind of entity"
    if not re.fullmatch(r"[a-z_]+\.[a-z0-9]+(?:_[a-z0-9]+)*", payload["default_entity_id"]):
        yield f"proposes an id that is not one: {payload['default_entity_id']}"
    if payload["name"].lower().startswith(payload["device"]["name"].lower()):
        yield "repeats the name of its device"
    if not payload["name"].isprintable():
        yield "has a name that cannot be printed"
    yield from _faults_of_class(component, payload)


def _faults_of_parts(payload: dict[str, Any]) -> Iterator[str]:
    device = payload["device"]
    if not device.get("identifiers") or not device.get("name") or device.keys() - DEVICE:
        yield "has a device that is none"
    if not payload["origin"].get("name") or payload["origin"].keys() - ORIGIN:
        yield "has an origin that is none"
    for each in payload.get("availability", []):
        if "topic" not in each or each.keys() - AVAILABILITY:
            yield "has an availability that is none"
    if payload.get("availability_mode", "latest") not in {"all", "any", "latest"}:
        yield "has an availability mode that there is not"


def _faults_of_class(component: str, payload: dict[str, Any]) -> Iterator[str]:
    found = payload.get("device_class")
    if component == "binary_sensor" and found not in {None, *BINARY_CLASSES}:
        yield f"there is no binary sensor of class {found}"
    if component == "sensor":
        unit, state = payload.get("unit_of_measurement"), payload.get("state_class")
        units, states = SENSOR_CLASSES.get(found, (set(), set())) if found else ({None, "%"}, ANY)
        if unit not in units or state not in states:
            yield f"class {found}, unit {unit} and state class {state} do not go together"
