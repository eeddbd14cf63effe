"""Endpoints of the settings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.endpoint import Endpoint, parse

SCHEMES = {"tcp": 2003, "udp": 0, "unix": None}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tcp://graphite", Endpoint("tcp", "graphite", 2003)),
        (" TCP://graphite:2103 ", Endpoint("tcp", "graphite", 2103)),
        ("udp://10.0.0.5:9", Endpoint("udp", "10.0.0.5", 9)),
        ("tcp://[2001:db8::1]", Endpoint("tcp", "2001:db8::1", 2003)),
        ("tcp://[::1]:7", Endpoint("tcp", "::1", 7)),
        ("udp://127.0.0.1:0", Endpoint("udp", "127.0.0.1", 0)),
        ("tcp://[fe80::1%eth0]:7", Endpoint("tcp", "fe80::1%eth0", 7)),
        ("tcp://bo%40b:s%2Fec@host/a/b", Endpoint("tcp", "host", 2003, "/a/b", "bo@b", "s/ec")),
        ("unix:///run/statsd.sock", Endpoint("unix", "", 0, "/run/statsd.sock")),
    ],
)
def test_a_url_is_taken_apart(url: str, expected: Endpoint) -> None:
    assert parse(url, SCHEMES) == expected


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "must begin with tcp:// or udp:// or unix://"),
        ("graphite:2003", "must begin with"),
        ("http://graphite", "must begin with"),
        ("tcp://", "names no host; write tcp://HOST:2003"),
        ("tcp://:2003", "names no host"),
        ("tcp://a b", "names no host"),
        ("udp://host", "names no port; write udp://HOST:PORT"),
        ("tcp://host:port", "has no usable host or port"),
        ("tcp://host:70000", "has no usable host or port"),
        ("tcp://[::1", "has no usable host or port"),
        ("tcp://host:1?x=1", "must not have ? or #"),
        ("unix://run/statsd.sock", "names no path; write unix:///PATH"),
        ("unix:///", "names no path"),
    ],
)
def test_a_bad_url_says_what_to_write(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="^" + complaint.replace("?", r"\?")):
        parse(url, SCHEMES)


def test_a_url_with_a_password_is_shown_without_it() -> None:
    endpoint = parse("tcp://user:secret@[::1]:7/x", SCHEMES)

    assert str(endpoint) == "tcp://[::1]:7/x"
    assert endpoint.address == "[::1]:7"
    assert str(parse("unix:///run/x", SCHEMES)) == "unix:///run/x"


@given(st.text())
def test_no_text_crashes_the_parser(url: str) -> None:
    """Every text is an endpoint or a ValueError, and an endpoint reads back as itself."""
    try:
        endpoint = parse(f"tcp://{url}", SCHEMES)
    except ValueError:
        return

    assert endpoint.host
    assert 0 <= endpoint.port < 65536
