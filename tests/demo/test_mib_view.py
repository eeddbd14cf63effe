"""The variables of the simulated PBX's agent."""

import pytest

from bridge.asterisk.mib import ASTERISK, OBJECTS, SYS_OR_ID, SYS_UPTIME, Oid, Value
from bridge.demo.mib_view import variables
from bridge.demo.pbx import CARRIER, OFFICE, Pbx, State
from bridge.demo.traffic import Traffic

START = 1_700_000_000.0
SPARSE = {"astChanBridge", "astChanApp", "astChanData", "astChanCidDNID", "astChanCidNum"}


@pytest.fixture
def busy() -> Pbx:
    """A PBX in the middle of the day."""
    traffic = Traffic(3, START)
    traffic.step(START + 900)
    return traffic.pbx


def data(found: dict[Oid, Value], name: str, row: int = 0) -> int | bytes | Oid | None:
    value = found.get(OBJECTS[name].at(row))
    return value.data if value else None


def test_scalars_are_what_ami_says_at_the_same_moment(busy: Pbx) -> None:
    found = variables(busy)

    assert data(found, "astConfigCallsActive") == busy.dialplan_active
    assert data(found, "astConfigCallsProcessed") == busy.processed
    assert data(found, "astNumChannels") == len(busy.channels)
    assert data(found, "astNumChanBridge") == busy.bridged
    assert data(found, "astVersionTag") == 221001


def test_every_scalar_of_the_mib_is_there(busy: Pbx) -> None:
    found = variables(busy)

    absent = {item.name for item in OBJECTS.values() if not item.table and item.at() not in found}

    assert absent == set()


def test_the_system_group_tells_that_asterisk_is_registered(busy: Pbx) -> None:
    found = variables(busy)

    registered = [value.data for name, value in found.items() if name[:-1] == SYS_OR_ID]

    assert ASTERISK in registered
    assert found[SYS_UPTIME].data == 90_000


def test_variables_come_in_the_order_of_a_walk(busy: Pbx) -> None:
    names = [*variables(busy)]

    assert names == sorted(names)


def test_each_channel_has_a_row_with_its_unique_id(busy: Pbx) -> None:
    found = variables(busy)

    rows = range(1, len(busy.channels) + 1)

    assert [data(found, "astChanUniqueId", row) for row in rows] == [name.encode() for name in busy.channels]
    assert data(found, "astChanUniqueId", len(busy.channels) + 1) is None


def test_the_columns_that_are_never_absent_are_in_every_row(busy: Pbx) -> None:
    found = variables(busy)
    first = {item.name for item in OBJECTS.values() if item.table == "astChanTable" and item.at(1) in found}

    for row in range(2, len(busy.channels) + 1):
        there = {item.name for item in OBJECTS.values() if item.at(row) in found}
        assert first - SPARSE <= there


def test_only_a_channel_with_one_peer_names_it() -> None:
    """Elsewhere is a hole, as on the real agent."""
    pbx = Pbx(START)
    caller = pbx.call_in(CARRIER, "5550100", OFFICE[0])
    callee = pbx.dial(caller, OFFICE[0])
    before = variables(pbx)
    pbx.bridge(caller, "b", "")
    pbx.bridge(callee, "b", "")

    after = variables(pbx)

    assert data(before, "astChanBridge", 1) is None
    assert data(after, "astChanBridge", 1) == callee.name.encode()
    assert data(after, "astChanBridge", 2) == caller.name.encode()


def test_a_channel_that_was_dialled_has_the_flag_of_it() -> None:
    """BITS count from the most significant bit: bit 10 is 0x20 of the second octet."""
    pbx = Pbx(START)
    caller = pbx.call_in(CARRIER, "5550100", OFFICE[0])
    pbx.enter(pbx.dial(caller, OFFICE[0]), State.RINGING)

    found = variables(pbx)

    assert (data(found, "astChanFlags", 1), data(found, "astChanFlags", 2)) == (b"\x10\x40", b"\x10\x20")
    assert (data(found, "astChanState", 1), data(found, "astChanState", 2)) == (4, 5)


def test_channels_are_counted_by_technology(busy: Pbx) -> None:
    found = variables(busy)

    rows = range(1, 4)
    counts = {data(found, "astChanTypeName", row): data(found, "astChanTypeChannels", row) for row in rows}

    assert counts == {b"Local": 0, b"PJSIP": len(busy.channels), b"Recorder": 0}


def test_an_idle_pbx_has_no_row_of_the_channel_table() -> None:
    found = variables(Pbx(START))

    assert not any(name[:-2] == (*ASTERISK, 5, 2, 1) for name in found)
    assert data(found, "astNumChannels") == 0
