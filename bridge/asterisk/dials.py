"""Dials: outgoing legs, how long they took and what came of them; what was originated and picked up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.asterisk import actions
from bridge.asterisk.catalog.calls import (
    DIALS_ANSWER_TIME,
    DIALS_ATTEMPTS,
    DIALS_POST_DIAL_DELAY,
    DIALS_RESULTS,
    DIALS_RING_TIME,
    ENDPOINT_ANSWERS,
    ENDPOINT_DIALS,
    ORIGINATES_RESULTS,
    PICKUPS_COUNT,
)
from bridge.asterisk.channels import TECHNOLOGIES
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import configured, technology, word
from bridge.core.census import Census
from bridge.core.counter import Tally
from bridge.core.histogram import Histogram
from bridge.core.metric import Metric
from bridge.core.recent import Recent
from bridge.core.settling import Settling
from bridge.core.vocabulary import OTHER, Vocabulary
from bridge.protocols.ami import AmiMessage

ANSWER = "ANSWER"
STATUSES = (
    "CANCEL",
    "NOANSWER",
    "CHANUNAVAIL",
    "CONGESTION",
    "BUSY",
    "DONTCALL",
    "TORTURE",
    "INVALIDARGS",
    "ABORT",
    "CONTINUE",
    "GOTO",
    ANSWER,
)
"""What DialEnd may say. Of two that are told of one leg the later in this list is right: a queue says that
there was no answer, and then that it has cancelled the leg."""
WEIGHTS = {status: weight for weight, status in enumerate(STATUSES)}
HEARD = frozenset({"RINGING", "PROGRESS"})
"""What DialState says when the caller may hear something; PROCEEDING is said before that."""
RINGING = "Ringing"
"""State of a leg that rings: up to Asterisk 13 there is no DialState."""
ENDPOINT = re.compile(r"(?:PJSIP|SIP)/(.+)-[0-9a-f]{8}|IAX2/(.+)-[0-9]+|DAHDI/(i?[0-9]+)[-/].*", re.DOTALL)
"""A channel's name. Behind the span of DAHDI stands the number that was dialled."""
ENDPOINTS = 10_000
"""Endpoints that are told apart: more than one Asterisk serves."""
REASONS = {
    "0": "failed",
    "1": "cancelled",
    "3": "no_answer",
    "4": "answered",
    "5": "busy",
    "8": "congestion",
}
"""What OriginateResponse gives as reason: how far the call had come."""


def dialled(channel: str) -> str:
    """The endpoint that a leg was dialled to by the leg's name; empty where that names none."""
    match = ENDPOINT.fullmatch(channel)
    return configured(match[1] or match[2] or match[3]) if match else ""


@dataclass(slots=True)
class Dial:
    """What is known of a leg that is dialled.

    Attributes:
        channel: its name, as the end of dialling told it.
        begun: when it was dialled.
        heard: when the caller may have heard something first.
        ended: when dialling ended.
        status: how, in Asterisk's word.
        picks_up: it is no leg, but the channel of someone who picked up a leg, of which Asterisk says that it
            was dialled and has answered.
    """

    channel: str = ""
    begun: float | None = None
    heard: float | None = None
    ended: float | None = None
    status: str = ""
    picks_up: bool = False


class Dials(Model):
    """The legs that are dialled, by the Uniqueid of their channel.

    A leg is counted some moments after its dialling ended: another status, or that it rang, may be told late.
    """

    asks = (actions.CHANNELS,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._dials: Census[str, Dial] = Census()
        self._ending: Settling[str] = Settling()
        self._hung_up = Recent()
        self._happened = Recent()
        self._technologies = Vocabulary(TECHNOLOGIES)
        self._endpoints = Vocabulary(ENDPOINTS)
        totals.add(PICKUPS_COUNT.series(pbx), 0)

    def hears(self) -> Mapping[str, Take]:
        """Where a leg is dialled, is heard, and ends."""
        return {
            "DialBegin": self._begin,
            "DialState": self._progress,
            "Newstate": self._change,
            "DialEnd": self._end,
            "Hangup": self._hang_up,
            "OriginateResponse": self._originated,
            "Pickup": self._picked_up,
        }

    def _begin(self, message: AmiMessage, now: float) -> None:
        key, channel = message.get("DestUniqueid"), message.get("DestChannel")
        if self._dials.begin(key, Dial(), now):
            self._attempt(channel)
        dial = self._dials.find(key)
        if dial is not None and dial.begun is None:
            dial.begun = now
        if self._hung_up.has(key, now):
            self._ending.ended(key, now)

    def _attempt(self, channel: str) -> None:
        self._count(DIALS_ATTEMPTS, self._technologies.learn(technology(channel)))
        if endpoint := dialled(channel):
            self._count(ENDPOINT_DIALS, self._endpoints.learn(endpoint))

    def _progress(self, message: AmiMessage, now: float) -> None:
        if message.get("DialStatus") in HEARD:
            self._hear(message.get("DestUniqueid"), now)

    def _change(self, message: AmiMessage, now: float) -> None:
        if message.get("ChannelStateDesc") == RINGING:
            self._hear(message.get("Uniqueid"), now)

    def _hear(self, key: str, now: float) -> None:
        dial = self._dials.notice(key, Dial(), now)
        if dial is not None and dial.heard is None:
            dial.heard = now

    def _end(self, message: AmiMessage, now: float) -> None:
        """The status of GOTO names an extension behind a colon, which is cut off."""
        key, status = message.get("DestUniqueid"), message.get("DialStatus").partition(":")[0]
        dial = self._dials.notice(key, Dial(), now)
        if dial is None:
            return
        if dial.ended is None:
            dial.ended = now
            dial.channel = message.get("DestChannel")
        if WEIGHTS.get(status, -1) >= WEIGHTS.get(dial.status, -1):
            dial.status = status if status in WEIGHTS else OTHER
        self._ending.ended(key, now)

    def _hang_up(self, message: AmiMessage, now: float) -> None:
        """A leg may hang up without an end of its dialling: one that was originated in vain, or picked up."""
        key = message.get("Uniqueid")
        self._hung_up.news(key, now)
        if self._dials.find(key) is not None:
            self._ending.ended(key, now)
        if self._ending.overdue(now):
            self._close(self._ending.settled(now))

    def _originated(self, message: AmiMessage, now: float) -> None:
        """The event has no key of its own: two calls that fail at once and to one number look the same."""
        if self._happened.news(message.raw, now):
            self._count(ORIGINATES_RESULTS, REASONS.get(message.get("Reason"), OTHER))

    def _picked_up(self, message: AmiMessage, now: float) -> None:
        """The leg that is picked up is told to hang up, and not that it was answered."""
        picker, leg = message.get("Uniqueid"), message.get("TargetUniqueid")
        if not self._happened.news((picker, leg), now):
            return
        self._count(PICKUPS_COUNT)
        if (dial := self._dials.notice(leg, Dial(), now)) is not None:
            dial.status, dial.ended = ANSWER, now
            self._ending.ended(leg, now)
        if (dial := self._dials.notice(picker, Dial(), now)) is not None:
            dial.picks_up = True
            self._ending.ended(picker, now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """A leg whose channel is gone is dialled no more. What never came is counted where channels are."""
        if actions.CHANNELS in replies:
            channels = (item.get("Uniqueid") for item in items(replies, actions.CHANNELS, "CoreShowChannel"))
            known = ((key, self._dials.find(key)) for key in (*channels, *self._ending))
            self._dials.correct({key: dial for key, dial in known if dial}, asked, first=first)
        elif first:
            self._dials.forget()
            self._ending.clear()
        return 0

    def gauges(self, now: float) -> Values:
        """There are none; but the legs whose dialling has ended are counted here too."""
        self._close(self._ending.settled(now))
        return iter(())

    def lost(self) -> None:
        """No late event will come."""
        self._close(self._ending.settled())

    def _close(self, ended: list[tuple[str, float]]) -> None:
        for key, since in ended:
            dial = self._dials.end(key, since).life
            if dial is not None and (dial.begun is not None or (dial.status and not dial.picks_up)):
                self._conclude(dial)

    def _conclude(self, dial: Dial) -> None:
        """Of a leg that is dialled for an attended transfer, only the end is told."""
        if dial.begun is None:
            self._attempt(dial.channel)
        self._count(DIALS_RESULTS, word(dial.status) if dial.status else OTHER)
        answered = dial.ended if dial.status == ANSWER else None
        self._observe(DIALS_ANSWER_TIME, dial.begun, answered)
        self._observe(DIALS_POST_DIAL_DELAY, dial.begun, answered if dial.heard is None else dial.heard)
        self._observe(DIALS_RING_TIME, dial.heard, dial.ended)
        if answered is not None and (endpoint := dialled(dial.channel)):
            self._count(ENDPOINT_ANSWERS, self._endpoints.learn(endpoint))

    def _count(self, metric: Metric, *labels: str) -> None:
        self.totals.add(metric.series(self.pbx, *labels))

    def _observe(self, histogram: Histogram, since: float | None, until: float | None) -> None:
        if since is not None and until is not None:
            histogram.observe(self.totals, max(0.0, until - since), self.pbx)
