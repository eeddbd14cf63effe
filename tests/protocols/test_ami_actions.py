"""Actions: bytes that say what was meant, and nothing that a value adds."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocols.ami_actions import challenge_key, encode_action

Pairs = list[tuple[str, str]]


def test_an_action_is_lines_and_an_empty_one() -> None:
    assert encode_action("Ping", [("ActionID", "7")]) == b"Action: Ping\r\nActionID: 7\r\n\r\n"


@pytest.mark.parametrize("break_", ["\r", "\n", "\0", "\r\nAction: Originate"])
@pytest.mark.parametrize("where", ["key", "value", "name"])
def test_a_line_break_anywhere_is_refused(where: str, break_: str) -> None:
    text = {"key": "Variable", "value": "x", "name": "Getvar"}
    text[where] += break_

    with pytest.raises(ValueError, match="line break"):
        encode_action(text["name"], [(text["key"], text["value"])])


def test_more_than_asterisk_reads_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than the 1022 bytes"):
        encode_action("Getvar", [("Variable", "x" * 1100)])
    with pytest.raises(ValueError, match="more than 127 headers"):
        encode_action("Getvar", [("Variable", "x")] * 128)


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=5))
def test_no_value_adds_a_header_or_an_action(headers: Pairs) -> None:
    try:
        encoded = encode_action("Getvar", headers)
    except ValueError:
        return

    assert encoded.count(b"\r\n\r\n") == 1
    assert encoded.endswith(b"\r\n\r\n")
    assert len(encoded.split(b"\r\n")) == len(headers) + 3
    assert encoded.count(b"\n") == encoded.count(b"\r") == len(headers) + 2


def test_the_challenge_is_answered_with_md5_of_challenge_and_secret() -> None:
    assert challenge_key("148", "secret") == hashlib.md5(b"148secret").hexdigest()
