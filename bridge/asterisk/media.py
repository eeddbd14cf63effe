"""Media: how well people hear each other, from the RTCP reports that Asterisk sends and receives."""

import math
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple

from bridge.asterisk import actions
from bridge.asterisk.catalog import media as catalog
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.rtcp import VIDEO_RATE, Clock, Report, report, round_trip, ssrc
from bridge.asterisk.words import endpoint, technology
from bridge.core.counter import Tally
from bridge.core.emodel import opinion, rating
from bridge.core.metric import Metric
from bridge.core.recent import Recent
from bridge.core.slices import slices
from bridge.protocols.ami import AmiMessage

SENT, RECEIVED = "sent", "received"
TECHNOLOGIES = frozenset(
    {"PJSIP", "SIP", "OOH323", "Skinny", "MGCP", "USTM", "Motif", "UnicastRTP", "MulticastRTP", "unknown"}
)
"""Those whose media is RTP; what calls itself otherwise is `other`."""
TRUNKS = frozenset({"PJSIP", "SIP"})
"""Those whose channels are named after a configured endpoint."""
ADDRESS = re.compile(r"[.:@]")
"""What the names of addresses have: chan_sip names the channels of guests after them."""
LONGEST_NAME = 79
"""Characters of the longest name that Asterisk gives an endpoint."""

TELEPHONE = 8_000
"""The clock rate of G.711, G.722 and G.729."""
CODING_DELAY = 0.030
"""Seconds that a packet of 20 ms and a codec take, of the 20 to 40 ms that are usual."""
MAX_JITTER = 10.0
"""Seconds of jitter above which a stream's clock has jumped, and the report tells nothing."""
PATIENCE = 2
"""Reports of a stream that wait for its clock; it is known from the second sender report."""
MAX_WAITING = 600
"""Reports of a stream that wait for the next poll: five minutes of them, if two come a second."""
SILENCE = 180.0
"""Seconds without a report after which a session is over: three times the longest interval of reports."""
GRACE = 10.0
"""Seconds after its hangup for which a channel's reports may still come."""
MAX_CHANNELS = 50_000
"""Channels whose media is followed: more than one Asterisk carries."""
MAX_SESSIONS, JUDGED = 16, 100
"""Sessions of one channel: audio, video, those that began anew; and channels that are judged at once."""


class _Group(NamedTuple):
    """The metrics of one way to group what is heard."""

    jitter: Metric
    loss: Metric
    rtt: Metric
    mos: Metric
    worst: Metric
    reports: Metric
    lost: Metric


BY_TECHNOLOGY = _Group(
    catalog.MEDIA_JITTER,
    catalog.MEDIA_LOSS,
    catalog.MEDIA_RTT,
    catalog.MEDIA_MOS,
    catalog.MEDIA_MOS_WORST,
    catalog.MEDIA_REPORTS,
    catalog.MEDIA_PACKETS_LOST,
)
BY_ENDPOINT = _Group(
    catalog.TRUNK_MEDIA_JITTER,
    catalog.TRUNK_MEDIA_LOSS,
    catalog.TRUNK_MEDIA_RTT,
    catalog.TRUNK_MEDIA_MOS,
    catalog.TRUNK_MEDIA_MOS_WORST,
    catalog.TRUNK_MEDIA_REPORTS,
    catalog.TRUNK_MEDIA_PACKETS_LOST,
)


class _Judged(NamedTuple):
    """A report in seconds and ratio, and what it makes of the line."""

    jitter: float
    loss: float
    mos: float


GROUPS = (BY_TECHNOLOGY, BY_ENDPOINT)


class _Label(NamedTuple):
    """One of GROUPS, by its place there; the technology or endpoint; the direction."""

    group: int
    name: str
    direction: str


@dataclass(slots=True)
class _Heard:
    """What was heard of one label in an interval: reports, packets newly lost, and round trips in seconds."""

    reports: list[_Judged] = field(default_factory=list)
    lost: float = 0.0
    trips: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Flow:
    """One direction of a session.

    Attributes:
        clock: of the stream that flows so.
        reports: on that stream, not yet judged.
        lost: packets lost so far, by stream; a session may begin a new one.
    """

    clock: Clock = field(default_factory=Clock)
    reports: deque[Report] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    lost: dict[int, float] = field(default_factory=dict)

    def newly_lost(self, reports: Iterable[Report], *, begun: bool) -> float:
        """How many packets the reports tell of as lost that none before them told of."""
        fresh = 0.0
        told: dict[int, list[float]] = {}
        for source, _, lost, _ in reports:
            told.setdefault(source, []).append(lost)
        for source, losses in told.items():
            if source not in self.lost:
                _make_room(self.lost, MAX_SESSIONS)
                self.lost[source] = min(losses) if begun else 0
            most = max(self.lost[source], *losses)
            fresh += most - self.lost[source]
            self.lost[source] = most
        return fresh


@dataclass(slots=True)
class _Session:
    """One RTP session of a channel, both directions.

    Attributes:
        technology, endpoint: of its channel, as labels; endpoint is empty where there is none to name.
        begun: it began before we listened, so packets that are lost already are not ours to count.
        until: monotonic time when it is over if no more is heard.
        hung: its channel is hung up.
        trip: the last round trip that was measured, 0 if none was.
        trips: those measured since the last poll.
    """

    technology: str
    endpoint: str
    begun: bool
    until: float = 0.0
    hung: bool = False
    trip: float = 0.0
    trips: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    flows: dict[str, _Flow] = field(default_factory=lambda: {SENT: _Flow(), RECEIVED: _Flow()})

    def judge(self, direction: str, *, over: bool) -> tuple[list[_Judged], float]:
        """The reports on one direction that can be judged now, and the packets newly lost.

        Reports wait for the clock of their stream, unless the session is over or they have waited enough.
        """
        flow, other = self.flows[direction], self.flows[RECEIVED if direction == SENT else SENT]
        rate = flow.clock.rate
        if rate is None and (over or len(flow.reports) > PATIENCE):
            rate = other.clock.rate or TELEPHONE
        if rate is None:
            return [], 0
        reports = [*flow.reports]
        flow.reports.clear()
        if rate == VIDEO_RATE:
            return [], 0
        trip = fmean(self.trips) if self.trips else self.trip
        judged = [_judged(report, rate, trip) for report in reports if report.jitter <= MAX_JITTER * rate]
        return judged, flow.newly_lost(reports, begun=self.begun)

    def end_interval(self) -> list[float]:
        """Give out the round trips of the interval, and keep their mean for reports that come without."""
        trips = [*self.trips]
        self.trips.clear()
        self.trip = fmean(trips) if trips else self.trip
        return trips


def _judged(report: Report, rate: int, trip: float) -> _Judged:
    jitter = report.jitter / rate
    delay = trip / 2 + 2 * jitter + CODING_DELAY
    return _Judged(jitter, report.loss, opinion(rating(delay, report.loss)))


class Media(Model):
    """The quality of media.

    Reports are judged at each poll, all of an interval together, so that their order does not matter.
    A session is known by its channel and by the SSRC under which Asterisk sends: the one that RTCPReceived
    tells as the sender's is wrong from Asterisk 16 on.
    """

    asks = (actions.CHANNELS,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._channels: dict[str, dict[int, _Session]] = {}
        self._older: frozenset[str] | None = None
        self._recent = Recent()
        self._heard: defaultdict[_Label, _Heard] = defaultdict(_Heard)

    def hears(self) -> Mapping[str, Take]:
        """RTCP in both directions, and the end of channels."""
        return {"RTCPSent": self._sent, "RTCPReceived": self._received, "Hangup": self._hangup}

    def _sent(self, message: AmiMessage, now: float) -> None:
        session = self._session(message, ssrc(message.get("SSRC")), now)
        if session is not None:
            _take(message, session.flows[RECEIVED], session.flows[SENT])

    def _received(self, message: AmiMessage, now: float) -> None:
        session = self._session(message, ssrc(message.get("Report0SourceSSRC")), now)
        if session is None:
            return
        _take(message, session.flows[SENT], session.flows[RECEIVED])
        if (trip := round_trip(message)) is not None:
            session.trips.append(trip)

    def _hangup(self, message: AmiMessage, now: float) -> None:
        for session in self._channels.get(message.get("Uniqueid"), {}).values():
            session.hung, session.until = True, now + GRACE

    def _session(self, message: AmiMessage, own: int | None, now: float) -> _Session | None:
        """The session that an event tells of; None if it tells nothing, or has told it already."""
        if own is None or not self._recent.news(message.raw, now):
            return None
        uniqueid = message.get("Uniqueid")
        sessions = self._channels.get(uniqueid)
        if sessions is None:
            _make_room(self._channels, MAX_CHANNELS)
            sessions = self._channels[uniqueid] = {}
        session = sessions.get(own)
        if session is None:
            _make_room(sessions, MAX_SESSIONS)
            session = sessions[own] = self._begin(uniqueid, message.get("Channel"))
        if not session.hung:
            session.until = now + SILENCE
        return session

    def _begin(self, uniqueid: str, channel: str) -> _Session:
        kind = technology(channel)
        return _Session(
            kind if kind in TECHNOLOGIES else "other",
            _trunk(kind, endpoint(channel)),
            begun=not uniqueid or self._older is None or uniqueid in self._older,
        )

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - no list corrects it
        """Learn which channels are older than the connection. No poll tells of media."""
        if first and actions.CHANNELS in replies:
            self._older = frozenset(item.get("Uniqueid") for item in replies[actions.CHANNELS].items)
        return 0

    def steps(self, replies: Replies, asked: float, *, first: bool) -> Iterator[int]:
        """Judge in steps too: in a flood it is long work, of which little is then left to `gauges`."""
        yield self.sync(replies, asked, first=first)
        for channels in slices([*self._channels.items()], JUDGED):
            self._judge(channels, asked)
            yield 0

    def gauges(self, now: float) -> Values:
        """Means and worst of the reports since the last poll; nothing where none came."""
        for (place, *labels), heard in self._end_interval(now).items():
            group = GROUPS[place]
            values: list[tuple[Metric, float]] = []
            if heard.reports:
                jitter, loss, score = zip(*heard.reports, strict=True)
                values += [(group.jitter, fmean(jitter)), (group.loss, fmean(loss))]
                values += [(group.mos, fmean(score)), (group.worst, min(score))]
            if heard.trips:
                values.append((group.rtt, fmean(heard.trips)))
            for metric, value in values:
                yield metric.series(self.pbx, *labels), value

    def lost(self) -> None:
        """Reports that wait are counted; what streams there are is not known any more."""
        self._end_interval(math.inf)
        self._older = None

    def _end_interval(self, now: float) -> dict[_Label, _Heard]:
        """Judge and count the reports that wait, and forget the sessions that are over."""
        self._judge([*self._channels.items()], now)
        self._count(self._heard)
        heard, self._heard = self._heard, defaultdict(_Heard)
        return heard

    def _judge(self, channels: Iterable[tuple[str, dict[int, _Session]]], now: float) -> None:
        for uniqueid, sessions in channels:
            for own, session in list(sessions.items()):
                _judge(session, over=now >= session.until, heard=self._heard)
                if now >= session.until:
                    del sessions[own]
            if not sessions:
                self._channels.pop(uniqueid, None)

    def _count(self, interval: Mapping[_Label, _Heard]) -> None:
        for (place, *labels), heard in interval.items():
            if heard.reports:
                group = GROUPS[place]
                self.totals.add(group.reports.series(self.pbx, *labels), len(heard.reports))
                self.totals.add(group.lost.series(self.pbx, *labels), heard.lost)


def _judge(session: _Session, *, over: bool, heard: Mapping[_Label, _Heard]) -> None:
    """Judge the reports of a session that can be judged now, for each of its labels."""
    names = [(place, name) for place, name in enumerate((session.technology, session.endpoint)) if name]
    for direction in (SENT, RECEIVED):
        judged, lost = session.judge(direction, over=over)
        for place, name in names if judged else ():
            label = heard[_Label(place, name, direction)]
            label.reports.extend(judged)
            label.lost += lost
    if trips := session.end_interval():
        for place, name in names:
            heard[_Label(place, name, SENT)].trips.extend(trips)


def _take(message: AmiMessage, told: _Flow, sending: _Flow) -> None:
    """Take the report on one flow, and the clock of the other."""
    sending.clock.take(message)
    if (block := report(message)) is not None:
        told.reports.append(block)


def _trunk(kind: str, name: str) -> str:
    """The endpoint as a label; empty if it is none, such as the address of a guest of chan_sip."""
    named = kind in TRUNKS and 0 < len(name) <= LONGEST_NAME
    return name if named and (kind == "PJSIP" or not ADDRESS.search(name)) else ""


def _make_room(table: MutableMapping[Any, Any], limit: int) -> None:
    """Let the oldest entry go when the limit is reached."""
    if len(table) >= limit:
        del table[next(iter(table))]
