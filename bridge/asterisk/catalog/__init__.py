"""The catalogue: every metric that the bridge names itself, and nothing else.

`docs/metrics.md` and Prometheus' HELP, TYPE and unit come from it. The names are the field's: a group is
the thing that is measured (queue, contact, technology), the second word is what is counted of it.
"""

from collections.abc import Iterator
from types import ModuleType

from bridge.asterisk.catalog import (
    bridges,
    calls,
    channel_table,
    endpoints,
    kpi,
    lines,
    media,
    queues,
    statsd,
    system,
)
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.own import OWN

SUBJECTS = (system, calls, bridges, queues, endpoints, lines, media, kpi, statsd, channel_table)
"""The parts of the catalogue, in the order of docs/metrics.md."""


def _metrics(subject: ModuleType) -> Iterator[Metric]:
    for value in vars(subject).values():
        if isinstance(value, Metric):
            yield value
        elif isinstance(value, Histogram):
            yield from value.metrics


CATALOG: dict[str, Metric] = {
    metric.name: metric for metrics in (*map(_metrics, SUBJECTS), OWN) for metric in metrics
}
"""Every metric by its name."""

HISTOGRAMS: tuple[Histogram, ...] = tuple(
    value for subject in SUBJECTS for value in vars(subject).values() if isinstance(value, Histogram)
)
"""The histograms, whose metrics are in the catalogue too."""
