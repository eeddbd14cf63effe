"""The PBX itself: its version and limits, since when it runs, and what is done to it.

Asterisk tells the moments of its start and of its last reload as local times without a zone, so it is asked
which Unix times these are. After a log-in it tells them as ages too, to an account that hears class system.
"""

from collections.abc import Iterator, Mapping

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.system import (
    MODULES_FAILURES,
    MODULES_LOADS,
    MODULES_UNLOADS,
    RELOAD_RESULT_RELOADS,
    SYSTEM_INFO,
    SYSTEM_MAX_CALLS,
    SYSTEM_RELOAD_AGE,
    SYSTEM_RELOADS,
    SYSTEM_SHUTDOWNS,
    SYSTEM_STARTS,
    SYSTEM_UPTIME,
    SYSTEM_VERSION,
)
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number, version_number
from bridge.core.counter import Tally
from bridge.core.metric import Metric
from bridge.core.recent import Recent
from bridge.core.sample import Series
from bridge.protocols.ami import AmiMessage

SLACK = 5.0
"""Seconds by which two tellings of one start may differ: they are whole seconds, and travel."""
DRIFT = 0.001
"""The share by which Asterisk's clock and ours may go apart meanwhile; those of computers do by a tenth."""
RELOAD_RESULTS = (
    "success",
    "queued",
    "not_found",
    "error",
    "in_progress",
    "not_initialised",
    "not_reloadable",
)
"""What the numbers in Status of an event Reload mean, 0 first."""
OTHER = "other"
LOADED = frozenset({"Success", "Priority"})
FAILED = frozenset({"Failure", "Decline"})
"""Status of events Load and Unload; another one, Skip, is neither."""


class System(Model):
    """Versions and ages from polls and FullyBooted; shutdowns, reloads and modules from events."""

    asks = (actions.CORE_SETTINGS, actions.CORE_STATUS, actions.CLOCK)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._settings: tuple[tuple[Series, float], ...] = ()
        self._times: dict[Action, float] = {}
        self._start: Action | None = None
        self._started: float | None = None
        self._reloaded: float | None = None
        self._down = False
        self._recent = Recent()

    def hears(self) -> Mapping[str, Take]:
        """What is done to Asterisk as a whole, and to its modules."""
        return {
            "FullyBooted": self._boot,
            "Shutdown": self._shut_down,
            "Reload": self._reload,
            "Load": self._load,
            "Unload": self._unload,
        }

    def _boot(self, message: AmiMessage, now: float) -> None:
        """Told after each log-in too, so a start is told by its time."""
        for metric in (SYSTEM_STARTS, SYSTEM_SHUTDOWNS, SYSTEM_RELOADS):
            self.totals.add(metric.series(self.pbx), 0)
        uptime, reloaded = number(message.get("Uptime")), number(message.get("LastReload"))
        if uptime is not None:
            self._begin(now - uptime, now)
            self._reloaded = now - (uptime if reloaded is None else reloaded)

    def _begin(self, started: float, now: float) -> None:
        """One of several tellings, in no certain order, that Asterisk started at monotonic `started`."""
        before = started if self._started is None else self._started
        slack = SLACK + DRIFT * (now - before)
        if started > before + slack:
            self.totals.add(SYSTEM_STARTS.series(self.pbx))
        if started > before - slack:
            self._started = started

    def _shut_down(self, _: AmiMessage, __: float) -> None:
        """The last event of a connection, so a second one is the same."""
        self._count(SYSTEM_SHUTDOWNS, not self._down)
        self._down = True

    def _reload(self, message: AmiMessage, now: float) -> None:
        if not self._recent.news(hash(message.raw), now):
            return
        status = number(message.get("Status"))
        results = dict(enumerate(RELOAD_RESULTS))
        result = results.get(int(status), OTHER) if status is not None else OTHER
        self.totals.add(RELOAD_RESULT_RELOADS.series(self.pbx, result))
        if result == RELOAD_RESULTS[0]:
            self._count(SYSTEM_RELOADS)
            self._reloaded = now

    def _load(self, message: AmiMessage, now: float) -> None:
        self._module(MODULES_LOADS, message, now)

    def _unload(self, message: AmiMessage, now: float) -> None:
        self._module(MODULES_UNLOADS, message, now)

    def _module(self, done: Metric, message: AmiMessage, now: float) -> None:
        if self._recent.news(hash(message.raw), now):
            status = message.get("Status")
            self._count(done, status in LOADED)
            self._count(MODULES_FAILURES, status in FAILED)

    def _count(self, metric: Metric, amount: float = 1) -> None:
        self.totals.add(metric.series(self.pbx), amount)

    def further(self, replies: Replies) -> list[Action]:
        """The local times that are not translated yet."""
        return [time for time in _local_times(replies) if time and time not in self._times]

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - each start is told by its time
        """Take settings and moments; a start that no event has told is counted all the same."""
        if actions.CORE_SETTINGS in replies:
            self._settings = tuple(_settings(self.pbx, replies[actions.CORE_SETTINGS].response))
        start, reload = _local_times(replies)
        translated = {time: _variable(replies, time) for time in (start, reload) if time}
        known = {time: self._times.get(time) if new is None else new for time, new in translated.items()}
        self._times = {time: value for time, value in known.items() if value is not None}
        clock = _variable(replies, actions.CLOCK)
        if clock is None:
            return 0
        if start in self._times:
            self._poll_start(start, asked - max(0.0, clock - self._times[start]), asked)
        if reload in self._times:
            self._reloaded = asked - max(0.0, clock - self._times[reload])
        return 0

    def _poll_start(self, start: Action, started: float, asked: float) -> None:
        """Take the start that Asterisk tells; the same one may move, as its clock or ours is set."""
        self._count(SYSTEM_STARTS, 0)
        if start == self._start:
            self._started = started
        else:
            self._begin(started, asked)
        self._start = start

    def gauges(self, now: float) -> Values:
        """Version, limits, and ages in whole seconds, as Asterisk tells them."""
        yield from self._settings
        for metric, moment in ((SYSTEM_UPTIME, self._started), (SYSTEM_RELOAD_AGE, self._reloaded)):
            if moment is not None:
                yield metric.series(self.pbx), max(0, round(now - moment))

    def lost(self) -> None:
        """What comes next may be another version, and may be shut down in its turn."""
        self._settings, self._down = (), False


def _settings(pbx: str, settings: AmiMessage) -> Iterator[tuple[Series, float]]:
    if version := settings.get("AsteriskVersion"):
        yield SYSTEM_INFO.series(pbx, version), 1
        yield SYSTEM_VERSION.series(pbx), version_number(version)
    if (limit := number(settings.get("CoreMaxCalls"))) is not None:
        yield SYSTEM_MAX_CALLS.series(pbx), limit


def _variable(replies: Replies, action: Action) -> float | None:
    return number(replies[action].response.get("Value")) if action in replies else None


def _local_times(replies: Replies) -> tuple[Action | None, Action | None]:
    """The questions that translate the moments of the last start and reload."""
    if actions.CORE_STATUS not in replies:
        return None, None
    status = replies[actions.CORE_STATUS].response
    return _question(status, "CoreStartup"), _question(status, "CoreReload")


def _question(status: AmiMessage, what: str) -> Action | None:
    try:
        return actions.unix_time_of(f"{status.get(what + 'Date')} {status.get(what + 'Time')}")
    except ValueError:
        return None
