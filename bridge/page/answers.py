"""Answers: what a form asks for as a request, and the response to it as a sentence."""

import json
from collections.abc import Mapping

from bridge.core.state import mapping, number
from bridge.page.words import amount, day
from bridge.protocols.requests import Response, Verb

FIELDS = {
    Verb.ACK: ("id",),
    Verb.SILENCE: ("id", "duration", "comment"),
    Verb.UNSILENCE: ("id",),
}
"""What the form of each verb says."""


def payload(verb: Verb, given: Mapping[str, str]) -> bytes:
    """The request that a form makes. The id is always there: without one, all alerts would be meant."""
    fields = {name: given.get(name, "") for name in FIELDS[verb]}
    return json.dumps({name: value for name, value in fields.items() if value or name == "id"}).encode()


def words(response: Response, now: float) -> str:
    """What came of a request, for the one who asked."""
    if response.error:
        return f"Nothing was done: {response.error}."
    data = mapping(response.data)
    meant = amount(int(number(data.get("alerts")) or 0), "alert")
    match response.verb:
        case Verb.ACK:
            return f"Acknowledged: {amount(int(number(data.get('acknowledged')) or 0), 'alert')}."
        case Verb.SILENCE:
            return f"Silenced until {day(number(data.get('until')) or now)} UTC: {meant}."
        case Verb.UNSILENCE:
            return f"The silence has ended: {meant} may be told of again."
    return "Done."
