"""Numbers and names that have ended or misled other servers of StatsD are nothing special here."""

import random
import re
import time
from pathlib import Path

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.core import own
from bridge.core.privacy import Veil
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.trust import Trust
from bridge.pipeline.pipeline import Pipeline
from bridge.protocols.graphite import Names, path_layout, plaintext, tag_layout
from bridge.protocols.prometheus import exposition
from tests.memory import held
from tests.protocols.test_statsd_hostile import RATES
from tests.sources.statsd.bench import Bench


def hostile_rates() -> list[bytes]:
    """1,000 lines with a rate of 0, as Asterisk prints one below 0.005, and with the largest floats."""
    chance = random.Random(5)
    values = ("1", "0", "320", "1e308", "-1e308", "5e-324", "+1e308", "+1", "-1")
    rates = ("0.00", "0.00", "0.00", "0", "-0", "1e-300", "1e-308", "0.01", "1")
    codes = ("c", "ms", "m", "g", "s", "h")
    return [
        f"n{chance.randrange(40)}:{chance.choice(values)}|{chance.choice(codes)}|@{chance.choice(rates)}".encode()
        for _ in range(1000)
    ]


@pytest.mark.parametrize("names", ["bridge", "etsy", "etsy-legacy"])
def test_no_number_that_is_none_leaves_the_bridge_whatever_rates_come_in(names: str) -> None:
    heard = Bench(names=names)
    out: list[Sample] = []
    pipeline = Pipeline([out.extend], Trust(CATALOG, 60), Veil({}), heard.health, heard.clock)
    emit = pipeline.emitter("statsd")

    for line in hostile_rates():
        heard.hear(line)
        if line.endswith(b"@1"):
            emit([*heard.source._receiver.flush(heard.clock.now)])
    emit([*heard.source._receiver.flush(heard.clock.now)])

    discarded = heard.health.counted(own.PIPELINE_DISCARDED.series(BRIDGE, "statsd"))
    assert discarded > 0
    assert heard.health.counted(own.PIPELINE_SAMPLES.series(BRIDGE, "statsd")) == len(out) + discarded
    assert heard.refused("zero_rate") > 100
    layouts = (path_layout("asterisk", CATALOG), tag_layout("asterisk"))
    text = b"".join(line for layout in layouts for line in plaintext(out, Names(layout))).decode()
    written = [line.split()[1] for line in (text + exposition(out, CATALOG)).splitlines() if line[0] != "#"]
    assert len(written) > 1000
    assert not re.search(r"(?i)nan|inf", " ".join(written))


def test_rates_near_0_cost_neither_time_nor_memory_where_values_add_up() -> None:
    """Other servers keep a duration 1/rate times."""
    heard = Bench()
    packets = [f"x:1|ms|@{rate}".encode() for rate in RATES]
    heard.hear(*packets)
    heard.flushed()
    before, began = held(), time.process_time()

    for _ in range(20):
        heard.hear(*packets)
        heard.flushed()

    spent = (time.process_time() - began) / 20 / len(packets)
    grown = held() - before
    print(f"{spent * 1e6:.1f} microseconds a packet, memory {grown / 2**20:+.1f} MiB")
    assert spent <= 50e-6
    assert grown <= 2**20


BUILT_IN = (Path(__file__).parents[2] / "hostile" / "built_in_names.txt").read_text().split()
"""Names that mean something to JavaScript, to Python or to Graphite."""
TOLD = {
    "bridge": ("statsd.{}.count", "statsd.{}.upper", "statsd.{}", "statsd.{}.count"),
    "etsy": ("stats.counters.{}.count", "stats.timers.{}.upper", "stats.gauges.{}", "stats.sets.{}.count"),
}


@pytest.mark.parametrize("names", TOLD)
@pytest.mark.parametrize(
    ("number", "line", "value"), [(0, "3|c", 3), (1, "7|ms", 7), (2, "9|g", 9), (3, "x|s", 1)]
)
def test_names_that_a_language_or_graphite_keeps_for_itself_are_names_like_others(
    names: str, number: int, line: str, value: float
) -> None:
    """A timer called `constructor` ends the process of etsy's statsd."""
    assert len(BUILT_IN) == len(set(BUILT_IN)) == 200
    heard = Bench(names=names)

    for name in BUILT_IN:
        heard.hear(f"{name}:{line}".encode())

    found = {series.path or series.name: value for series, value in heard.flushed().items()}
    layout = path_layout("asterisk", CATALOG)
    assert {found[TOLD[names][number].format(name)] for name in BUILT_IN} == {value}
    assert len({layout(Series(f"statsd.{name}", (("pbx", "hq"),))) for name in BUILT_IN}) == 200
