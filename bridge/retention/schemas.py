"""storage-schemas.conf: how often a series has a value, by the settings, and how long each is kept."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from bridge.asterisk.catalog import CATALOG
from bridge.core import own
from bridge.core.archives import Retention, size
from bridge.core.metric import Metric
from bridge.retention.names import ETSY, OBJECTS, Names
from bridge.retention.rules import Rule
from bridge.settings import PbxSettings, Settings, StatsdSettings
from bridge.settings.values import show_duration

UNCLAIMED = "default"
"""The PBX of packets that no other claims."""
OWN_GROUPS = sorted({metric.name.partition(".")[0] for metric in own.OWN})

Intervals = Mapping[str, float]
"""Seconds between two values of each source that a PBX has."""
Make = Callable[[str, str, str, float], Rule]
"""Makes a rule of its name, its reason, its pattern, and the seconds between two values."""


def schemas(settings: Settings, retention: Retention) -> Iterator[Rule]:
    """The rules of storage-schemas.conf.

    Raises:
        ValueError: the retention does not fit one of the intervals.
    """
    names = Names.of(settings.graphite)
    pbxs = _pbxs(settings)

    def make(name: str, reason: str, pattern: str, interval: float) -> Rule:
        archives = retention.archives(_step(interval))
        told = f"{reason} Every {show_duration(interval)}; {size(archives):,} bytes a series."
        return Rule(f"{names.section}_{name}", told, pattern, {"retentions": ",".join(map(str, archives))})

    reason = "What the bridge tells of itself, of its sources and of its sinks."
    yield make("bridge", reason, names.find_groups(OWN_GROUPS), settings.self_interval)
    etsy = settings.statsd.names != "bridge"
    if settings.statsd.enabled and not etsy:
        yield _buckets(settings.statsd, names.find_buckets(), make)
    for number, (intervals, members) in enumerate(pbxs.items(), 1):
        yield from _of_pbxs(f"pbx{number}", members, dict(intervals), names, make)
    least = min([settings.self_interval, *(seconds for known in pbxs for _, seconds in known)])
    reason = "PBXs that the settings do not name yet: as often as anything comes, so that nothing is lost."
    yield make("rest", reason, names.find_all(), least)
    if settings.statsd.enabled and etsy:
        yield _buckets(settings.statsd, ETSY, make)


def _step(interval: float) -> int:
    """Whole seconds, 1 or more; rather a gap in a file than two values in one step, where one is lost."""
    return max(1, int(interval))


def _buckets(settings: StatsdSettings, pattern: str, make: Make) -> Rule:
    reason = "StatsD buckets: a step is a flush, since of two counts in one step carbon keeps the last."
    if settings.flush_interval < 1:
        reason += " It has one a second at most: set BRIDGE_STATSD__FLUSH_INTERVAL to 1s, or counts are lost."
    return make("statsd", reason, pattern, settings.flush_interval)


def _pbxs(settings: Settings) -> dict[tuple[tuple[str, float], ...], list[str]]:
    """Which PBXs have which sources, and the seconds between values of each."""
    known = {name: _intervals(pbx, settings) for name, pbx in settings.pbx.items()}
    if settings.statsd.enabled and settings.statsd.unknown_senders == "default":
        known.setdefault(UNCLAIMED, {})["statsd"] = settings.statsd.flush_interval
    found: dict[tuple[tuple[str, float], ...], list[str]] = {}
    for name, intervals in known.items():
        found.setdefault(tuple(intervals.items()), []).append(name)
    return {intervals: names for intervals, names in found.items() if intervals}


def _intervals(pbx: PbxSettings, settings: Settings) -> dict[str, float]:
    polled = {"ami": pbx.ami, "snmp": pbx.snmp}
    found = {name: source.interval for name, source in polled.items() if source}
    if pbx.statsd and settings.statsd.enabled:
        found["statsd"] = settings.statsd.flush_interval
    return found


def _of_pbxs(name: str, pbxs: list[str], intervals: Intervals, names: Names, make: Make) -> Iterator[Rule]:
    """Rules for PBXs of the same sources: what comes more or less often than most, and then the rest.

    What several sources tell comes as often as from the one that is believed first; from another, values of
    gauges and totals may skip a step or replace each other, which changes nothing of what they say.
    """
    spoken = {
        metric: seconds
        for metric in (*CATALOG.values(), OBJECTS)
        if (seconds := _interval(metric, intervals))
    }
    usual = Counter(spoken.values()).most_common(1)[0][0]
    for interval in sorted({*spoken.values()} - {usual}):
        sources = [source for source, seconds in intervals.items() if seconds == interval]
        found = [metric for metric, seconds in spoken.items() if seconds == interval]
        reason = f"What of {', '.join(pbxs)} comes from {' and '.join(sources)}."
        yield make(f"{name}_{'_'.join(sources)}", reason, names.find(found, pbxs), interval)
    yield make(name, f"What is left of {', '.join(pbxs)}.", names.find_all(pbxs), usual)


def _interval(metric: Metric, intervals: Intervals) -> float | None:
    return next((intervals[source] for source in metric.sources if source in intervals), None)
