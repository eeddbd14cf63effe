"""A broker that forgets everything: a whole bridge tells it all of it again.

TEST_WIPES is how often (default 2; the full number is 20).
"""

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers.bridge import Bridge, bridge
from tests.servers.mosquitto import Broker
from tests.servers.process import wait_until
from tests.sinks.mqtt.house import ENTITIES, EVERYTHING, NODE, a_broker, a_pbx, entities, kept, settled, state

pytestmark = pytest.mark.live

WIPES = int(os.environ.get("TEST_WIPES", "2"))
BACK = 10.0
"""Seconds within which everything must be back at a broker that is."""
ORPHAN = f"homeassistant/sensor/{NODE}/hq--queue--nonsense--x/config"
EVENTS = {"asterisk/bridge/event/alert", "asterisk/hq/event/alert"}
LOST = "asterisk/hq/alert/line_lost/berlin"


@pytest.mark.timeout(60 + 30 * WIPES)
def test_all_that_was_retained_is_there_again_and_nothing_else(tmp_path: Path) -> None:
    """Values, states of alerts, announcements and what the bridge says of itself."""
    took = []
    with a_broker(tmp_path, persistent=True) as broker, a_pbx() as pbx:
        pbx.lines(berlin="Rejected", paris="Registered")
        settings = EVERYTHING | pbx.settings() | {"MQTT__URL": broker.url}
        with bridge(settings, tmp_path) as running:
            wait_until(lambda: entities(broker, "alert--line_lost--berlin"), "the entity of an alert")
            before = settled(broker)
            for turn in range(WIPES):
                took.append(wiped(broker, running, before, away=turn % 5 * 0.2))
                before |= settled(broker)
                retained = kept(broker)
                assert orphans(retained) == []
                assert state(retained, LOST)["state"] == "firing"
                assert state(retained, "asterisk/bridge/state") == {"state": "online"}
                assert state(retained, "asterisk/hq/availability") == {"state": "online"}

    announced = sum(topic.startswith(ENTITIES) for topic in before)
    print(
        f"\n{WIPES} times {len(before)} topics, {announced} of them announcements: back after "
        f"{max(took):.1f} s at most, {sum(took) / WIPES:.1f} s on average; orphans 0"
    )
    assert max(took) <= BACK


def wiped(broker: Broker, running: Bridge, before: set[str], away: float) -> float:
    """Stop a broker, wipe it, and start it again; return the seconds until it holds what it held."""
    broker.stop()
    broker.wipe()
    time.sleep(away)
    broker.start()
    began = time.monotonic()
    broker.publish(ORPHAN, "{}", retain=True)
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: before <= kept(broker).keys(), "all of it", 3 * BACK)
        return time.monotonic() - began
    missing = sorted(before - kept(broker).keys())
    raise AssertionError(f"{len(missing)} topics are missing, such as {missing[:5]}\n{running.log()[-5:]}")


def orphans(retained: Mapping[str, str]) -> list[str]:
    """Announcements of what is nowhere to be found."""
    announced = {topic: json.loads(told) for topic, told in retained.items() if f"/{NODE}/" in topic}
    seen = {*retained, *EVENTS}
    return [
        topic
        for topic, told in announced.items()
        if "command_topic" not in told and told.get("state_topic") not in seen
    ]
