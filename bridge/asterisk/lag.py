"""Event lag: how late events come, where Asterisk writes a timestamp into them (timestampevents=yes).

Its clock is not ours, so each poll asks it for the time. A Ping is answered after it was sent; so Asterisk's
clock, when it answered, was not behind the moment of sending, and no event can be older than that says. By
the best of the last polls, a lag is never told too small, and too great at most by the way of one question.
"""

from collections import deque
from collections.abc import Mapping

from bridge.asterisk import actions
from bridge.asterisk.catalog.system import AMI_EVENT_LAG
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number
from bridge.core.counter import Tally
from bridge.protocols.ami import AmiMessage

EVENTS = (
    "Newchannel",
    "Newstate",
    "Hangup",
    "BridgeEnter",
    "BridgeLeave",
    "DeviceStateChange",
    "QueueMemberStatus",
    "PeerStatus",
    "ContactStatus",
    "Registry",
)
"""Those that are looked at: all events wait in one queue, so these tell of all."""
TIMESTAMP = b"\nTimestamp: "
POLLS = 8
"""Polls of which the best is believed: one slow answer does no harm, and clocks do not drift far in them."""


class Lag(Model):
    """The worst lag of an event since the last poll."""

    asks = (actions.PING,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._behind: deque[float] = deque(maxlen=POLLS)
        self._worst: float | None = None

    def hears(self) -> Mapping[str, Take]:
        """Events of all occasions."""
        return dict.fromkeys(EVENTS, self._arrive)

    def _arrive(self, message: AmiMessage, now: float) -> None:
        start = message.raw.find(TIMESTAMP)  # most have none, so nothing else is looked at
        written = None if start < 0 else number(message.get("Timestamp"))
        if written is None or not self._behind:
            return
        lag = now - written - max(self._behind)
        if lag < 0:
            # No event is older than a Ping says, so Asterisk's clock was set: this event is the best measure.
            self._behind.clear()
            self._behind.append(now - written)
        self._worst = max(lag, self._worst or 0.0)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - holds no words of events
        """Compare the clocks. The Ping is sent first in a poll, at `asked`."""
        if actions.PING in replies:
            clock = number(replies[actions.PING].response.get("Timestamp"))
            if clock is not None:
                self._behind.append(asked - clock)
        return 0

    def gauges(self, _: float) -> Values:
        """The worst lag since the last time; nothing if no event has come."""
        worst, self._worst = self._worst, None
        if worst is not None:
            yield AMI_EVENT_LAG.series(self.pbx), worst

    def lost(self) -> None:
        """The next connection may be to another Asterisk, whose clock is another."""
        self._behind.clear()
        self._worst = None
