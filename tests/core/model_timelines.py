"""Timelines: what may happen to rules that use everything, by a seed; and an engine that lives through it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from bridge.core.alert import Key, Moment, Notice
from bridge.core.rule import Rule
from bridge.core.rules import Rules
from bridge.core.sample import Sample, Series
from bridge.core.silence import Selector, Silence
from tests.core.model import Model, Told
from tests.core.model_rules import CALENDARS, PBXS, QUEUES, RULES, SOURCES, TRUNKS

START = Moment(1_700_000_000.0, 5000.0)
STALE = 40.0
SWEEP = STALE / 4
HOUR = 3600.0


class Engine:
    """The engine as its shell treats it; time alone brings only what is due."""

    def __init__(self, rules: Sequence[Rule] = RULES, now: Moment = START) -> None:
        self.rules = rules
        self.now = now
        self.engine = self.new()
        self.notices = self.engine.expect(PBXS, now)

    def new(self) -> Rules:
        return Rules(self.rules, self.now, CALENDARS, stale=STALE)

    def wait(self, seconds: float) -> None:
        until = self.now.monotonic + seconds
        while self.engine.due <= until:
            self._pass(max(self.engine.due, self.now.monotonic))
            if self.engine.due <= self.now.monotonic:
                self._pass(self.now.monotonic)
            assert self.engine.due > self.now.monotonic, "what is due is done"
        self._pass(until)

    def _pass(self, until: float) -> None:
        self.now = Moment(self.now.time + until - self.now.monotonic, until)
        self.notices += self.engine.tick(self.now)

    def set_clock(self, seconds: float) -> None:
        self.now = self.now._replace(time=self.now.time + seconds)

    def restart(self) -> None:
        """End, and begin again with what was written down."""
        known = json.loads(json.dumps(self.engine.state(self.now)))
        self.engine = self.new()
        self.notices += self.engine.restore(known, self.now)
        self.notices += self.engine.expect(PBXS, self.now)

    def told(self) -> dict[Key, list[Told]]:
        told: dict[Key, list[Told]] = {}
        for notice in self.notices:
            told.setdefault(notice.key, []).append(said(notice))
        return told


def said(notice: Notice) -> Told:
    return (
        notice.happening,
        notice.state,
        notice.time,
        notice.since,
        notice.value,
        notice.acknowledged,
        notice.silenced_until,
        notice.inhibited,
        notice.flapping,
    )


class Modelled:
    """The model, treated alike."""

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self.model = Model(rules, CALENDARS, STALE, START)
        self.model.expect(PBXS)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            before = self.model.now
            self.model.second(Moment(before.time + 1, before.monotonic + 1))
            if (before.monotonic + 1 - START.monotonic) % SWEEP == 0:
                self.model.sweep()

    def set_clock(self, seconds: float) -> None:
        self.model.second(self.model.now._replace(time=self.model.now.time + seconds))


@dataclass
class Step:
    """What happens, after a wait: one of these."""

    wait: int
    samples: list[Sample] = field(default_factory=list)
    acknowledge: Selector | None = None
    silence: Silence | None = None
    unsilence: Silence | None = None
    clock: float = 0.0

    def apply(self, engine: Engine) -> None:
        engine.wait(self.wait)
        rules, now = engine.engine, engine.now
        engine.notices += rules.take(self.samples, now)
        if self.acknowledge:
            engine.notices += rules.acknowledge(self.acknowledge, now)
        if self.silence:
            engine.notices += rules.silence(self.silence, now)
        if self.unsilence:
            engine.notices += rules.unsilence(self.unsilence.id, now)
        if self.clock:
            engine.set_clock(self.clock)
            engine.notices += rules.tick(engine.now)

    def apply_to_model(self, modelled: Modelled) -> None:
        modelled.wait(self.wait)
        model = modelled.model
        model.take(self.samples)
        if self.acknowledge:
            model.acknowledge(self.acknowledge)
        if self.silence:
            model.silence(self.silence)
        if self.unsilence:
            model.unsilence(self.unsilence)
        if self.clock:
            modelled.set_clock(self.clock)


def timeline(seed: int) -> list[Step]:
    """Twenty to sixty steps."""
    return list(Script(Random(seed)).steps())


class Script:
    """Makes up what happens."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.wall = START.time
        self.totals: dict[Series, float] = {}
        self.silences: list[Silence] = []

    def steps(self) -> Iterator[Step]:
        for _ in range(self.random.randint(20, 60)):
            wait = self.random.choice((0, 0, 1, 1, 2, 3, 4, 5, 7, 10, 13, self.random.choice((1, 21, 60))))
            if self.random.random() < 0.004:
                wait = 330
            self.wall += wait
            yield self.step(wait)

    def step(self, wait: int) -> Step:
        pbx = self.random.choice(PBXS)
        kinds: dict[Callable[[], Step], float] = {
            lambda: Step(wait, [self.sample() for _ in range(self.random.choice((1, 1, 2, 3, 6)))]): 45,
            lambda: Step(wait, self.poll(pbx)): 17,
            lambda: Step(wait, self.fall_or_rise(pbx)): 10,
            lambda: Step(wait, acknowledge=self.selector()): 7,
            lambda: Step(wait, silence=self.silence()): 7,
            lambda: Step(wait, unsilence=self.random.choice(self.silences or [None])): 4,
            lambda: Step(wait, clock=self.set_clock()): 3,
            lambda: Step(wait): 7,
        }
        return self.random.choices(list(kinds), list(kinds.values()))[0]()

    def silence(self) -> Silence:
        until = self.wall + self.random.choice((1, 5, 12, 45, 300))
        self.silences.append(Silence(self.selector(), until, str(len(self.silences))))
        return self.silences[-1]

    def set_clock(self) -> float:
        clock = self.random.choice((-HOUR, HOUR))
        self.wall += clock
        return clock

    def series(self, pbx: str) -> Iterator[Series]:
        yield from (labelled("source.up", pbx, source=source) for source in SOURCES)
        for trunk in TRUNKS:
            yield labelled("trunk.up", pbx, trunk=trunk)
            yield labelled("trunk.channels", pbx, trunk=trunk)
        for queue in QUEUES:
            for name in ("queue.waiting", "queue.members", "calls.tried", "calls.failed"):
                yield labelled(name, pbx, queue=queue)
        yield labelled("pbx.waiting", pbx)
        yield labelled("system.version", pbx)
        yield labelled("nobody.cares", pbx)

    def sample(self) -> Sample:
        if self.random.random() < 0.05:
            return self.valued(labelled("process.memory", "bridge"))
        return self.valued(self.random.choice(list(self.series(self.random.choice(PBXS)))))

    def poll(self, pbx: str) -> list[Sample]:
        """Everything of one PBX, in any order, some of it missing."""
        found = [self.valued(series) for series in self.series(pbx) if self.random.random() < 0.8]
        self.random.shuffle(found)
        return found

    def fall_or_rise(self, pbx: str) -> list[Sample]:
        up = float(self.random.random() < 0.5)
        return [Sample(labelled("source.up", pbx, source=source), up, self.wall) for source in SOURCES]

    def valued(self, series: Series) -> Sample:
        choice: dict[str, Callable[[], float]] = {
            "source.up": lambda: float(self.random.random() < 0.85),
            "trunk.up": lambda: float(self.random.random() < 0.5),
            "trunk.channels": lambda: self.random.choice((3.0, 8.0, 12.0)),
            "system.version": lambda: self.random.choice((20.0, 20.0, 22.0)),
            "calls.tried": lambda: self.count(series, 4),
            "calls.failed": lambda: self.count(series, 3),
        }
        value = choice.get(series.name, lambda: float(self.random.randint(0, 6)))()
        return Sample(series, value, self.wall)

    def count(self, series: Series, most: int) -> float:
        self.totals[series] = self.totals.get(series, 50.0) + self.random.randint(0, most)
        return self.totals[series]

    def selector(self) -> Selector:
        rule = self.random.choice(("*", "trunk_*", "queue_long", "p*", "silent", "[qs]*"))
        labels = self.random.choice(({}, {"pbx": ("hq",)}, {"trunk": ("acme", "b*")}, {"queue": ("!sales",)}))
        key = Key("trunk_down", (("pbx", "hq"), ("trunk", "acme")))
        id_ = self.random.choice(("", "", "", key.id, f"{key.id}-17"))
        return Selector(rule, labels, id_)


def labelled(name: str, pbx: str, **labels: str) -> Series:
    return Series(name, (("pbx", pbx), *labels.items()))


def lived(steps: Iterable[Step], *, restarts: bool) -> Engine:
    """The engine after a timeline; restarted after every step, or never."""
    engine = Engine()
    for step in steps:
        step.apply(engine)
        if restarts:
            engine.restart()
    return engine


def modelled(steps: Iterable[Step]) -> dict[Key, list[Told]]:
    """What the model says to a timeline."""
    world = Modelled()
    for step in steps:
        step.apply_to_model(world)
    return {key: told for key, told in world.model.told.items() if told}
