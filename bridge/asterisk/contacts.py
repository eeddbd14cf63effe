"""Contacts: where endpoints are reached, and whether they answer.

Asterisk lists registered contacts with their state. Static ones, those of trunks above all, it only names
beside their address of record; their state comes from events, and from asking for one endpoint after the
other. A contact is known by its address of record and its URI; the URI never leaves this module.
"""

import re
from collections import Counter
from collections.abc import Mapping

from bridge.asterisk import actions
from bridge.asterisk.actions import Action
from bridge.asterisk.catalog.endpoints import (
    CONTACT_COUNT,
    CONTACT_REACHABLE,
    CONTACT_RTT,
    CONTACT_STATE_CONTACTS,
    REGISTRATIONS_INBOUND,
)
from bridge.asterisk.listed import items
from bridge.asterisk.model import Model, Replies, Take, Values
from bridge.asterisk.words import UNKNOWN, number
from bridge.core.counter import Tally
from bridge.core.standing import Standing
from bridge.core.turn import Turn
from bridge.protocols.ami import MAX_ITEMS, AmiMessage

Contact = tuple[str, str]
"""The address of record and the URI."""

REACHABLE, NONQUALIFIED = "reachable", "nonqualified"
STATES = (REACHABLE, "unreachable", UNKNOWN, NONQUALIFIED)
SPELLINGS = {"created": NONQUALIFIED}
"""What Asterisk 13 says for a state that has another name since."""
REMOVED = "Removed"
CONTACT_ID = re.compile(r"(.*?)(?:;@|@@)")
"""The id of a contact: its address of record, and a hash behind `;@` or, for a static one, `@@`."""
DETAILS_PER_POLL = 5
"""Endpoints asked for in one poll for the state of their static contacts; each answer has some kilobytes."""


class Contacts(Model):
    """State and round trip of contacts, by address of record."""

    looks_only = True
    asks = (actions.CONTACTS, actions.AORS, actions.ENDPOINTS)

    def __init__(self, pbx: str, totals: Tally) -> None:
        super().__init__(pbx, totals)
        self._states = Standing[Contact, str](MAX_ITEMS)
        self._trips: dict[Contact, float] = {}
        self._aors: tuple[str, ...] = ()
        self._registered: int | None = None
        self._turn = Turn(DETAILS_PER_POLL)

    def hears(self) -> Mapping[str, Take]:
        """Changes of a contact's status. The round trip in them is that of the change, and soon stale."""
        return {"ContactStatus": self._change}

    def _change(self, message: AmiMessage, now: float) -> None:
        contact, status = (message.get("AOR"), message.get("URI")), message.get("ContactStatus")
        self._states.hear(contact, None if status == REMOVED else _state(status), now)

    def further(self, replies: Replies) -> list[Action]:
        """The details of endpoints that have static contacts which are qualified, a few at a time."""
        qualified = {aor for (aor, _), item in _static(replies).items() if _qualified(item)}
        endpoints = [
            endpoint.get("ObjectName")
            for endpoint in items(replies, actions.ENDPOINTS, "EndpointList")
            if not qualified.isdisjoint(endpoint.get("Aor").split(","))
        ]
        return actions.for_each(self._turn.take(endpoints), actions.endpoint_detail)

    def sync(self, replies: Replies, asked: float, *, first: bool) -> int:
        """Take the registered contacts, the static ones, and what a few of these answered."""
        if actions.CONTACTS not in replies:
            return 0
        registered = _registered(replies)
        answered = _details(replies) | registered
        listed = {contact: self._unasked(contact, aor) for contact, aor in _static(replies).items()}
        listed |= {contact: _state(item.get("Status")) for contact, item in answered.items()}
        self._registered = len(registered)
        self._aors = tuple(aor.get("ObjectName") for aor in items(replies, actions.AORS, "AorList"))
        trips = {contact: number(item.get("RoundtripUsec")) for contact, item in answered.items()}
        known = self._trips | {contact: (trip or 0) / 1_000_000 for contact, trip in trips.items()}
        self._trips = {contact: trip for contact, trip in known.items() if trip and contact in listed}
        return self._states.correct(listed, asked, first=first)

    def _unasked(self, contact: Contact, aor: AmiMessage) -> str:
        """A static contact is as it was, until an event or its turn tells otherwise."""
        return self._states.get(contact) or (UNKNOWN if _qualified(aor) else NONQUALIFIED)

    def gauges(self, _: float) -> Values:
        """Contacts by state only where all of them are listed; by address of record those that are known."""
        states = dict(self._states.items())
        counts = Counter(aor for aor, _ in states)
        reachable = [contact for contact, state in states.items() if state == REACHABLE]
        answering = Counter(aor for aor, _ in reachable)
        for aor in dict.fromkeys((*self._aors, *counts)):
            yield CONTACT_COUNT.series(self.pbx, aor), counts[aor]
            yield CONTACT_REACHABLE.series(self.pbx, aor), answering[aor]
        yield from self._slowest(reachable)
        if self._registered is not None:
            yield REGISTRATIONS_INBOUND.series(self.pbx), self._registered
            totals = Counter(states.values())
            for state in STATES:
                yield CONTACT_STATE_CONTACTS.series(self.pbx, state), totals[state]

    def _slowest(self, reachable: list[Contact]) -> Values:
        trips: dict[str, float] = {}
        for contact in reachable:
            if trip := self._trips.get(contact):
                trips[contact[0]] = max(trip, trips.get(contact[0], 0))
        for aor, trip in trips.items():
            yield CONTACT_RTT.series(self.pbx, aor), trip

    def lost(self) -> None:
        """Contacts may change unheard."""
        self._states.forget()
        self._trips.clear()
        self._aors, self._registered = (), None


def _state(status: str) -> str:
    state = SPELLINGS.get(status.lower(), status.lower())
    return state if state in STATES else UNKNOWN


def _registered(replies: Replies) -> dict[Contact, AmiMessage]:
    return {(_aor(item), item.get("Uri")): item for item in items(replies, actions.CONTACTS, "ContactList")}


def _aor(contact: AmiMessage) -> str:
    match = CONTACT_ID.match(contact.get("ObjectName"))
    return match[1] if match else contact.get("Endpoint")


def _static(replies: Replies) -> dict[Contact, AmiMessage]:
    """The contacts that are named beside their address of record and not listed, with that address."""
    registered = _registered(replies)
    named = {
        (aor.get("ObjectName"), uri): aor
        for aor in items(replies, actions.AORS, "AorList")
        for uri in _uris(aor.get("ObjectName"), aor.get("Contacts"))
    }
    return {contact: aor for contact, aor in named.items() if contact not in registered}


def _uris(aor: str, contacts: str) -> list[str]:
    """The URIs in `office/sip:a@b,office/sip:c@d`; a URI may hold commas, and a name slashes."""
    return [uri for uri in f",{contacts.removesuffix(',')}".split(f",{aor}/")[1:] if uri]


def _qualified(aor: AmiMessage) -> bool:
    return number(aor.get("QualifyFrequency")) != 0


def _details(replies: Replies) -> dict[Contact, AmiMessage]:
    """The contacts of the endpoints that were asked for one by one."""
    return {
        (item.get("AOR"), item.get("URI")): item
        for action, reply in replies.items()
        if action.name == "PJSIPShowEndpoint"
        for item in reply.items
        if item.event == "ContactStatusDetail"
    }
