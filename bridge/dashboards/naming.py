"""How a metric is called by a data source: the layouts themselves are asked, with stand-ins for what is open.

A stand-in is a value such as `@queue`, which every layout leaves as it is. What stands in its place in the
name that comes out is then the place of the label's value.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from bridge.asterisk.catalog import CATALOG, HISTOGRAMS
from bridge.core.metric import Metric
from bridge.core.sample import Labels, Sample
from bridge.dashboards.query import PBX
from bridge.protocols.graphite import path_layout, tag_layout
from bridge.protocols.prometheus import exposition

MARK = "@"
PREFIX = f"{MARK}prefix"
LINE = re.compile(r"(?P<name>\w+)\{(?P<labels>.*)\} \S+")
LABEL = re.compile(r'(\w+)="([^"]*)"')

_path, _tags = path_layout(PREFIX, CATALOG), tag_layout(PREFIX)


class Name(NamedTuple):
    """The name of a metric's series, and labels with their values or stand-ins."""

    text: str
    labels: Mapping[str, str]


def labels_of(metric: Metric) -> tuple[str, ...]:
    """The labels of a metric, `pbx` first."""
    return (PBX, *metric.labels)


def _values(metric: Metric, where: Labels) -> list[str]:
    given = dict(where)
    return [given.get(label, MARK + label) for label in labels_of(metric)]


def path(metric: Metric, where: Labels) -> list[str]:
    """The components of its path, stand-ins among them; none if it has no place in this layout."""
    name = _path(metric.series(*_values(metric, where)))
    return name.split(".") if name else []


def tagged(metric: Metric, where: Labels) -> Name:
    """Its name and its tags, as carbon knows them."""
    name, *tags = _tags(metric.series(*_values(metric, where))).split(";")
    return Name(name, dict(tag.split("=", 1) for tag in tags))


def exposed(metric: Metric, where: Labels) -> Name:
    """Its name and its labels, as Prometheus reads them; a bound of a histogram has the label `le` too."""
    series = metric.series(*_values(metric, where))
    *_, line = exposition([Sample(series, 0.0, 0.0)], {metric.name: metric}, HISTOGRAMS).splitlines()
    match = LINE.fullmatch(line)
    if not match:
        raise ValueError(f"{metric.name}: {line!r} is not a line that Prometheus reads")
    return Name(match["name"], dict(LABEL.findall(match["labels"])))


def is_open(value: str) -> bool:
    """Whether a stand-in stands there."""
    return value.startswith(MARK)
