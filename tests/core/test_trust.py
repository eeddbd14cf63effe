"""The most trusted source that is fresh speaks for a series, and nobody else does."""

from bridge.core.sample import Sample, Series
from bridge.core.trust import Trust

CALLS = Sample(Series("calls.active", (("pbx", "hq"),)), 3, 0)
RTT = Sample(Series("contact.rtt", (("pbx", "hq"), ("aor", "101"))), 0.02, 0)
ORDERS = {"calls.active": ("ami", "snmp"), "contact.rtt": ("ami",)}


def test_the_trusted_source_silences_the_other_while_it_is_fresh() -> None:
    trust = Trust(ORDERS, freshness=60)

    assert trust.believed("ami", [CALLS], now=0) == [CALLS]
    assert trust.believed("snmp", [CALLS], now=59) == []


def test_the_other_takes_over_when_the_trusted_one_falls_silent() -> None:
    trust = Trust(ORDERS, freshness=60)
    trust.believed("ami", [CALLS], now=0)

    assert trust.believed("snmp", [CALLS], now=60) == [CALLS]


def test_the_trusted_source_takes_the_word_back_at_once() -> None:
    trust = Trust(ORDERS, freshness=60)
    trust.believed("snmp", [CALLS], now=0)

    assert trust.believed("ami", [CALLS], now=1) == [CALLS]
    assert trust.believed("snmp", [CALLS], now=2) == []


def test_what_only_one_source_knows_always_passes() -> None:
    trust = Trust(ORDERS, freshness=60)

    assert trust.believed("ami", [RTT], now=0) == [RTT]
    assert trust.believed("statsd", [RTT], now=0) == [RTT]


def test_each_series_has_a_speaker_of_its_own() -> None:
    trust = Trust(ORDERS, freshness=60)
    trust.believed("ami", [CALLS], now=0)
    branch = CALLS._replace(series=Series("calls.active", (("pbx", "branch"),)))

    assert trust.believed("snmp", [CALLS, branch], now=1) == [branch]
