"""Ledger: what became of every sample that a sink was meant to get."""

from bridge.core import own
from bridge.core.sample import BRIDGE
from bridge.pipeline.health import Health


class Ledger:
    """The books of one sink: accepted = delivered + dropped + buffered, at every moment between two steps.

    Args:
        health: where it is counted.
        sink: the name of the sink.
    """

    def __init__(self, health: Health, sink: str) -> None:
        self._health = health
        self._sink = sink
        self._accepted = own.SINK_ACCEPTED.series(BRIDGE, sink)
        self._delivered = own.SINK_DELIVERED.series(BRIDGE, sink)
        for series in (self._accepted, self._delivered):
            health.count(series, 0)

    def accepted(self, amount: int) -> None:
        """The sink's buffer took `amount` samples."""
        self._health.count(self._accepted, amount)

    def delivered(self, amount: int) -> None:
        """The peer has `amount` more."""
        self._health.count(self._delivered, amount)

    def dropped(self, amount: int, reason: str) -> None:
        """The peer will never have `amount` of them."""
        if amount:
            self._health.count(own.SINK_DROPPED.series(BRIDGE, self._sink, reason), amount)
