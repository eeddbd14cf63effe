"""Run by the Python of an installed Home Assistant: does it take our messages, and read our values?

Standard input has a JSON object per line: `topic` and `payload` of an announcement, and `readings`, which are
triples of a template, a payload and the state that must come of them. What is wrong goes to standard output,
a line each; the last line is `checked <announcements> <readings>`.
"""

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from homeassistant.components.mqtt import binary_sensor, button, event, sensor  # type: ignore[import-not-found]
from homeassistant.components.mqtt.discovery import TOPIC_MATCHER  # type: ignore[import-not-found]
from homeassistant.components.mqtt.models import MqttValueTemplate, PayloadSentinel  # type: ignore[import-not-found]
from homeassistant.core import HomeAssistant  # type: ignore[import-not-found]
from homeassistant.helpers.template import Template  # type: ignore[import-not-found]

PLATFORMS = {"sensor": sensor, "binary_sensor": binary_sensor, "event": event, "button": button}
LATER = {"default_entity_id"}
"""What versions before 2025.10 pass over."""


class Complaints(logging.Handler):
    """What Home Assistant logs as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def faults(topic: str, payload: str) -> Iterator[str]:
    found = TOPIC_MATCHER.fullmatch(topic.partition("/")[2])
    if not found:
        yield "is no discovery topic"
        return
    given = json.loads(payload)
    try:
        taken = PLATFORMS[found["component"]].DISCOVERY_SCHEMA(given)
    except Exception as error:  # noqa: BLE001 - voluptuous raises several
        yield f"is refused: {error}"
        return
    for key in given.keys() - taken.keys() - LATER:
        yield f"has a key that is passed over: {key}"
    yield from state_class_faults(taken)


def state_class_faults(taken: dict[str, Any]) -> Iterator[str]:
    """Home Assistant only logs these when an entity has its first state."""
    device_class, state_class = taken.get("device_class"), taken.get("state_class")
    known = sensor.sensor.const.DEVICE_CLASS_STATE_CLASSES
    if device_class in known and state_class and state_class not in known[device_class]:
        yield f"{state_class} does not go with {device_class}"


def reading_faults(hass: HomeAssistant, template: str, payload: str, wanted: str) -> Iterator[str]:
    reader = MqttValueTemplate(Template(template, hass) if template else None)
    read = reader.async_render_with_possible_json_value(payload, PayloadSentinel.DEFAULT)
    if read != wanted and not same_number(str(read), wanted):
        yield f"{template} makes {read!r} of {payload!r}, not {wanted!r}"


def same_number(read: str, wanted: str) -> bool:
    try:
        return float(read) == float(wanted)
    except ValueError:
        return False


async def main() -> None:
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    with tempfile.TemporaryDirectory() as folder:
        hass = HomeAssistant(folder)
        announcements = readings = 0
        for line in sys.stdin:
            case = json.loads(line)
            found = [*faults(case["topic"], case["payload"])]
            announcements += 1
            for reading in case["readings"]:
                found += reading_faults(hass, *reading)
                readings += 1
            for fault in [*found, *complaints.said]:
                print(f"{case['topic']}: {fault}")
            complaints.said.clear()
        await hass.async_stop(force=True)
    print("checked", announcements, readings)


if __name__ == "__main__":
    asyncio.run(main())
