"""Samples in Prometheus' text format 0.0.4, which carries no times: it is read the moment it is written."""

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import NamedTuple

from bridge.core.metric import Metric, MetricKind
from bridge.core.naming import STATSD, escaper
from bridge.core.number import text
from bridge.core.sample import Sample, Series

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "asterisk"
FREE_LABEL = "tag_"
"""What stands in front of a label whose own name Prometheus does not allow, or that we need ourselves."""
LABEL = re.compile(rf"(?!{FREE_LABEL})[a-zA-Z][a-zA-Z0-9_]*")
TYPES = {MetricKind.GAUGE: "gauge", MetricKind.COUNTER: "counter", MetricKind.INFO: "gauge"}


class Family(NamedTuple):
    """The series of one name.

    Attributes:
        name: as Prometheus has it, with unit and suffix.
        type: `gauge`, `counter` or `untyped`.
        help: one sentence.
    """

    name: str
    type: str
    help: str


BUCKETS = Family(f"{PREFIX}_statsd", "untyped", "What others sent over StatsD, by bucket and statistic")
OTHERS = Family(f"{PREFIX}_other", "untyped", "Numbers that the catalogue does not list, by name")


def family(metric: Metric) -> Family:
    """The family of a metric: `asterisk_<group>_<what>[_<unit>][_total|_info]`."""
    words = [PREFIX, *metric.name.split(".")]
    if metric.unit:
        words.append(metric.unit)
    if metric.kind is MetricKind.COUNTER:
        words.append("total")
    elif metric.kind is MetricKind.INFO and words[-1] != "info":
        words.append("info")
    return Family("_".join(words), TYPES[metric.kind], metric.help)


def exposition(samples: Iterable[Sample], metrics: Mapping[str, Metric]) -> str:
    """What `/metrics` answers. Of samples that share their labels the last one counts.

    Args:
        samples: one for each series; numbers that are not finite are left out.
        metrics: the catalogue, by name. Series of other names stand in families of their own, with the
            name in a label, since two of them could look the same as the name of a family.
    """
    families = {name: family(metric) for name, metric in metrics.items()}
    values: dict[Family, dict[str, float]] = {}
    for series, value, _ in samples:
        if isfinite(value):
            found, labels = _place(series, families)
            values.setdefault(found, {})[labels] = value
    return "".join(piece for found in sorted(values) for piece in _family_text(found, values[found]))


def _place(series: Series, families: Mapping[str, Family]) -> tuple[Family, str]:
    if found := families.get(series.name):
        return found, _labels(series.labels)
    group, _, what = series.name.partition(".")
    (pbx, *labels) = series.labels
    free = [(_free_label(key), value) for key, value in labels]
    if group == STATSD:
        return BUCKETS, _labels([pbx, ("bucket", series.path or what), *free])
    return OTHERS, _labels([pbx, ("name", series.path or series.name), *free])


_hex = escaper(string.ascii_letters + string.digits)


def _free_label(key: str) -> str:
    """A label name that Prometheus allows; different keys give different names."""
    if LABEL.fullmatch(key) and key not in {"pbx", "bucket", "name"}:
        return key
    return FREE_LABEL + _hex(key).replace("%", "_")


def _labels(labels: Iterable[tuple[str, str]]) -> str:
    return ",".join(f'{key}="{_quoted(value)}"' for key, value in labels)


def _quoted(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _family_text(found: Family, values: Mapping[str, float]) -> Iterator[str]:
    explained = found.help.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {found.name} {explained}\n# TYPE {found.name} {found.type}\n"
    for labels, value in values.items():
        yield f"{found.name}{{{labels}}} {text(value)}\n"
