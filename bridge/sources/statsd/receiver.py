"""Receiver: what stands between the sockets and the books. It parses, counts and complains.

Where there is a compiled core, plain datagrams go past it (lanes.py); it takes all others.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from socket import socket
from typing import NamedTuple

from bridge.core import own
from bridge.core.metric import Metric
from bridge.core.privacy import shape
from bridge.core.rejected import Rejected, readable
from bridge.core.sample import BRIDGE, Measurement, Sample, Series
from bridge.core.state import Hides, Json, mapping, nothing
from bridge.log import Throttle, get_logger
from bridge.pipeline.health import Health, Part
from bridge.pipeline.interfaces import Clock
from bridge.protocols.guard import parse_within, without_cut_names
from bridge.protocols.refusal import NOTHING, BadLine
from bridge.protocols.statsd import Parsed, parse_datagram
from bridge.sources.statsd.asterisks import Asterisks
from bridge.sources.statsd.books import CONFLICT, Book, Traffic
from bridge.sources.statsd.lanes import Lanes
from bridge.sources.statsd.listener import reading
from bridge.sources.statsd.senders import Packet, Senders

NAME = "statsd"
PART = Part("source", BRIDGE, NAME)
DATAGRAMS = ("udp", "unixgram")
"""How the names of listeners begin whose lines may be Asterisk's own: it sends nothing but datagrams."""
NEGATIVE_TIMER = "negative_timer"
"""Why a duration below 0 is not used: a phone that does not answer has no round trip."""
SHOWN = 200
"""Bytes of a bad line that the log shows."""
CROWDED = "too_many_connections"
"""Why a connection is closed at once although its sender may send."""
COMPLAINTS = 100
"""How many pairs of sender and reason have a log line of their own in a period."""

log = get_logger(component=NAME)


class _Route(NamedTuple):
    """What is the same for all packets of a sender: the PBX, how to read them, and where they go."""

    pbx: str | None
    parse: Callable[[bytes], Parsed]
    measurements: list[Measurement]


class Receiver:
    """Takes packets, gives samples.

    Args:
        book: where measurements add up.
        senders: whom packets belong to.
        asterisks: what Asterisk says itself.
        health: where all of it is counted.
        clock: the time by which complaints are spaced, and by which Asterisk's gauges are held to polls.
        show_lines: whether the log shows bad lines as they are, or only their shape.
        lanes: the names whose lines the compiled core takes, if there is one.
    """

    def __init__(
        self,
        book: Book,
        senders: Senders,
        asterisks: Asterisks,
        health: Health,
        clock: Clock,
        *,
        show_lines: bool = False,
        lanes: Lanes | None = None,
    ) -> None:
        self._book = book
        self._lanes = lanes
        self._senders = senders
        self._asterisks = asterisks
        self._parsers: dict[str, Callable[[bytes], Parsed]] = {
            pbx: partial(parse_within, f"{prefix}.".encode())
            for pbx, prefix in asterisks.prefixes.items()
            if prefix
        }
        self._health = health
        self._clock = clock
        self._throttle = Throttle(clock.monotonic, keys=COMPLAINTS)
        self._shown = show_lines
        self._show: Callable[[bytes], str] = readable if show_lines else shape
        self._traffic = Traffic()
        health.watch(self._gauges)

    def drain(self, listener: str, sender: str | None) -> Callable[[socket], tuple[int, bool]]:
        """What takes the datagrams of a listener: a `Drain`.

        Args:
            listener: its name.
            sender: the address of every sender, where it need not be asked for: to ask takes a third of the
                time of reading. None to ask the kernel.
        """
        lanes = self._lanes
        if lanes is None:
            return reading(partial(self.receive, listener), sender)
        read = lanes.reader(self._senders.pbx, partial(self._taught, lanes, listener), sender).drain
        packets_series = own.LISTENER_PACKETS.series(BRIDGE, listener)
        lines_series = own.LISTENER_LINES.series(BRIDGE, listener)

        def drain(opened: socket) -> tuple[int, bool]:
            packets, plain, lines, has_more = read(opened)
            if plain:
                self._settle(listener)
                self._traffic = self._traffic.plus(plain, lines, 0)
                self._health.count(packets_series, plain)
                self._health.count(lines_series, lines)
                self._health.heard(PART)
            return packets, has_more

        return drain

    def _taught(self, lanes: Lanes, listener: str, packets: list[Packet]) -> None:
        """Take packets that are not plain; the next ones of their kind may be."""
        self.receive(listener, packets)
        for data, sender in packets:
            if (pbx := self._senders.pbx(sender)) is not None:
                lanes.learn(pbx, data, self._parsers.get(pbx, parse_datagram))

    def receive(self, listener: str, packets: Iterable[Packet]) -> None:
        """Take what a listener has received."""
        gathered: defaultdict[str, list[Measurement]] = defaultdict(list)
        bad: list[tuple[str, tuple[BadLine, ...]]] = []
        refused: list[str] = []
        received = lines = accepted = notices = 0
        routes: dict[str, _Route] = {}
        ordinary = self._asterisks.ordinary
        is_datagram, now = listener.startswith(DATAGRAMS), self._clock.time()
        for data, sender in packets:
            if sender not in routes:
                routes[sender] = self._route(sender, gathered)
            pbx, parse, found = routes[sender]
            if pbx is None:
                refused.append(sender)
                continue
            parsed = parse(data)
            measurements, bad_lines, all_lines, good_lines, events = parsed
            if bad_lines:
                measurements, bad_lines, _, good_lines, events = self._whole(data, parsed, is_datagram)
                bad.append((sender, bad_lines))
            received += 1
            lines += all_lines
            accepted += good_lines
            notices += events
            if is_datagram and measurements and measurements[0][0][0] not in ordinary:
                measurements = self._left(pbx, data, parsed, now)
            found += measurements
        for pbx, measurements_of_pbx in gathered.items():
            self._book.add(pbx, measurements_of_pbx)
        negative = self._settle(listener)
        faults = self._count_bad(listener, bad)
        self._traffic = self._traffic.plus(received, lines, negative + faults)
        self._count(own.LISTENER_PACKETS, received + len(refused), listener)
        self._count(own.LISTENER_LINES, accepted - negative, listener)
        self._count(own.SOURCE_EVENTS, notices, NAME)
        self._health.heard(PART)
        self._complain(listener, bad)
        self._refuse(listener, refused)

    def _route(self, sender: str, gathered: Mapping[str, list[Measurement]]) -> _Route:
        pbx = self._senders.pbx(sender)
        if pbx is None:
            return _Route(None, parse_datagram, [])
        return _Route(pbx, self._parsers.get(pbx, parse_datagram), gathered[pbx])

    def _whole(self, data: bytes, parsed: Parsed, is_datagram: bool) -> Parsed:
        """What of a packet with bad lines is used; etsy's statsd uses all that is left."""
        guards = is_datagram and not self._asterisks.is_shared
        return without_cut_names(data, parsed) if guards else parsed

    def _left(self, pbx: str, data: bytes, parsed: Parsed, now: float) -> tuple[Measurement, ...]:
        """What is left for the book of a datagram that may be Asterisk's own, as it is if it is one line."""
        measurements = parsed.measurements
        is_one = len(measurements) == parsed.lines == 1 and not parsed.bad
        return () if is_one and self._asterisks.take(pbx, measurements[0], data, now) else measurements

    def admits(self, listener: str, sender: str) -> bool:
        """Whether a sender may connect; if not, that is counted."""
        if self._senders.pbx(sender) is None:
            self._refuse(listener, [sender])
            return False
        return True

    def crowded(self, listener: str, sender: str) -> None:
        """A sender was turned away for want of room; that is counted."""
        self._count(own.SOURCE_ERRORS, 1, NAME, CROWDED)
        self._warn("connection refused: there are too many", listener, sender)

    def _settle(self, listener: str) -> int:
        """Count what the book could not use; return how many accepted lines were bad after all."""
        lost = self._book.lost()
        if not lost:
            return 0
        negative = lost.get(NEGATIVE_TIMER, 0)
        self._count(own.LISTENER_BAD_LINES, negative, listener, NEGATIVE_TIMER)
        self._count(own.LISTENER_OVERFLOW, lost.get("series", 0) + lost.get("set", 0), listener)
        self._count(own.SOURCE_ERRORS, lost.get(CONFLICT, 0), NAME, CONFLICT)
        return negative

    def _count_bad(self, listener: str, bad: Iterable[tuple[str, Iterable[BadLine]]]) -> int:
        """Count bad lines by reason; return how many they are, blank ones left out."""
        reasons = Counter(line.reason for _, lines in bad for line in lines)
        for reason, amount in reasons.items():
            self._count(own.LISTENER_BAD_LINES, amount, listener, reason.value)
        return reasons.total() - sum(reasons[reason] for reason in NOTHING)

    def _complain(self, listener: str, bad: Iterable[tuple[str, Iterable[BadLine]]]) -> None:
        """Show a line of each reason in a packet; there may be thousands in it."""
        for sender, lines in bad:
            for line, reason in {line.reason: line for line in lines}.values():
                self._warn("bad line", listener, sender, reason.value, line)
                now, begin = self._clock.time(), line[:SHOWN]
                self._health.rejected.append(
                    Rejected(now, listener, sender, reason.value, begin, self._shown)
                )

    def _refuse(self, listener: str, senders: Sequence[str]) -> None:
        self._count(own.LISTENER_REFUSED, len(senders), listener)
        for sender in senders:
            self._warn("packet refused: no setting lets the sender in", listener, sender)

    def _warn(self, event: str, listener: str, sender: str, reason: str = "", line: bytes = b"") -> None:
        kept_back = self._throttle.suppressed(f"{event} {sender} {reason}")
        if kept_back is not None:
            shown = {"reason": reason, "line": self._show(line[:SHOWN])} if reason else {}
            log.warning(event, listener=listener, sender=sender, **shown, kept_back=kept_back)

    def flush(self, now: float) -> Iterator[Sample]:
        """End the interval at Unix time `now`; its samples may be taken from the iterator bit by bit."""
        traffic, self._traffic = self._traffic, Traffic()
        samples = chain([*self._asterisks.flush(now)], self._book.flush(now, traffic))
        if self._lanes:
            self._lanes.renew()
        return samples

    def state(self, hides: Hides = nothing) -> Json:
        """What must be known to go on after a restart of the bridge, without the series that it `hides`."""
        return {"asterisks": self._asterisks.state(), "book": self._book.state(hides)}

    def restore(self, state: Json) -> None:
        """Go on from what `state` gave; anything else is ignored."""
        known = mapping(state)
        self._asterisks.restore(known.get("asterisks"))
        self._book.restore(known.get("book"))

    def _count(self, metric: Metric, amount: int, *labels: str) -> None:
        if amount:
            self._health.count(metric.series(BRIDGE, *labels), amount)

    def _gauges(self) -> list[tuple[Series, float]]:
        return [(own.LISTENER_SERIES.series(BRIDGE, NAME), len(self._book))]
