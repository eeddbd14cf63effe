"""Receiver: what stands between the sockets and the books. It parses, counts and complains.

A native core can take its place: the listeners know only `receive`, the source only `flush`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.sample import BRIDGE, Measurement, Sample, Series
from bridge.log import Throttle, get_logger
from bridge.pipeline.health import Health
from bridge.pipeline.interfaces import Clock
from bridge.protocols.statsd import BadLine, Reason, parse_datagram
from bridge.sources.statsd.books import CONFLICT, Book, Traffic
from bridge.sources.statsd.senders import Packet, Senders

NAME = "statsd"
NEGATIVE_TIMER = "negative_timer"
"""Why a duration below 0 is not used: a phone that does not answer has no round trip."""
SHOWN = 200
"""Bytes of a bad line that the log shows."""
COMPLAINTS = 100
"""How many pairs of sender and reason have a log line of their own in a period."""

log = get_logger(component=NAME)


class Receiver:
    """Takes packets, gives samples.

    Args:
        book: where measurements add up.
        senders: whom packets belong to.
        health: where all of it is counted.
        clock: the time by which complaints are spaced.
    """

    def __init__(self, book: Book, senders: Senders, health: Health, clock: Clock) -> None:
        self._book = book
        self._senders = senders
        self._health = health
        self._throttle = Throttle(clock.monotonic, keys=COMPLAINTS)
        self._traffic = Traffic()
        health.watch(self._gauges)

    def receive(self, listener: str, packets: Iterable[Packet]) -> None:
        """Take what a listener has received."""
        gathered: defaultdict[str, list[Measurement]] = defaultdict(list)
        bad: list[tuple[str, BadLine]] = []
        refused: list[str] = []
        received = lines = accepted = notices = 0
        pbx_of = self._senders.pbx
        for data, sender in packets:
            pbx = pbx_of(sender)
            if pbx is None:
                refused.append(sender)
                continue
            measurements, bad_lines, all_lines, good_lines, events = parse_datagram(data)
            gathered[pbx] += measurements
            received += 1
            lines += all_lines
            accepted += good_lines
            notices += events
            if bad_lines:
                bad += [(sender, line) for line in bad_lines]
        for pbx, measurements_of_pbx in gathered.items():
            self._book.add(pbx, measurements_of_pbx)
        negative = self._settle(listener)
        faults = negative + sum(line.reason is not Reason.EMPTY for _, line in bad)
        self._traffic = self._traffic.plus(received, lines, faults)
        self._count(own.LISTENER_PACKETS, received + len(refused), listener)
        self._count(own.LISTENER_LINES, accepted - negative, listener)
        self._count(own.SOURCE_EVENTS, notices, NAME)
        self._complain(listener, bad)
        self._refuse(listener, refused)

    def admits(self, listener: str, sender: str) -> bool:
        """Whether a sender may connect; if not, that is counted."""
        if self._senders.pbx(sender) is None:
            self._refuse(listener, [sender])
            return False
        return True

    def _settle(self, listener: str) -> int:
        """Count what the book could not use; return how many accepted lines were bad after all."""
        lost = self._book.lost()
        negative = lost.get(NEGATIVE_TIMER, 0)
        self._count(own.LISTENER_BAD_LINES, negative, listener, NEGATIVE_TIMER)
        self._count(own.LISTENER_OVERFLOW, lost.get("series", 0) + lost.get("set", 0), listener)
        self._count(own.SOURCE_ERRORS, lost.get(CONFLICT, 0), NAME, CONFLICT)
        return negative

    def _complain(self, listener: str, bad: Iterable[tuple[str, BadLine]]) -> None:
        for sender, (line, reason) in bad:
            self._count(own.LISTENER_BAD_LINES, 1, listener, reason.value)
            self._warn("bad line", listener, sender, reason=reason.value, line=str(line[:SHOWN])[2:-1])

    def _refuse(self, listener: str, senders: Sequence[str]) -> None:
        self._count(own.LISTENER_REFUSED, len(senders), listener)
        for sender in senders:
            self._warn("packet refused: no setting lets the sender in", listener, sender)

    def _warn(self, event: str, listener: str, sender: str, **fields: str) -> None:
        key = " ".join((event, sender, fields.get("reason", "")))
        kept_back = self._throttle.suppressed(key)
        if kept_back is not None:
            log.warning(event, listener=listener, sender=sender, **fields, kept_back=kept_back)

    def flush(self, now: float) -> Iterator[Sample]:
        """End the interval at Unix time `now`; its samples may be taken from the iterator bit by bit."""
        traffic, self._traffic = self._traffic, Traffic()
        return self._book.flush(now, traffic)

    def _count(self, metric: Metric, amount: int, *labels: str) -> None:
        if amount:
            self._health.count(metric.series(BRIDGE, *labels), amount)

    def _gauges(self) -> list[tuple[Series, float]]:
        return [(own.LISTENER_SERIES.series(BRIDGE, NAME), len(self._book))]
