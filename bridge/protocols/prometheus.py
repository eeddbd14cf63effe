"""Samples in Prometheus' text format 0.0.4, which carries no times: it is read the moment it is written."""

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import NamedTuple

from bridge.core.histogram import Histogram
from bridge.core.metric import Metric, MetricKind
from bridge.core.naming import STATSD, escaper
from bridge.core.number import text
from bridge.core.printable import printable
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
        type: `gauge`, `counter`, `histogram` or `untyped`.
        help: one sentence.
    """

    name: str
    type: str
    help: str


class _Place(NamedTuple):
    """Where a number stands in a histogram; those of the same labels are written in this order.

    Attributes:
        rank: its number in the order.
        suffix: what the name of the family ends in.
        bound: the label that it has besides, with a comma in front.
    """

    rank: int
    suffix: str
    bound: str = ""


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


def histogram_family(histogram: Histogram) -> Family:
    """The family of a histogram: `asterisk_<group>_<what>[_<unit>]`."""
    words = (PREFIX, *histogram.name.split("."), histogram.unit)
    return Family("_".join(filter(None, words)), "histogram", histogram.help)


def exposition(
    samples: Iterable[Sample], metrics: Mapping[str, Metric], histograms: Iterable[Histogram] = ()
) -> str:
    """What `/metrics` answers. Of samples that share their labels the last one counts.

    Args:
        samples: one for each series; numbers that are not finite are left out.
        metrics: the catalogue, by name. Series of other names stand in families of their own, with the
            name in a label, since two of them could look the same as the name of a family.
        histograms: those whose counters are in the catalogue, and become one family each.
    """
    families = {name: family(metric) for name, metric in metrics.items()}
    places = {name: place for histogram in histograms for name, place in _places(histogram)}
    values: dict[Family, dict[str, float]] = {}
    buckets: dict[Family, dict[str, dict[_Place, float]]] = {}
    for series, value, _ in samples:
        if not isfinite(value):
            continue
        if place := places.get(series.name):
            found, cells = place
            labels = _labels(series.labels)
            buckets.setdefault(found, {}).setdefault(labels, {}).update(dict.fromkeys(cells, value))
        else:
            found, labels = _place(series, families)
            values.setdefault(found, {})[f"{{{labels}}}"] = value
    values |= {found: _in_order(rows) for found, rows in buckets.items()}
    return "".join(piece for found in sorted(values) for piece in _family_text(found, values[found]))


def _places(histogram: Histogram) -> Iterator[tuple[str, tuple[Family, tuple[_Place, ...]]]]:
    """Name of each counter to where it stands. The count is the bucket without a bound too."""
    found, bounds = histogram_family(histogram), len(histogram.within)
    for rank, (bound, metric) in enumerate(histogram.within):
        yield metric.name, (found, (_Place(rank, "_bucket", f',le="{text(bound)}"'),))
    everything = _Place(bounds, "_bucket", ',le="+Inf"')
    yield histogram.sum.name, (found, (_Place(bounds + 1, "_sum"),))
    yield histogram.count.name, (found, (everything, _Place(bounds + 2, "_count")))


def _in_order(rows: Mapping[str, Mapping[_Place, float]]) -> dict[str, float]:
    return {
        f"{place.suffix}{{{labels}{place.bound}}}": cells[place]
        for labels, cells in rows.items()
        for place in sorted(cells)
    }


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
    return printable(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _family_text(found: Family, values: Mapping[str, float]) -> Iterator[str]:
    explained = found.help.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {found.name} {explained}\n# TYPE {found.name} {found.type}\n"
    for rest, value in values.items():
        yield f"{found.name}{rest} {text(value)}\n"
