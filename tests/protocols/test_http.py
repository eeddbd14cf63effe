import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.http import BODY, BODY_SIZE, MALFORMED, METHOD, Refusal, judge


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
    assert judge(head) == 0


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
    assert judge(head) == expected


@given(st.binary())
def test_no_bytes_make_it_fail(noise: bytes) -> None:
    assert judge(noise + b"\r\n\r\n", {"/render"}) in {MALFORMED, METHOD, BODY, 0}


def post(path: str = "/render", *fields: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *fields, "", ""]).encode()


def test_what_is_brought_to_where_it_is_of_use_is_read_to_its_end() -> None:
    posts = {"/render"}

    assert judge(post("/render", "Content-Length: 17"), posts) == 17
    assert judge(post("/render?tz=UTC", f"Content-Length: {BODY_SIZE}"), posts) == BODY_SIZE
    assert judge(post("/render"), posts) == 0


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (post("/metrics", "Content-Length: 1"), METHOD),
        (post("/render/", "Content-Length: 1"), METHOD),
        (post("/render", f"Content-Length: {BODY_SIZE + 1}"), BODY),
        (post("/render", "Transfer-Encoding: chunked"), BODY),
        (post("/render", "Content-Length: 3", "Transfer-Encoding: chunked"), BODY),
        (post("/render", "Content-Length: 3", "Content-Length: 3"), MALFORMED),
        (post("/render", "Content-Length: +3"), MALFORMED),
        (post("/render", "Content-Length: 3, 3"), MALFORMED),
        (post("/render", "Content-Length:"), MALFORMED),
    ],
)
def test_a_body_whose_end_is_not_plain_is_refused(head: bytes, expected: Refusal) -> None:
    assert judge(head, {"/render"}) == expected
