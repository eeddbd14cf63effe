"""Panel, Row and Board: what is shown, and where. How Grafana writes that is in `grafana`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from bridge.core.metric import Metric
from bridge.dashboards.query import Query


class Look(StrEnum):
    """Kinds of panel, by Grafana's names."""

    LINES = "timeseries"
    NUMBER = "stat"
    BARS = "bargauge"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        title: what it shows, in a few words.
        queries: of which it shows all; the first one's metric gives unit, thresholds and explanation.
        look: the kind of panel.
        width: of 24 columns.
        height: in rows of 30 pixels.
        unit: in Grafana's words, if the metric's own will not do.
        stacked: lines stand upon each other, since together they are a whole.
        leads_to: the board that tells more.
    """

    title: str
    queries: tuple[Query, ...]
    look: Look = Look.LINES
    width: int = 12
    height: int = 8
    unit: str = ""
    stacked: bool = False
    leads_to: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one head line."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of a board: values of a label, as far as a metric has them.

    Attributes:
        label: the label, which is the name of the variable too.
        metric: it is asked which values there are.
        several: more than one value may be chosen, and all.
    """

    label: str
    metric: Metric
    several: bool = True


@dataclass(frozen=True, slots=True)
class Marks:
    """Moments that are marked in every panel of a board."""

    title: str
    query: Query
    colour: str


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard.

    Attributes:
        slug: its name in files and addresses.
        title: its name for people.
        purpose: a sentence on what it is for.
        variables: its choices; each limits the queries of metrics that have the label.
        rows: its panels.
        marks: its annotations.
    """

    slug: str
    title: str
    purpose: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    marks: tuple[Marks, ...] = field(default=())

    @property
    def panels(self) -> Iterator[Panel]:
        """All panels, from top to bottom."""
        for row in self.rows:
            yield from row.panels

    @property
    def scope(self) -> frozenset[str]:
        """The labels that its variables limit."""
        return frozenset(variable.label for variable in self.variables)
