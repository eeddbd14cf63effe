"""Tracker: all that is known of one PBX over AMI, from events and polls.

On every connection events come first and are held back; the first poll says what there is, then the events
are replayed on it, and from then on they are taken as they come, and every further poll corrects.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.system import AMI_EVENTS_MISSED, AMI_RESYNC_CORRECTIONS
from bridge.asterisk.model import Model, Replies, Take
from bridge.core.counter import Tally
from bridge.core.sample import Sample
from bridge.protocols.ami import AmiMessage

HELD_BACK = 100_000
"""Events that may wait for the first poll: some seconds of a very busy PBX."""

MODELS: tuple[type[Model], ...] = ()
"""Everything that is modelled, one class for each subject."""


class Tracker:
    """Hands events and replies to the models, and gathers what they know.

    Args:
        pbx: the PBX, for the label.

    Attributes:
        totals: what events have added up to, over any number of connections.
    """

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self.totals = Tally()
        self.models = tuple(model(pbx, self.totals) for model in MODELS)
        takers: defaultdict[str, list[Take]] = defaultdict(list)
        for model in self.models:
            for event, take in model.hears().items():
                takers[event].append(take)
        self._takers = {event: tuple(takes) for event, takes in takers.items()}
        self._waiting: deque[tuple[AmiMessage, float]] | None = deque(maxlen=HELD_BACK)
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
        if self._waiting is None:
            self._hand_on(message, now)
        else:
            if len(self._waiting) == HELD_BACK:
                self.totals.add(AMI_EVENTS_MISSED.series(self._pbx))
            self._waiting.append((message, now))

    def _hand_on(self, message: AmiMessage, now: float) -> None:
        takes = self._takers.get(message.event)
        if takes is not None and not message.listed:
            for take in takes:
                take(message, now)

    def sync(self, replies: Replies, asked: float) -> None:
        """Correct everything by a poll that was asked at monotonic `asked`."""
        waiting, self._waiting = self._waiting, None
        first = waiting is not None
        corrections = sum(model.sync(replies, asked, first=first) for model in self.models)
        self.totals.add(AMI_RESYNC_CORRECTIONS.series(self._pbx), corrections)
        self._replay(waiting or ())

    def gauges(self, monotonic: float, now: float) -> Iterator[Sample]:
        """What is known, at Unix time `now`; nothing before the first poll of a connection."""
        if self._waiting is not None:
            return
        for model in self.models:
            for series, value in model.gauges(monotonic):
                yield Sample(series, value, now)

    def samples(self, monotonic: float, now: float) -> list[Sample]:
        """The gauges, and all totals, at Unix time `now`."""
        return [*self.gauges(monotonic, now), *self.totals.samples(now)]

    def lost(self) -> None:
        """The connection is lost. Events that waited for the first poll happened all the same."""
        waiting, self._waiting = self._waiting, deque(maxlen=HELD_BACK)
        self._replay(waiting or ())
        for model in self.models:
            model.lost()

    def _replay(self, waiting: Iterable[tuple[AmiMessage, float]]) -> None:
        for message, now in waiting:
            self._hand_on(message, now)
