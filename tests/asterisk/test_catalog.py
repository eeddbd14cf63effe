"""The catalogue lists every metric once, in base units, with who is believed."""

from collections import Counter

from bridge.asterisk.catalog import CATALOG
from bridge.core.naming import STATSD
from bridge.core.own import OWN

UNITS = {"", "seconds", "bytes", "ratio"}


def test_the_bridges_own_metrics_are_listed_too() -> None:
    assert all(CATALOG[metric.name] is metric for metric in OWN)


def test_units_are_base_units() -> None:
    assert {metric.unit for metric in CATALOG.values()} <= UNITS


def test_no_metric_takes_the_group_of_the_users_buckets() -> None:
    assert not [name for name in CATALOG if name.startswith(f"{STATSD}.")]


def test_pbx_is_a_label_of_all_and_so_of_none_in_particular() -> None:
    assert not [metric.name for metric in CATALOG.values() if "pbx" in metric.labels]


def test_no_two_metrics_of_a_group_can_share_a_path() -> None:
    shapes = Counter((metric.name, len(metric.labels)) for metric in CATALOG.values())

    assert max(shapes.values()) == 1


def test_trust_names_only_sources_that_exist() -> None:
    assert {source for metric in CATALOG.values() for source in metric.sources} <= {"ami", "snmp", "statsd"}
