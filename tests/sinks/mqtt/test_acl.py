"""The access list that `mqtt-acl` prints is enough for a whole bridge with everything switched on."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.bridge import REPOSITORY, bridge
from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import wait_until
from tests.sinks.mqtt.house import EVERYTHING, NODE, a_pbx, asking, entities, kept, state
from tests.sinks.mqtt.stage import PASSWORD, VERSIONS, Version
from tests.sparkplug_host import rebirth_request

pytestmark = pytest.mark.live

LOST = "asterisk/hq/alert/line_lost/berlin"


def printed(settings: dict[str, str]) -> str:
    """What the command prints by these settings."""
    env = {f"BRIDGE_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "bridge", "mqtt-acl"]
    run = subprocess.run(
        command, env=os.environ | env, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    return run.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_under_it_nothing_is_refused_and_everything_is_there(tmp_path: Path, version: Version) -> None:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    user = {"MQTT__USERNAME": "bridge", "MQTT__PASSWORD": PASSWORD, "MQTT__VERSION": version}
    settings = EVERYTHING | user | {"MQTT__QOS": "1"}
    with (
        a_pbx() as pbx,
        mosquitto(folder, users={"bridge": PASSWORD}, acl=printed(settings)) as broker,
        broker.watch("#") as watcher,
        bridge(settings | pbx.settings() | {"MQTT__URL": broker.url}, tmp_path) as running,
    ):
        running.wait_ready()
        pbx.lines(berlin="Rejected", paris="Registered")
        wait_until(lambda: state(kept(broker), LOST).get("state") == "firing", "an alert")
        wait_until(lambda: entities(broker, "line_lost--berlin"), "the entity of the alert")
        assert asyncio.run(acknowledge(broker)) == {"status": "ok", "acknowledged": 1}
        provoke(broker)
        births = [each.topic for each in watcher.messages].count
        wait_until(lambda: births("spBv1.0/asterisk/NBIRTH/gateway") > 1, "births that were asked for")
        wait_until(
            lambda: entities(broker, "hq--availability"), "what was deleted, and is announced once more"
        )

        retained = kept(broker)
        assert {"state", "info", "health"} <= {topic.rpartition("/")[2] for topic in retained}
        assert state(retained, "asterisk/hq/availability") == {"state": "online"}
        assert state(retained, "asterisk/hq/trunk/berlin") == {"up": 0}
        assert [line for line in broker.log.splitlines() if "Denied" in line] == []
        assert [line for line in running.log() if "allow" in str(line["event"])] == []


async def acknowledge(broker: Broker) -> dict[str, object]:
    async with asking(broker) as asker:
        answer = await asker.ask("ack", rule="line_lost")
    return {"status": answer["status"], "acknowledged": answer["data"]["acknowledged"]}


def provoke(broker: Broker) -> None:
    """Make the bridge do what it does only when somebody interferes."""
    broker.publish("asterisk/bridge/state", '{"state":"offline"}', retain=True)
    broker.publish("homeassistant/status", "online")
    broker.publish(f"homeassistant/binary_sensor/{NODE}/hq--availability/config", "", retain=True)
    broker.publish(f"homeassistant/sensor/{NODE}/nobody/config", "{}", retain=True)
    broker.publish("spBv1.0/asterisk/NCMD/gateway", rebirth_request().decode("latin-1"))
    wait_until(lambda: not entities(broker, " nobody"), "an orphan to be deleted")
    wait_until(
        lambda: state(kept(broker), "asterisk/bridge/state") == {"state": "online"}, "our own state set right"
    )


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ({"ALERTS__COMMANDS": "true"}, "topic read asterisk/bridge/request/+"),
        ({"MQTT__HOMEASSISTANT": "true"}, f"topic readwrite homeassistant/+/{NODE}/+/config"),
        ({"MQTT__SPARKPLUG": "true", "MQTT__SPARKPLUG_NODE": "x"}, "topic write spBv1.0/asterisk/NBIRTH/x"),
    ],
)
def test_it_allows_what_is_switched_on_and_no_more(setting: dict[str, str], line: str) -> None:
    assert line in printed(setting).splitlines()
    assert line not in printed({}).splitlines()
