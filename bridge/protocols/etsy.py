"""The names under which etsy's statsd writes to Graphite, so that old dashboards go on working.

There are two: the one of today (its setting `legacyNamespace: false`), and the legacy one, which is its
default. What differs from it all the same stands in docs/statsd-parity.md.
"""

import re
from collections.abc import Iterable, Iterator

from bridge.core.aggregate import Summary
from bridge.core.buckets import bucket_labels, statistic_name
from bridge.core.sample import Kind, Measurement, Sample, Series

PBX = "default"
"""etsy's statsd does not ask who sent a packet, so all of it belongs to one PBX."""
SELF = "statsd"
"""The prefix of the numbers that it writes about itself."""
BLANKS = re.compile("[\\s\ufeff]+")
FORBIDDEN = re.compile(r"[^a-zA-Z_\-0-9.;=]")
HOMES = {
    Kind.COUNTER: "stats.counters",
    Kind.TIMER: "stats.timers",
    Kind.GAUGE: "stats.gauges",
    Kind.SET: "stats.sets",
}
LEGACY_COUNTERS = {"rate": "stats", "count": "stats_counts"}
"""In the legacy namespace a counter's statistic stands before its name."""


def bucket(series: Series) -> Series:
    """The bucket as etsy's statsd knows it: tags are part of the name, and few characters are kept."""
    tags = (f"{key}={value}".replace(";", "_") for key, value in series.labels)
    whole = ";".join((series.name, *tags))
    return Series(FORBIDDEN.sub("", BLANKS.sub("_", whole).replace("/", "-")))


def about_itself(packets: int, lines: int, bad: int, lag: float | None) -> Iterator[Measurement]:
    """What it measures about itself between two flushes, in buckets like any other.

    Args:
        packets: datagrams received.
        lines: lines received, good and bad.
        bad: lines or values refused.
        lag: seconds by which the flush is late; None at the first, which has none before it.
    """
    for name, count in (("packets_received", packets), ("metrics_received", lines), ("bad_lines_seen", bad)):
        yield Measurement(Series(f"{SELF}.{name}"), Kind.COUNTER, count)
    if lag is not None:
        yield Measurement(Series(f"{SELF}.timestamp_lag"), Kind.GAUGE, lag)


class EtsyNames:
    """Names summaries of series that are made by `bucket`.

    Args:
        legacy: use the legacy namespace.
    """

    def __init__(self, *, legacy: bool) -> None:
        self._legacy = legacy

    def samples(self, summaries: Iterable[Summary], now: float) -> Iterator[Sample]:
        """Every line of the flush at the time `now`, as a sample with the path of that line."""
        amount = 0
        for series, kind, values, time in summaries:
            amount += 1
            name, semicolon, tags = series.name.partition(";")
            labels = _labels(tags)
            for statistic, value in values.items():
                path = self._path(kind, name, statistic) + semicolon + tags
                yield Sample(Series(statistic_name(name, statistic), labels, path), value, time)
        total = f"{SELF}.numStats"
        path = total if self._legacy else f"stats.{total}"
        yield Sample(Series(statistic_name(total, ""), _labels(""), path), float(amount), now)

    def _path(self, kind: Kind, name: str, statistic: str) -> str:
        if kind is Kind.COUNTER and self._legacy:
            return f"{LEGACY_COUNTERS[statistic]}.{name}"
        if kind is Kind.TIMER and statistic == "rate":
            statistic = "count_ps"
        return f"{HOMES[kind]}.{name}" + (f".{statistic}" if statistic else "")


def _labels(tags: str) -> tuple[tuple[str, str], ...]:
    cut = (tag.partition("=") for tag in tags.split(";") if tag)
    return bucket_labels(PBX, tuple((key, value) for key, _, value in cut))
