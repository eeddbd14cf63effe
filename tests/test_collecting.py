"""The collector of cycles stops nobody: the old are looked at when the bridge says so, and not otherwise."""

import asyncio
import gc
import weakref

import pytest

from bridge import collecting
from tests.fakes import FakeClock


class Knot:
    """Something that only the collector can let go of."""

    def __init__(self) -> None:
        self.itself = self


class HourGlass(FakeClock):
    """Sleeps until it is turned."""

    def __init__(self) -> None:
        super().__init__()
        self.turned = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        assert seconds == collecting.HOUR
        await self.turned.wait()
        self.turned.clear()


@pytest.fixture(autouse=True)
def _thaw() -> None:
    gc.unfreeze()


def test_what_is_frozen_is_looked_at_again_when_settings_are_replaced() -> None:
    knot = Knot()
    gc.freeze()
    seen = weakref.ref(knot)
    del knot
    gc.collect()
    assert seen() is not None

    collecting.settle()

    assert seen() is None


def test_the_old_are_looked_at_each_hour_and_never_between() -> None:
    clock = HourGlass()
    usual = gc.get_threshold()

    async def work() -> tuple[int, bool, bool]:
        task = asyncio.create_task(collecting.run(clock))
        await asyncio.sleep(0)
        knot = Knot()
        gc.collect(1)
        seen = weakref.ref(knot)
        del knot
        gc.collect(1)
        before = seen() is not None
        clock.turned.set()
        while clock.turned.is_set():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        threshold = gc.get_threshold()[2]
        task.cancel()
        await asyncio.wait([task])
        return threshold, before, seen() is None

    threshold, before, after = asyncio.run(work())

    assert threshold == collecting.NEVER
    assert (before, after) == (True, True)
    assert gc.get_threshold() == usual
