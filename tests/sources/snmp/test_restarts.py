"""An agent that restarts again and again while it is polled: it is found again, and never flooded.

A real snmpd, behind a relay that notes what comes. TEST_SNMP_RESTARTS is how often it restarts: 4 times,
and 200 times in a full run, which takes minutes.
"""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from bridge.core import own
from bridge.core.sample import Sample
from bridge.pipeline.backoff import Backoff
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.health import Health
from bridge.pipeline.supervisor import supervise
from bridge.sources.snmp import SnmpSource
from tests.servers.snmpd import lossy, recording, settings, snmpd

pytestmark = pytest.mark.live

RESTARTS = int(os.environ.get("TEST_SNMP_RESTARTS", "4"))
INTERVAL, WAIT = 0.2, 0.1
"""Seconds between polls, and the most before the source is started again; shorter than they ever are."""
QUESTIONS = 3
"""Of a poll."""


def test_restarts_of_the_agent(tmp_path: Path) -> None:
    """After each restart the next poll finds it. Over all, no more polls are begun than there are ticks and
    failures, and in no interval more than the one of a tick, the one of a new start, and the question why
    the agent was silent.
    """
    health = Health(SystemClock())
    asked: list[float] = []

    def note(_: bytes) -> bool:
        asked.append(asyncio.get_running_loop().time())
        return False

    async def scenario() -> float:
        with contextlib.ExitStack() as stack:
            first = await asyncio.to_thread(stack.enter_context, snmpd(tmp_path, recording()))
            async with lossy(first, note) as relay:
                where = settings(relay, interval=INTERVAL, timeout=0.5, retries=0)
                source = SnmpSource("hq", where, health, SystemClock())
                polls = Polls()
                task = asyncio.create_task(
                    supervise(source, polls.emit, health, SystemClock(), Backoff(WAIT, WAIT))
                )
                await polls.one_more()
                for _ in range(RESTARTS):
                    await asyncio.to_thread(stack.close)
                    await asyncio.to_thread(
                        stack.enter_context, snmpd(tmp_path, recording(), port=first.port)
                    )
                    await polls.one_more()
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        return asked[-1] - asked[0]

    took = asyncio.run(scenario())

    failures = health.counted(own.SOURCE_POLL_FAILURES.series("hq", "snmp"))
    begun = health.counted(own.SOURCE_POLLS.series("hq", "snmp")) + failures
    assert begun <= took / INTERVAL + 2 + failures
    assert health.counted(own.SOURCE_RESTARTS.series("hq", "snmp")) <= failures
    assert most_within(asked, INTERVAL) <= 2 * QUESTIONS + 1


class Polls:
    """Hears of polls that were answered."""

    def __init__(self) -> None:
        self._answered = asyncio.Event()

    def emit(self, samples: Sequence[Sample]) -> None:
        if len(samples) > 1:
            self._answered.set()

    async def one_more(self) -> None:
        """Wait for a poll that is answered from now on."""
        self._answered.clear()
        async with asyncio.timeout(30):
            await self._answered.wait()


def most_within(moments: Sequence[float], window: float) -> int:
    """The most of the moments that lie in one window."""
    return max(sum(start <= moment < start + window for moment in moments) for start in moments)
