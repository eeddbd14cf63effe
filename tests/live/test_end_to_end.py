"""The whole way: real calls in real Asterisks, read by the bridge, found in carbon and in mosquitto."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from tests.live.asterisk import Asterisk
from tests.live.stage import QUICK, at_broker, at_carbon, section, sinks
from tests.live.truth import TWENTY_CALLS, expected, only
from tests.servers.bridge import Bridge, bridge
from tests.servers.graphite import GraphiteServer, carbon
from tests.servers.mosquitto import Broker, mosquitto

pytestmark = pytest.mark.live

INTERFACES = ("snmp", "ami")
UPTIME = ("system.uptime",)


class Stage(NamedTuple):
    """One bridge that reads four PBXs, `snmp22`, `ami22`, `snmp16` and `ami16`, and its two sinks."""

    graphite: GraphiteServer
    broker: Broker
    bridge: Bridge


@pytest.fixture(scope="module")
def stage(asterisks: Mapping[str, Asterisk], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with contextlib.ExitStack() as stack:
        graphite = stack.enter_context(carbon(tmp_path_factory.mktemp("graphite")))
        broker = stack.enter_context(mosquitto(tmp_path_factory.mktemp("mosquitto")))
        settings = sinks(graphite, broker)
        for version, instance in asterisks.items():
            settings |= section(f"snmp{version}", "snmp", instance.snmp(**QUICK))
            settings |= section(f"ami{version}", "ami", instance.ami_whole(**QUICK))
        yield Stage(
            graphite, broker, stack.enter_context(bridge(settings, tmp_path_factory.mktemp("bridge")))
        )


def check(stage: Stage, name: str, instance: Asterisk) -> None:
    """Hold what both sinks have of the PBX `name` against the command line of Asterisk."""
    since = time.time()
    counts = instance.counts()
    truth = expected(instance, counts)

    stored = at_carbon(stage.graphite, name, truth, since)
    published = at_broker(stage.broker, name)
    assert instance.counts() == counts, "the calls did not stay as they were"

    assert stored == truth
    assert only(truth, published) == truth


@pytest.mark.parametrize("interface", INTERFACES)
def test_both_sinks_say_what_the_command_line_says(stage: Stage, pbx: Asterisk, interface: str) -> None:
    """Calls, channels, technologies and processed calls are Asterisk's own: with 20 calls, and with none."""
    name = f"{interface}{pbx.version}"
    stage.bridge.wait_ready()

    pbx.place(TWENTY_CALLS)
    check(stage, name, pbx)

    pbx.hang_up()
    check(stage, name, pbx)


@pytest.mark.parametrize("interface", INTERFACES)
def test_uptime_and_version_arrive(stage: Stage, pbx: Asterisk, interface: str) -> None:
    """Uptime is right within the interval of polls; the version arrives as a number and as text."""
    name = f"{interface}{pbx.version}"
    stage.bridge.wait_ready()
    before, since = pbx.uptime(), time.time()

    stored = at_carbon(stage.graphite, name, [UPTIME], since)
    published = at_broker(stage.broker, name)
    after = pbx.uptime()

    assert before - 1 <= stored[UPTIME] <= after + 1
    assert before - 1 <= float(str(published[UPTIME])) <= after + 1
    assert published["system.version",] == pbx.version_text()
