"""What a broker is told after new settings, by a bridge whose connection to it goes on."""

import json
import signal
from pathlib import Path

import pytest

from tests.servers.bridge import bridge
from tests.servers.mosquitto import mosquitto
from tests.servers.process import wait_until

pytestmark = pytest.mark.live


def test_the_broker_has_the_settings_that_are_in_force(tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text("freshness = '61s'")
    (tmp_path / "mosquitto").mkdir()
    with mosquitto(tmp_path / "mosquitto") as broker:
        settings = {"CONFIG": str(config), "MQTT__URL": broker.url, "SELF_INTERVAL": "300ms"}
        with bridge(settings, tmp_path) as running:
            running.wait_ready()
            config.write_text("freshness = '62s'")
            running.send(signal.SIGHUP)
            wait_until(lambda: info(broker.retained())["freshness"] == 62, "the new settings at the broker")

            ups = [line for line in running.log() if line["event"] == "up" and line["name"] == "mqtt"]
            assert len(ups) == 1


def info(retained: dict[str, str]) -> dict[str, object]:
    settings: dict[str, object] = json.loads(retained["asterisk/bridge/info"])["settings"]
    return settings
