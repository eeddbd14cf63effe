"""Tracker: all that is known of one PBX over AMI, from events and polls.

On every connection events come first and are held back; the first poll says what there is, then the events
are replayed on it, and from then on they are taken as they come, and every further poll corrects.
"""

from collections import defaultdict, deque
from collections.abc import Container, Iterator

from bridge.asterisk.actions import CORE_STATUS, Action
from bridge.asterisk.bridges import Bridges
from bridge.asterisk.calls import Calls
from bridge.asterisk.catalog.system import AMI_EVENTS_MISSED, AMI_RESYNC_CORRECTIONS
from bridge.asterisk.channel_use import ChannelUse
from bridge.asterisk.channels import Channels
from bridge.asterisk.conferences import Conferences
from bridge.asterisk.contacts import Contacts
from bridge.asterisk.dahdi import Dahdi
from bridge.asterisk.devices import Devices
from bridge.asterisk.dialplan import Dialplan
from bridge.asterisk.dials import Dials
from bridge.asterisk.endpoints import Endpoints
from bridge.asterisk.fax import Fax
from bridge.asterisk.kpi import WINDOW, Kpis
from bridge.asterisk.lag import Lag
from bridge.asterisk.mailboxes import Mailboxes
from bridge.asterisk.media import Media
from bridge.asterisk.members import Members
from bridge.asterisk.model import Model, Replies, Take
from bridge.asterisk.parking import Parking
from bridge.asterisk.peers import Peers
from bridge.asterisk.queues import Queues
from bridge.asterisk.registrations import Registrations
from bridge.asterisk.security import Security
from bridge.asterisk.system import System
from bridge.asterisk.taskprocessors import Taskprocessors
from bridge.asterisk.transfers import Transfers
from bridge.asterisk.trunks import Trunks
from bridge.core.counter import Tally
from bridge.core.sample import Sample, Series
from bridge.core.slices import SLICE
from bridge.protocols.ami import AmiMessage

HELD_BACK = 100_000
"""Events that may wait for the first poll: some seconds of a very busy PBX."""
HELD_BYTES = 128 * 1024 * 1024
"""Bytes that they may have: more than that many have, some 500 each."""

MODELS: tuple[type[Model], ...] = (
    System,
    Channels,
    Calls,
    Dials,
    Dialplan,
    Security,
    Lag,
    Taskprocessors,
    Devices,
    Endpoints,
    Contacts,
    Registrations,
    Trunks,
    Mailboxes,
    Queues,
    Members,
    Media,
    Bridges,
    Conferences,
    Parking,
    Transfers,
    ChannelUse,
    Fax,
    Dahdi,
    Peers,
)
"""Everything that is modelled, one class for each subject."""


def run_of(replies: Replies) -> str:
    """What tells one run of Asterisk from another: when it started, in its own words; empty if not known."""
    if CORE_STATUS not in replies:
        return ""
    status = replies[CORE_STATUS].response
    return f"{status.get('CoreStartupDate')} {status.get('CoreStartupTime')}".strip()


class Tracker:
    """Hands events and replies to the models, and gathers what they know.

    Args:
        pbx: the PBX, for the label.
        kpi_window: seconds over which key figures are taken.

    Attributes:
        totals: what events have added up to, over any number of connections.
    """

    def __init__(self, pbx: str, kpi_window: float = WINDOW) -> None:
        self._pbx = pbx
        self._kpis = Kpis(pbx, kpi_window)
        self.totals = Tally()
        self.models = tuple(model(pbx, self.totals) for model in MODELS)
        takers: defaultdict[str, list[Take]] = defaultdict(list)
        for model in self.models:
            for event, take in model.hears().items():
                takers[event].append(take)
        self._takers = {event: tuple(takes) for event, takes in takers.items()}
        self._hearers = {
            event: tuple(model for model in self.models if event in model.hears()) for event in takers
        }
        self._heard: set[str] = set()
        self._moved: dict[Series, float] = {}
        self._waiting: deque[tuple[AmiMessage, float]] | None = deque()
        self._held = 0
        self._correcting = False
        self.totals.add(AMI_RESYNC_CORRECTIONS.series(pbx), 0)

    @property
    def asks(self) -> tuple[Action, ...]:
        """What a poll must ask, each once."""
        return tuple(dict.fromkeys(action for model in self.models for action in model.asks))

    def further(self, replies: Replies) -> list[Action]:
        """What a poll must ask besides, now that `asks` is answered."""
        return list(dict.fromkeys(action for model in self.models for action in model.further(replies)))

    def take(self, message: AmiMessage, now: float) -> None:
        """Take an event that came at monotonic `now`; items of lists are none, whatever they are called."""
        takes = self._takers.get(message.event)
        if not takes or message.listed:
            return
        if self._waiting is None:
            self._heard.add(message.event)
            for take in takes:
                take(message, now)
        else:
            self._waiting.append((message, now))
            self._held += len(message.raw)
            while len(self._waiting) > HELD_BACK or self._held > HELD_BYTES:
                self._held -= len(self._waiting.popleft()[0].raw)
                self.totals.add(AMI_EVENTS_MISSED.series(self._pbx))

    def sync(self, replies: Replies, asked: float) -> None:
        """Correct everything by a poll that was asked at monotonic `asked`."""
        for _ in self.steps(replies, asked):
            pass

    def steps(self, replies: Replies, asked: float) -> Iterator[None]:
        """What `sync` does, in steps of some milliseconds, between which events may be taken.

        Until the last step nothing is told of what events have changed: it may be half corrected.
        """
        first = self._waiting is not None
        self.totals.run = run_of(replies)
        corrections = 0
        self._correcting = True
        try:
            for model in self.models:
                for corrected in model.steps(replies, asked, first=first):
                    corrections += corrected
                    yield
            self.totals.add(AMI_RESYNC_CORRECTIONS.series(self._pbx), corrections)
            while self._waiting:
                self._replay(SLICE)
                yield
            self._waiting = None
        finally:
            self._correcting = False

    def gauges(self, monotonic: float, now: float) -> Iterator[Sample]:
        """What is known, at Unix time `now`; nothing before the first poll of a connection."""
        if self._waiting is not None:
            return
        for model in self.models:
            for series, value in model.gauges(monotonic):
                yield Sample(series, value, now)

    def samples(self, monotonic: float, now: float) -> list[Sample]:
        """The gauges, all totals, and the key figures made of both, at Unix time `now`."""
        known = [*self.gauges(monotonic, now), *self.totals.samples(now)]
        self._heard.clear()
        self._moved.clear()
        self.totals.moved.clear()
        figures = self._kpis.values(known, monotonic)
        return [*known, *(Sample(series, value, now) for series, value in figures)]

    def moved(self, wanted: Container[str], monotonic: float, now: float) -> list[Sample]:
        """What events have changed of the wanted metrics since the last call, or poll, at Unix time `now`."""
        if self._correcting:
            return []
        heard, moved = self._heard.copy(), self.totals.moved.copy()
        self._heard.clear()
        self.totals.moved.clear()
        if self._waiting is not None:
            return []
        models = dict.fromkeys(model for event in heard for model in self._hearers[event])
        known = [each for model in models for each in model.standing(monotonic) if each[0].name in wanted]
        known += [(series, self.totals[series]) for series in moved if series.name in wanted]
        news = dict(each for each in known if self._moved.get(each[0]) != each[1])
        self._moved |= news
        return [Sample(series, value, now) for series, value in news.items()]

    def lost(self) -> None:
        """The connection is lost. Events that waited for the first poll happened all the same."""
        self._replay(HELD_BACK)
        self._waiting, self._held = deque(), 0
        for model in self.models:
            model.lost()
        self._kpis.lost()

    def _replay(self, most: int) -> None:
        """Take so many of the events that wait."""
        waiting = self._waiting or deque()
        for _ in range(min(most, len(waiting))):
            message, now = waiting.popleft()
            self._held -= len(message.raw)
            for take in self._takers[message.event]:
                take(message, now)
