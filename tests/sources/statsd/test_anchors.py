"""Gauges of which StatsD tells only changes equal what is counted elsewhere, through the whole source."""

import random
from collections.abc import Sequence
from pathlib import Path

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.calls import CHANNELS_ACTIVE
from bridge.asterisk.catalog.statsd import STATSD_ANCHOR_CORRECTIONS
from bridge.asterisk.catalog.system import SYSTEM_UPTIME
from bridge.core.privacy import Veil
from bridge.core.sample import Sample, Series
from bridge.core.trust import Trust
from bridge.pipeline.memory import Memory
from bridge.pipeline.pipeline import Pipeline
from tests.fakes import FakeClock
from tests.sources.statsd.bench import (
    CHANNELS,
    Bench,
)


class Pbx:
    """A PBX whose channels come and go, and of whose packets some are lost."""

    def __init__(self, clock: FakeClock, chance: random.Random) -> None:
        self.clock = clock
        self.chance = chance
        self.channels = 0
        self.started = clock.now

    def change(self, loss: float) -> bytes | None:
        """A channel comes or goes; return the packet, None if it is lost."""
        self.clock.now += 0.05
        amount = 1 if self.channels == 0 or self.chance.random() < 0.5 else -1
        self.channels += amount
        return None if self.chance.random() < loss else b"channels.count:%+d|g" % amount

    def restart(self) -> None:
        """Killed, and here again after some seconds: without a word."""
        self.clock.now += 8
        self.channels, self.started = 0, self.clock.now

    def polled(self) -> list[Sample]:
        now = self.clock.now
        return [
            Sample(CHANNELS, self.channels, now),
            Sample(SYSTEM_UPTIME.series("hq"), now - self.started, now),
        ]


def believed(value: float, packets: Sequence[bytes]) -> float:
    """What changes make of a value: the whole law, in three lines."""
    for packet in packets:
        value = max(0.0, value + float(packet[15:17]))
    return value


def test_an_anchored_gauge_equals_the_pbx_at_every_poll(tmp_path: Path) -> None:
    """10,000 changes, 20 % lost, 100 polls, 3 restarts of the bridge, 2 of the PBX."""
    clock, chance = FakeClock(), random.Random(3)
    pbx = Pbx(clock, chance)
    memory = Memory(tmp_path / "state.json")
    bench = Bench(clock=clock, memory=memory)
    anchor, differed, lowest = 0.0, 0, 0.0

    for poll in range(1, 101):
        heard: list[bytes] = []
        for number in range(100):
            if poll in {35, 65} and number == 60:
                pbx.restart()
                anchor, heard = 0.0, []
            if packet := pbx.change(loss=0.2):
                bench.hear(packet)
                heard.append(packet)
                lowest = min(lowest, bench.flushed()[CHANNELS])
        if poll in {20, 50, 80}:
            memory.save()
            memory = Memory(tmp_path / "state.json")
            memory.load()
            bench = Bench(clock=clock, memory=memory)
        answer = pbx.polled()
        differed += believed(anchor, heard) != pbx.channels
        anchor = pbx.channels
        under_way = [packet for _ in range(3) if (packet := pbx.change(loss=0))]
        bench.hear(*under_way)

        bench.source.observe(answer)

        assert bench.flushed()[CHANNELS] == pbx.channels
        anchor = believed(anchor, under_way)

    assert lowest == 0
    assert 50 < differed <= 100
    corrections = STATSD_ANCHOR_CORRECTIONS.series("hq", CHANNELS_ACTIVE.name)
    assert bench.flushed()[corrections] == differed


def test_statsd_goes_on_from_what_ami_said_when_ami_is_gone() -> None:
    """StatsD alone would say 3: it was not there when the other channels came."""
    bench = Bench()
    published: list[Sample] = []
    pipeline = Pipeline([published.extend], Trust(CATALOG, 60), Veil({}), bench.health, bench.clock)
    pipeline.observe("statsd", bench.source.observe)
    told = {name: pipeline.emitter(name) for name in ("ami", "statsd")}

    def interval(*packets: bytes) -> None:
        bench.clock.now += 10
        bench.hear(*packets)
        told["statsd"]([*bench.source._receiver.flush(bench.clock.now)])

    told["ami"]([Sample(CHANNELS, 12, bench.clock.now)])
    interval(b"channels.count:+1|g")
    told["ami"]([Sample(CHANNELS, 12, bench.clock.now)])
    for _ in range(7):
        interval(b"channels.count:+1|g", b"channels.count:-1|g")
    interval(b"channels.count:+1|g", b"channels.count:+1|g")

    channels = [sample.value for sample in published if sample.series == CHANNELS]
    assert channels[:2] == [12, 12]
    assert channels[-2:] == [12, 14]


def test_the_users_own_relative_gauges_outlive_the_bridge(tmp_path: Path) -> None:
    for names in ("bridge", "etsy"):
        memory = Memory(tmp_path / f"{names}.json")
        Bench(memory=memory, names=names).hear(b"conference:+3|g", b"level:7|g")
        memory.save()
        again = Memory(tmp_path / f"{names}.json")
        again.load()

        bench = Bench(memory=again, names=names)
        bench.hear(b"conference:-1|g")

        values = {series.name: value for series, value in bench.flushed().items()}
        assert values["statsd.conference"] == 2
        assert "statsd.level" not in values


def test_samples_of_other_metrics_and_of_silent_pbxs_are_passed_over() -> None:
    bench = Bench()

    bench.source.observe(
        [Sample(Series("queue.waiting", (("pbx", "hq"), ("queue", "a"))), 5, bench.clock.now)]
    )
    bench.source.observe([Sample(CHANNELS_ACTIVE.series("unheard"), 5, bench.clock.now)])

    assert bench.flushed() == {}
