"""The app: settings become a running bridge, which takes new settings and ends without losing anything."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.app import App, build_sinks, build_sources, resident_bytes, state_file, try_out
from bridge.asterisk.catalog.calls import CHANNELS_CREATED
from bridge.asterisk.catalog.system import DIALPLAN_PROCESSED
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import Fault, SettingsError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.pipeline.memory import Memory
from bridge.settings import Settings
from tests.servers.process import free_port
from tests.sources.ami.scripted import ScriptedAmi

CALLS = Series("statsd.calls.count", (("pbx", "default"),))
LISTENING = Sample(own.SOURCE_UP.series(BRIDGE, "statsd"), 1, 0)


def settings(port: int, flush: str = "100ms", **more: object) -> Settings:
    return Settings.model_validate(
        {
            "statsd": {"listen": f"udp://127.0.0.1:{port}", "flush_interval": flush},
            "http": {"listen": "off"},
            "self_interval": "100ms",
            **more,
        }
    )


class Running:
    """An app that runs, and all that it has emitted."""

    def __init__(
        self, first: Settings, following: Callable[[], Settings], memory: Memory | None = None
    ) -> None:
        self.seen: list[Sample] = []
        self.app = App(first, following, [self.seen.extend], memory)

    async def sees(self, condition: Callable[[Sample], bool]) -> Sample:
        """The first sample, from now on, for which the condition holds."""
        start = len(self.seen)
        async with asyncio.timeout(30):
            while True:
                for sample in self.seen[start:]:
                    if condition(sample):
                        return sample
                await asyncio.sleep(0.01)

    async def listens(self) -> None:
        await self.sees(lambda sample: sample.series == LISTENING.series and sample.value == 1)


@asynccontextmanager
async def running(
    first: Settings, following: Callable[[], Settings] | None = None, memory: Memory | None = None
) -> AsyncIterator[Running]:
    bridge = Running(first, following or (lambda: first), memory)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(bridge.app.run())
        yield bridge
        bridge.app.signals.stop()


def send(port: int, line: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(line, ("127.0.0.1", port))


def counts_calls(sample: Sample) -> bool:
    return sample.series == CALLS


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

    states = [sample.value for sample in asyncio.run(scenario()) if sample.series == LISTENING.series]
    assert states[-1] == 0


def test_new_settings_are_taken_and_counts_go_on() -> None:
    old, new = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)

    async def scenario() -> tuple[Sample, list[float]]:
        async with running(settings(old), lambda: settings(new)) as bridge:
            await bridge.listens()
            bridge.app.signals.reload()
            await bridge.sees(lambda sample: sample.series == LISTENING.series and sample.value == 1)
            send(new, b"calls:4|c")
            calls = await bridge.sees(counts_calls)
        samples = own.PIPELINE_SAMPLES.series(BRIDGE, BRIDGE)
        return calls, [sample.value for sample in bridge.seen if sample.series == samples]

    calls, totals = asyncio.run(scenario())
    assert calls.value == 4
    assert totals == sorted(totals)


def test_bad_new_settings_change_nothing() -> None:
    port = free_port(socket.SOCK_DGRAM)
    asked: list[bool] = []

    def broken() -> Settings:
        asked.append(True)
        raise SettingsError([Fault("BRIDGE_GRAPHITE__URL", "is no URL")])

    async def scenario() -> Sample:
        async with running(settings(port), broken) as bridge:
            await bridge.listens()
            bridge.app.signals.reload()
            await bridge.sees(lambda _: bool(asked))
            send(port, b"calls:3|c")
            return await bridge.sees(counts_calls)

    assert asyncio.run(scenario()).value == 3


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
    await bridge.sees(lambda sample: sample.series == DIALPLAN_PROCESSED.series("hq"))
    before = max(values(bridge.seen, CREATED), default=0)
    seen = asyncio.gather(
        bridge.sees(lambda sample: sample.series == CREATED and sample.value >= before + 2),
        bridge.sees(lambda sample: sample.series == GAUGE),
    )
    ami.say(new_channel(first) + new_channel(first + 1))
    send(port, b"callers:+1|g")
    await seen


def values(seen: list[Sample], series: Series) -> list[float]:
    return [sample.value for sample in seen if sample.series == series]


def test_over_new_settings_counters_and_gauges_go_on() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> Running:
        async with ScriptedAmi().running() as ami:
            chosen = settings(port, pbx={"hq": {"ami": ami.settings()}})
            async with running(chosen) as bridge:
                await happenings(bridge, ami, port, first=1)
                bridge.app.signals.reload()
                await bridge.sees(lambda sample: sample.series == LISTENING.series and sample.value == 1)
                await happenings(bridge, ami, port, first=3)
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
        ({"XDG_STATE_HOME": "/x"}, None, "/x/asterisk-bridge/state.json"),
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, None, "/var/lib/a/state.json"),
        ({"STATE_DIRECTORY": "/var/lib/a"}, "/own", "/own/state.json"),
        ({"STATE_DIRECTORY": "/var/lib/a"}, "off", "None"),
    ],
)
def test_the_state_is_kept_where_the_setting_says_else_where_the_system_has_room_for_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], setting: str | None, expected: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert str(state_file(Settings.model_validate({"state_dir": setting}))) == expected


def test_every_interface_of_every_pbx_is_a_source() -> None:
    pbx = {
        "hq": {"snmp": {"host": "127.0.0.1"}, "ami": {"host": "127.0.0.1", "username": "a", "secret": "b"}},
        "branch": {"snmp": {"host": "127.0.0.1"}},
    }
    clock = SystemClock()

    sources = build_sources(settings(8125, pbx=pbx), Health(clock), clock)

    names = {(source.pbx, source.name) for source in sources}
    assert names == {("hq", "snmp"), ("hq", "ami"), ("branch", "snmp"), (BRIDGE, "statsd")}


def test_faults_that_only_sources_see_are_found_in_all_of_them(tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("[rule]\n")
    snmp = {"snmp": {"host": "127.0.0.1", "objects": "NO-MIB::thing.0"}}
    broken = Settings.model_validate({"pbx": {"a": snmp, "b": snmp}, "statsd": {"mapping": mapping}})

    with pytest.raises(SettingsError) as caught:
        try_out(broken)

    assert [fault.where for fault in caught.value.faults] == [
        "BRIDGE_PBX__A__SNMP__OBJECTS",
        "BRIDGE_PBX__B__SNMP__OBJECTS",
        "BRIDGE_STATSD__MAPPING",
    ]


def test_only_sinks_that_are_named_are_built() -> None:
    clock = SystemClock()
    chosen = settings(8125, graphite={"url": "tcp://127.0.0.1"}, mqtt={"url": "mqtt://127.0.0.1"})

    assert list(build_sinks(settings(8125), Health(clock))) == []
    assert {sink.name for sink, _, _ in build_sinks(chosen, Health(clock))} == {"graphite", "mqtt"}


def test_memory_is_told_where_the_system_tells_it() -> None:
    assert resident_bytes() > 1_000_000
