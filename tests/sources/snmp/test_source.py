"""SnmpSource against a real net-snmp agent that answers what a real Asterisk answered."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.asterisk.mib import ASTERISK, OBJECTS, Oid, Syntax, Value
from bridge.core import own
from bridge.core.sample import Sample
from bridge.errors import SettingsError, SourceError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health, Part
from bridge.settings import SnmpSettings
from bridge.sources.snmp import SnmpSource
from bridge.sources.snmp.session import Session
from bridge.sources.snmp.wire import Counts
from tests.fakes import FakeClock
from tests.servers.process import free_port
from tests.servers.snmpd import Agent, recording, settings, snmpd, user

pytestmark = pytest.mark.live

ALL = "astChanState,astChanType,astChanHangupCause,astChanWhenHangup,astChanFlags,astChanApp,astChanContext"


def source_of(where: SnmpSettings, health: Health | None = None) -> SnmpSource:
    clock = FakeClock()
    return SnmpSource("hq", where, health or Health(clock), clock)


def poll(where: SnmpSettings, health: Health | None = None) -> list[Sample]:
    return asyncio.run(source_of(where, health).poll_once())


def numbers(samples: Sequence[Sample], group: str = "") -> dict[tuple[str, ...], float]:
    """Name and labels after the PBX, with the value, of the samples of a group."""
    return {
        (sample.series.name, *(value for _, value in sample.series.labels[1:])): sample.value
        for sample in samples
        if sample.series.name.startswith(group)
    }


def errors(health: Health, reason: str) -> float:
    return health.counted(own.SOURCE_ERRORS.series("hq", "snmp", reason))


async def until_it_fails(source: SnmpSource) -> tuple[list[Sample], str]:
    """What the source emitted before it failed, and why it did."""
    emitted: list[Sample] = []
    with pytest.raises(SourceError) as caught:
        await source.run(emitted.extend)
    return emitted, str(caught.value)


@pytest.mark.parametrize("changes", [{"version": "1"}, {"version": "2c"}, user("sha256-aes")])
def test_one_poll(agent: Agent, changes: dict[str, Any]) -> None:
    """All scalars and channels by technology come in one poll, of one time, in every version."""
    samples = poll(settings(agent, **changes))

    found = numbers(samples)
    assert found["snmp.connected",] == 1
    assert found["system.uptime",] == 14.16
    assert found["system.info", "22.10.1+dfsg+~cs6.17.60671434-1"] == 1
    assert found["dialplan.processed",] == 60
    assert len(numbers(samples, "technology.")) == 12
    assert len(samples) == len(found) == 24
    assert {sample.series.pbx for sample in samples} == {"hq"}
    assert {sample.time for sample in samples} == {FakeClock().time()}


def test_holes_among_scalars_and_rows(tmp_path: Path) -> None:
    """A hole costs that one value and none behind it, whichever the version."""
    values = recording()
    del values[OBJECTS["astNumModules"].at()], values[OBJECTS["astChanTypeName"].at(3)]
    with snmpd(tmp_path, values) as agent:
        for version in ("1", "2c"):
            found = numbers(poll(settings(agent, version=version)))

            assert ("system.modules",) not in found
            assert found["channels.bridged",] == 20
            assert ("technology.channels", "CBAnn") not in found
            assert found["technology.channels", "Surrogate"] == 0


class TestAsteriskNotSeen:
    """The agent answers and Asterisk does not: 0 is not a number of calls."""

    def test_res_snmp_is_not_connected(self, tmp_path: Path) -> None:
        """snmp.connected is 0, there is no other number, and the error says what to do."""
        with snmpd(tmp_path) as agent:
            emitted, why = asyncio.run(until_it_fails(source_of(settings(agent))))

        assert numbers(emitted) == {("snmp.connected",): 0}
        assert f"the SNMP agent at 127.0.0.1:{agent.port} answers, but" in why
        assert "res_snmp with `enabled = yes`" in why
        assert "agentXPerms" in why

    @pytest.mark.parametrize("version", ["1", "2c"])
    def test_it_is_registered_and_hidden_by_the_view(self, tmp_path: Path, version: str) -> None:
        """sysORTable says that it is there, so only the view is named as the cause."""
        row = "override 1.3.6.1.2.1.1.9.1.2.99 object_id 1.3.6.1.4.1.22736.1"
        with snmpd(tmp_path, None, [row]) as agent, pytest.raises(SourceError) as caught:
            poll(settings(agent, version=version))

        assert "let the view of this user or community include .1.3.6.1.4.1.22736" in str(caught.value)
        assert "agentXPerms" not in str(caught.value)

    def test_it_is_not_registered(self, tmp_path: Path) -> None:
        """sysORTable is there without Asterisk, so the view is not the cause."""
        row = "override 1.3.6.1.2.1.1.9.1.2.99 object_id 1.3.6.1.6.3.1"
        with snmpd(tmp_path, None, [row]) as agent, pytest.raises(SourceError) as caught:
            poll(settings(agent))

        assert "Asterisk is not registered with it: see that it runs, load res_snmp" in str(caught.value)
        assert "22736" not in str(caught.value)

    def test_other_objects_of_the_host_still_come(self, tmp_path: Path) -> None:
        """What the agent knows by itself does not depend on Asterisk."""
        with snmpd(tmp_path) as agent:
            where = settings(agent, objects="1.3.6.1.2.1.1.3.0")
            emitted, _ = asyncio.run(until_it_fails(source_of(where)))

        assert set(numbers(emitted)) == {("snmp.connected",), ("snmp.oid", "1.3.6.1.2.1.1.3.0")}

    def test_it_comes_back(self, tmp_path: Path) -> None:
        """The next run after the module is connected finds it; calls go on from where they were."""
        values = recording()
        with snmpd(tmp_path, values) as agent:
            source = source_of(settings(agent))
            before = numbers(asyncio.run(source.poll_once()))
            agent.answer({})
            with pytest.raises(SourceError, match="Asterisk"):
                asyncio.run(source.poll_once())
            started_anew = {"astConfigUpTime": 43, "astConfigCallsProcessed": 2}
            for name, data in started_anew.items():
                values[OBJECTS[name].at()] = Value(OBJECTS[name].syntax, data)
            agent.answer(values)
            after = numbers(asyncio.run(source.poll_once()))

        assert before["dialplan.processed",] == 60
        assert after["dialplan.processed",] == 62
        assert after["system.uptime",] == 0.43


class TestTargets:
    """Several PBXs."""

    def test_a_dead_one_does_not_delay_another(self, agent: Agent) -> None:
        """While the first question to the dead one is still open, the other is polled again and again."""
        dead = Agent(free_port(socket.SOCK_DGRAM), Path())

        async def both() -> list[int]:
            waiting = asyncio.create_task(source_of(settings(dead, timeout=60)).poll_once())
            alive = source_of(settings(agent))
            counts = [len(await alive.poll_once()) for _ in range(3)]
            assert not waiting.done()
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
            return counts

        assert asyncio.run(both()) == [24, 24, 24]

    def test_many_at_once(self, agent: Agent) -> None:
        """Targets with different versions and users are polled side by side, each with its own answers."""
        changes = [{"version": "1"}, {}, user("sha-aes"), user("md5-none"), user("sha512-aes256")] * 3

        async def all_of_them() -> list[list[Sample]]:
            sources = [source_of(settings(agent, **change)) for change in changes]
            return await asyncio.gather(*(source.poll_once() for source in sources))

        assert [len(samples) for samples in asyncio.run(all_of_them())] == [24] * 15

    def test_run_polls_until_it_is_cancelled(self, agent: Agent) -> None:
        """The first poll comes at once, the others at their ticks; health knows that the source works."""
        health = Health(SystemClock())
        source = SnmpSource("hq", settings(agent, interval=0.05), health, SystemClock())
        polls: list[int] = []
        enough = asyncio.Event()

        def emit(samples: Sequence[Sample]) -> None:
            polls.append(len(samples))
            if len(polls) == 3:
                enough.set()

        async def running() -> None:
            task = asyncio.create_task(source.run(emit))
            await enough.wait()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        asyncio.run(running())

        assert polls[:3] == [24, 24, 24]
        assert Part("source", "hq", "snmp") not in health.missing()
        assert health.counted(own.SOURCE_POLLS.series("hq", "snmp")) >= 3


class TestChannelTable:
    """The channel table, on request."""

    def test_never_by_default(self, agent: Agent) -> None:
        assert numbers(poll(settings(agent)), "channel.") == {}

    def test_rows_behind_a_hole(self, agent: Agent) -> None:
        """A scheduled hangup is set for rows 1, 4, 5 and 8 of 9; each of them comes."""
        found = numbers(poll(settings(agent, channel_table=True, channel_columns=ALL)), "channel.")

        assert {key[1]: value for key, value in found.items() if key[0] == "channel.hangup_in"} == {
            "lab-22-main-1795461159.83": 10.59,
            "lab-22-main-1795461156.0": 7.57,
            "lab-22-main-1795461160.91": 11.56,
            "lab-22-main-1795461157.18": 8.54,
        }
        assert sum(key[0] == "channel.state" for key in found) == 9
        assert found["channel.application", "lab-22-main-1795461156.1", "Echo"] == 1
        assert found["channel.outbound", "lab-22-main-1795461159.84"] == 0

    def test_too_many_channels(self, agent: Agent) -> None:
        """Above the limit the table is left out, which is counted; the other numbers come."""
        health = Health(FakeClock())

        found = numbers(poll(settings(agent, channel_table=True, channel_limit=8), health))

        assert not any(name.startswith("channel.") for name, *_ in found)
        assert found["channels.active",] == 9
        assert errors(health, "too many channels") == 1

    def test_personal_columns_are_a_fault_of_the_settings(self) -> None:
        """It is told at start, with the variable to change."""
        where = SnmpSettings(host="pbx", channel_table=True, channel_columns=("astChanCidNum",))

        with pytest.raises(SettingsError) as caught:
            source_of(where)

        assert caught.value.faults[0].where == "BRIDGE_PBX__HQ__SNMP__CHANNEL_COLUMNS"
        assert "'astChanCidNum' is personal" in caught.value.faults[0].what

    def test_a_row_that_moves_while_it_is_read(self) -> None:
        """Rows whose first and last question were answered for different channels are thrown away and
        counted. A fake session, since a real agent moves its rows when it likes.
        """
        health = Health(FakeClock())
        moving = Moving(recording(), channels={2: "moved"})
        where = SnmpSettings(host="pbx", channel_table=True)

        source = SnmpSource("hq", where, health, FakeClock(), connect=moving.connect)
        samples = asyncio.run(source.poll_once())

        channels = {key[1] for key in numbers(samples, "channel.state")}
        assert len(channels) == 8
        assert "lab-22-main-1795461159.84" not in channels
        assert errors(health, "torn row") == 1

    def test_a_channel_that_is_met_twice(self) -> None:
        """When rows move between two requests, a channel may be in both: it is one all the same."""
        unique_id = OBJECTS["astChanUniqueId"]
        values = recording()
        values[unique_id.at(9)] = values[unique_id.at(1)]
        where = SnmpSettings(host="pbx", channel_table=True)
        health = Health(FakeClock())

        source = SnmpSource("hq", where, health, FakeClock(), connect=Moving(values, {}).connect)
        samples = asyncio.run(source.poll_once())

        assert len([sample for sample in samples if sample.series.name == "channel.state"]) == 8


class Moving:
    """A fake session in which the rows `channels` hold another channel when they are asked a second time."""

    def __init__(self, values: dict[Oid, Value], channels: dict[int, str]) -> None:
        self.values = values
        self.channels = channels

    @contextlib.asynccontextmanager
    async def connect(self, _settings: SnmpSettings, _counts: Counts) -> AsyncIterator[Session]:
        yield self

    async def get(self, oids: Sequence[Oid]) -> list[Value | None]:
        answers: list[Value | None] = []
        for place, oid in enumerate(oids):
            again = oid in oids[:place] and oid[-1] in self.channels
            other = Value(Syntax.TEXT, self.channels.get(oid[-1], "").encode())
            answers.append(other if again else self.values.get(oid))
        return answers

    def at_once(self, oids: Sequence[Oid]) -> int:
        return 20

    async def column(self, column: Oid, limit: int) -> list[tuple[Oid, Value]]:
        return [(column, Value(Syntax.OID, ASTERISK))][:limit]


def test_values_of_a_wrong_type_are_counted(tmp_path: Path) -> None:
    """A text where a number belongs is left out; the rest of the poll is used."""
    values = recording()
    values[OBJECTS["astNumModules"].at()] = Value(Syntax.TEXT, b"331")
    health = Health(FakeClock())
    with snmpd(tmp_path, values) as agent:
        found = numbers(poll(settings(agent), health))

    assert ("system.modules",) not in found
    assert found["channels.active",] == 9
    assert errors(health, "wrong type") == 1


def test_all_faults_of_the_settings_at_once(tmp_path: Path) -> None:
    where = SnmpSettings(
        host="pbx",
        channel_table=True,
        channel_columns=("astChanData",),
        objects=("NO-SUCH-MIB::thing.0",),
        mib_dir=tmp_path,
    )

    with pytest.raises(SettingsError) as caught:
        source_of(where)

    assert [fault.where for fault in caught.value.faults] == [
        "BRIDGE_PBX__HQ__SNMP__CHANNEL_COLUMNS",
        "BRIDGE_PBX__HQ__SNMP__OBJECTS",
    ]
    assert "NO-SUCH-MIB" in caught.value.faults[1].what
    assert str(tmp_path) in caught.value.faults[1].what


def test_name_and_pbx() -> None:
    source = source_of(SnmpSettings(host="pbx"))

    assert (source.name, source.pbx) == ("snmp", "hq")
