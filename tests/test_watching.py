"""The whole bridge watches: over restarts, new settings and its own end."""

import asyncio
import socket
from pathlib import Path
from typing import Any

from bridge.core import own
from bridge.core.sample import BRIDGE, Sample
from bridge.pipeline.memory import Memory
from bridge.settings import Settings
from tests.in_process import running, send, settings, values
from tests.servers.process import free_port
from tests.sources.ami.scripted import ScriptedAmi

FIRING = own.ALERTS_FIRING.series("default", "orders")
KNOWN = own.ALERTS_KNOWN.series(BRIDGE)
ENTERED = own.ALERTS_TRANSITIONS.series("default", "orders", "firing")


def watching(port: int, above: float = 10, **more: Any) -> Settings:
    """Settings with one rule of our own, on a gauge that StatsD brings, and only that."""
    rule = {"metric": "statsd.orders", "above": above, "repeat": "0s"}
    return settings(port, alerts={"rule": {"orders": rule}}, **more)


def fires(sample: Sample) -> bool:
    return sample.series == FIRING and sample.value == 1


def is_over(sample: Sample) -> bool:
    return sample.series == FIRING and sample.value == 0


def test_a_rule_fires_and_is_over() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> list[float]:
        async with running(watching(port)) as bridge:
            await bridge.listens()
            send(port, b"orders:12|g")
            await bridge.sees(fires)
            send(port, b"orders:3|g")
            await bridge.sees(is_over)
            bridge.app.signals.stop()
        return values(bridge.seen, FIRING)

    told = asyncio.run(scenario())
    assert told[0] == 1
    assert told[-1] == 0


def test_an_alert_outlives_the_bridge_and_is_not_entered_twice(tmp_path: Path) -> None:
    port, file = free_port(socket.SOCK_DGRAM), tmp_path / "state.json"

    async def first() -> None:
        async with running(watching(port), Memory(file)) as bridge:
            await bridge.listens()
            send(port, b"orders:12|g")
            await bridge.sees(fires)
            bridge.app.signals.stop()

    async def second() -> list[float]:
        async with running(watching(port), Memory(file)) as bridge:
            await bridge.sees(fires)
            await bridge.listens()
            send(port, b"orders:12|g")
            await bridge.sees(fires)
            bridge.app.signals.stop()
        return values(bridge.seen, ENTERED)

    asyncio.run(first())
    assert asyncio.run(second()) == []


def test_new_settings_change_a_rule_that_goes_on() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def scenario() -> None:
        async with running(watching(port)) as bridge:
            await bridge.listens()
            send(port, b"orders:12|g")
            await bridge.sees(fires)

            await bridge.takes(watching(port, above=20))
            send(port, b"orders:13|g")
            await bridge.sees(is_over)

            await bridge.takes(settings(port, alerts={"enabled": False}))
            await bridge.sees(lambda sample: sample.series == KNOWN and sample.value == 0)
            bridge.app.signals.stop()

    asyncio.run(scenario())


def test_the_end_of_the_bridge_is_no_reason_for_an_alert() -> None:
    """A rule without `for` would fire the moment that its sources end."""
    port = free_port(socket.SOCK_DGRAM)
    rule = {"metric": "source.up", "below": 1}

    async def scenario() -> list[float]:
        async with ScriptedAmi().running() as ami:
            chosen = settings(port, pbx={"hq": {"ami": ami.settings()}}, alerts={"rule": {"lost": rule}})
            up = own.ALERTS_FIRING.series("hq", "lost")
            async with running(chosen) as bridge:
                await bridge.sees(lambda sample: sample.series == up and sample.value == 0)
                bridge.app.signals.stop()
            return values(bridge.seen, own.ALERTS_TRANSITIONS.series("hq", "lost", "firing"))

    entered = asyncio.run(scenario())
    assert len(set(entered)) <= 1, "only before the source was up for the first time"


def test_an_alert_comes_from_what_an_ami_event_says_before_any_poll() -> None:
    port = free_port(socket.SOCK_DGRAM)
    joined = (
        b"Event: QueueCallerJoin\r\nPrivilege: agent,all\r\nUniqueid: 1795461200.7\r\nQueue: empty\r\n"
        b"Position: 1\r\nCount: 1\r\n\r\n"
    )
    rule = {"metric": "queue.waiting", "labels": {"queue": ["empty"]}, "above": 0}
    firing = own.ALERTS_FIRING.series("hq", "caller")

    async def scenario() -> None:
        async with ScriptedAmi().running() as ami:
            pbx = {"hq": {"ami": ami.settings(interval=3600)}}
            async with running(settings(port, pbx=pbx, alerts={"rule": {"caller": rule}})) as bridge:
                await bridge.sees(lambda sample: sample.series == firing and sample.value == 0)
                ami.say(joined)
                await bridge.sees(lambda sample: sample.series == firing and sample.value == 1)
                bridge.app.signals.stop()

    asyncio.run(scenario())
