"""The bridge's own numbers, and what it knows of the state of each source and sink."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from itertools import chain
from typing import NamedTuple

from bridge.core import own
from bridge.core.counter import Tally
from bridge.core.rejected import KEPT, Rejected
from bridge.core.sample import BRIDGE, Sample, Series
from bridge.core.working import Working
from bridge.log import get_logger
from bridge.pipeline.interfaces import Clock, Emit

Gauges = Callable[[], Iterable[tuple[Series, float]]]
"""Gives the numbers of a component at the moment of the call."""

STOPPING = "the bridge stops"
GONE = "no setting asks for it any more"
"""The reasons for which a part is down that are nothing to worry about."""

_UP = {"source": own.SOURCE_UP, "sink": own.SINK_UP, "spool": own.SPOOL_UP}
"""Kind of a part to the metric of its state."""

log = get_logger(component="health")


@dataclass(slots=True)
class _Past:
    """Since when a part is as it is, when it worked last, and what its last fault was."""

    since: float
    heard: float | None = None
    fault: str = ""
    faulted: float | None = None


class Part(NamedTuple):
    """A source, a sink or the spool of one; `pbx` is `bridge` for all but the sources of a PBX."""

    kind: str
    pbx: str
    name: str


class Health:
    """Counts, gauges and states. Everything in here ends on /metrics, in Graphite and over MQTT.

    Args:
        clock: where times of samples come from.

    Attributes:
        emit: where a change of state is told at once.
        lost: is told of every source that stops to work.
        rejected: the newest lines of StatsD that were refused.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tally = Tally()
        self._gauges: dict[Part | None, list[Gauges]] = {}
        self._built: Part | None = None
        self._states: dict[Part, tuple[bool, str]] = {}
        self._past: dict[Part, _Past] = {}
        self.rejected: deque[Rejected] = deque(maxlen=KEPT)
        self.emit: Emit = lambda _: None
        self.lost: Callable[[Part], None] = lambda _: None

    def count(self, series: Series, amount: float = 1) -> None:
        """Count `amount` more happenings."""
        self._tally.add(series, amount)

    def counted(self, series: Series) -> float:
        """How many happenings of the series were counted."""
        return self._tally[series]

    def watch(self, gauges: Gauges) -> None:
        """Ask `gauges` for numbers at every flush."""
        self._gauges.setdefault(self._built, []).append(gauges)

    @contextmanager
    def building(self, part: Part) -> Iterator[None]:
        """Whatever is watched from within belongs to the part, and is forgotten with it."""
        self._built = part
        try:
            yield
        finally:
            self._built = None

    def forget(self, part: Part) -> None:
        """Forget a part and its gauges: new settings have none like it; counts stay."""
        self._gauges.pop(part, None)
        self._states.pop(part, None)
        self._past.pop(part, None)

    def expect(self, part: Part) -> None:
        """Announce a part that has not worked yet, so that it is missed while it stays away."""
        self._states.setdefault(part, (False, "not connected yet"))
        self._past.setdefault(part, _Past(self._clock.time()))

    def up(self, part: Part) -> None:
        """The part works. A change is logged once and told to the sinks at once."""
        if not self._states.get(part, (False, ""))[0]:
            self._change(part, up=True, reason="")
        self.heard(part)

    def down(self, part: Part, reason: str) -> None:
        """The part does not work, and why. A change, also of the reason, is logged once."""
        if self._states.get(part) != (False, reason):
            self._change(part, up=False, reason=reason)

    def heard(self, part: Part) -> None:
        """The part has just been seen to work; it may be said often, as it costs little."""
        if part in self._past:
            self._past[part].heard = self._clock.time()

    def _change(self, part: Part, *, up: bool, reason: str) -> None:
        before = self._states.get(part)
        self._states[part] = (up, reason)
        self._remember(part, reason, changed=before is None or before[0] != up)
        if up:
            log.info("up", **part._asdict())
        elif reason in {STOPPING, GONE}:
            log.info("down", **part._asdict(), reason=reason)
        else:
            log.warning("down", **part._asdict(), reason=reason)
        if part.kind == "source" and not up:
            self.lost(part)
        if before is None or before[0] != up:
            self.emit([Sample(_up_series(part), float(up), self._clock.time())])

    def _remember(self, part: Part, reason: str, *, changed: bool) -> None:
        now = self._clock.time()
        past = self._past.setdefault(part, _Past(now))
        if changed:
            past.since = now
        if reason and reason not in {STOPPING, GONE}:
            past.fault, past.faulted = reason, now

    def states(self) -> Mapping[Part, bool]:
        """All parts, and whether they work now."""
        return {part: up for part, (up, _) in self._states.items()}

    def missing(self) -> dict[Part, str]:
        """The parts that do not work now, with the reason."""
        return {part: reason for part, (up, reason) in self._states.items() if not up}

    def working(self) -> list[Working]:
        """All parts, whether they work, and what is known of how it went."""
        found = []
        for part, (up, reason) in self._states.items():
            since, heard, fault, faulted = astuple(self._past[part])
            found.append(Working(*part, up, since, heard, fault or reason, faulted))
        return found

    def report(self) -> dict[str, object]:
        """States, counts and gauges as one JSON object, for people who look at a topic or a page."""
        states = {
            f"{part.kind} {part.pbx}/{part.name}": {"up": up, **({"reason": reason} if reason else {})}
            for part, (up, reason) in self._states.items()
        }
        return {
            "states": states,
            "counts": {_words(series): value for series, value, _ in self._tally.samples(0)},
            "gauges": {_words(series): value for series, value in self._gauged()},
        }

    def samples(self, now: float) -> Iterator[Sample]:
        """All of it as samples at the time `now`."""
        for part, (up, _) in self._states.items():
            yield Sample(_up_series(part), float(up), now)
        for series, value in self._gauged():
            yield Sample(series, value, now)
        yield from self._tally.samples(now)

    def _gauged(self) -> Iterator[tuple[Series, float]]:
        for gauges in chain.from_iterable(self._gauges.values()):
            yield from gauges()


def _words(series: Series) -> str:
    return " ".join([series.name, *(value for _, value in series.labels)])


def _up_series(part: Part) -> Series:
    return _UP[part.kind].series(part.pbx or BRIDGE, part.name)
