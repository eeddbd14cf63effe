"""Calls: channels that belong together by their Linkedid, and what came of them.

A call begins with its first channel, whose Uniqueid is the Linkedid of all, and ends with its last. When a
bridge joins calls, the channels of the younger take the Linkedid of the older, which no event announces but
every later one shows; a call that has lost all of its channels in this way has ended too. CEL counts so too.

A call is answered when its first channel comes up: a menu, a queue or a voicemail that takes the call has
answered it, as CDR has it. What came of an unanswered call is told by the dial status of its last leg. Where
there is none, or it says only that it did not work, the hang-up cause of its first channel tells.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.asterisk import actions
from bridge.asterisk.catalog.calls import (
    CALLS_ACTIVE,
    CALLS_ANSWERED,
    CALLS_ATTEMPTS,
    CALLS_DURATION,
    CALLS_ENDED,
    CALLS_PEAK,
    CALLS_RESULTS,
    CALLS_SETUP_TIME,
    CALLS_TALK_TIME,
)
from bridge.asterisk.causes import Result, result_of
from bridge.asterisk.ids import Age, age, older
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.core.census import Census
from bridge.core.counter import Tally
from bridge.core.histogram import Histogram
from bridge.core.level import Level
from bridge.core.settling import Settling
from bridge.core.slices import slices
from bridge.protocols.ami import AmiMessage

UP = "Up"
DIALLED: dict[str, Result] = {
    "CANCEL": Result.CANCELLED,
    "CHANUNAVAIL": Result.FAILED,
    "CONGESTION": Result.CONGESTION,
    "NOANSWER": Result.NO_ANSWER,
    "BUSY": Result.BUSY,
    "DONTCALL": Result.REJECTED,
    "TORTURE": Result.REJECTED,
}
"""Dial status to result. Of two that are told of one leg the later in this list is right: a leg that was not
answered or is busy is cancelled after that."""
VAGUE = frozenset({Result.FAILED, Result.CONGESTION, Result.NO_ANSWER})
"""Results of a dial that do not say why: to Asterisk, a number that does not exist gives no answer."""
REASONS = frozenset({Result.REJECTED, Result.UNALLOCATED})
"""Results of a cause that say why."""
GIVEN_UP: dict[tuple[str, str], Result] = {
    ("Ring", "127"): Result.CANCELLED,
    ("Ringing", "0"): Result.NO_ANSWER,
}
"""What a cause says of a first channel that hung up in a state: where a caller over SIP gives up and does not
say why, and where one that was originated rings for too long, to which Asterisk 16 gives no cause."""
WEIGHTS = {status: weight for weight, status in enumerate(DIALLED)}


@dataclass(slots=True)
class Leg:
    """A channel of a call."""

    linkedid: str


@dataclass(slots=True)
class Call:
    """What is known of a call.

    Attributes:
        legs: how many channels it has now.
        told: an event has told of it, and not only a list.
        answered: its first channel has come up.
        begun: when that was created, if an event told it.
        up: when that came up, if an event told it.
        over: when that ended, if an event told it.
        left: when the last channel left the call, if an event told it.
        cause: of the hang-up of the first channel, in digits.
        state: of that channel then.
        dialled: the last leg of which a dial status has told, and that status.
    """

    legs: int = 0
    told: bool = False
    answered: bool = False
    begun: float | None = None
    up: float | None = None
    over: float | None = None
    left: float | None = None
    cause: str = ""
    state: str = ""
    dialled: tuple[Age, int, str] | None = None

    @property
    def result(self) -> Result:
        """What came of it, now that it has ended."""
        if self.answered:
            return Result.ANSWERED
        by_cause = GIVEN_UP.get((self.state, self.cause)) or result_of(self.cause)
        by_dial = DIALLED[self.dialled[2]] if self.dialled else by_cause
        return by_cause if by_dial in VAGUE and by_cause in REASONS else by_dial


class Calls(Model):
    """The calls of a PBX, by Linkedid."""

    asks = (actions.CHANNELS,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._legs: Census[str, Leg] = Census()
        self._calls: Census[str, Call] = Census()
        self._ending: Settling[str] = Settling()
        self._level = Level()
        self._attempts = CALLS_ATTEMPTS.series(pbx)
        for series in (self._attempts, CALLS_ANSWERED.series(pbx), CALLS_ENDED.series(pbx)):
            totals.add(series, 0)
        for result in Result:
            totals.add(CALLS_RESULTS.series(pbx, result), 0)

    def hears(self) -> Mapping[str, Take]:
        """Where a channel begins, is answered, joins others, and ends."""
        return {
            "Newchannel": self._begin,
            "Newstate": self._change,
            "BridgeEnter": self._join,
            "DialEnd": self._dialled,
            "Hangup": self._end,
        }

    # --- events

    def _begin(self, message: AmiMessage, now: float) -> None:
        key, linkedid = message.get("Uniqueid"), message.get("Linkedid")
        first = key == linkedid
        if first or self._calls.find(linkedid) is None:
            self.totals.add(self._attempts, self._calls.begin(linkedid, Call(), now))
        call = self._hear(key, linkedid, now)
        if first and call is not None and call.begun is None:
            call.begun = now
            self._observe(CALLS_SETUP_TIME, call.begun, call.up)

    def _change(self, message: AmiMessage, now: float) -> None:
        if message.get("ChannelStateDesc") != UP:
            return
        key, linkedid = message.get("Uniqueid"), message.get("Linkedid")
        call = self._hear(key, linkedid, now)
        if key == linkedid and call is not None and call.up is None:
            call.answered, call.up = True, now
            self.totals.add(CALLS_ANSWERED.series(self.pbx))
            self._observe(CALLS_SETUP_TIME, call.begun, call.up)

    def _join(self, message: AmiMessage, now: float) -> None:
        self._hear(message.get("Uniqueid"), message.get("Linkedid"), now)

    def _dialled(self, message: AmiMessage, now: float) -> None:
        """The last leg is the youngest; a status is not given twice, but two are given of one leg."""
        status = message.get("DialStatus")
        if status not in DIALLED:
            return
        key = message.get("DestUniqueid")
        call = self._hear(key, message.get("DestLinkedid"), now)
        if call is not None:
            told = (age(key) or (0, 0), WEIGHTS[status], status)
            call.dialled = max(call.dialled or told, told)

    def _end(self, message: AmiMessage, now: float) -> None:
        key, linkedid = message.get("Uniqueid"), message.get("Linkedid")
        leg = self._legs.find(key)
        if leg is not None and leg.linkedid != linkedid:
            self._move(leg, linkedid, now)
        end = self._legs.end(key, now)
        if not end.news:
            return
        call = self._call(linkedid, now)
        if call is not None:
            call.left = now
            if key == linkedid:
                call.over = now
                call.cause, call.state = message.get("Cause"), message.get("ChannelStateDesc")
            if end.life is not None:
                self._leave(end.life.linkedid, now)
        if self._ending.overdue(now):
            self._close(self._ending.settled(now))

    # --- which channel belongs to which call

    def _hear(self, key: str, linkedid: str, now: float) -> Call | None:
        """A channel is told to belong to a call; return the call, unless it has ended and been counted."""
        told = Leg(linkedid)
        leg = self._legs.notice(key, told, now)
        if leg is told:
            self._enter(linkedid, now)
        elif leg is not None and leg.linkedid != linkedid:
            self._move(leg, linkedid, now)
        return self._call(linkedid, now)

    def _open(self, linkedid: str, now: float) -> Call | None:
        return self._calls.find(linkedid) or self._calls.notice(linkedid, Call(), now)

    def _call(self, linkedid: str, now: float) -> Call | None:
        call = self._open(linkedid, now)
        if call is not None:
            call.told = True
            if not call.legs:
                call.left = now if call.left is None else call.left
                self._ending.ended(linkedid, now)
        return call

    def _enter(self, linkedid: str, now: float) -> None:
        call = self._open(linkedid, now)
        if call is not None:
            call.legs += 1
            self._ending.goes_on(linkedid)
            if call.legs == 1:
                self._level.rise()

    def _leave(self, linkedid: str, now: float) -> None:
        call = self._calls.find(linkedid)
        if call is not None and call.legs:
            call.legs -= 1
            call.left = now
            if not call.legs:
                self._level.fall()
                self._ending.ended(linkedid, now)

    def _move(self, leg: Leg, linkedid: str, now: float) -> None:
        linkedid = older(leg.linkedid, linkedid)
        if linkedid != leg.linkedid:
            self._leave(leg.linkedid, now)
            leg.linkedid = linkedid
            self._enter(linkedid, now)

    # --- polls

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Correct the calls; arguments as of Model."""
        return sum(self.steps(replies, asked, first=first))

    def steps(self, replies: Replies, asked: float, *, first: bool) -> Iterator[int]:
        """What never came is counted where channels are."""
        if actions.CHANNELS in replies:
            listed = items(replies, actions.CHANNELS, "CoreShowChannel")
            yield from self._correct(listed, asked, first=first)
            self._end_unheard(asked)
            for found in slices(listed):
                yield 0
                for item in found:
                    self._answer_unheard(item)
        elif first:
            self._forget()

    def _correct(self, listed: Sequence[AmiMessage], asked: float, *, first: bool) -> Iterator[int]:
        legs: dict[str, Leg] = {}
        for found in slices(listed):
            legs |= {item.get("Uniqueid"): Leg(item.get("Linkedid")) for item in found}
            yield 0
        for _ in self._legs.corrections(legs, asked, first=first):
            yield 0
        for told in slices([*legs.items()]):
            for key, listed_leg in told:
                leg = self._legs.find(key)
                if leg is not None:
                    leg.linkedid = older(leg.linkedid, listed_leg.linkedid)
            yield 0

    def _end_unheard(self, asked: float) -> None:
        """Count anew how many channels each call has; one without any has ended."""
        legs = self._count_legs()
        for linkedid in legs:
            self._open(linkedid, asked)
        for linkedid, call in self._calls.living():
            call.legs = legs[linkedid]
            if call.legs:
                self._ending.goes_on(linkedid)
            elif linkedid not in self._ending:
                call.left = None
                self._ending.ended(linkedid, asked)
        self._level.correct(len(legs))

    def _answer_unheard(self, item: AmiMessage) -> None:
        """It does not count as answered while connected, but this is what came of it."""
        key = item.get("Uniqueid")
        call = self._calls.find(key)
        if call is not None and key == item.get("Linkedid") and item.get("ChannelStateDesc") == UP:
            call.answered = True

    def _count_legs(self) -> Counter[str]:
        return Counter(leg.linkedid for _, leg in self._legs.living())

    def _forget(self) -> None:
        """What lived before the connection was lost cannot be asked for."""
        self._legs.forget()
        self._calls.forget()
        self._ending.clear()
        self._level.correct(0)

    # --- what is told

    def standing(self, now: float) -> Values:  # noqa: ARG002 - nothing here depends on the time
        """How many there are."""
        yield CALLS_ACTIVE.series(self.pbx), len(self._count_legs())

    def gauges(self, now: float) -> Values:
        """Calls that have ended are counted as soon as no late event can change what came of them."""
        self._close(self._ending.settled(now))
        self._level.correct(len(self._count_legs()))
        yield CALLS_ACTIVE.series(self.pbx), self._level.now
        yield CALLS_PEAK.series(self.pbx), self._level.end()

    def lost(self) -> None:
        """No late event will come."""
        self._close(self._ending.settled())

    def _close(self, ended: list[tuple[str, float]]) -> None:
        """Late word of the end of a channel that a poll had missed before may have ended a call too early."""
        legs = self._count_legs() if ended else Counter[str]()
        for linkedid, since in ended:
            if linkedid not in legs:
                self._count(self._calls.end(linkedid, since).life)
            elif (call := self._calls.find(linkedid)) is not None:
                call.legs = legs[linkedid]

    def _count(self, call: Call | None) -> None:
        if call is not None and call.told:
            self.totals.add(CALLS_ENDED.series(self.pbx))
            self.totals.add(CALLS_RESULTS.series(self.pbx, call.result))
            self._observe(CALLS_DURATION, call.begun, call.left)
            self._observe(CALLS_TALK_TIME, call.up, call.left if call.over is None else call.over)

    def _observe(self, histogram: Histogram, since: float | None, until: float | None) -> None:
        if since is not None and until is not None:
            histogram.observe(self.totals, max(0.0, until - since), self.pbx)
