"""Metric: the definition of a number in the catalogue."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bridge.core.sample import Labels, Series

NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
"""The grammar of catalogue names: `<group>.<what>` in lower case."""


class MetricKind(StrEnum):
    """How a series of the metric moves over time."""

    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"


class Cardinality(StrEnum):
    """How many series a metric has on one PBX.

    FIXED: known beforehand. ENTITY: one or a few for each configured thing, such as a queue or a trunk.
    UNBOUNDED: as many as people or strangers make; off unless a setting asks for it.
    """

    FIXED = "fixed"
    ENTITY = "per entity"
    UNBOUNDED = "unbounded"


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of the catalogue.

    Attributes:
        name: `<group>.<what>`.
        kind: gauge; counter (a total that never goes backwards); or info (always 1, its labels carry the
            text).
        help: one sentence for people, shown in documents and in Prometheus.
        unit: `seconds`, `bytes`, `ratio` or empty for a plain count.
        labels: label keys after `pbx`, in the order in which paths and topics show their values.
        sources: which source is believed first, second, third.
        cardinality: how many series there may be.
        caveat: what one must know to use the number rightly; empty if nothing.
        ages: it grows by one a second, so that what sources say at different moments differs and agrees.
    """

    name: str
    kind: MetricKind
    help: str
    unit: str = ""
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    cardinality: Cardinality = Cardinality.FIXED
    caveat: str = ""
    ages: bool = False

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a metric name: write <group>.<what> in lower case")

    def series(self, pbx: str, *values: str) -> Series:
        """The series of this metric for one PBX and one value per label, in the order of `labels`.

        Raises:
            ValueError: the number of values is not the number of labels.
        """
        labels: Labels = (("pbx", pbx), *zip(self.labels, values, strict=True))
        return Series(self.name, labels)
