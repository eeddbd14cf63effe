"""Answers: forms become the requests that MQTT takes too, and responses become sentences."""

import json

import pytest

from bridge.page.answers import payload, words
from bridge.protocols.requests import RequestError, Response, Verb, parse

NOW = 1_700_000_000.0
ID = "3f2a9c01d4e5"


@pytest.mark.parametrize("verb", [Verb.ACK, Verb.SILENCE, Verb.UNSILENCE])
def test_a_form_makes_a_request(verb: Verb) -> None:
    given = {"id": ID, "duration": "1h", "comment": "works", "rule": "*", "all": "true"}

    assert parse(verb, payload(verb, given)).ask.verb is verb


def test_only_the_fields_of_the_form_are_taken() -> None:
    assert json.loads(payload(Verb.ACK, {"id": ID, "rule": "*"})) == {"id": ID}


@pytest.mark.parametrize("verb", [Verb.ACK, Verb.SILENCE, Verb.UNSILENCE])
def test_without_an_id_nothing_is_meant_rather_than_all(verb: Verb) -> None:
    with pytest.raises(RequestError):
        parse(verb, payload(verb, {"duration": "1h"}))


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (Response("ack", {"acknowledged": 1, "alerts": ["x"]}), "Acknowledged: 1 alert."),
        (
            Response("silence", {"id": ID, "until": NOW, "alerts": 2}),
            "Silenced until 14 Nov 22:13 UTC: 2 alerts.",
        ),
        (
            Response("unsilence", {"id": ID, "alerts": 1}),
            "The silence has ended: 1 alert may be told of again.",
        ),
        (Response("ack", {}, "no alert is meant"), "Nothing was done: no alert is meant."),
        (Response("ack", {"acknowledged": None}), "Acknowledged: 0 alerts."),
    ],
)
def test_what_came_of_it_is_said(response: Response, said: str) -> None:
    assert words(response, NOW) == said
