"""storage-aggregation.conf: how the values of some time become one when a coarser archive takes them.

Every rule has an xFilesFactor of 0: one value is enough. The bridge says nothing rather than something wrong,
and an idle bucket may say nothing, so that what comes of few values is as true as what comes of many.
"""

from collections.abc import Callable, Iterator
from itertools import groupby

from bridge.asterisk.catalog import CATALOG
from bridge.core.metric import Metric, MetricKind
from bridge.retention.names import END, OBJECTS, Names
from bridge.retention.rules import Rule
from bridge.settings import Settings, StatsdSettings

MOST = frozenset(
    {
        "ami.event_lag",
        "calls.peak",
        "channels.peak",
        "kpi.bhca",
        "queue.longest_wait",
        "statsd_anchor.silence",
        "taskprocessors.max_depth",
    }
)
"""Gauges that are the most of some time, or grow until what they measure ends."""
LEAST = frozenset({"media.mos_worst", "trunk_media.mos_worst"})
"""Gauges that are the least of some time."""
LATEST = frozenset(
    {
        "agent.last_call_age",
        "agent.logged_in_time",
        "agent.paused_time",
        "channel.hangup_cause",
        "channel.hangup_in",
        "channel.priority",
        "channel.rings",
        "channel.state",
        "endpoint.state",
        "process.uptime",
        "queue.service_level_bound",
        "system.max_calls",
        "system.pid",
        "system.version_number",
    }
)
"""Gauges that run like a clock, were set by somebody, or are a code: between two values there is none."""

SHARE = r"(?:_(?:top)?\d+(?:_\d+)?)?"
"""What the statistics of a percentile have behind them."""
COUNTS = rf"(?:count|sum|sum_squares){SHARE}"
HIGHS, LOWS, RATES = rf"upper{SHARE}", rf"lower{SHARE}", "(?:rate|count_ps)"
ETSY_REST = r"^(?:stats\.(?:counters|timers|gauges|sets)|statsd)\."


Make = Callable[[str, str, str, str], Rule]
"""Makes a rule of its name, its method, its reason and its pattern."""


def aggregation(settings: Settings) -> Iterator[Rule]:
    """The rules of storage-aggregation.conf."""
    names = Names.of(settings.graphite)

    def make(name: str, method: str, reason: str, pattern: str) -> Rule:
        terms = {"xFilesFactor": "0", "aggregationMethod": method}
        return Rule(f"{names.section}_{name}", reason, pattern, terms)

    etsy = settings.statsd.names != "bridge"
    if settings.statsd.enabled and not etsy:
        yield from _buckets(settings.statsd, names.find_buckets, names.find_buckets(), make)
    yield from _metrics(names, make)
    if settings.statsd.enabled and etsy:
        yield from _etsy(settings.statsd, make)


def _etsy(settings: StatsdSettings, make: Make) -> Iterator[Rule]:
    """Buckets under the names of etsy's statsd, which tell sets from counters; legacy rates have no mark."""
    reason = "Sets: how many differ over a longer time nobody knows, but not fewer than in its busiest flush."
    yield make("statsd_sets", "max", reason, rf"^stats\.sets\..*\.count{END}")
    yield make("statsd_old_counts", "sum", "Counters: how many came in a flush.", r"^stats_counts\.")
    yield from _buckets(settings, _etsy_buckets, ETSY_REST, make)
    reason, method = _of_rates(settings)
    yield make("statsd_old_rates", method, reason, r"^stats\.")


def _etsy_buckets(statistics: str) -> str:
    return rf"^stats\.(?:counters|timers)\.[^;]*\.{statistics}{END}"


def _buckets(settings: StatsdSettings, find: Callable[[str], str], rest: str, make: Make) -> Iterator[Rule]:
    """The statistics that `find` finds by their names, and the rest."""
    reason = (
        "Increments, not totals: how many came in a flush, and what timers add up to. They add up further."
    )
    yield make("statsd_counts", "sum", reason, find(COUNTS))
    reason, method = _of_rates(settings)
    yield make("statsd_rates", method, reason, find(RATES))
    yield make("statsd_highs", "max", "The greatest of a step is the greatest of its parts.", find(HIGHS))
    yield make("statsd_lows", "min", "The least of a step is the least of its parts.", find(LOWS))
    yield make("statsd", "average", "The rest of the buckets: gauges, means, medians, deviations.", rest)


def _of_rates(settings: StatsdSettings) -> tuple[str, str]:
    """Why, and how, values a second become one of a longer time."""
    repeats = (settings.idle or ("drop" if settings.names == "bridge" else "repeat")) == "repeat"
    if repeats:
        return "The mean rate of a step is the mean of its parts, idle ones being told as 0.", "average"
    reason = "The mean rate of a step, in which flushes that say nothing had none (BRIDGE_STATSD__IDLE=drop)."
    return (
        f"{reason} go-carbon has no avg_zero; average, in its place, is of the flushes that had any.",
        "avg_zero",
    )


def _metrics(names: Names, make: Make) -> Iterator[Rule]:
    yield make("most", "max", "Gauges that are a maximum themselves.", names.find(_named(MOST)))
    yield make("least", "min", "Gauges that are a minimum themselves.", names.find(_named(LEAST)))
    reason = (
        "Gauges between two values of which there is none: what was set, codes, and what runs like a clock."
    )
    latest = [metric for metric in CATALOG.values() if metric.name in LATEST or metric.ages]
    yield make("latest", "last", reason, names.find(latest))
    yield from _totals(names, make)
    reason = (
        "What `objects` of SNMP adds: totals and gauges, and names do not tell which; the last fits both."
    )
    yield make("objects", "last", reason, names.find([OBJECTS]))
    reason = (
        "Gauges: how it was on average. Of what is 1 while up it is the share of the time that it was up."
    )
    yield make("gauges", "average", reason, names.find_all())


def _named(names: frozenset[str]) -> list[Metric]:
    return [CATALOG[name] for name in sorted(names)]


def _totals(names: Names, make: Make) -> Iterator[Rule]:
    mixed, whole = [], []
    for group, found in groupby(sorted(CATALOG.values(), key=_group), _group):
        metrics = list(found)
        totals = [metric for metric in metrics if metric.kind is MetricKind.COUNTER]
        if totals == metrics:
            whole.append(group)
        elif totals:
            mixed.append((group, totals))
    reason = (
        "Running totals, not increments: the last is where a step ended, and what came in it is the "
        "difference to the one before (nonNegativeDerivative). A sum of totals means nothing."
    )
    yield make("totals", "last", reason, names.find_groups(whole))
    for group, totals in mixed:
        yield make(
            f"totals_{group}", "last", f"Running totals of {group}, which has gauges too.", names.find(totals)
        )


def _group(metric: Metric) -> str:
    return metric.name.partition(".")[0]
