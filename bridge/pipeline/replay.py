"""Replay: what a sink has yet to get from the disk after an outage, told now and then while it gets it."""

from math import inf

from bridge.log import get_logger

PERIOD = 30.0
"""Seconds between two lines; a replay that takes less is not told of."""

log = get_logger(component="delivery")


class Replay:
    """Watches how the backlog of a sink shrinks.

    Args:
        sink: its name.
    """

    def __init__(self, sink: str) -> None:
        self._sink = sink
        self._since = inf
        """When the pace was begun to be measured, in monotonic seconds; `inf` while there is no replay."""
        self._before = 0
        self._said = -inf

    def look(self, left: int, now: float, *, up: bool) -> None:
        """Say how far it is, if it is time to.

        Args:
            left: how many samples are only on the disk.
            now: monotonic time in seconds.
            up: whether the sink takes anything.
        """
        if not left and self._said > -inf:
            log.info("caught up", sink=self._sink)
            self._said = -inf
        if not (left and up):
            self._since = inf
        elif self._since == inf:
            self._since, self._before = now, left
        elif now - max(self._since, self._said) >= PERIOD:
            pace = round((self._before - left) / (now - self._since))
            event = "catching up" if pace > 0 else "falling behind"
            log.info(event, sink=self._sink, samples_left=left, samples_per_second=abs(pace))
            self._since, self._before, self._said = now, left, now
