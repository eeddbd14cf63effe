"""Aligned ticks: a flush every 10 s happens on the round ten seconds, and is stamped with them."""

import math
from collections.abc import AsyncIterator

from bridge.pipeline.interfaces import Clock

STEP = 5.0
"""Seconds by which a leap second or a step of NTP sets a wall clock back. One that is set back further was
wrong before: its times are told again, which puts right what carbon holds under them."""


def next_tick(now: float, interval: float, offset: float = 0.0) -> float:
    """The first moment after `now` that is a whole number of intervals after `offset`."""
    return (math.floor((now - offset) / interval + 1e-9) + 1) * interval + offset


async def ticks(clock: Clock, interval: float, offset: float = 0.0) -> AsyncIterator[float]:
    """The aligned moments, one by one, each at or shortly after its time.

    A consumer that takes longer than an interval misses the ticks that passed meanwhile: ticks never
    pile up. When the wall clock is set back by up to STEP, the next tick waits for a moment that was not told
    yet, so that none is told twice; when it is set back further, the ticks follow it.

    Args:
        clock: where time comes from.
        interval: seconds between ticks.
        offset: shifts all ticks, so that many pollers do not fire at once.
    """
    last = -math.inf

    def following() -> float:
        due = next_tick(clock.time(), interval, offset)
        told_already = last - STEP < due < last + interval / 2
        return last + interval if told_already else due

    while True:
        due = following()
        while (left := due - clock.time()) > 0:
            await clock.sleep(min(left, interval))
            due = min(due, following())
        last = due
        yield due
