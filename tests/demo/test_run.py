"""The demo as a newcomer starts it."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from bridge.core.sample import Sample
from bridge.demo.ami_server import AmiServer
from bridge.demo.run import bridge_settings, port, run
from bridge.demo.screen import Doors
from bridge.demo.snmp_agent import SnmpAgent
from bridge.demo.statsd import announcement
from bridge.demo.traffic import Traffic
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.sources.ami import AmiSource
from bridge.sources.snmp import SnmpSource
from tests.servers.process import PATIENCE, running, wait_until

REPOSITORY = Path(__file__).parents[2]
START = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: when it was started, its process, what it has written, and the ports that it told."""

    began: float
    process: subprocess.Popen[bytes]
    output: Path
    mqtt: int
    metrics: str

    @property
    def text(self) -> str:
        return self.output.read_text()

    def metric(self, name: str) -> list[float]:
        """The values of a metric on /metrics; none while nothing answers."""
        with contextlib.suppress(OSError), urllib.request.urlopen(self.metrics, timeout=5) as answer:
            line = re.compile(rf"{name}(?:\{{.*\}})? (\S+)", re.ASCII)
            found = map(line.match, answer.read().decode().splitlines())
            return [float(match[1]) for match in found if match]
        return []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo in a process of its own, with a variable set that it must ignore."""
    began = time.monotonic()
    folder = tmp_path_factory.mktemp("demo")
    output = folder / "output"
    env = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    env |= {"BRIDGE_MQTT__URL": "mqtt://192.0.2.1", "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}
    with running([sys.executable, "-m", "bridge", "demo", "--plain"], output, env, cwd=folder) as process:
        wait_until(lambda: "calls" in output.read_text() or process.poll() is not None, "the first line")
        assert process.poll() is None, output.read_text()
        text = output.read_text()
        mqtt, metrics = re.search(r"-p (\d+)", text), re.search(r"http://\S+/metrics", text)
        assert mqtt
        assert metrics
        yield Demo(began, process, output, int(mqtt[1]), metrics[0])


async def first(demo: Demo, topic: str) -> dict[str, float]:
    """The object that is published, or has been retained, on a topic."""
    client = aiomqtt.Client("127.0.0.1", demo.mqtt, protocol=aiomqtt.ProtocolVersion.V311)
    async with asyncio.timeout(PATIENCE), client:
        await client.subscribe(topic)
        message = await anext(aiter(client.messages))
        assert isinstance(message.payload, bytes)
        values: dict[str, float] = json.loads(message.payload)
        return values


@pytest.mark.live
def test_any_mqtt_client_sees_calls(demo: Demo) -> None:
    calls = asyncio.run(first(demo, "asterisk/demo/dialplan"))

    assert calls["processed"] > 0
    assert calls["active"] >= 0


@pytest.mark.live
def test_any_mqtt_client_sees_the_queue_and_what_statsd_brought(demo: Demo) -> None:
    queue = asyncio.run(first(demo, "asterisk/demo/queue/support"))
    statsd = asyncio.run(first(demo, "asterisk/demo/statsd/+"))

    assert queue["members"] > 0
    assert statsd


@pytest.mark.live
def test_metrics_has_values_of_each_source(demo: Demo) -> None:
    wait_until(lambda: demo.metric("asterisk_dialplan_active"), "asterisk_dialplan_active on /metrics")
    wait_until(lambda: demo.metric("asterisk_snmp_connected") == [1], "SNMP on /metrics")
    wait_until(lambda: demo.metric("asterisk_queue_waiting"), "AMI on /metrics")
    wait_until(lambda: sum(demo.metric("asterisk_listener_lines(?:_total)?")), "StatsD on /metrics")

    assert set(demo.metric("asterisk_source_up")) == {1}


@pytest.mark.live
def test_the_newcomer_is_told_that_his_variables_are_ignored(demo: Demo) -> None:
    assert "The demo ignores BRIDGE_MQTT__URL" in demo.text


@pytest.mark.live
def test_values_go_on_coming_as_plain_lines(demo: Demo) -> None:
    seen = demo.text.count("delivered")

    wait_until(lambda: demo.text.count("delivered") > seen, "the next line")

    assert "\x1b" not in demo.text
    assert re.search(r"calls \d+  processed [\d,]+  channels \d+", demo.text)


def plotted(demo: Demo) -> list[float]:
    """The points of calls that a Grafana would draw of it now."""
    url = demo.metrics.replace("/metrics", "/render?format=json&from=-1min&target=asterisk.demo.calls.active")
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return [value for each in json.load(answer) for value, _ in each["datapoints"] if value is not None]
    return []


@pytest.mark.live
def test_within_half_a_minute_there_are_plots_on_the_page_and_for_grafana(demo: Demo) -> None:
    def page() -> str:
        address = demo.metrics.removesuffix("metrics")
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return str(answer.read().decode())
        return ""

    wait_until(lambda: len(plotted(demo)) >= 2, "a line for Grafana", 30)
    wait_until(lambda: '<path class="line"' in page(), "a line on the page", 30)


@pytest.mark.live
def test_ctrl_c_ends_it_without_a_word_of_complaint(demo: Demo) -> None:
    """The last of the tests that share the process."""
    demo.process.send_signal(signal.SIGINT)

    assert demo.process.wait(PATIENCE) == 0
    assert "Traceback" not in demo.text
    assert "rror" not in demo.text


def test_a_demo_of_bounded_duration_ends_by_itself_and_leaves_nothing_open(
    capfd: pytest.CaptureFixture[str],
) -> None:
    asyncio.run(run(duration=1.0, plain=True))

    output, errors = capfd.readouterr()
    assert "mosquitto_sub" in output
    assert errors == ""


def test_snmp_ami_and_statsd_tell_the_same_numbers() -> None:
    """They read one model: what two of them say at one moment is equal."""

    async def scenario() -> None:
        traffic = Traffic(11, START)
        traffic.step(START + 1200)
        manager, agent = AmiServer(traffic.pbx, "bridge", "demo"), SnmpAgent(traffic.pbx)
        settings = bridge_settings(Doors(1, 2, 3), ami=await manager.start(), snmp=agent.start()).pbx["demo"]
        assert settings.ami
        assert settings.snmp
        clock = SystemClock()
        try:
            ami = values(await AmiSource("demo", settings.ami, Health(clock), clock).poll_once())
            snmp = values(await SnmpSource("demo", settings.snmp, Health(clock), clock).poll_once())
        finally:
            agent.stop()
            await manager.stop()

        shared = ami.keys() & snmp.keys()
        assert {"dialplan.active", "dialplan.processed", "channels.active", "channels.bridged"} <= shared
        assert {name: ami[name] for name in shared} == {name: snmp[name] for name in shared}
        assert f"channels.count:+{ami['channels.active']:.0f}|g" in [*announcement(traffic.pbx)]

    asyncio.run(scenario())


def values(samples: list[Sample]) -> dict[str, float]:
    """Values by name and labels."""
    return {
        " ".join((sample.series.name, *(value for _, value in sample.series.labels[1:]))): sample.value
        for sample in samples
    }


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_taken_is_replaced_by_a_free_one(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        taken = other.getsockname()[1]

        found = port(taken, kind)

    assert found != taken
    assert port(found, kind) == found


def test_the_bridge_of_the_demo_talks_to_nothing_but_this_machine() -> None:
    settings = bridge_settings(Doors(mqtt=1883, http=8080, statsd=8125), ami=5038, snmp=1161)

    text = settings.model_dump_json()

    assert set(re.findall(r"\d+\.\d+\.\d+\.\d+", text)) == {"127.0.0.1"}
    assert settings.mqtt.version == "3.1.1"
