"""The app: settings become a running bridge, which takes new settings and ends without losing anything."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.app import App, build_sinks, build_sources, resident_bytes, try_out
from bridge.core import own
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.errors import Fault, SettingsError
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.settings import Settings
from tests.servers.process import free_port

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

    def __init__(self, first: Settings, following: Callable[[], Settings]) -> None:
        self.seen: list[Sample] = []
        self.app = App(first, following, taps=[self.seen.extend])

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
async def running(first: Settings, following: Callable[[], Settings] | None = None) -> AsyncIterator[Running]:
    bridge = Running(first, following or (lambda: first))
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
