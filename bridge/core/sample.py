"""Sample, Series and Measurement: the words that everything else is said in."""

from enum import StrEnum
from typing import NamedTuple

Labels = tuple[tuple[str, str], ...]
"""(key, value) pairs in the order that the metric's definition gives them, `pbx` first."""

BRIDGE = "bridge"
"""The reserved PBX name under which the bridge reports its own numbers."""


class Series(NamedTuple):
    """What a number is about: a metric name and its labels.

    Attributes:
        name: `<group>.<what>`, such as `queue.waiting`.
        labels: `pbx` first, then the metric's own labels in their fixed order.
        path: the exact Graphite path, where an older naming (etsy's) demands one; else empty.
    """

    name: str
    labels: Labels = ()
    path: str = ""

    @property
    def pbx(self) -> str:
        """The PBX that the number is about; `bridge` for the bridge itself."""
        for key, value in self.labels:
            if key == "pbx":
                return value
        return ""


class Sample(NamedTuple):
    """One number of one Series at one moment; the only thing that travels past a source.

    Attributes:
        series: what the number is about.
        value: a finite number in the metric's base unit (seconds, bytes, ratio 0..1).
        time: Unix time in seconds.
    """

    series: Series
    value: float
    time: float


class Kind(StrEnum):
    """What a Measurement asks the aggregator to do with its value."""

    COUNTER = "counter"
    GAUGE = "gauge"
    DELTA = "gauge delta"
    TIMER = "timer"
    SET = "set"

    __hash__ = str.__hash__  # that of an Enum is written in Python


class Measurement(NamedTuple):
    """What a push source reports before aggregation.

    Attributes:
        series: bucket or metric name, and the labels that came with it.
        kind: how values of the same series combine.
        value: a number, or for a set the member as text. A timer is in milliseconds as StatsD sends it.
        rate: the share of happenings that were reported, 0 < rate <= 1; one value stands for 1/rate.
        time: Unix time in seconds if the sender gave one, else None: the time of the flush.
    """

    series: Series
    kind: Kind
    value: float | str
    rate: float = 1.0
    time: float | None = None
