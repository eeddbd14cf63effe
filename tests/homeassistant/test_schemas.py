"""Home Assistant's own schemas take every message, and its own templates read every value.

With TEST_HOME_ASSISTANT=1 `tests/install` installs it, and CI must have it.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.core.alert import Happening, Key, Notice, Severity, State
from bridge.core.metric import Metric, MetricKind
from bridge.core.number import text
from bridge.core.sample import Sample, Series
from bridge.protocols.homeassistant import Discovery
from bridge.protocols.homeassistant_entities import House
from bridge.protocols.mqtt import OFFLINE, ONLINE, Message
from bridge.protocols.mqtt_alerts import state_message
from bridge.protocols.mqtt_values import Values
from tests.servers.process import cache, missing

NOW = 1_700_000_000.0
PYTHON = cache() / "home-assistant" / "bin" / "python"
VALIDATE = Path(__file__).parent / "validate.py"
INFOS = {name for name, metric in CATALOG.items() if metric.kind is MetricKind.INFO}
ALERT = Key("trunk_down", (("pbx", "hq"), ("trunk", "t1")))
HOSTILE = """it's {{ "quoted" }}/+#%é\\"""
Reading = tuple[str, str, str]


@pytest.fixture(autouse=True)
def _installed() -> None:
    """Where tests/install.d puts it if it is asked to; what nobody asked for may be missing on CI, too."""
    if not PYTHON.exists():
        how = "Home Assistant is not installed: run TEST_HOME_ASSISTANT=1 tests/install"
        missing(how) if os.environ.get("TEST_HOME_ASSISTANT") else pytest.skip(how)


def validated(cases: Iterable[dict[str, Any]]) -> list[str]:
    """What Home Assistant has to say of these cases."""
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    run = subprocess.run(
        [PYTHON, VALIDATE], input=lines, capture_output=True, text=True, timeout=100, check=True
    )
    return run.stdout.splitlines()


def series_of(metric: Metric) -> Series:
    return metric.series("hq", *(f"{HOSTILE} {label}" for label in metric.labels))


def state(metric: Metric, value: float) -> str:
    """The state that an entity must have when its metric has a value."""
    if metric.kind is MetricKind.INFO:
        return f"{HOSTILE} {metric.labels[-1]}"
    if metric.name == "endpoint.state":
        return {0: "None", 1: "OFF", 2: "ON"}[int(value)]
    if metric.name == "spool.up":
        return "OFF" if value else "ON"
    if metric.help.startswith("1 while") or metric.name == "contact.reachable":
        return "ON" if value else "OFF"
    return text(round(value * 100, 4)) if metric.unit == "ratio" else text(value)


def readings(metric: Metric, template: str, layout: Any) -> Iterator[Reading]:
    """Payloads of its topic as the bridge publishes them, and what must be read of each."""
    yield template, "", ""
    if layout == "entity":
        yield template, '{"other":1}', ""
    values = (0.0, 1.0, 2.0) if metric.unit != "ratio" else (0.0, 0.0123, 1.0)
    for value in values:
        (message,) = Values("asterisk", layout, INFOS).update([Sample(series_of(metric), value, NOW)], NOW)
        yield template, message.payload.decode(), state(metric, value)


def case(message: Message, read: Iterable[Reading] = ()) -> dict[str, Any]:
    return {"topic": message.topic, "payload": message.payload.decode(), "readings": [*read]}


@pytest.mark.parametrize("layout", ["entity", "metric"])
def test_the_whole_catalogue_is_taken_and_read(layout: Any) -> None:
    house = House("asterisk", "1.2.3", layout=layout, url="https://example.org/bridge")
    cases = []
    for metric in CATALOG.values():
        discovery = Discovery(house, CATALOG)
        discovery.due(NOW)
        discovery.take([Sample(series_of(metric), 1, NOW)], NOW)
        for message in discovery.due(NOW):
            template = json.loads(message.payload).get("value_template", "")
            ours = f"--{metric.name.replace('.', '--')}" in message.topic
            cases.append(case(message, readings(metric, template, layout) if ours else ()))

    *complaints, checked = validated(cases)

    assert complaints == []
    assert checked == f"checked {len(cases)} {sum(len(each['readings']) for each in cases)}"


def test_alerts_events_buttons_connections_and_buckets_are_taken_and_read() -> None:
    discovery = Discovery(House("asterisk", "1.2.3", alerts=True, commands=True), CATALOG)
    bucket = Series(f"statsd.{HOSTILE}.mean", (("pbx", "hq"), ("a", HOSTILE)))
    discovery.take([Sample(bucket, 3.5, NOW)], NOW)
    discovery.alert(ALERT)

    *complaints, checked = validated(case(message, others(message, bucket)) for message in discovery.due(NOW))

    assert complaints == []
    assert checked == "checked 8 13"


def others(message: Message, bucket: Series) -> Iterator[Reading]:
    payload = json.loads(message.payload)
    template = payload.get("value_template", "")
    if "--availability/" in message.topic:
        yield template, ONLINE.decode(), payload["payload_on"]
        yield template, OFFLINE.decode(), payload["payload_off"]
    if "--alert--trunk_down" in message.topic:
        yield template, "", ""
        for each in State:
            notice = Notice(ALERT, Happening.FIRING, NOW, 1, each, Severity.CRITICAL, NOW)
            shown = state_message("asterisk", notice)
            assert shown.topic == payload["state_topic"] == payload["json_attributes_topic"]
            yield template, shown.payload.decode(), "ON" if each is State.FIRING else "OFF"
    if "--statsd--" in message.topic:
        (value,) = Values("asterisk", "entity", INFOS).update([Sample(bucket, 3.5, NOW)], NOW)
        assert value.topic == payload["state_topic"]
        yield template, value.payload.decode(), "3.5"
    for needed in payload.get("availability", [])[:1]:
        if "--statsd--" in message.topic or "--alert--trunk_down" in message.topic:
            yield needed["value_template"], ONLINE.decode(), "online"
            yield needed["value_template"], OFFLINE.decode(), "offline"


WRONG: list[dict[str, Any]] = [
    {"state_topic": "a/#/b"},
    {"state_class": "rising"},
    {"unit_of_measurement": "B"},
    {"entity_category": "technical"},
    {"unit": "s"},
    {"value_template": "{{ unclosed"},
    {"availability_mode": "some"},
    {"device": {"name": "without an identifier"}},
]


def test_what_is_wrong_is_found() -> None:
    """The tests above would fail if they had to."""
    discovery = Discovery(House("asterisk", "1.2.3"), CATALOG)
    discovery.take([Sample(CATALOG["system.uptime"].series("hq"), 1, NOW)], NOW)
    *_, message = discovery.due(NOW)
    good = json.loads(message.payload)

    *complaints, checked = validated(
        {
            "topic": message.topic.replace("uptime", f"uptime{at}"),
            "payload": json.dumps(good | wrong),
            "readings": [],
        }
        for at, wrong in enumerate(WRONG)
    )

    assert {complaint.partition("/config")[0][-1] for complaint in complaints} == set(
        map(str, range(len(WRONG)))
    )
    assert checked == f"checked {len(WRONG)} 0"
