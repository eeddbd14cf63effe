"""Asterisk is restarted while the bridge reads it: over SNMP, over AMI, and by what its StatsD says."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.live.asterisk import Asterisk
from tests.live.stage import QUICK, at_broker, path, section, sinks
from tests.live.truth import TWENTY_CALLS, Key
from tests.servers.bridge import bridge
from tests.servers.graphite import GraphiteServer, carbon
from tests.servers.mosquitto import Broker, Watcher, mosquitto
from tests.servers.process import wait_until

pytestmark = pytest.mark.live

CONTACTS = "asterisk.hq.statsd.PJSIP.contacts.*"
"""The states of contacts, and for each that answers the timer of its round trips, by address and digest."""
PROCESSED: Key = ("calls.processed",)


@pytest.fixture
def graphite(tmp_path: Path) -> Iterator[GraphiteServer]:
    (tmp_path / "graphite").mkdir()
    with carbon(tmp_path / "graphite") as server:
        yield server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    (tmp_path / "mosquitto").mkdir()
    with mosquitto(tmp_path / "mosquitto") as server:
        yield server


def test_counters_go_on_over_a_restart(
    pbx: Asterisk, graphite: GraphiteServer, broker: Broker, tmp_path: Path
) -> None:
    """Processed calls never go backwards and lose nothing; AMI's availability goes offline and online."""
    settings = sinks(graphite, broker)
    settings |= section("polled", "snmp", pbx.snmp(**QUICK)) | section("asked", "ami", pbx.ami_whole(**QUICK))

    def both_say(processed: int) -> None:
        for name in ("polled", "asked"):
            wait_until(
                lambda name=name: at_broker(broker, name).get(PROCESSED) == processed,  # type: ignore[misc]
                f"{processed} processed calls of {name}",
            )

    with bridge(settings, tmp_path) as running, broker.watch("asterisk/asked/availability") as watcher:
        running.wait_ready()
        pbx.place(TWENTY_CALLS)
        before = pbx.counts().processed
        both_say(before)

        pbx.restart()
        pbx.place(TWENTY_CALLS)
        after = pbx.counts().processed

        assert after < before + after
        both_say(before + after)

    for name in ("polled", "asked"):
        stored = [value for value, _ in graphite.render(path(name, PROCESSED))]
        assert all(earlier <= later for earlier, later in pairwise(stored))
    heard = states(watcher)
    connected = heard.index("online")
    assert heard[connected : connected + 3] == ["online", "offline", "online"]


def states(watcher: Watcher) -> list[str]:
    """The states that were published, repetitions left out."""
    payloads = [message.payload for message in watcher.messages]
    return [payload.split('"')[3] for earlier, payload in pairwise(["", *payloads]) if payload != earlier]


def test_what_asterisk_sends_to_statsd_arrives_at_carbon(
    pbx: Asterisk, graphite: GraphiteServer, broker: Broker, tmp_path: Path
) -> None:
    """res_statsd says at start what it counts, then each change: the sums are those of the command line."""
    settings = sinks(graphite, broker) | {"PBX__HQ__STATSD__SENDERS": "127.0.0.1", "STATSD__ENABLED": "true"}
    settings |= {"STATSD__LISTEN": f"udp://127.0.0.1:{pbx.ports.statsd}", "STATSD__FLUSH_INTERVAL": "1s"}
    with bridge(settings, tmp_path) as running:
        running.wait_ready()
        pbx.restart()
        wait_until(lambda: pbx.contacts() == {"Avail": 2, "Unavail": 1}, "the contacts to be qualified", 60)

        def last(bucket: str) -> float | None:
            points = graphite.render(f"asterisk.hq.statsd.PJSIP.{bucket}")
            return points[-1][0] if points else None

        wait_until(lambda: last("contacts.states.Reachable") == 2, "two reachable contacts at carbon")
        wait_until(lambda: last("registrations.state.Registered") == 1, "one registration at carbon")
        assert last("contacts.states.Unreachable") == 1
        assert last("contacts.states.NonQualified") == 0
        assert last("registrations.count") == 1
        assert last("registrations.state.Unregistered") == 0
        wait_until(
            lambda: (
                {"loop@", "phone", "state"} == {name.split(".")[5][:5] for name in graphite.find(CONTACTS)}
            ),
            "the round trips of both at carbon",
        )
