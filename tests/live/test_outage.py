"""Carbon and mosquitto go away under load and come back: the bridge goes on and loses count of nothing."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.live.asterisk import Asterisk
from tests.live.load import Load
from tests.live.stage import QUICK, at_broker, section, sinks
from tests.live.truth import TWENTY_CALLS, expected, only
from tests.servers.bridge import Bridge, bridge
from tests.servers.graphite import GraphiteServer, carbon
from tests.servers.mosquitto import Broker, mosquitto
from tests.servers.process import free_port, wait_until

OUTAGE = float(os.environ.get("TEST_OUTAGE", "5"))
"""Seconds that a sink is away."""
RECOVERY = 30.0
"""Seconds until the sink works again: the longest wait between two tries (25), and the try."""
ACCEPTED = "asterisk_sink_accepted_total"
DROPPED = "asterisk_sink_dropped_total"
SMALL = 300
"""A buffer that the load fills within seconds."""

pytestmark = [pytest.mark.live, pytest.mark.timeout(120 + 2 * OUTAGE)]


class Ledger(NamedTuple):
    """What a sink has been given and what became of it, at one moment.

    Attributes:
        accepted: what it was given.
        delivered: what has arrived.
        superseded: what a newer value has overtaken before it could be published.
        dropped: what was lost for any other reason.
        buffered: what is neither delivered nor dropped.
        unconfirmed: what of that was sent, and may be lost with the peer.
    """

    accepted: float
    delivered: float
    superseded: float
    dropped: float
    buffered: float
    unconfirmed: float

    @classmethod
    def of(cls, bridge: Bridge, sink: str) -> "Ledger":
        """The ledger as /metrics shows it."""
        metrics = bridge.metrics()
        dropped = [value for (name, *labels), value in metrics.items() if name == DROPPED and sink in labels]
        superseded = metrics.get((DROPPED, "bridge", "superseded", sink), 0.0)
        return cls(
            metrics[ACCEPTED, "bridge", sink],
            metrics["asterisk_sink_delivered_total", "bridge", sink],
            superseded,
            sum(dropped) - superseded,
            metrics["asterisk_sink_buffered", "bridge", sink],
            metrics["asterisk_sink_unconfirmed", "bridge", sink],
        )


class Servers(NamedTuple):
    """Both sinks."""

    graphite: GraphiteServer
    mqtt: Broker


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with (
        carbon(tmp_path_factory.mktemp("graphite")) as graphite,
        mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker,
    ):
        yield Servers(graphite, broker)


@pytest.fixture
def busy(asterisks: Mapping[str, Asterisk]) -> Iterator[Asterisk]:
    """An Asterisk with 20 calls."""
    instance = asterisks["22"]
    instance.hang_up()
    instance.place(TWENTY_CALLS)
    yield instance
    instance.hang_up()


@contextlib.contextmanager
def loaded(servers: Servers, pbx: Asterisk, folder: Path, **more: str) -> Iterator[tuple[Bridge, Load]]:
    """A bridge that polls the PBX every second and hears 1000 StatsD packets a second."""
    port = free_port(socket.SOCK_DGRAM)
    settings = sinks(servers.graphite, servers.mqtt)
    settings |= section("hq", "ami", pbx.ami_whole(**QUICK)) | section("hq", "snmp", pbx.snmp(**QUICK))
    settings |= {"PBX__HQ__STATSD__SENDERS": "127.0.0.1", "STATSD__ENABLED": "true"}
    settings |= {"STATSD__LISTEN": f"udp://127.0.0.1:{port}", "STATSD__FLUSH_INTERVAL": "1s", **more}
    with bridge(settings, folder) as running:
        running.wait_ready()
        wait_until(lambda: (ACCEPTED, "bridge", "mqtt") in running.metrics(), "the first ledger")
        with Load(port) as load:
            yield running, load


@contextlib.contextmanager
def away(*servers: GraphiteServer | Broker) -> Iterator[None]:
    """The servers are stopped inside the `with`, and run again after it."""
    for server in servers:
        server.stop()
    try:
        yield
    finally:
        for server in servers:
            server.start()


@pytest.mark.parametrize("sink", Servers._fields)
def test_an_outage_costs_nothing(servers: Servers, busy: Asterisk, tmp_path: Path, sink: str) -> None:
    """The bridge stays up, recovers by itself and delivers all that waited; the other sink goes on."""
    other = "mqtt" if sink == "graphite" else "graphite"
    with loaded(servers, busy, tmp_path) as (running, load):
        with away(getattr(servers, sink)):
            wait_until(lambda: sink in running.get("/readyz")[1], f"/readyz to name {sink}")
            before = Ledger.of(running, other)
            time.sleep(OUTAGE)
            during, aside = Ledger.of(running, sink), Ledger.of(running, other)
        returned = time.monotonic()
        running.wait_ready(RECOVERY)
        recovered = time.monotonic() - returned
        load.stop()
        after = emptied(running, sink)
        print(f"\n{sink} away for {OUTAGE:.0f} s: {during}; back after {recovered:.1f} s: {after}")

        assert during.buffered > 0
        assert aside.delivered + aside.unconfirmed > before.accepted
        assert after.accepted == after.delivered + after.superseded + after.unconfirmed
        assert after.dropped == 0
        wait_until(lambda: arrived(servers.graphite, load) == load.sent, f"{load.sent} packets at carbon")
        truth = expected(busy, busy.counts())
        assert only(truth, at_broker(servers.mqtt, "hq")) == truth


def emptied(bridge: Bridge, sink: str) -> Ledger:
    """The first ledger in which nothing waits."""
    seen: list[Ledger] = []

    def nothing_waits() -> bool:
        seen.append(Ledger.of(bridge, sink))
        return seen[-1].buffered == seen[-1].unconfirmed

    wait_until(nothing_waits, f"all samples to reach {sink}")
    return seen[-1]


def arrived(graphite: GraphiteServer, load: Load) -> float:
    """How many increments of the load's own bucket carbon has."""
    return sum(value for value, _ in graphite.render(f"asterisk.hq.statsd.{load.bucket}.count"))


def test_a_full_buffer_drops_and_counts_exactly(servers: Servers, busy: Asterisk, tmp_path: Path) -> None:
    """With both sinks away, no spool and little room, what is neither delivered nor waiting was dropped."""
    small = {"GRAPHITE__BUFFER": str(SMALL), "MQTT__BUFFER": str(SMALL), "SPOOL__ENABLED": "false"}
    with loaded(servers, busy, tmp_path, **small) as (running, _load):
        with away(*servers):
            for sink in Servers._fields:
                wait_until(partial(overflowed, running, sink), f"{sink} to overflow")
        running.wait_ready(RECOVERY)

        for sink in Servers._fields:
            ledger = Ledger.of(running, sink)
            print(f"\n{sink}: {ledger}")
            assert ledger.accepted - ledger.delivered - ledger.buffered == ledger.dropped + ledger.superseded
            assert ledger.dropped > SMALL


def overflowed(bridge: Bridge, sink: str) -> bool:
    """Whether more was dropped than the small buffer holds."""
    return Ledger.of(bridge, sink).dropped > SMALL
