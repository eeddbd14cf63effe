"""Queues: who waits, for how long, and how it ends."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from bridge.asterisk import actions
from bridge.asterisk.catalog.queues import (
    QUEUE_ABANDON_TIME,
    QUEUE_ABANDONS,
    QUEUE_ABANDONS_IN_TIME,
    QUEUE_ANSWERED,
    QUEUE_ANSWERED_IN_TIME,
    QUEUE_ASTERISK_ABANDONED,
    QUEUE_ASTERISK_COMPLETED,
    QUEUE_ASTERISK_SERVICE_LEVEL,
    QUEUE_ASTERISK_SERVICE_LEVEL_2,
    QUEUE_END_COMPLETED,
    QUEUE_EXITS,
    QUEUE_HOLD_TIME_AVERAGE,
    QUEUE_JOINS,
    QUEUE_LEAVES,
    QUEUE_LONGEST_WAIT,
    QUEUE_MEMBER_CALLS,
    QUEUE_RING_NO_ANSWERS,
    QUEUE_RING_TIME,
    QUEUE_SERVICE_LEVEL_BOUND,
    QUEUE_TALK_TIME,
    QUEUE_TALK_TIME_AVERAGE,
    QUEUE_WAIT_TIME,
    QUEUE_WAITING,
)
from bridge.asterisk.departures import Departure, Departures, Place
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.waiting import Waiting
from bridge.asterisk.words import number
from bridge.core.counter import Tally
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.recent import Recent
from bridge.core.sample import Series
from bridge.protocols.ami import AmiMessage

MANY = 5_000
"""Queues that get series of their own: more than anybody configures."""
OTHER = "other"
DOUBLES = 10_000
"""Events of queues that are remembered for some seconds, to know one that comes twice: 10 MiB of them."""
ENDERS = frozenset({"caller", "agent", "transfer"})

COUNTED = (
    QUEUE_JOINS,
    QUEUE_LEAVES,
    QUEUE_ANSWERED,
    QUEUE_ANSWERED_IN_TIME,
    QUEUE_ABANDONS,
    QUEUE_ABANDONS_IN_TIME,
    QUEUE_EXITS,
    QUEUE_MEMBER_CALLS,
    QUEUE_RING_NO_ANSWERS,
)
"""What reads 0 for a queue where it has not happened yet."""

SHOWN: tuple[tuple[Metric, str, float], ...] = (
    (QUEUE_SERVICE_LEVEL_BOUND, "ServiceLevel", 1),
    (QUEUE_HOLD_TIME_AVERAGE, "Holdtime", 1),
    (QUEUE_TALK_TIME_AVERAGE, "TalkTime", 1),
    (QUEUE_ASTERISK_SERVICE_LEVEL, "ServicelevelPerf", 100),
    (QUEUE_ASTERISK_SERVICE_LEVEL_2, "ServicelevelPerf2", 100),
)
"""What is shown as Asterisk tells it: the metric, its key in QueueParams, and by what it is divided."""

FOLLOWED = ((QUEUE_ASTERISK_COMPLETED, "Completed"), (QUEUE_ASTERISK_ABANDONED, "Abandoned"))


class Queues(Model):
    """Counts what Asterisk writes to queue_log, by the events that it sends where it does so.

    Args:
        pbx: the PBX, for the label.
        totals: where happenings are counted.
    """

    asks = (actions.QUEUE_STATUS,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._waiting = Waiting()
        self._departures = Departures(self._departed, self._waiting.waits)
        self._heard = Recent(limit=DOUBLES)
        self._bounds: dict[str, float] = {}
        self._shown: list[tuple[Series, float]] = []

    def hears(self) -> Mapping[str, Take]:
        """Events of queues, each of which counts once, and ends of channels, which tell how callers left."""
        counted = {
            "QueueCallerJoin": self._join,
            "QueueCallerLeave": self._leave,
            "QueueCallerAbandon": self._abandon,
            "AgentCalled": self._call,
            "AgentConnect": self._connect,
            "AgentRingNoAnswer": self._no_answer,
            "AgentComplete": self._complete,
        }
        once = {event: self._once(take) for event, take in counted.items()}
        return once | dict.fromkeys(("HangupRequest", "Hangup"), self._end)

    def _once(self, take: Take) -> Take:
        def take_once(message: AmiMessage, now: float) -> None:
            if self._heard.news(message.raw, now):
                take(message, now)

        return take_once

    # --- callers

    def _join(self, message: AmiMessage, now: float) -> None:
        queue = self._queue(message)
        self._count(QUEUE_JOINS, queue)
        self._waiting.joined(queue, message.get("Uniqueid"), now)

    def _leave(self, message: AmiMessage, now: float) -> None:
        queue, caller = self._queue(message), message.get("Uniqueid")
        self._count(QUEUE_LEAVES, queue)
        self._waiting.left(queue, caller, now)
        self._departures.left(queue, caller, now)

    def _abandon(self, message: AmiMessage, now: float) -> None:
        queue, caller = self._queue(message), message.get("Uniqueid")
        waited = max(0.0, number(message.get("HoldTime")) or 0.0)
        self._departures.gave_up(queue, caller, now, _place(message), waited)

    def _end(self, message: AmiMessage, now: float) -> None:
        if self._bounds:
            self._departures.ended(message.get("Uniqueid"), _place(message), now)

    def _departed(self, departure: Departure) -> None:
        queue = departure.queue
        self._count(QUEUE_EXITS, queue, departure.exits)
        if departure.abandoned:
            self._count(QUEUE_ABANDONS, queue)
            self._observe(QUEUE_ABANDON_TIME, queue, departure.waited)
            self._count(QUEUE_ABANDONS_IN_TIME, queue, self._in_time(queue, departure.waited))

    # --- members

    def _call(self, message: AmiMessage, _: float) -> None:
        self._count(QUEUE_MEMBER_CALLS, self._queue(message))

    def _connect(self, message: AmiMessage, now: float) -> None:
        queue, waited = self._queue(message), number(message.get("HoldTime"))
        self._count(QUEUE_ANSWERED, queue)
        self._count(QUEUE_ANSWERED_IN_TIME, queue, self._in_time(queue, waited))
        self._observe(QUEUE_WAIT_TIME, queue, waited)
        self._observe(QUEUE_RING_TIME, queue, number(message.get("RingTime")))
        self._departures.connected(queue, message.get("Uniqueid"), now)

    def _no_answer(self, message: AmiMessage, _: float) -> None:
        self._count(QUEUE_RING_NO_ANSWERS, self._queue(message))

    def _complete(self, message: AmiMessage, _: float) -> None:
        queue, reason = self._queue(message), message.get("Reason")
        by = reason if reason in ENDERS else OTHER
        self.totals.add(QUEUE_END_COMPLETED.series(self.pbx, queue, by))
        self._observe(QUEUE_TALK_TIME, queue, number(message.get("TalkTime")))

    # --- counting

    def _queue(self, message: AmiMessage) -> str:
        queue = message.get("Queue") or OTHER
        if queue not in self._bounds:
            queue = queue if len(self._bounds) < MANY else OTHER
            self._meet(queue, 0.0)
        return queue

    def _meet(self, queue: str, bound: float) -> None:
        self._bounds[queue] = bound
        for metric in COUNTED:
            self._count(metric, queue, 0)

    def _in_time(self, queue: str, waited: float | None) -> bool:
        """Asterisk compares the same whole seconds."""
        return waited is not None and waited <= self._bounds.get(queue, 0.0)

    def _count(self, metric: Metric, queue: str, amount: float = 1) -> None:
        self.totals.add(metric.series(self.pbx, queue), amount)

    def _observe(self, histogram: Histogram, queue: str, seconds: float | None) -> None:
        if seconds is not None:
            histogram.observe(self.totals, max(0.0, seconds), self.pbx, queue)

    # --- polls

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Take the queues that there are, and who waits in them; a queue that is gone is forgotten."""
        if actions.QUEUE_STATUS not in replies:
            return 0
        self._bounds.clear()
        self._shown.clear()
        for queue in items(replies, actions.QUEUE_STATUS, "QueueParams")[:MANY]:
            self._take_params(queue)
        entries = items(replies, actions.QUEUE_STATUS, "QueueEntry")
        waits = {(entry.get("Queue"), entry.get("Uniqueid")): _waited(entry) for entry in entries}
        return self._waiting.correct(waits, asked, first=first)

    def _take_params(self, params: AmiMessage) -> None:
        queue = params.get("Queue")
        self._meet(queue, number(params.get("ServiceLevel")) or 0.0)
        for metric, key in FOLLOWED:
            if (reading := number(params.get(key))) is not None:
                self.totals.follow(metric.series(self.pbx, queue), reading)
        for metric, key, divisor in SHOWN:
            if (value := number(params.get(key))) is not None:
                self._shown.append((metric.series(self.pbx, queue), value / divisor))

    def standing(self, now: float) -> Values:
        """Who waits."""
        return self._waits(now)

    def gauges(self, now: float) -> Values:
        """Who waits in each queue now, and what Asterisk told of it last."""
        self._departures.settle(now)
        yield from self._waits(now)
        yield from self._shown

    def _waits(self, now: float) -> Iterator[tuple[Series, float]]:
        since: defaultdict[str, list[float]] = defaultdict(list)
        for queue, joined in self._waiting.living():
            since[queue].append(joined)
        for queue in self._bounds:
            longest = now - min(since[queue], default=now)
            yield QUEUE_WAITING.series(self.pbx, queue), len(since[queue])
            yield QUEUE_LONGEST_WAIT.series(self.pbx, queue), max(0.0, longest)

    def lost(self) -> None:
        """Callers come and go unheard; how the last ones left is decided by what was heard."""
        self._departures.close()
        self._waiting.forget()


def _place(message: AmiMessage) -> Place:
    return message.get("Context"), message.get("Exten"), message.get("Priority")


def _waited(entry: AmiMessage) -> float:
    return max(0.0, number(entry.get("Wait")) or 0.0)
