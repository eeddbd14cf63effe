"""Channels: how many there are of which technology and in which state, and how they end."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bridge.asterisk import actions
from bridge.asterisk.catalog.calls import (
    CHANNEL_STATE_CHANNELS,
    CHANNELS_ACTIVE,
    CHANNELS_ANSWERED,
    CHANNELS_CREATED,
    CHANNELS_PEAK,
    HANGUPS_COUNT,
    TECHNOLOGY_CHANNELS,
)
from bridge.asterisk.causes import cause_name
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number, technology, word
from bridge.core.census import Census
from bridge.core.counter import Tally
from bridge.core.level import Level
from bridge.core.recent import Recent
from bridge.core.slices import slices
from bridge.core.vocabulary import Vocabulary
from bridge.protocols.ami import AmiMessage

LOCAL = "Local"
"""The technology of the halves that Asterisk makes to call itself: no one is at their other end."""
UP = "Up"
TECHNOLOGIES = 64
"""Asterisk has some thirty technologies, and there are as many of others."""
STATES = 16
"""Asterisk has eleven states."""
CHANGES = 10_000
"""Begins and ends remembered from one poll to the next, to know what happened while it was answered."""
ANNOUNCERS = 2
"""Channels that Asterisk makes for itself to speak in a conference. A quiet one has none, which the next poll
tells."""


@dataclass(slots=True)
class Channel:
    """What is known of a channel that lives.

    Attributes:
        technology: its kind, such as PJSIP.
        state: in Asterisk's words, such as Ringing.
        heard: when its state was told last.
    """

    technology: str
    state: str
    heard: float


class Channels(Model):
    """The channels of a PBX, by Uniqueid. The name of a channel may change, its technology does not."""

    asks = (actions.CORE_STATUS, actions.CHANNELS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._channels: Census[str, Channel] = Census()
        self._technologies = Vocabulary(TECHNOLOGIES)
        self._states = Vocabulary(STATES)
        self._answered = Recent()
        self._conferences = Recent()
        self._level = Level()
        self._internal = 0
        self._changes: deque[tuple[float, int]] = deque(maxlen=CHANGES)
        self._created, self._ups = CHANNELS_CREATED.series(pbx), CHANNELS_ANSWERED.series(pbx)
        for series in (self._created, self._ups):
            totals.add(series, 0)

    def hears(self) -> Mapping[str, Take]:
        """Where a channel begins, goes on and ends."""
        return {
            "Newchannel": self._begin,
            "Newstate": self._change,
            "Hangup": self._end,
            "ConfbridgeStart": self._conference,
            "ConfbridgeEnd": self._conference,
        }

    def _channel(self, message: AmiMessage, heard: float) -> Channel:
        kind = self._technologies.learn(technology(message.get("Channel")))
        return Channel(kind, self._states.learn(message.get("ChannelStateDesc")), heard)

    def _begin(self, message: AmiMessage, now: float) -> None:
        key = message.get("Uniqueid")
        known = self._channels.find(key)
        if self._channels.begin(key, self._channel(message, now), now):
            self.totals.add(self._created)
        if known is None and self._channels.find(key) is not None:
            self._move(now, 1)

    def _change(self, message: AmiMessage, now: float) -> None:
        """Late word of the state of one that has ended says at least that it was answered."""
        key, told = message.get("Uniqueid"), self._channel(message, now)
        channel = self._channels.notice(key, told, now)
        if channel is told:
            self._move(now, 1)
        elif channel is not None:
            channel.state, channel.heard = told.state, now
        if told.state == UP and told.technology != LOCAL and self._answered.news(key, now):
            self.totals.add(self._ups)

    def _end(self, message: AmiMessage, now: float) -> None:
        end = self._channels.end(message.get("Uniqueid"), now)
        if end.news and technology(message.get("Channel")) != LOCAL:
            self.totals.add(HANGUPS_COUNT.series(self.pbx, cause_name(message.get("Cause"))))
        if end.news and end.life is not None:
            self._move(now, -1)

    def _conference(self, message: AmiMessage, now: float) -> None:
        """Its announcers are guessed until the next poll counts them."""
        if self._conferences.news((message.event, message.get("BridgeUniqueid")), now):
            change = 1 if message.event == "ConfbridgeStart" else -1
            self._internal += change * ANNOUNCERS
            self._changes.extend([(now, change)] * ANNOUNCERS)

    def _move(self, now: float, change: int) -> None:
        self._changes.append((now, change))
        if change > 0:
            self._level.rise()
        else:
            self._level.fall()

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Correct the channels; arguments as of Model."""
        return sum(self.steps(replies, asked, first=first))

    def steps(self, replies: Replies, asked: float, *, first: bool) -> Iterator[int]:
        """A state that was told after the question is newer than the answer, and stays."""
        if actions.CHANNELS not in replies:
            if first:
                self._channels.forget()
            return
        listed: dict[str, Channel] = {}
        for found in slices(items(replies, actions.CHANNELS, "CoreShowChannel")):
            listed |= {item.get("Uniqueid"): self._channel(item, asked) for item in found}
            yield 0
        yield from self._channels.corrections(listed, asked, first=first)
        for key, told in listed.items():
            channel = self._channels.find(key)
            if channel is not None and channel.heard < asked:
                channel.state = told.state
        self._count_internal(replies, len(listed), asked)
        self._level.correct(len(self._channels))

    def _count_internal(self, replies: Replies, listed: int, asked: float) -> None:
        """Channels such as CBAnn, a conference's announcer, are counted, but neither told nor listed.

        CoreStatus counts a moment before CoreShowChannels lists. What began meanwhile makes the difference of
        the two too small, what ended makes it too large; within these bounds the number from before stands.
        """
        status = replies.get(actions.CORE_STATUS)
        counted = number(status.response.get("CoreCurrentCalls")) if status else None
        changes = [change for time, change in self._changes if time >= asked]
        self._changes.clear()
        if counted is None:
            self._internal = 0
        else:
            least = int(counted) - listed - changes.count(-1)
            self._internal = max(0, least, min(self._internal, least + len(changes)))

    def standing(self, now: float) -> Values:  # noqa: ARG002 - nothing here depends on the time
        """How many there are."""
        living = sum(1 for _ in self._channels.living())
        yield CHANNELS_ACTIVE.series(self.pbx), living + max(0, self._internal)

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - nothing here depends on the time
        """A technology or a state that has been seen reads 0 when there is none of it."""
        living = [channel for _, channel in self._channels.living()]
        internal = max(0, self._internal)
        self._level.correct(len(living))
        yield CHANNELS_ACTIVE.series(self.pbx), len(living) + internal
        yield CHANNELS_PEAK.series(self.pbx), self._level.end() + internal
        technologies = _count(self._technologies, (channel.technology for channel in living))
        for name, amount in technologies.items():
            yield TECHNOLOGY_CHANNELS.series(self.pbx, name), amount
        states: Counter[str] = Counter()
        for name, amount in _count(self._states, (channel.state for channel in living)).items():
            states[word(name)] += amount
        for name, amount in states.items():
            yield CHANNEL_STATE_CHANNELS.series(self.pbx, name), amount


def _count(names: Iterable[str], found: Iterable[str]) -> dict[str, int]:
    return {**dict.fromkeys(names, 0), **Counter(found)}
