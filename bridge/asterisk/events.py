"""What AMI events mean: measurements of the catalogue's series, and the totals that they add up to.

A new meaning is a function and a line in MEANINGS. State over several events (calls, queue waits, members) is
not kept here: events come in no certain order and some never come, so such a model needs the polls too.
"""

from collections.abc import Callable, Iterable, Iterator

from bridge.asterisk.catalog.calls import CHANNELS_CREATED, DIALS_ATTEMPTS, DIALS_RESULTS, HANGUPS_COUNT
from bridge.asterisk.catalog.queues import QUEUE_ABANDONS, QUEUE_JOINS, QUEUE_LEAVES
from bridge.asterisk.catalog.system import (
    SECURITY_EVENTS,
    SYSTEM_RELOAD_AGE,
    SYSTEM_RELOADS,
    SYSTEM_SHUTDOWNS,
    SYSTEM_STARTS,
    SYSTEM_UPTIME,
)
from bridge.asterisk.causes import cause_name
from bridge.asterisk.status import mailbox
from bridge.asterisk.words import number, technology, word
from bridge.core.counter import Tally
from bridge.core.metric import Metric
from bridge.core.sample import Kind, Measurement, Sample, Series
from bridge.protocols.ami import AmiMessage

CLASSES = "system,call,agent,security"
"""The classes of events that are asked for. The others, variables and dialplan steps above all, are most of
what Asterisk would send, and nothing is made of them here."""

SECURITY = (
    "FailedACL",
    "InvalidAccountID",
    "InvalidPassword",
    "ChallengeResponseFailed",
    "SessionLimit",
    "MemoryLimit",
    "LoadAverageLimit",
    "RequestNotSupported",
    "RequestNotAllowed",
    "RequestBadFormat",
    "AuthMethodNotAllowed",
    "UnexpectedAddress",
    "InvalidTransport",
)
DIAL_STATUSES = frozenset(
    {
        "ANSWER",
        "BUSY",
        "CANCEL",
        "CHANUNAVAIL",
        "CONGESTION",
        "NOANSWER",
        "DONTCALL",
        "TORTURE",
        "INVALIDARGS",
        "ABORT",
        "CONTINUE",
        "GOTO",
    }
)
RELOADED = "0"
"""Status of an event Reload that was carried out; others were queued or refused."""
MAX_MAILBOXES = 10_000
"""Mailboxes remembered: more than one Asterisk serves."""
RESTART_SLACK = 5.0
"""Seconds by which two tellings of one start may differ: they are whole seconds, and travel."""

Meaning = Callable[[str, AmiMessage], Iterable[Measurement]]
"""What one kind of event says about one PBX."""


def measurements(pbx: str, message: AmiMessage) -> Iterable[Measurement]:
    """What an event says by itself; nothing for an unknown one, or for an item of a list."""
    meaning = MEANINGS.get(message.event)
    return () if meaning is None or message.listed else meaning(pbx, message)


def _counted(metric: Metric) -> Meaning:
    def meaning(pbx: str, _: AmiMessage) -> Iterable[Measurement]:
        return (_one(metric.series(pbx)),)

    return meaning


def _by_queue(metric: Metric) -> Meaning:
    def meaning(pbx: str, message: AmiMessage) -> Iterable[Measurement]:
        return (_one(metric.series(pbx, message.get("Queue"))),)

    return meaning


def _one(series: Series) -> Measurement:
    return Measurement(series, Kind.COUNTER, 1)


def _hangup(pbx: str, message: AmiMessage) -> Iterable[Measurement]:
    return (_one(HANGUPS_COUNT.series(pbx, cause_name(message.get("Cause")))),)


def _dial_begin(pbx: str, message: AmiMessage) -> Iterable[Measurement]:
    return (_one(DIALS_ATTEMPTS.series(pbx, technology(message.get("DestChannel")))),)


def _dial_end(pbx: str, message: AmiMessage) -> Iterable[Measurement]:
    """The status of GOTO names an extension behind a colon, which is cut off."""
    status = message.get("DialStatus").partition(":")[0]
    name = word(status) if status in DIAL_STATUSES else "other"
    return (_one(DIALS_RESULTS.series(pbx, name)),)


def _reload(pbx: str, message: AmiMessage) -> Iterable[Measurement]:
    if message.get("Status") == RELOADED:
        yield _one(SYSTEM_RELOADS.series(pbx))


def _message_waiting(pbx: str, message: AmiMessage) -> Iterator[Measurement]:
    for series, value in mailbox(pbx, message):
        yield Measurement(series, Kind.GAUGE, value)


def _security(pbx: str, message: AmiMessage) -> Iterable[Measurement]:
    """Only what Asterisk calls an error: success is ordinary, and our own log-ins are among it."""
    if message.get("Severity") == "Error":
        yield _one(SECURITY_EVENTS.series(pbx, word(message.get("Service")), message.event))


MEANINGS: dict[str, Meaning] = {
    "Newchannel": _counted(CHANNELS_CREATED),
    "Hangup": _hangup,
    "DialBegin": _dial_begin,
    "DialEnd": _dial_end,
    "QueueCallerJoin": _by_queue(QUEUE_JOINS),
    "QueueCallerLeave": _by_queue(QUEUE_LEAVES),
    "QueueCallerAbandon": _by_queue(QUEUE_ABANDONS),
    "MessageWaiting": _message_waiting,
    "Shutdown": _counted(SYSTEM_SHUTDOWNS),
    "Reload": _reload,
    **dict.fromkeys(SECURITY, _security),
}
"""Event to its meaning."""


class EventTotals:
    """What the events of one PBX add up to. Lives as long as the bridge, over any number of connections.

    Args:
        pbx: the PBX, for the label.

    Attributes:
        boots: how many FullyBooted came; a change means that Asterisk can do more than before.
    """

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._tally = Tally()
        self._gauges: dict[Series, float] = {}
        self._mailboxes: dict[str, None] = {}
        self._started: float | None = None
        self._reloaded: float | None = None
        self.boots = 0

    def take(self, message: AmiMessage, monotonic: float) -> None:
        """Count an event that came at `monotonic` seconds."""
        if message.event == "FullyBooted":
            self._boot(message, monotonic)
        for series, kind, value, _, _ in measurements(self._pbx, message):
            if kind is Kind.COUNTER:
                self._tally.add(series, float(value))
            elif len(self._mailboxes) < MAX_MAILBOXES or message.get("Mailbox") in self._mailboxes:
                self._mailboxes[message.get("Mailbox")] = None
                self._gauges[series] = float(value)
            if series.name == SYSTEM_RELOADS.name:
                self._reloaded = monotonic

    def _boot(self, message: AmiMessage, monotonic: float) -> None:
        """Asterisk tells after a log-in how long it runs: a later start than the known one is a restart."""
        self.boots += 1
        for metric in (SYSTEM_STARTS, SYSTEM_SHUTDOWNS, SYSTEM_RELOADS):
            self._tally.add(metric.series(self._pbx), 0)
        uptime, reloaded = number(message.get("Uptime")), number(message.get("LastReload"))
        if uptime is None:
            return
        before, self._started = self._started, monotonic - uptime
        self._reloaded = monotonic - (uptime if reloaded is None else reloaded)
        if before is not None and self._started > before + RESTART_SLACK:
            self._tally.add(SYSTEM_STARTS.series(self._pbx))

    @property
    def mailboxes(self) -> tuple[str, ...]:
        """The mailboxes that events have told of, in the order of the first."""
        return tuple(self._mailboxes)

    def refresh(self, message: AmiMessage) -> None:
        """Take what Asterisk answered when asked for a mailbox."""
        self._gauges.update(mailbox(self._pbx, message))

    def lost(self) -> None:
        """The connection is lost: what mailboxes hold is not known until they are asked for."""
        self._gauges.clear()

    def ages(self, monotonic: float, now: float) -> Iterator[Sample]:
        """Uptime and reload age as FullyBooted told them, for an account that may ask for nothing."""
        for metric, moment in (
            (SYSTEM_UPTIME, self._started),
            (SYSTEM_RELOAD_AGE, self._reloaded),
        ):
            if moment is not None:
                yield Sample(metric.series(self._pbx), monotonic - moment, now)

    def samples(self, now: float) -> list[Sample]:
        """All totals, and what the mailboxes hold, at Unix time `now`."""
        gauges = (Sample(series, value, now) for series, value in self._gauges.items())
        return [*self._tally.samples(now), *gauges]
