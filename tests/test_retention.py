"""Retention: what carbon is told of our series is read by carbon's own parser, and done by a real carbon."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.core.aggregate import Aggregator, Summary, Terms
from bridge.core.archives import Retention, size
from bridge.core.buckets import BucketNames
from bridge.core.metric import Metric, MetricKind
from bridge.core.sample import BRIDGE, Kind, Measurement, Series
from bridge.protocols.etsy import EtsyNames, about_itself, bucket
from bridge.protocols.graphite import path_layout, tag_layout
from bridge.retention import DEFAULT, graphite_schemas
from bridge.retention.aggregation import LATEST, LEAST, MOST
from bridge.settings import Settings
from tests.servers.graphite import environment

VALUES = ("support", "a.b c/d;e=f~g", "Zürich 東京", "^*?[x]$", "%25", "", "statsd", "count", "x" * 300)
"""Values of labels: words, and what would mean something to a path, a tag, a pattern or a rule."""
BUCKETS = ("shop.orders", "x", "queue.support.waiting", "Zürich", "a;b=c d")
TAGS = ((), (("shop", "a.b"), ("name", "count")))
PBXS: Mapping[str, Mapping[str, Any]] = {
    "hq": {
        "ami": {"host": "a", "username": "b", "secret": "c", "interval": "15s"},
        "snmp": {"host": "a", "interval": "30s"},
        "statsd": {"senders": "10.0.0.1"},
    },
    "branch": {"snmp": {"host": "a", "interval": "1m"}},
    "branch-2": {"snmp": {"host": "b", "interval": "1m"}},
    "cloud": {"statsd": {"senders": "10.0.0.2"}},
}
INTERVALS: Mapping[str, Mapping[str, int]] = {
    BRIDGE: {},
    "hq": {"ami": 15, "snmp": 30, "statsd": 10},
    "branch": {"snmp": 60},
    "branch-2": {"snmp": 60},
    "cloud": {"statsd": 10},
    "default": {"statsd": 10},
}
"""The same in seconds, with the PBX of packets that nobody claims, and what the bridge tells of itself."""
OWN_INTERVAL = 20
METHODS = {
    "count": "sum",
    "sum": "sum",
    "sum_squares": "sum",
    "rate": "average",
    "upper": "max",
    "lower": "min",
    "mean": "average",
    "median": "average",
    "std": "average",
    "": "average",
}
"""What is done with a statistic of a bucket; those of percentiles have the same beginning."""

live = pytest.mark.live


def settings(**given: Any) -> Settings:
    wanted: dict[str, Any] = {"pbx": PBXS, "self_interval": OWN_INTERVAL, "statsd": {"idle": "repeat"}}
    return Settings.model_validate({**wanted, **given})


class Fate(NamedTuple):
    """What carbon does with a series."""

    step: int
    method: str


PROGRAM = """
import json, sys
from carbon.conf import settings
settings.CONF_DIR, settings.LOCAL_DATA_DIR, settings.GRAPHITE_URL = sys.argv[1], sys.argv[1], ""
settings.TAG_HASH_FILENAMES = True
from carbon import log, state, storage
from carbon.database import WhisperDatabase
from carbon.util import TaggedSeries
state.database = WhisperDatabase(settings)
faults = []
log.msg = log.err = lambda *said, **_: faults.append(str(said))
schemas, aggregations = storage.loadStorageSchemas(), storage.loadAggregationSchemas()
assert not faults, faults
first = lambda rules, name: next(rule for rule in rules if rule.matches(name))
found = {}
for name in json.load(sys.stdin):
    path = TaggedSeries.parse(name).path
    schema, rollup = first(schemas, path), first(aggregations, path)
    found[name] = schema.name, schema.archives[0].getTuple(), rollup.name, rollup.archives
rules = [[each.name for each in rules] for rules in (schemas, aggregations)]
print(json.dumps({"found": found, "rules": rules}))
"""


def ask_carbon(home: Path, one: Settings, names: Iterable[str]) -> dict[str, Any]:
    """What carbon's own parser makes of our files, and which rules it finds for names."""
    (home / "storage-schemas.conf").write_text(graphite_schemas(one, "schemas"))
    (home / "storage-aggregation.conf").write_text(graphite_schemas(one, "aggregation"))
    answer = subprocess.run(
        [environment() / "bin" / "python", "-c", PROGRAM, home],
        input=json.dumps(list(names)),
        check=False,
        capture_output=True,
        text=True,
    )
    assert not answer.returncode, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def fates(home: Path, one: Settings, names: Iterable[str]) -> dict[str, Fate]:
    """What happens to each series; none may be left to carbon's defaults, or need more than one value."""
    result = {}
    for name, (schema, archive, aggregation, (share, method)) in ask_carbon(home, one, names)[
        "found"
    ].items():
        assert "default" not in {schema, aggregation}, name
        assert share == 0
        result[name] = Fate(archive[0], method)
    return result


def method(metric: Metric) -> str:
    """What is right for a metric."""
    if metric.kind is MetricKind.COUNTER or metric.ages or metric.name in LATEST:
        return "last"
    return "max" if metric.name in MOST else "min" if metric.name in LEAST else "average"


def catalogue() -> Iterator[tuple[Series, Fate]]:
    """All series that there can be, some values for each label, and what shall become of them."""
    for metric in CATALOG.values():
        for pbx, intervals in INTERVALS.items():
            step = next((intervals[each] for each in metric.sources if each in intervals), OWN_INTERVAL)
            if metric.sources and step == OWN_INTERVAL:
                continue
            for value in VALUES if metric.labels else VALUES[:1]:
                yield metric.series(pbx, *[value] * len(metric.labels)), Fate(step, method(metric))


@live
@pytest.mark.parametrize("prefix", ["asterisk", "a.b-c+d", ""])
@pytest.mark.parametrize("layout", ["path", "tags"])
def test_every_series_of_the_catalogue_has_the_rule_that_is_meant_for_it(
    tmp_path: Path, layout: str, prefix: str
) -> None:
    one = settings(graphite={"layout": layout, "prefix": prefix})
    name = path_layout(prefix, CATALOG) if layout == "path" else tag_layout(prefix)
    expected = {name(series): fate for series, fate in catalogue() if name(series)}

    found = fates(tmp_path, one, expected)

    assert found == expected
    assert len(expected) > 4000


@live
@pytest.mark.parametrize("layout", ["path", "tags"])
def test_objects_of_snmp_have_the_interval_of_snmp_and_stay_what_they_were_last(
    tmp_path: Path, layout: str
) -> None:
    name = path_layout("asterisk", CATALOG) if layout == "path" else tag_layout("asterisk")
    labels = [(pbx, index) for pbx in ("hq", "branch") for index in ("2", "1.3.6")]
    names = {
        name(Series(f"snmp.{what}", (("pbx", pbx), ("index", index)))): Fate(INTERVALS[pbx]["snmp"], "last")
        for what in ("if_in_octets", "connected_2", "oid")
        for pbx, index in labels
    }

    assert fates(tmp_path, settings(graphite={"layout": layout}), names) == names


@live
def test_a_pbx_that_the_settings_do_not_name_is_kept_as_often_as_anything_comes(tmp_path: Path) -> None:
    assert fates(tmp_path, settings(), ["asterisk.new.queue.support.waiting"]) == {
        "asterisk.new.queue.support.waiting": Fate(10, "average")
    }


def summaries() -> list[Summary]:
    """Buckets of all kinds with all of their statistics."""
    aggregator = Aggregator(Terms(percentiles=(90.0, 99.9, -10.0)))
    for name in BUCKETS:
        for tags in TAGS:
            series = Series(name, tags)
            for number in range(20):
                aggregator.add([Measurement(series._replace(name=f"t.{name}"), Kind.TIMER, number)])
            aggregator.add([Measurement(series._replace(name=f"c.{name}"), Kind.COUNTER, 1)])
            aggregator.add([Measurement(series._replace(name=f"g.{name}"), Kind.GAUGE, 1)])
            aggregator.add([Measurement(series._replace(name=f"s.{name}"), Kind.SET, "member")])
    return list(aggregator.flush(0))


def statistic_method(statistic: str) -> str:
    known = max((each for each in METHODS if statistic.startswith(each)), key=len)
    return METHODS[known]


@live
@pytest.mark.parametrize("idle", ["repeat", "drop"])
@pytest.mark.parametrize("layout", ["path", "tags"])
def test_every_statistic_of_a_bucket_has_the_rule_that_is_meant_for_it(
    tmp_path: Path, layout: str, idle: str
) -> None:
    one = settings(graphite={"layout": layout}, statsd={"idle": idle})
    name = path_layout("asterisk", CATALOG) if layout == "path" else tag_layout("asterisk")
    expected = {}
    for summary in summaries():
        for sample, statistic in zip(BucketNames("hq").samples([summary]), summary.values, strict=True):
            by_name = statistic_method(statistic)
            silent_is_none = statistic == "rate" and idle == "drop"
            expected[name(sample.series)] = Fate(10, "avg_zero" if silent_is_none else by_name)

    assert fates(tmp_path, one, expected) == expected


@live
@pytest.mark.parametrize("legacy", [False, True])
def test_every_statistic_under_etsys_names_has_the_rule_that_is_meant_for_it(
    tmp_path: Path, legacy: bool
) -> None:
    one = settings(
        statsd={"names": "etsy-legacy" if legacy else "etsy"}, graphite={"prefix": "stats.asterisk"}
    )
    aggregator = Aggregator(Terms())
    aggregator.add(Measurement(bucket(each.series), *each[1:]) for each in about_itself(1, 1, 0, 0.5))
    etsy = [each._replace(series=bucket(each.series)) for each in [*summaries(), *aggregator.flush(0)]]
    expected = {}
    for summary in etsy:
        *samples, total = EtsyNames(legacy=legacy).samples([summary], 0)
        expected[total.series.path] = Fate(10, "average")
        for sample, statistic in zip(samples, summary.values, strict=True):
            by_name = "max" if summary.kind is Kind.SET else statistic_method(statistic)
            expected[sample.series.path] = Fate(10, by_name)

    assert fates(tmp_path, one, expected) == expected


@live
def test_each_rule_has_a_name_of_its_own_and_a_reason(tmp_path: Path) -> None:
    one = settings()

    rules = ask_carbon(tmp_path, one, [])["rules"]

    for text, found in zip(
        (graphite_schemas(one, "schemas"), graphite_schemas(one, "aggregation")), rules, strict=True
    ):
        blocks = text.split("\n\n")[1:]
        assert [block.split("[")[1].split("]")[0] for block in blocks if block.startswith("# ")] == found[:-1]
        assert len(set(found)) == len(found) == len(blocks) + 1


def test_gauges_that_are_not_averaged_are_in_the_catalogue_once() -> None:
    sets = (MOST, LEAST, LATEST)

    assert sum(map(len, sets)) == len(frozenset().union(*sets))
    assert all(CATALOG[name].kind is MetricKind.GAUGE for each in sets for name in each)


def test_a_gauge_that_says_it_is_the_most_or_the_least_is_not_averaged() -> None:
    """Its help says so; those that are an extreme of the moment, over several things, are averaged."""
    extreme = re.compile(
        r"^(Most|The longest|The lowest|How long the caller who waits longest)|at worst|busiest"
    )
    found = {
        name
        for name, metric in CATALOG.items()
        if metric.kind is MetricKind.GAUGE and extreme.search(metric.help)
    }

    assert found == (MOST | LEAST) - {"statsd_anchor.silence"}


def test_the_comment_tells_the_size_of_a_file() -> None:
    assert f"{size(Retention.parse(DEFAULT).archives(15)):,} bytes a series" in graphite_schemas(
        settings(), "schemas"
    )


def test_both_files_come_in_one_text_that_says_where_each_begins() -> None:
    one = settings()

    assert graphite_schemas(one) == "\n".join(
        graphite_schemas(one, which) for which in ("schemas", "aggregation")
    )
    assert graphite_schemas(one, "schemas").startswith("# storage-schemas.conf:")
    assert graphite_schemas(one, "aggregation").startswith("# storage-aggregation.conf:")


def test_flushes_of_less_than_a_second_are_warned_of() -> None:
    assert "counts are lost" in graphite_schemas(settings(statsd={"flush_interval": "500ms"}))
    assert "counts are lost" not in graphite_schemas(settings())


def test_without_statsd_there_is_no_rule_for_it() -> None:
    assert "statsd]" not in graphite_schemas(settings(statsd={"enabled": False}))
