"""Recall: moments that are kept over a restart, although the monotonic clock does not go on over one."""

from collections.abc import Callable

from bridge.core.state import Json, number

OLDEST = 1e9
"""Seconds, some 30 years: what is said to be older is not believed, and no sum overflows."""
Recall = Callable[[Json], float | None]
"""Makes a moment of this run, in monotonic seconds, of one that was kept; None if it is none."""


def recall_from(kept: Json, now: float) -> Recall:
    """Moments of the run that was at `kept` when it wrote them down, both in its monotonic seconds.

    It is as if the bridge had gone on without a break: while it was away it saw nothing, so what must last
    for a while has not lasted meanwhile. Nothing is later than now, whatever a hand has written.
    """
    then = number(kept)
    shift = 0.0 if then is None else now - then

    def recall(moment: Json) -> float | None:
        at = number(moment)
        return None if at is None else max(now - OLDEST, min(at + shift, now))

    return recall
