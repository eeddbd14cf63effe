"""Mailboxes: the messages in them.

Asterisk has no cheap list of mailboxes, so those are known of which an event has told, or that are listed as
devices (`MWI:101@default`, by res_mwi_devstate); each is then asked for in turn. An event counts urgent
messages among the new ones, a reply beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.endpoints import MAILBOX_NEW, MAILBOX_OLD, MAILBOX_URGENT
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number
from bridge.core.counter import Tally
from bridge.core.turn import Turn
from bridge.protocols.ami import AmiMessage

DEVICE = "MWI:"
"""How the device of a mailbox is named, in front of the mailbox."""
MAX_MAILBOXES = 10_000
"""Mailboxes remembered: more than one Asterisk serves."""
PER_POLL = 50
"""Mailboxes asked for in one poll, each by an action of its own; the others follow in the next polls."""


@dataclass(frozen=True, slots=True)
class _Messages:
    """What a mailbox holds; None where that was not told. `told` is when an event said so."""

    new: float | None = None
    old: float | None = None
    urgent: float | None = None
    told: float = 0.0


class Mailboxes(Model):
    """New, old and urgent messages of each known mailbox."""

    looks_only = True
    asks = (actions.DEVICES,)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._boxes: dict[str, _Messages] = {}
        self._turn = Turn(PER_POLL)

    def hears(self) -> Mapping[str, Take]:
        """A message that came, was heard or was deleted; and every mailbox at a reload."""
        return {"MessageWaiting": self._change}

    def _change(self, message: AmiMessage, now: float) -> None:
        box = message.get("Mailbox")
        if box and (box in self._boxes or len(self._boxes) < MAX_MAILBOXES):
            self._boxes[box] = _Messages(number(message.get("New")), number(message.get("Old")), told=now)

    def further(self, replies: Replies) -> list[Action]:
        """Some of the mailboxes, in turn: a change can be missed."""
        for item in items(replies, actions.DEVICES, "DeviceStateChange"):
            device = item.get("Device")
            if device.startswith(DEVICE) and len(self._boxes) < MAX_MAILBOXES:
                self._boxes.setdefault(device.removeprefix(DEVICE), _Messages())
        return actions.for_each(self._turn.take(tuple(self._boxes)), actions.mailbox_count)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Take the counts that were asked for, unless an event told newer ones; return how many differ."""
        corrections = 0
        for action, reply in replies.items():
            if action.name == "MailboxCount":
                box = dict(action.headers)["Mailbox"]
                known, counted = self._boxes.get(box, _Messages()), _counted(reply.response)
                if known.told < asked:
                    self._boxes[box] = counted
                    corrections += known.new is not None and (known.new, known.old) != (
                        counted.new,
                        counted.old,
                    )
        return 0 if first else corrections

    def gauges(self, _: float) -> Values:
        """What was told since the connection was made."""
        for box, messages in self._boxes.items():
            for metric, value in (
                (MAILBOX_NEW, messages.new),
                (MAILBOX_OLD, messages.old),
                (MAILBOX_URGENT, messages.urgent),
            ):
                if value is not None:
                    yield metric.series(self.pbx, box), value

    def lost(self) -> None:
        """What they hold may change unheard; that they are there stays known, so that they are asked for."""
        self._boxes = dict.fromkeys(self._boxes, _Messages())


def _counted(reply: AmiMessage) -> _Messages:
    """What a mailbox holds by a reply, with urgent messages among the new ones."""
    new, urgent = number(reply.get("NewMessages")), number(reply.get("UrgMessages"))
    return _Messages(None if new is None else new + (urgent or 0), number(reply.get("OldMessages")), urgent)
