"""Requests: any bytes are one that reads back, or are refused with a word and words for people."""

import contextlib

from bridge.core.alert import Key
from bridge.protocols.requests import (
    Ack,
    Request,
    RequestError,
    SilenceFor,
    Verb,
    parse,
    render,
    response_in,
    unwrap,
    wrap,
)

ALERT = Key("trunk_down", (("pbx", "hq"), ("trunk", "a" * 255)))


def one(data: bytes) -> None:
    """Take bytes as the payload of every verb, as a line of the socket, and as a response."""
    for verb in Verb:
        _check(verb, data)
    with contextlib.suppress(RequestError):
        _check(*unwrap(data))
    with contextlib.suppress(ValueError):
        response_in("ack", data)


def _check(verb: str, payload: bytes) -> None:
    why = ""
    try:
        _check_request(verb, parse(verb, payload))
    except RequestError as error:
        why = str(error)
    assert why.isprintable()
    assert len(why) < 300


def _check_request(verb: str, request: Request) -> None:
    assert request.ask.verb == verb
    assert parse(verb, render(request)) == request == parse(*unwrap(wrap(request)))
    if isinstance(request.ask, Ack | SilenceFor):
        request.ask.selector.means(ALERT)
