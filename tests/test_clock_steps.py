"""The wall clock is set while the bridge runs: nothing is lost or negative, and no moment is told twice."""

import asyncio
import socket
import time
from collections import Counter

from bridge.asterisk.catalog.system import DIALPLAN_PROCESSED
from bridge.core import own
from bridge.core.metric import MetricKind
from bridge.core.sample import BRIDGE, Sample
from bridge.pipeline.clock import SystemClock
from tests.in_process import CALLS, Running, running, send, settings, values
from tests.servers.process import free_port
from tests.sources.ami.scripted import ScriptedAmi

STEPS = (3600, -3600, -1, 1, -3600, 3600, -1, -0.5, 1.5)
"""Seconds by which the wall clock is set, one after the other."""
UPTIME = own.PROCESS_UPTIME.series(BRIDGE)
POLLED = DIALPLAN_PROCESSED.series("hq")
NEVER_FALL = {metric.name for metric in own.OWN if metric.kind is MetricKind.COUNTER}


class WrongClock(SystemClock):
    """The clock of the machine, but for a wall clock that is wrong by `error` seconds."""

    error = 0.0

    def time(self) -> float:
        return time.time() + self.error


async def lived_through(bridge: Running, ami: ScriptedAmi, clock: WrongClock, port: int) -> None:
    """Set the clock; a call before and after each step comes out, and polls go on."""
    await bridge.listens()
    for step in (0.0, *STEPS):
        clock.error += step
        asked = ami.asked("CoreStatus")
        send(port, b"calls:1|c")
        await bridge.sees(lambda sample: sample.series == CALLS)
        await bridge.sees(lambda sample: sample.series == UPTIME)
        while ami.asked("CoreStatus") < asked + 2:
            await asyncio.sleep(0.01)


def run() -> list[Sample]:
    port, clock = free_port(socket.SOCK_DGRAM), WrongClock()

    async def scenario() -> list[Sample]:
        async with ScriptedAmi().running() as ami:
            chosen = settings(port, pbx={"hq": {"ami": ami.settings(interval="100ms")}})
            async with running(chosen, clock=clock) as bridge:
                await lived_through(bridge, ami, clock, port)
            return bridge.seen

    return asyncio.run(scenario())


def test_what_happens_meanwhile_is_told_once_and_rightly() -> None:
    seen = run()

    assert sum(values(seen, CALLS)) == 1 + len(STEPS)
    assert min(sample.value for sample in seen) >= 0
    assert values(seen, UPTIME) == sorted(values(seen, UPTIME))
    for series in {sample.series for sample in seen if sample.series.name in NEVER_FALL}:
        assert values(seen, series) == sorted(values(seen, series)), series
    moments = Counter(
        (sample.series, sample.time) for sample in seen if sample.series in {CALLS, UPTIME, POLLED}
    )
    assert set(moments.values()) == {1}
