"""Counters against the truth of a simulated PBX: over wraps, restarts of either side, and changes of source.

200 lives of a PBX, each drawn from a seed. What is published never falls, never exceeds what happened, and
never rises by more than what happened since the sample before, except to make up for what it held back.
"""

import json
import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bridge.asterisk.catalog import CATALOG
from bridge.asterisk.catalog.system import DIALPLAN_PROCESSED
from bridge.asterisk.mib import OBJECTS, Value
from bridge.asterisk.snmp import AsteriskMib, Reading
from bridge.core.counter import Tally
from bridge.core.sample import Sample
from bridge.core.trust import Trust

TOP = 1 << 32
INTERVAL = 15.0
SERIES = DIALPLAN_PROCESSED.series("hq")
VECTORS = range(200)
INSEPARABLE = 100 * 100
"""Ticks before the uptime wraps: a restart in these seconds, once in 497 days, looks like the wrap."""


@dataclass
class Pbx:
    """A PBX that processes calls, and may wrap or start anew.

    Attributes:
        calls: all calls that ever were, as a counter without end.
        base: how many of them were before this run.
        started: when it started, in Unix time; far back if its uptime is to wrap.
    """

    calls: int
    started: float
    base: int = 0
    pid: int = 1

    def restart(self, now: float, *, container: bool) -> None:
        self.base, self.started = self.calls, now
        self.pid += not container

    def processed(self) -> int:
        return (self.calls - self.base) % TOP

    def ticks(self, now: float) -> int:
        return int((now - self.started) * 100) % TOP


@dataclass
class Bridge:
    """What of a bridge keeps counters; `boot` is the Unix time at which its monotonic clock was 0."""

    boot: float
    mib: AsteriskMib = field(default_factory=AsteriskMib)
    totals: Tally = field(default_factory=Tally)
    trust: Trust = field(default_factory=lambda: Trust(CATALOG, freshness=60))

    def restarted(self, now: float) -> "Bridge":
        """The bridge that follows, on a machine whose monotonic clock began anew too."""
        state = json.dumps([self.mib.state(self.boot), self.totals.state(), self.trust.state()])
        mib, totals, trust = json.loads(state)
        after = Bridge(boot=now - 7)
        after.mib.restore(mib, after.boot)
        after.totals.restore(totals)
        after.trust.restore(trust, now - after.boot)
        return after

    def snmp(self, pbx: Pbx, now: float) -> list[Sample]:
        objects = {
            "astConfigUpTime": pbx.ticks(now),
            "astConfigPid": pbx.pid,
            "astConfigCallsProcessed": pbx.processed(),
        }
        values = {OBJECTS[name].at(): Value(OBJECTS[name].syntax, data) for name, data in objects.items()}
        reading = Reading("hq", now, now - self.boot)
        self.mib.scalars(values, reading)
        return self.trust.believed("snmp", reading.samples, now - self.boot)

    def ami(self, pbx: Pbx, now: float) -> list[Sample]:
        self.totals.run = f"{pbx.started:.0f}"
        self.totals.follow(SERIES, (pbx.processed() + TOP // 2) % TOP - TOP // 2)
        return self.trust.believed("ami", self.totals.samples(now), now - self.boot)


@dataclass
class Life:
    """One life of a PBX that is watched over `sources`, which come and go if there are two."""

    sources: tuple[str, ...]
    dice: random.Random
    pbx: Pbx
    bridge: Bridge
    now: float
    published: list[tuple[float, int]] = field(default_factory=list)
    alive: set[str] = field(default_factory=set)

    def poll(self) -> None:
        for source in self.dice.sample(self.sources, len(self.sources)):
            self.now += self.dice.uniform(0, 1)
            self.pbx.calls += self.dice.randrange(3)
            if source in self.alive:
                poll = self.bridge.ami if source == "ami" else self.bridge.snmp
                samples = poll(self.pbx, self.now)
                values = [sample.value for sample in samples if sample.series == SERIES]
                self.published += [(value, self.pbx.calls) for value in values]

    def happen(self) -> None:
        """What may come between two polls, often nothing but calls; more than one thing, too."""
        chance = self.dice.random
        self.pbx.calls += self.dice.choice((0, 1, 40))
        if chance() < 0.05:
            self.bridge = self.bridge.restarted(self.now)
            self.now += self.dice.choice((1, 90, 4000))
        if chance() < 0.05 and self.pbx.ticks(self.now) < TOP - INSEPARABLE:
            self.pbx.restart(self.now, container=chance() < 0.5)
            self.pbx.calls += self.dice.choice((0, 3, 700))
        if len(self.sources) > 1 and chance() < 0.2:
            source = self.dice.choice(self.sources)
            self.alive ^= {source}
            if source not in self.alive and chance() < 0.5:
                self.bridge.trust.lost(source, "hq")
        self.now += INTERVAL


def life(seed: int, sources: tuple[str, ...]) -> Life:
    """A life of some 100 polls; in one of three the counter is about to wrap, in one of three the uptime."""
    dice, now = random.Random(seed), 1_700_000_000.0
    calls = dice.choice((0, 1000, TOP - 500, TOP // 2 - 300))
    uptime = dice.choice((5.0, 86_400.0, TOP / 100 - 300))
    one = Life(sources, dice, Pbx(calls, now - uptime), Bridge(now - 90), now, alive=set(sources))
    for _ in range(100):
        one.poll()
        one.happen()
    return one


@pytest.mark.parametrize("sources", [("snmp",), ("ami",), ("ami", "snmp")], ids="+".join)
def test_no_counter_falls_or_rises_by_more_than_what_happened(sources: tuple[str, ...]) -> None:
    """Where two sources tell, one may make up for what the other held back, so the sum is what is held."""
    decreases = spikes = 0
    for seed in VECTORS:
        published = life(seed, sources).published
        first = published[0]
        assert len(published) > 10
        for before, (value, truth) in pairwise(published):
            since = first if len(sources) > 1 else before
            decreases += value < before[0]
            spikes += value - since[0] > truth - since[1]

    assert (decreases, spikes) == (0, 0)


@pytest.mark.parametrize("sources", [("snmp",), ("ami",), ("ami", "snmp")], ids="+".join)
def test_nothing_is_lost_but_what_nobody_could_see(sources: tuple[str, ...]) -> None:
    """Each restart of the PBX takes with it what came after the last poll, and no more."""
    shares = []
    for seed in VECTORS:
        one = life(seed, sources)
        first, last = one.published[0], one.published[-1]
        shares.append((last[0] - first[0]) / (last[1] - first[1]))

    assert max(shares) == 1
    assert sum(shares) / len(shares) > 0.9
