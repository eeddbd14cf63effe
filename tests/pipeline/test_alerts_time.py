"""The rules at work: what time alone brings, in a real event loop."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bridge.core import rules
from bridge.core.alert import Notice
from bridge.core.silence import Selector, Silence
from bridge.pipeline import alerts
from bridge.pipeline.alerts import Watch
from bridge.pipeline.clock import SystemClock
from tests.pipeline.alerts_plant import ACME, SILENT, TRUNK_DOWN, Faulty, Plant, running, sample


class TestTime:
    """What time alone brings, in a real event loop."""

    def test_what_is_bad_for_long_enough_fires_without_a_sample(self) -> None:
        async def scenario() -> None:
            plant = Plant(SystemClock())
            plant.alerts.follow(Watch([replace(TRUNK_DOWN, hold=0.05)]))
            async with running(plant):
                plant.alerts.observe([sample(0)])
                await plant.until("trunk_down pending", "trunk_down firing")

        asyncio.run(scenario())

    def test_what_fires_is_reminded_of_until_somebody_cares(self) -> None:
        async def scenario() -> None:
            plant = Plant(SystemClock())
            plant.alerts.follow(Watch([replace(TRUNK_DOWN, repeat=0.03)]))
            async with running(plant):
                plant.alerts.observe([sample(0)])
                await plant.until("trunk_down firing", "trunk_down reminder", "trunk_down reminder")
                told = plant.alerts.say(lambda rules, now: rules.acknowledge(Selector(), now))
                assert [notice.key for notice in told] == [ACME]
                assert plant.told[-1:] == ["trunk_down acknowledged"]
                await asyncio.sleep(0.1)
                assert plant.told == []

        asyncio.run(scenario())

    def test_what_never_came_is_missed(self) -> None:
        async def scenario() -> None:
            plant = Plant(SystemClock())
            async with running(plant):
                await asyncio.sleep(0)
                plant.alerts.follow(Watch([SILENT], pbxs=["hq"]))
                await plant.until("silent watched", "silent firing")

        asyncio.run(scenario())

    def test_a_silence_ends_by_itself(self) -> None:
        async def scenario() -> None:
            plant = Plant(SystemClock())
            plant.alerts.follow(Watch([TRUNK_DOWN]))
            async with running(plant):
                plant.alerts.observe([sample(1)])
                plant.alerts.say(lambda rules, now: rules.silence(Silence(Selector(), now.time + 0.05), now))
                await plant.until("trunk_down watched", "trunk_down silenced", "trunk_down unsilenced")

        asyncio.run(scenario())

    def test_it_does_not_spin(self) -> None:
        async def scenario() -> int:
            plant = Plant(SystemClock())
            plant.alerts.follow(Watch([replace(TRUNK_DOWN, hold=0.2)]))
            ticks = 0
            tick = plant.alerts._rules.tick

            def counted(now: Any) -> list[Notice]:
                nonlocal ticks
                ticks += 1
                return tick(now)

            plant.alerts._rules.tick = counted  # type: ignore[method-assign]
            async with running(plant):
                plant.alerts.observe([sample(0)])
                await plant.until("trunk_down pending", "trunk_down firing")
            return ticks

        assert asyncio.run(scenario()) < 8


class TestDefects:
    """One in the rules."""

    def test_one_that_stays_is_tried_again_after_a_pause_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(alerts, "PAUSE", 0.05)

        async def scenario() -> None:
            plant, calendar = Plant(SystemClock()), Faulty()
            calendar.broken = False
            plant.alerts.follow(Watch([replace(TRUNK_DOWN, schedule="x")], {"x": calendar}))
            calendar.broken = True
            async with running(plant):
                plant.alerts.say(lambda *_: [])
                async with asyncio.timeout(10):
                    while plant.faults < 3:
                        await asyncio.sleep(0.01)
                assert plant.faults < 10
                calendar.broken = False
                plant.alerts.observe([sample(0)])
                await plant.until("trunk_down firing")

        # the rules look at the wall clock once a minute; here it is due at once
        monkeypatch.setattr(rules, "CHECKED", 0.0)
        asyncio.run(scenario())
