"""A clock that stands still until a test moves it, for outages of which nobody wants to wait for the end."""

import asyncio
import heapq
import itertools


class SimulatedClock:
    """Time that passes when `advance` says so. Whoever sleeps wakes when it is time, in order.

    Args:
        start: Unix time at the beginning, and monotonic time too.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
        await woken

    def sleeps(self, until: float) -> bool:
        """Whether anybody sleeps up to that moment at most."""
        return any(due <= until and not woken.done() for due, _, woken in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self.now, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await asyncio.sleep(0)
        self.now = end
