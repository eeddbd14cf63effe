"""Requests about alerts, and their responses, in the manner of zigbee2mqtt.

    <prefix>/bridge/request/<verb>     {"rule":"trunk_*","pbx":"hq","transaction":7}
    <prefix>/bridge/response/<verb>    {"data":{...},"status":"ok","transaction":7}
                                       {"data":{},"status":"error","error":"why","transaction":7}

Whoever may write to a topic may send anything here. So what is read is small, of one known shape, and says
each thing once. There is no verb that reaches a PBX: all of them are about what the bridge itself says.

On a local socket a request and its response are a line each, and the verb stands beside the payload:

    {"verb":"ack","payload":{"rule":"trunk_*"}}
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from bridge.core.alert import State
from bridge.core.silence import Selector
from bridge.core.state import Json, mapping, text
from bridge.protocols import request_fields as fields
from bridge.protocols.request_fields import Given, Reason, RequestError, Transaction, object_in, refuse_name

__all__ = ["Reason", "RequestError", "Transaction"]

SIZE_LIMIT = 4096
"""Bytes of a request: one that means eight labels by long globs takes half of it."""
DEPTH_LIMIT = 8
"""Objects and lists within each other: a request needs three."""
LINE_LIMIT = 2 * SIZE_LIMIT
"""Bytes of a line on the socket, its end included."""


class Verb(StrEnum):
    """What can be asked for."""

    ACK = "ack"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    LIST = "list"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody cares for the alerts that are meant."""

    verb: ClassVar = Verb.ACK
    selector: Selector


@dataclass(frozen=True, slots=True)
class SilenceFor:
    """Tell nobody of the alerts that are meant, for `duration` seconds."""

    verb: ClassVar = Verb.SILENCE
    selector: Selector
    duration: float
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Unsilence:
    """End the silence of that id."""

    verb: ClassVar = Verb.UNSILENCE
    id: str


@dataclass(frozen=True, slots=True)
class ListAlerts:
    """Show the alerts that stand so, and all silences."""

    verb: ClassVar = Verb.LIST
    states: frozenset[State] = fields.SHOWN_STATES


@dataclass(frozen=True, slots=True)
class AskHealth:
    """Show how the bridge is."""

    verb: ClassVar = Verb.HEALTH


Ask = Ack | SilenceFor | Unsilence | ListAlerts | AskHealth


class Request(NamedTuple):
    """What is asked for, and the word for it that the response repeats."""

    ask: Ask
    transaction: Transaction | None = None


class Response(NamedTuple):
    """The answer to a request.

    Attributes:
        verb: of the request, as it came.
        data: what was asked for, or what was done; empty after an error.
        error: why nothing was done; empty if it was.
        transaction: that of the request; None if it had none.
    """

    verb: str
    data: Mapping[str, Any]
    error: str = ""
    transaction: Transaction | None = None

    def shown(self) -> dict[str, Any]:
        """As the JSON object that clients see."""
        shown: dict[str, Any] = {"data": self.data, "status": "error" if self.error else "ok"}
        if self.error:
            shown["error"] = self.error
        if self.transaction is not None:
            shown["transaction"] = self.transaction
        return shown


# --- requests


def parse(verb: str, payload: bytes) -> Request:
    """The request in a payload; an empty one is like `{}`.

    Raises:
        RequestError: it is none; nothing else is ever raised.
    """
    given = object_in(payload, SIZE_LIMIT, DEPTH_LIMIT)
    transaction = fields.transaction(given.pop("transaction")) if "transaction" in given else None
    try:
        return Request(_ask(verb, given), transaction)
    except RequestError as error:
        error.transaction = transaction
        raise


def _ask(verb: str, given: Given) -> Ask:
    if verb not in _READERS:
        refuse_name(Reason.VERB, "verb", verb, _READERS)
    known, read = _READERS[Verb(verb)]
    for name in given:
        if name not in known:
            refuse_name(Reason.FIELD, "field", name, [*known, "transaction"])
    return read(given)


def _silence(given: Given) -> SilenceFor:
    return SilenceFor(fields.selector(given), fields.duration(given), fields.comment(given))


_READERS: Mapping[Verb, tuple[tuple[str, ...], Callable[[Given], Ask]]] = {
    Verb.ACK: (fields.SELECTING, lambda given: Ack(fields.selector(given))),
    Verb.SILENCE: ((*fields.SELECTING, "duration", "comment"), _silence),
    Verb.UNSILENCE: (("id",), lambda given: Unsilence(fields.silence_id(given))),
    Verb.LIST: (("state",), lambda given: ListAlerts(fields.states(given))),
    Verb.HEALTH: ((), lambda _: AskHealth()),
}
"""For each verb the fields that it may have, and what reads them."""


def render(request: Request) -> bytes:
    """The payload that `parse` reads as this request."""
    given: dict[str, Json] = {}
    match request.ask:
        case Ack(selector):
            given = fields.selecting(selector)
        case SilenceFor(selector, duration, comment):
            given = {**fields.selecting(selector), "duration": duration}
            given |= {"comment": comment} if comment else {}
        case Unsilence(id_):
            given = {"id": id_}
        case ListAlerts(states):
            given = {"state": sorted(states)}
        case AskHealth():
            pass
    if request.transaction is not None:
        given["transaction"] = request.transaction
    return _dumped(given)


def _dumped(content: object) -> bytes:
    told = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)
    return told.encode("utf-8", "replace")


# --- responses


def encode(response: Response) -> bytes:
    """A response as JSON; what JSON does not know becomes text, and a number that is none becomes null."""
    try:
        return _dumped(response.shown())
    except ValueError:
        plain = json.dumps(response.shown(), default=str)
        return _dumped(json.loads(plain, parse_constant=lambda _: None))


def response_in(verb: str, data: bytes) -> Response:
    """The response that `encode` gave.

    Raises:
        ValueError: it is none.
    """
    try:
        found = json.loads(data)
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    shown = mapping(found)
    status, why = text(shown.get("status")), text(shown.get("error"))
    if not isinstance(shown.get("data"), dict) or status != ("error" if why else "ok"):
        raise ValueError("is not a response")
    return Response(verb, mapping(shown["data"]), why, found.get("transaction"))


# --- on a socket


def wrap(request: Request) -> bytes:
    """A request as a line."""
    return b'{"verb":"%s","payload":%s}\n' % (request.ask.verb.encode(), render(request))


def unwrap(line: bytes) -> tuple[str, bytes]:
    """The verb and the payload in a line; what they say is for `parse` to check.

    Raises:
        RequestError: it is no such line.
    """
    given = object_in(line, LINE_LIMIT, DEPTH_LIMIT + 1)
    for name in given:
        if name not in {"verb", "payload"}:
            refuse_name(Reason.FIELD, "field", name, ["verb", "payload"])
    verb, payload = given.get("verb"), given.get("payload", {})
    if not isinstance(verb, str) or not isinstance(payload, dict):
        raise RequestError(Reason.MALFORMED, 'write {"verb":"list","payload":{}}')
    return verb, json.dumps(payload, separators=(",", ":")).encode()
