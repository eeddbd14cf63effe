"""How our names look to carbon: regular expressions that find series of metrics and PBXs, and no others."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from re import escape
from typing import Self

from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.core.metric import Metric, MetricKind
from bridge.core.naming import STATSD
from bridge.core.sample import Series
from bridge.protocols.graphite import path_layout
from bridge.settings import GraphiteSettings

WORD = r"[^.]+"
"""A part of a path: the dots of what it stands for are escaped."""
END = "(?:;|$)"
"""What stands behind a name, with tags or without."""
ETSY = r"^(?:stats|stats_counts|statsd)\."
"""Finds what has the names of etsy's statsd, the legacy ones too."""
OBJECTS = Metric(
    "snmp.object", MetricKind.GAUGE, "What `objects` of SNMP adds", labels=("index",), sources=("snmp",)
)
"""Stands for the metrics that get their names from MIBs."""
FOLDED = {
    metric.name: rf"{histogram.name.partition('.')[2]}_(?:count|sum|le_\d+(?:_\d+)?)"
    for histogram in HISTOGRAMS
    for metric in histogram.metrics
}
"""Of the counters of a histogram what stands behind the dot of their names, as one expression."""
GROUPS = sorted({STATSD, *(name.partition(".")[0] for name in CATALOG)})


@dataclass(frozen=True, slots=True)
class Names:
    """The names that our settings of Graphite give to series.

    Attributes:
        prefix: what all of them begin with, the last dot included; may be empty.
        tags: they have tags.
    """

    prefix: str
    tags: bool

    @classmethod
    def of(cls, settings: GraphiteSettings) -> Self:
        """By the settings."""
        laid_out = path_layout(settings.prefix, CATALOG)(Series("a.b", (("pbx", "p"),)))
        return cls(laid_out.removesuffix("p.a.b"), settings.layout == "tags")

    @property
    def section(self) -> str:
        """What names of rules begin with: other bridges with the same carbon have other prefixes."""
        return self.prefix.rstrip(".") or "asterisk"

    @property
    def _start(self) -> str:
        """Finds what all of them begin with; carbon's parser takes a % for the begin of a reference."""
        return f"^{escape(self.prefix)}".replace("%", r"\x25")

    def find(self, metrics: Iterable[Metric], pbxs: Iterable[str] = ()) -> str:
        """Finds the series of metrics: those of some PBXs, or of all."""
        families = groupby(sorted(metrics, key=self._family), self._family)
        return self._whole(_either(self._of_family(*each) for each in families), pbxs, END)

    def find_groups(self, groups: Iterable[str], pbxs: Iterable[str] = ()) -> str:
        """Finds the series of whole groups of metrics."""
        return self._whole(rf"{_either(groups)}\.", pbxs)

    def find_buckets(self, statistics: str = "") -> str:
        """Finds StatsD buckets under our own names: all, or the statistics that an expression says."""
        buckets = self.find_groups([STATSD])
        return rf"{buckets}[^;]*\.{statistics}{END}" if statistics else buckets

    def find_all(self, pbxs: Iterable[str] = ()) -> str:
        """Finds everything of some PBXs, or of all; where there is no prefix, by our groups."""
        if named := tuple(pbxs):
            return self._whole("", named)
        return self._start if self.prefix else self.find_groups(GROUPS)

    def _family(self, metric: Metric) -> tuple[str, int]:
        """What its names share with those of others: the group, and how many labels stand in a path."""
        return metric.name.partition(".")[0], 0 if self.tags else len(metric.labels)

    def _of_family(self, family: tuple[str, int], metrics: Iterable[Metric]) -> str:
        group, labels = family
        values = {0: "", 1: rf"{WORD}\."}.get(labels, rf"(?:{WORD}\.){{{labels}}}")
        return rf"{group}\.{values}{_either(dict.fromkeys(map(self._what, metrics)))}"

    def _what(self, metric: Metric) -> str:
        if metric is OBJECTS:  # the first of its tags tells it from our own metrics of SNMP
            return "[^.;]+;index=[^;]*" if self.tags else WORD
        return FOLDED.get(metric.name) or metric.name.partition(".")[2]

    def _whole(self, expression: str, pbxs: Iterable[str], end: str = "") -> str:
        """What begins with an expression, and ends with it if an end is given."""
        named = _either(sorted(pbxs))
        if not self.tags:
            return rf"{self._start}{named or WORD}\.{expression}{end}"
        if not named:
            return f"{self._start}{expression}{end}"
        return rf"{self._start}{expression}{'' if end else '[^;]*'};(?:.*;)?pbx={named}{END}"


def _either(expressions: Iterable[str]) -> str:
    """Any of some expressions; empty if there is none."""
    found = list(expressions)
    return f"(?:{'|'.join(found)})" if len(found) > 1 else "".join(found)
