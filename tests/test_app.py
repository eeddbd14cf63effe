"""The app: settings become a running bridge, which takes new settings and ends without losing anything."""

import asyncio
import socket
from pathlib import Path

import pytest

from bridge.app import state_folder
from bridge.asterisk.catalog.calls import CHANNELS_CREATED
from bridge.asterisk.catalog.system import DIALPLAN_PROCESSED
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import Fault, SettingsError
from bridge.pipeline.memory import Memory
from bridge.settings import Settings
from tests.in_process import (
    LISTENS,
    Running,
    counts_calls,
    running,
    send,
    settings,
    values,
)
from tests.servers.process import free_port
from tests.sinks.peer import Peer, eventually
from tests.sources.ami.scripted import ScriptedAmi


def test_what_is_sent_comes_out() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> Sample:
        async with running(settings(port)) as bridge:
            await bridge.listens()
            send(port, b"calls:3|c")
            return await bridge.sees(counts_calls)

    assert asyncio.run(scenario()).value == 3


def test_what_came_in_before_the_end_still_comes_out() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> list[Sample]:
        async with running(settings(port, flush="1h")) as bridge:
            await bridge.listens()
            send(port, b"calls:3|c")
        return bridge.seen

    assert [sample.value for sample in asyncio.run(scenario()) if counts_calls(sample)] == [3]


def test_at_the_end_no_source_looks_alive() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> list[Sample]:
        async with running(settings(port)) as bridge:
            await bridge.listens()
        return bridge.seen

    assert values(asyncio.run(scenario()), LISTENS)[-1] == 0


def test_new_settings_are_taken_and_counts_go_on() -> None:
    old, new = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)

    async def scenario() -> tuple[Sample, list[Sample]]:
        async with running(settings(old)) as bridge:
            await bridge.listens()
            await bridge.takes(settings(new))
            await bridge.listens()
            send(new, b"calls:4|c")
            return await bridge.sees(counts_calls), bridge.seen

    calls, seen = asyncio.run(scenario())
    totals = values(seen, own.PIPELINE_SAMPLES.series(BRIDGE, BRIDGE))
    assert calls.value == 4
    assert totals == sorted(totals)


@pytest.mark.parametrize(
    "error", [SettingsError([Fault("BRIDGE_GRAPHITE__URL", "is no URL")]), ValueError("a defect")]
)
def test_bad_new_settings_change_nothing_and_are_counted(error: Exception) -> None:
    port = free_port(socket.SOCK_DGRAM)
    refused = own.RELOAD_FAILURES.series(BRIDGE)

    def broken() -> Settings:
        raise error

    async def scenario() -> Sample:
        async with running(settings(port)) as bridge:
            await bridge.listens()
            bridge.following = broken
            bridge.app.signals.reload()
            await bridge.sees(lambda sample: sample.series == refused and sample.value == 1)
            send(port, b"calls:3|c")
            return await bridge.sees(counts_calls)

    assert asyncio.run(scenario()).value == 3


def test_one_fact_and_then_silence_is_delivered_at_the_next_flush() -> None:
    """Nothing has to follow for it to come out: one line per interval and a sink that writes batches."""
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> bytes:
        async with Peer() as graphite:
            chosen = settings(port, flush="500ms", graphite={"url": f"tcp://127.0.0.1:{graphite.port}"})
            async with running(chosen) as bridge:
                await bridge.listens()
                await eventually(lambda: graphite.received)
                send(port, b"calls:3|c")
                async with asyncio.timeout(0.5 + 1.0):
                    await eventually(lambda: b"statsd.calls.count 3 " in graphite.everything)
            return graphite.everything

    assert asyncio.run(scenario())


CREATED = CHANNELS_CREATED.series("hq")
GAUGE = Series("statsd.callers", (("pbx", "default"),))


def new_channel(number: int) -> bytes:
    lines = (
        "Event: Newchannel",
        f"Channel: PJSIP/a-{number:08x}",
        f"Uniqueid: {number}.1",
        f"Linkedid: {number}.1",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


async def happenings(bridge: Running, ami: ScriptedAmi, port: int, first: int) -> None:
    """Two channels, and one caller more, beginning at the channel of that number."""
    await bridge.listens()
    await eventually(lambda: ami.asked("Login") > first)  # each of the runs has two connections
    await bridge.sees(lambda sample: sample.series == DIALPLAN_PROCESSED.series("hq"))
    before = max(values(bridge.seen, CREATED), default=0)
    seen = asyncio.gather(
        bridge.sees(lambda sample: sample.series == CREATED and sample.value >= before + 2),
        bridge.sees(lambda sample: sample.series == GAUGE),
    )
    ami.say(new_channel(first) + new_channel(first + 1))
    send(port, b"callers:+1|g")
    await seen


def test_over_new_settings_counters_and_gauges_go_on() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> Running:
        async with ScriptedAmi().running() as ami:
            async with running(settings(port, pbx={"hq": {"ami": ami.settings()}})) as bridge:
                await happenings(bridge, ami, port, first=1)
                others = {"hq": {"ami": ami.settings(timeout=9)}}
                await bridge.takes(settings(port, flush="110ms", pbx=others, freshness=50))
                await happenings(bridge, ami, port, first=3)
            assert ami.asked("Login") == 4
        return bridge

    seen = asyncio.run(scenario()).seen
    assert values(seen, CREATED) == sorted(values(seen, CREATED))
    assert values(seen, CREATED)[-1] == 4
    assert values(seen, GAUGE)[-1] == 2
    assert len(set(values(seen, DIALPLAN_PROCESSED.series("hq")))) == 1


def test_over_a_restart_of_the_bridge_counters_and_gauges_go_on(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> list[Sample]:
        seen: list[Sample] = []
        async with ScriptedAmi().running() as ami:
            chosen = settings(port, pbx={"hq": {"ami": ami.settings()}})
            for first in (1, 3):
                async with running(chosen, memory=Memory(tmp_path / "state.json")) as bridge:
                    await happenings(bridge, ami, port, first)
                seen += bridge.seen
        return seen

    seen = asyncio.run(scenario())
    assert values(seen, CREATED) == sorted(values(seen, CREATED))
    assert values(seen, CREATED)[-1] == 4
    assert values(seen, GAUGE)[-1] == 2
    assert len(set(values(seen, DIALPLAN_PROCESSED.series("hq")))) == 1


def test_a_state_that_cannot_be_kept_stops_nothing(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    (tmp_path / "folder").write_text("a file where the folder would be")
    memory = Memory(tmp_path / "folder" / "state.json")

    async def scenario() -> Sample:
        async with running(settings(port), memory=memory) as bridge:
            await bridge.listens()
            send(port, b"calls:3|c")
            return await bridge.sees(counts_calls)

    assert asyncio.run(scenario()).value == 3
    assert memory.failures == 1


@pytest.mark.parametrize(
    ("environment", "setting", "expected"),
    [
        ({"XDG_STATE_HOME": "/x"}, None, "/x/asterisk-bridge"),
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, None, "/var/lib/a"),
        ({"STATE_DIRECTORY": "/var/lib/a"}, "/own", "/own"),
        ({"STATE_DIRECTORY": "/var/lib/a"}, "off", "None"),
    ],
)
def test_the_state_is_kept_where_the_setting_says_else_where_the_system_has_room_for_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], setting: str | None, expected: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert str(state_folder(Settings.model_validate({"state_dir": setting}))) == expected
