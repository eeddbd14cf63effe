"""Requests and responses: what a payload means, why it is none, and what is answered."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.alert import State
from bridge.core.silence import Selector
from bridge.protocols.request_fields import LARGEST_NUMBER, LONGEST
from bridge.protocols.requests import (
    LINE_LIMIT,
    SIZE_LIMIT,
    Ack,
    AskHealth,
    ListAlerts,
    Reason,
    Request,
    RequestError,
    Response,
    SilenceFor,
    Unsilence,
    Verb,
    encode,
    parse,
    render,
    response_in,
    unwrap,
    wrap,
)
from tests.protocols.test_request_fields import selectors, texts

transactions = (
    st.none()
    | texts
    | st.integers(-LARGEST_NUMBER, LARGEST_NUMBER)
    | st.floats(-LARGEST_NUMBER, LARGEST_NUMBER, allow_nan=False)
)
durations = st.floats(0, LONGEST, exclude_min=True)
asks = st.one_of(
    st.builds(Ack, selectors),
    st.builds(SilenceFor, selectors, durations, st.just("") | texts),
    st.builds(Unsilence, st.from_regex(r"[0-9a-f]{12}", fullmatch=True)),
    st.builds(ListAlerts, st.frozensets(st.sampled_from(State), min_size=1)),
    st.just(AskHealth()),
)
requests = st.builds(Request, asks, transactions)


def refused(verb: str, payload: bytes) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parse(verb, payload)
    return caught.value


class TestParse:
    def test_what_people_write_is_understood(self) -> None:
        assert parse("ack", b'{"rule":"trunk_*","pbx":"hq","transaction":7}') == Request(
            Ack(Selector("trunk_*", {"pbx": ("hq",)})), 7
        )
        assert parse("silence", b'{"labels":{"trunk":"a"},"duration":"2h","comment":"works"}') == Request(
            SilenceFor(Selector(labels={"trunk": ("a",)}), 7200.0, "works")
        )
        assert parse("unsilence", b'{"id":"0123456789ab"}') == Request(Unsilence("0123456789ab"))
        assert parse("list", b"") == Request(ListAlerts())
        assert parse("list", b'{"state":"all"}') == Request(ListAlerts(frozenset(State)))
        assert parse("health", b"{}") == Request(AskHealth())

    def test_there_is_no_verb_that_reaches_a_pbx(self) -> None:
        """Nobody makes Asterisk do anything by MQTT: what can be asked for is all in this list."""
        assert [*Verb] == ["ack", "silence", "unsilence", "list", "health"]
        for verb in (
            "originate",
            "hangup",
            "command",
            "reload",
            "action",
            "restart",
            "permit_join",
            "options",
        ):
            assert refused(verb, b"{}").reason is Reason.VERB

    @pytest.mark.parametrize(
        ("verb", "payload", "words"),
        [
            ("akc", b"{}", 'there is no verb "akc" (did you mean ack?)'),
            ("ACK", b"{}", 'there is no verb "ACK" (did you mean ack?)'),
            ("dial", b"{}", 'there is no verb "dial" (known: ack, silence, unsilence, list, health)'),
            ("ack", b'{"pxb":"hq"}', 'there is no field "pxb" (did you mean pbx?)'),
            ("ack", b'{"rul":"x"}', 'there is no field "rul" (did you mean rule?)'),
            ("ack", b'{"rule":"x","duration":1}', 'there is no field "duration" (known: rule, labels, pbx, '),
            ("health", b'{"x":1}', 'there is no field "x" (known: transaction)'),
            ("unsilence", b"{}", "it has no id: the id of a silence; `list` shows them"),
            ("unsilence", b'{"id":"0123456789ab-7"}', 'id "0123456789ab-7" is not the id of a silence'),
            ("silence", b'{"rule":"x"}', 'it has no duration; write "duration":"2h"'),
            ("silence", b'{"rule":"x","duration":1,"comment":7}', "comment 7 is not text"),
            ("list", b"[]", "it is not a JSON object"),
        ],
    )
    def test_what_is_wrong_is_told_in_words(self, verb: str, payload: bytes, words: str) -> None:
        assert str(refused(verb, payload)).startswith(words)

    def test_the_transaction_is_told_with_what_is_refused(self) -> None:
        assert refused("ack", b'{"rul":"x","transaction":"t1"}').transaction == "t1"
        assert refused("nothing", b'{"transaction":0}').transaction == 0
        assert refused("ack", b'{"rule":"x","transaction":[]}').transaction is None

    def test_a_request_has_4_kib_at_most(self) -> None:
        assert parse("list", b" " * SIZE_LIMIT) == Request(ListAlerts())
        assert refused("list", b" " * (SIZE_LIMIT + 1)).reason is Reason.TOO_LONG

    @given(requests)
    def test_what_is_rendered_reads_back(self, request_: Request) -> None:
        assert parse(request_.ask.verb, render(request_)) == request_

    @given(st.sampled_from([*Verb]) | st.text(), st.binary())
    def test_any_bytes_are_a_request_or_refused_with_words(self, verb: str, payload: bytes) -> None:
        why = ""
        try:
            assert parse(verb, payload).ask.verb == verb
        except RequestError as error:
            why = str(error)

        assert why.isprintable()
        assert len(why) < 300


class TestResponse:
    """The shape that zigbee2mqtt made known."""

    def test_what_is_done_is_ok_and_what_is_not_says_why(self) -> None:
        good = Response("ack", {"acknowledged": 1}, transaction=0)
        bad = Response("ack", {}, "no alert is meant")

        assert encode(good) == b'{"data":{"acknowledged":1},"status":"ok","transaction":0}'
        assert encode(bad) == b'{"data":{},"status":"error","error":"no alert is meant"}'

    def test_any_content_is_good_json(self) -> None:
        content = {"a": math.nan, "b": [math.inf], "c": {1}, "d": "\ud800", "e": "ü"}

        encoded = encode(Response("health", content))

        assert json.loads(encoded, parse_constant=pytest.fail)["data"] == {
            "a": None,
            "b": [None],
            "c": "{1}",
            "d": encoded and json.loads(encoded)["data"]["d"],
            "e": "ü",
        }

    @given(st.dictionaries(texts, texts), st.just("") | texts, transactions)
    def test_a_client_reads_what_was_answered(
        self, data: dict[str, str], error: str, transaction: str | float | None
    ) -> None:
        response = Response("ack", data, error, transaction)

        assert response_in("ack", encode(response)) == response

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"HTTP/1.1 400 Bad Request\r\n",
            b"[]",
            b"7",
            b"{}",
            b'{"data":[],"status":"ok"}',
            b'{"data":{},"status":"ok","error":"x"}',
            b'{"data":{},"status":"error"}',
            b"\xff",
            b"[" * 100_000,
        ],
    )
    def test_what_is_no_response_is_not_taken_for_one(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"Expecting|is not a response|nested too deep|decode"):
            response_in("ack", data)


class TestLine:
    """On the local socket the verb stands beside the payload."""

    @given(requests)
    def test_a_line_reads_back(self, request_: Request) -> None:
        line = wrap(request_)

        verb, payload = unwrap(line)

        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert parse(verb, payload) == request_

    def test_the_payload_may_be_left_out(self) -> None:
        assert unwrap(b'{"verb":"list"}') == ("list", b"{}")

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (b"", Reason.MALFORMED),
            (b'{"verb":7}', Reason.MALFORMED),
            (b'{"verb":"ack","payload":[]}', Reason.MALFORMED),
            (b'{"verb":"ack","payload":{"rule":"a","rule":"b"}}', Reason.DUPLICATE),
            (b'{"verb":"ack","payload":{"transaction":NaN}}', Reason.VALUE),
            (b'{"verb":"ack","payloda":{}}', Reason.FIELD),
            (b'{"verb":"ack"}' + b" " * LINE_LIMIT, Reason.TOO_LONG),
        ],
    )
    def test_any_other_line_is_refused(self, line: bytes, why: Reason) -> None:
        with pytest.raises(RequestError) as caught:
            unwrap(line)

        assert caught.value.reason is why

    def test_what_is_hidden_in_an_escape_is_still_refused(self) -> None:
        verb, payload = unwrap(b'{"verb":"ack","payload":{"rule":"\\ud800"}}')

        assert refused(verb, payload).reason is Reason.VALUE
