"""Alerts: the rules at work. Samples come in as they pass the pipeline, and notices go out as samples."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.core import own
from bridge.core.alert import Key, Moment, Notice, Severity, State, sample_of
from bridge.core.opening import Calendar
from bridge.core.rule import Rule
from bridge.core.rules import LIMIT, STALE, Rules
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.silence import Silence
from bridge.core.state import Json
from bridge.log import Throttle, get_logger
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock, Emit
from bridge.pipeline.memory import Memory

MEMORY = "alerts"
"""The key under which alerts are remembered."""
PAUSE = 1.0
"""Seconds to wait after a defect: what is due stays due, and would be tried without end."""

log = get_logger(component="alerts")


@dataclass(frozen=True, slots=True)
class Watch:
    """What is to be watched.

    Attributes:
        rules: the rules.
        calendars: the schedules that they name.
        pbxs: the PBXs that are missed if nothing is heard of them.
        stale: seconds after which what is silent has gone.
        limit: the most alerts that are kept.
    """

    rules: Sequence[Rule] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    pbxs: Sequence[str] = ()
    stale: float = STALE
    limit: int = LIMIT


class Alerts:
    """Watches what passes the pipeline, over restarts and new settings.

    Args:
        health: where alerts are counted.
        clock: where time comes from.
        memory: from which they go on.

    Attributes:
        outlets: where notices go, as samples; each must return at once, as `Delivery.accept` does.
    """

    def __init__(self, health: Health, clock: Clock, memory: Memory) -> None:
        self.outlets: Sequence[Emit] = ()
        self._health = health
        self._clock = clock
        self._rules = Rules((), self._now())
        self._refused = 0
        self._moved = asyncio.Event()
        self._throttle = Throttle(clock.monotonic)
        self._known = memory.recall(MEMORY)
        memory.keep(MEMORY, self._state)
        health.watch(self._gauges)
        health.count(own.ALERTS_FAULTS.series(BRIDGE), 0)

    def _now(self) -> Moment:
        return Moment(self._clock.time(), self._clock.monotonic())

    def follow(self, watch: Watch) -> None:
        """Watch this from now on. Alerts go on; those whose rule has gone are taken back."""
        known = self._state()
        self._known = None
        self._refused += self._rules.refused
        self._rules = self._built(watch)
        if not self._do(lambda now: self._rules.restore(known, now)):
            self._rules = self._built(watch)
        self._do(lambda now: self._rules.expect(watch.pbxs, now))
        self._moved.set()

    def _built(self, watch: Watch) -> Rules:
        return Rules(watch.rules, self._now(), watch.calendars, stale=watch.stale, limit=watch.limit)

    def _state(self) -> Json:
        """What must be known to go on: before anything is watched, what was known already."""
        return self._rules.state(self._now()) if self._known is None else self._known

    def metrics(self) -> frozenset[str]:
        """The metrics that rules watch."""
        return self._rules.metrics

    def observe(self, samples: Sequence[Sample]) -> None:
        """Take samples; never raises, since the pipeline has others to serve."""
        self._do(lambda now: self._rules.take(samples, now))

    async def run(self) -> None:
        """Do what time alone brings, until cancelled."""
        while True:
            self._moved.clear()
            wait = self._rules.due - self._clock.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait)):
                    await self._moved.wait()
            if not self._do(self._rules.tick):
                await asyncio.sleep(PAUSE)

    def say(self, what: Callable[[Rules, Moment], list[Notice]]) -> list[Notice]:
        """Have the rules do what people ask for; return what came of it, which is told to everyone."""
        notices = what(self._rules, self._now())
        self._tell(notices)
        self._moved.set()
        return notices

    def number(self, key: Key) -> int | None:
        """The number of what was told last of an alert; None if it is not known any more."""
        return self._rules.number(key)

    def standing(self, key: Key) -> Notice | None:
        """How an alert stands now; None if it is not known any more."""
        return self._rules.standing(key)

    def keys(self) -> list[Key]:
        """Which alerts there are."""
        return [key for key, _, _ in self._rules.states()]

    def everything(self) -> list[Notice]:
        """How every alert stands now."""
        return list(self._rules.everything())

    def active(self) -> list[Notice]:
        """How those alerts stand that are pending or fire."""
        states = self._rules.states()
        found = [self._rules.standing(key) for key, _, state in states if state is not State.INACTIVE]
        return [notice for notice in found if notice]

    def silences(self) -> Sequence[Silence]:
        """Those in force; one may be over since a moment."""
        return self._rules.silences

    def _do(self, what: Callable[[Moment], list[Notice]]) -> bool:
        """Have the rules do something, and tell what came of it; return whether that went well."""
        due = self._rules.due
        try:
            self._tell(what(self._now()))
            if self._rules.due < due:
                self._moved.set()
        except Exception:
            self._health.count(own.ALERTS_FAULTS.series(BRIDGE))
            if (suppressed := self._throttle.suppressed("defect")) is not None:
                log.exception("a defect: an alert may be missing or late", suppressed=suppressed)
            return False
        return True

    def _tell(self, notices: Sequence[Notice]) -> None:
        if not notices:
            return
        samples = [sample_of(notice) for notice in notices]
        for accept in self.outlets:
            accept(samples)
        for notice in notices:
            if notice.is_transition:
                series = own.ALERTS_TRANSITIONS.series(notice.key.pbx, notice.key.rule, notice.state)
                self._health.count(series)
                _write_later(notice)

    def _gauges(self) -> Iterator[tuple[Series, float]]:
        yield own.ALERTS_REFUSED.series(BRIDGE), self._refused + self._rules.refused
        yield from standings(self._rules.states())


def standings(states: Iterable[tuple[Key, Severity, State]]) -> Iterator[tuple[Series, float]]:
    """How many alerts stand how."""
    known = 0
    counts: Counter[tuple[str, Severity, State]] = Counter()
    firing: Counter[tuple[str, str]] = Counter()
    for key, severity, state in states:
        known += 1
        counts[key.pbx, severity, state] += 1
        firing[key.pbx, key.rule] += state is State.FIRING
    yield own.ALERTS_KNOWN.series(BRIDGE), known
    for pbx in {pbx for pbx, _, _ in counts}:
        for severity in Severity:
            for state in (State.PENDING, State.FIRING):
                yield own.ALERTS_STANDING.series(pbx, severity, state), counts[pbx, severity, state]
    for (pbx, rule), amount in firing.items():
        yield own.ALERTS_FIRING.series(pbx, rule), amount


def _write_later(notice: Notice) -> None:
    """A log line takes longer than all the rest: it does not keep the alert waiting."""
    try:
        asyncio.get_running_loop().call_soon(_write, notice)
    except RuntimeError:  # nothing runs yet that could wait
        _write(notice)


def _write(notice: Notice) -> None:
    """A line for each alert that fires, and for each that is over."""
    labels = " ".join(f"{name}={value}" for name, value in notice.key.labels)
    words = {"rule": notice.key.rule, "labels": labels, "summary": notice.summary}
    if notice.state is State.FIRING and not notice.silenced_until:
        log.warning("alert", severity=notice.severity.value, **words)
    elif notice.state is State.INACTIVE:
        log.info("alert is over", **words)
