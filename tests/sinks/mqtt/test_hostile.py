"""MqttSink against a broker that means no good.

TEST_HOSTILE_SESSIONS is how often each of 20 kinds of malice comes (default 4); 100 make 2,000 sessions.
"""

import asyncio
import os
import random
from itertools import pairwise
from typing import Any

import pytest

from bridge.pipeline.backoff import Backoff
from bridge.pipeline.buffer import OVERDUE
from bridge.pipeline.clock import SystemClock
from bridge.pipeline.delivery import LONGEST_WAIT
from tests.sinks.mqtt.hostile import MALICES, HostileBroker
from tests.sinks.mqtt.stage import ACTIVE, Books, at, delivering, eventually, resident, sink

SESSIONS = int(os.environ.get("TEST_HOSTILE_SESSIONS", "4"))
MIB = 2**20


class Hasty(SystemClock):
    """Does not wait, but remembers for how long it should have."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


class TestHostileBroker:
    """Whatever a broker sends ends the session at most, and is counted once."""

    @pytest.mark.alone
    def test_every_malicious_session_is_counted_under_its_reason_and_harms_nothing(self) -> None:
        plan = [
            name for _ in range(SESSIONS) for name in random.Random(7).sample(sorted(MALICES), len(MALICES))
        ]
        counts: list[dict[str, int]] = []
        unhandled: list[dict[str, Any]] = []
        grown = 0

        async def main() -> None:
            nonlocal grown
            asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
            broker = HostileBroker(plan, lambda _: counts.append(books.errors()))
            async with broker.running():
                one = sink(broker.url, timeout=0.6)
                async with delivering(one, Backoff(first=0.001, longest=0.001)) as books:
                    feeding = asyncio.create_task(feed(books))
                    await eventually(lambda: len(counts) > len(MALICES), "a first round")
                    before = resident()
                    for turn in range(1, SESSIONS + 1):
                        await eventually(lambda: len(counts) > turn * len(MALICES), "another round")  # noqa: B023 - awaited at once
                    await eventually(lambda: books.up, "the end")
                    grown = resident() - before
                    feeding.cancel()
                    await eventually(lambda: not len(books.buffer), "an honest end")

        asyncio.run(main())

        told = counts[: len(plan) + 1]  # a busy machine may need one honest session more
        judged = [
            (name, {reason for reason, amount in after.items() if amount != before.get(reason, 0)})
            for name, (before, after) in zip(plan, pairwise(told), strict=True)
        ]
        assert not [each for each in judged if len(each[1]) != 1 or not each[1] <= MALICES[each[0]].reasons]
        assert sum(told[-1].values()) == len(plan)
        assert grown <= 8 * MIB
        assert not unhandled

    def test_a_broker_that_always_fails_is_tried_less_and_less_often(self) -> None:
        clock = Hasty()
        broker = HostileBroker(["a second greeting"] * 8)

        async def main() -> None:
            async with broker.running():
                backoff = Backoff(longest=LONGEST_WAIT, uniform=lambda _, most: most)
                async with delivering(sink(broker.url), backoff, clock) as books:
                    await eventually(lambda: books.up, "honesty")

        asyncio.run(main())

        assert [wait for wait in clock.waits if wait != OVERDUE] == [1, 2, 4, 8, 16, 25, 25, 25]


async def feed(books: Books) -> None:
    """Give the sink something to do, so that it notices what happens."""
    number = 0
    while True:
        number += 1
        books.delivery.accept([at(ACTIVE, number)])
        await asyncio.sleep(0.002)
