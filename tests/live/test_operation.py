"""How the bridge behaves as a service: starting alone, stopping, new settings, refused credentials."""

import contextlib
import json
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.live.asterisk import LEAST, Account, Asterisk, Ports, asterisk
from tests.live.load import Load
from tests.live.stage import QUICK, section, sinks
from tests.servers.bridge import Bridge, bridge
from tests.servers.graphite import GraphiteServer
from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import free_port, wait_until

pytestmark = pytest.mark.live


@pytest.fixture
def graphite(tmp_path: Path) -> Iterator[GraphiteServer]:
    """A carbon that is not running yet."""
    (tmp_path / "graphite").mkdir()
    server = GraphiteServer(tmp_path / "graphite")
    yield server
    server.stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A mosquitto that is not running yet."""
    (tmp_path / "mosquitto").mkdir()
    with mosquitto(tmp_path / "mosquitto") as server:
        server.stop()
        yield server


@pytest.mark.parametrize("order", [("asterisk", "graphite", "mqtt"), ("mqtt", "graphite", "asterisk")])
def test_it_starts_with_every_peer_down(
    graphite: GraphiteServer, broker: Broker, tmp_path: Path, order: tuple[str, ...]
) -> None:
    """It lives, is not ready, names each part that is missing, and is ready once all have come."""
    ports = Ports.choose()
    settings = sinks(graphite, broker)
    settings |= section("hq", "snmp", ports.snmp_settings() | QUICK)
    settings |= section("hq", "ami", ports.ami_settings(LEAST) | QUICK)
    with contextlib.ExitStack() as stack:
        start: Mapping[str, Callable[[], object]] = {
            "asterisk": lambda: stack.enter_context(asterisk("22", ports)),
            "graphite": graphite.start,
            "mqtt": broker.start,
        }
        alone = stack.enter_context(bridge(settings, tmp_path))
        status, body = alone.get("/readyz")

        assert alone.get("/livez")[0] == 200
        assert status == 503
        assert all(part in body for part in ("snmp", "ami", "graphite", "mqtt"))
        for peer in order:
            start[peer]()
        alone.wait_ready()


def test_it_stops_under_load(
    asterisks: Mapping[str, Asterisk], graphite: GraphiteServer, broker: Broker, tmp_path: Path
) -> None:
    """After SIGTERM it says goodbye over MQTT and ends with 0 in time, even while carbon is away."""
    graphite.start()
    broker.start()
    port = free_port(socket.SOCK_DGRAM)
    settings = sinks(graphite, broker) | section("hq", "ami", asterisks["22"].ami_whole(**QUICK))
    settings |= {"STATSD__ENABLED": "true", "STATSD__LISTEN": f"udp://127.0.0.1:{port}"}
    settings |= {"STATSD__FLUSH_INTERVAL": "1s"}
    waiting = ("asterisk_sink_buffered", "bridge", "graphite")
    with bridge(settings, tmp_path) as running, Load(port):
        running.wait_ready()
        graphite.stop()
        wait_until(lambda: running.metrics().get(waiting, 0) > 500, "samples to wait for carbon")

        assert running.stop() == 0

    assert any(line["event"] == "not delivered before the end" for line in running.log())
    offline = {"state": "offline"}
    retained = broker.retained()
    assert json.loads(retained["asterisk/bridge/state"]) == offline
    assert json.loads(retained["asterisk/hq/availability"]) == offline


def test_new_settings_are_taken_and_broken_ones_refused(
    asterisks: Mapping[str, Asterisk], tmp_path: Path
) -> None:
    """On SIGHUP broken settings change nothing but the log; good ones come into force without a restart."""
    config = tmp_path / "bridge.toml"

    def write(pbx: str, **more: str) -> None:
        settings = asterisks["22"].ami(LEAST, **QUICK) | more
        config.write_text("".join(f'pbx.{pbx}.ami.{name} = "{value}"\n' for name, value in settings.items()))

    write("old")
    with bridge({"CONFIG": str(config), "SELF_INTERVAL": "1s"}, tmp_path) as running:
        running.wait_ready()
        write("old", port="none")
        running.send(signal.SIGHUP)
        wait_until(lambda: any("refused" in str(line["event"]) for line in running.log()), "the refusal")
        faults = [line["faults"] for line in running.log() if "refused" in str(line["event"])]

        assert "port" in str(faults)
        polls = ("asterisk_source_polls_total", "old", "ami")
        wait_until(lambda: polls in running.metrics(), "the number of polls")
        so_far = running.metrics()[polls]
        wait_until(lambda: running.metrics()[polls] > so_far, "a further poll")

        write("new")
        running.send(signal.SIGHUP)
        wait_until(lambda: ("asterisk_source_up", "new", "ami") in running.metrics(), "the new PBX")
        running.wait_ready()


def test_refused_credentials_are_logged_once(asterisks: Mapping[str, Asterisk], tmp_path: Path) -> None:
    """It stays up and tries again; the log says once what is wrong, and never shows the secret."""
    pbx = asterisks["22"]
    settings = {"SELF_INTERVAL": "1s"}
    settings |= section("hq", "ami", pbx.ami(Account("bridge", "wrong-secret")))
    settings |= section("hq", "snmp", pbx.snmp(community="wrong-community", timeout="200ms", retries="0"))
    with bridge(settings, tmp_path) as running:
        wait_until(lambda: min(restarts(running)) >= 3, "both sources to be tried again and again")

        down = [line for line in running.log() if line["event"] == "down"]
        assert sorted(str(line["name"]) for line in down) == ["ami", "snmp"]
        assert "wrong-" not in running.output.read_text()
        assert running.get("/livez")[0] == 200


def restarts(bridge: Bridge) -> tuple[float, float]:
    """How often each source was started again."""
    metrics = bridge.metrics()
    ami, snmp = (metrics.get(("asterisk_source_restarts_total", "hq", name), 0) for name in ("ami", "snmp"))
    return ami, snmp
