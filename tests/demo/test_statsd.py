"""What the simulated PBX sends over StatsD, against what res_statsd of real servers sends."""

import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.demo.pbx import CARRIER, OFFICE, Pbx
from bridge.demo.statsd import StatsdSender, announcement, packets
from bridge.demo.traffic import Traffic
from bridge.protocols.statsd import parse_datagram
from tests.servers.process import free_port

START = 1_700_000_000.0


def gauges(lines: Iterable[str]) -> Counter[str]:
    """What a server makes of gauges: a plain number sets, a signed one changes."""
    values: Counter[str] = Counter()
    for line in lines:
        name, _, rest = line.rpartition(":")
        value, _, kind = rest.partition("|")
        if kind == "g":
            values[name] = int(value) + (values[name] if value[0] in "+-" else 0)
    return values


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(20)
        yield listening


def test_a_hangup_tells_the_age_of_the_channel_in_milliseconds_and_its_cause() -> None:
    pbx = Pbx(START)
    caller = pbx.call_in(CARRIER, "5550100", OFFICE[0])
    pbx.now += 2.5
    pbx.hangup(caller, 17)

    *_, hangup = pbx.take()

    assert [*packets(hangup)] == ["channels.count:-1|g", "channels.calltime:2500|ms", "hangupcause.17:1|c"]


def test_a_contact_is_named_by_its_id_and_a_silent_one_has_a_round_trip_of_minus_one() -> None:
    pbx = Pbx(START)
    pbx.qualify(OFFICE[0], 0.0129)
    pbx.qualify(OFFICE[0], None)

    name = pbx.contacts[OFFICE[0]].id
    assert [*chain.from_iterable(map(packets, pbx.take()))] == [
        f"PJSIP.contacts.{name}.rtt:12|ms",
        f"PJSIP.contacts.{name}.rtt:-1|ms",
        "PJSIP.contacts.states.Reachable:-1|g",
        "PJSIP.contacts.states.Unreachable:+1|g",
    ]


@given(st.integers(0, 2**32), st.lists(st.floats(0.1, 400), max_size=12))
@settings(max_examples=20)
def test_the_gauges_never_drift_from_what_they_count(seed: int, pauses: list[float]) -> None:
    traffic = Traffic(seed, START)
    traffic.step(START + 300)
    lines = [*announcement(traffic.pbx)]

    for pause in pauses:
        lines += chain.from_iterable(map(packets, traffic.step(traffic.pbx.now + pause)))

    values = gauges(lines)
    states = Counter(contact.status for contact in traffic.pbx.contacts.values())
    assert values["channels.count"] == len(traffic.pbx.channels)
    assert values["PJSIP.contacts.states.Reachable"] == states["Reachable"]
    assert values["PJSIP.contacts.states.Unreachable"] == states["Unreachable"]
    assert values["PJSIP.registrations.state.Registered"] == values["PJSIP.registrations.count"] == 1


def test_every_line_is_one_that_the_bridge_accepts() -> None:
    traffic = Traffic(5, START)
    lines = [*announcement(traffic.pbx), *chain.from_iterable(map(packets, traffic.step(START + 1800)))]

    parsed = [parse_datagram(line.encode()) for line in lines]

    assert all(each.lines == 1 and not each.bad for each in parsed)


def test_what_there_is_comes_first_and_then_what_happens(listener: socket.socket) -> None:
    pbx = Pbx(START)
    sender = StatsdSender(pbx, listener.getsockname()[1])
    announced = [*announcement(pbx)]

    sender.publish([])
    pbx.call_in(CARRIER, "5550100", OFFICE[0])
    sender.publish(pbx.take())
    sender.close()

    heard = [listener.recv(1000).decode() for _ in range(len(announced) + 1)]
    assert heard == [*announced, "channels.count:+1|g"]


def test_a_listener_that_comes_late_is_told_everything() -> None:
    """Otherwise its gauges would count from the middle of the day."""
    pbx = Pbx(START)
    port = free_port(socket.SOCK_DGRAM)
    sender = StatsdSender(pbx, port)
    sender.publish([])
    sender.publish([])

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
        late.bind(("127.0.0.1", port))
        late.settimeout(20)
        sender.publish([])
        sender.publish([])

        assert late.recv(1000).decode() in {*announcement(pbx)}
    sender.close()
