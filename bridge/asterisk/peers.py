"""Peers of IAX2, and of chan_sip, the SIP driver of Asterisk 20 and before: who answers, and how fast."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.lines import PEER_REACHABLE, PEER_REGISTERED, PEER_RTT
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import number
from bridge.core.counter import Tally
from bridge.core.standing import Standing
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

LISTS: dict[str, tuple[Action, Action]] = {
    "IAX2": (actions.IAX_PEERS, actions.IAX_REGISTRATIONS),
    "SIP": (actions.SIP_PEERS, actions.SIP_REGISTRATIONS),
}
"""Technology to the lists of its peers and of its registrations."""
STATUS = re.compile(r"(OK|LAGGED|UNREACHABLE|UNKNOWN)(?: \(([0-9]+) ms\))?")
"""How a list says it; a peer that is not asked whether it is there is `Unmonitored`."""
ANSWERS = {"Reachable": True, "Lagged": True, "Unreachable": False}
"""How an event says it. Its other words are about registrations, of peers that need not answer."""


class Peer(NamedTuple):
    """Who is meant."""

    technology: str
    name: str


class State(NamedTuple):
    """Whether a peer answers, and after how many seconds if that is known."""

    reachable: bool
    trip: float | None


class Peers(Model):
    """Those that Asterisk asks whether they are there. Peers of PJSIP are contacts, of another model."""

    looks_only = True
    asks = tuple(action for lists in LISTS.values() for action in lists)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._peers = {technology: Standing[Peer, State](MAX_ITEMS) for technology in LISTS}
        self._registered: dict[str, dict[str, bool]] = {}

    def hears(self) -> Mapping[str, Take]:
        """Event name to what takes it."""
        return {"PeerStatus": self._status}

    def _status(self, message: AmiMessage, now: float) -> None:
        """A peer that no list has told of waits for the next one, or one word of it would stand for ever."""
        technology, _, name = message.get("Peer").partition("/")
        reachable, peer = ANSWERS.get(message.get("PeerStatus")), Peer(technology, name)
        peers = self._peers.get(technology)
        if peers is not None and peers.get(peer) and reachable is not None:
            peers.hear(peer, State(reachable, _seconds(message.get("Time")) if reachable else None), now)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:  # noqa: ARG002 - see below
        """Take the lists; arguments as of Model.

        Round trips change at every question and no event tells of that, so nothing is counted as missed.
        """
        for technology, (peers, registrations) in LISTS.items():
            if peers in replies:
                self._peers[technology].correct(dict(_listed(replies, peers, technology)), asked)
            if registrations in replies:
                self._registered[technology] = _registered(replies, registrations)
        return 0

    def gauges(self, now: float) -> Values:  # noqa: ARG002 - what stands, stands at any time
        """Who answers and how fast, and where Asterisk is registered."""
        for peers in self._peers.values():
            for peer, state in peers.items():
                yield PEER_REACHABLE.series(self.pbx, *peer), state.reachable
                if state.trip is not None:
                    yield PEER_RTT.series(self.pbx, *peer), state.trip
        for technology, hosts in self._registered.items():
            for host, registered in hosts.items():
                yield PEER_REGISTERED.series(self.pbx, technology, host), registered

    def lost(self) -> None:
        """Peers come and go unheard."""
        for peers in self._peers.values():
            peers.forget()
        self._registered = {}


def _listed(replies: Replies, action: Action, technology: str) -> Iterator[tuple[Peer, State]]:
    """IAX2 writes the user's name behind the peer's."""
    for item in items(replies, action, "PeerEntry"):
        match = STATUS.match(item.get("Status"))
        if match:
            reachable = match[1] in {"OK", "LAGGED"}
            name = item.get("ObjectName").partition("/")[0]
            yield Peer(technology, name), State(reachable, _seconds(match[2]) if reachable else None)


def _registered(replies: Replies, action: Action) -> dict[str, bool]:
    """Hosts, and whether each registration there stands; their users' names are nobody's business."""
    hosts: dict[str, bool] = {}
    for item in items(replies, action, "RegistryEntry"):
        host = item.get("Host")
        hosts[host] = hosts.get(host, True) and item.get("State") == "Registered"
    return hosts


def _seconds(milliseconds: str | None) -> float | None:
    value = number(milliseconds or "")
    return None if value is None or value < 0 else value / 1000
