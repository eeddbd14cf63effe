"""Asterisk is restarted while the bridge reads it: over SNMP, over AMI, and by what its StatsD says."""

import contextlib
from collections.abc import Iterator
from functools import partial
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

"""Here are the states of contacts and, for each that answers, by address and digest, its round trips."""
PROCESSED: Key = ("dialplan.processed",)


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

    def says(name: str, processed: int) -> bool:
        return at_broker(broker, name).get(PROCESSED) == processed

    def both_say(processed: int) -> None:
        for name in ("polled", "asked"):
            wait_until(partial(says, name, processed), f"{processed} processed calls of {name}")

    with bridge(settings, tmp_path) as running, broker.watch("asterisk/asked/availability") as watcher:
        running.wait_ready()
        pbx.place(TWENTY_CALLS)
        before = pbx.counts().processed
        both_say(before)

        pbx.restart()
        pbx.place(TWENTY_CALLS)

        both_say(before + pbx.counts().processed)

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


TOLD = {
    "contact_state.reachable.contacts": 2,
    "contact_state.unreachable.contacts": 1,
    "contact_state.nonqualified.contacts": 0,
    "registrations.count": 1,
    "registration_state.registered.registrations": 1,
    "registration_state.unregistered.registrations": 0,
}
"""What res_statsd counts of etc/pjsip.conf once all is registered and qualified."""


def test_what_asterisk_sends_to_statsd_arrives_at_carbon(
    pbx: Asterisk, graphite: GraphiteServer, broker: Broker, tmp_path: Path
) -> None:
    """res_statsd sends zeros at start and then each change: the sums are those of the command line."""
    settings = sinks(graphite, broker) | {"PBX__HQ__STATSD__SENDERS": "127.0.0.1", "STATSD__ENABLED": "yes"}
    settings |= {"STATSD__LISTEN": f"udp://127.0.0.1:{pbx.ports.statsd}", "STATSD__FLUSH_INTERVAL": "1s"}

    def stored() -> dict[str, float]:
        points = {path: graphite.render(f"asterisk.hq.{path}") for path in TOLD}
        return {path: found[-1][0] for path, found in points.items() if found}

    def answered() -> list[str]:
        return [aor for aor in ("loop", "phone") if graphite.render(f"asterisk.hq.contact.{aor}.rtt")]

    with bridge(settings, tmp_path) as running:
        running.wait_ready()
        pbx.restart()
        wait_until(lambda: pbx.contacts() == {"Avail": 2, "Unavail": 1}, "the contacts to be qualified", 60)

        with contextlib.suppress(TimeoutError):
            wait_until(lambda: stored() == TOLD, "carbon to have all of it")
        assert stored() == TOLD
        wait_until(lambda: answered() == ["loop", "phone"], "the round trips of both at carbon")
