import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.http import BODY, MALFORMED, METHOD, Refusal, refusal


@pytest.mark.parametrize(
    "head",
    [
        b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: text/plain;version=0.0.4\r\n\r\n",
        b"HEAD /livez?x=1 HTTP/1.1\r\nhOST:x\r\nX-Empty:\r\nX-Name: Zo\xc3\xab\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_asks_and_brings_nothing_is_answered(head: bytes) -> None:
    assert refusal(head) is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", METHOD),
        (b"OPTIONS /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", METHOD),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", BODY),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", BODY),
        (b"GET /metrics HTTP/1.1\r\n\r\n", MALFORMED),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", MALFORMED),
        (b"GET /metrics HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", MALFORMED),
        (b"GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", MALFORMED),
        (b"GET  /metrics HTTP/1.1\r\nHost: x\r\n\r\n", MALFORMED),
        (b"GET http://x/metrics HTTP/1.1\r\nHost: x\r\n\r\n", MALFORMED),
        (b"get /metrics HTTP/1.1\r\nHost: x\r\n\r\n", MALFORMED),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", MALFORMED),
        (b"GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n", MALFORMED),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n", MALFORMED),
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\r\n", MALFORMED),
        (b"\r\n\r\n", MALFORMED),
    ],
)
def test_everything_else_is_refused_and_the_reason_told(head: bytes, expected: Refusal) -> None:
    assert refusal(head) == expected


@given(st.binary())
def test_no_bytes_make_it_fail(noise: bytes) -> None:
    assert refusal(noise + b"\r\n\r\n") in {MALFORMED, METHOD, BODY, None}
