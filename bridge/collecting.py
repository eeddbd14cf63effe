"""When Python's collector of cycles looks at what: never at everything while somebody waits.

By itself it looks at all that lives whenever that has grown by a quarter: with 100,000 series a quarter of
a second, several times in a flush. Cycles that are left behind here die young (exceptions and their
tracebacks), or with settings that are replaced.
"""

import gc

from bridge.pipeline.interfaces import Clock

HOUR = 3600.0
NEVER = 1_000_000_000
"""Collections of the young after which the old are looked at."""


def settle() -> None:
    """Look at everything once; what is there now is left to itself from then on, the rest is for `run`."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def run(clock: Clock) -> None:
    """Look each hour, and not more often, at what has grown old since the last time."""
    youngest, young, old = gc.get_threshold()
    gc.set_threshold(youngest, young, NEVER)
    try:
        while True:
            await clock.sleep(HOUR)
            gc.collect()
            gc.freeze()
    finally:
        gc.set_threshold(youngest, young, old)
