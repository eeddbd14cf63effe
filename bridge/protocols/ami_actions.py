"""What is said to Asterisk over AMI: actions to bytes, and the answer to its challenge."""

import hashlib
from collections.abc import Iterable

MAX_ACTION_LINE = 1022
"""Bytes of one line to Asterisk, whose buffer has 1024 with the line end."""
MAX_ACTION_HEADERS = 127
"""Headers of one action, of 128 that Asterisk takes, one of which names the action."""


def encode_action(name: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """An action as bytes.

    Raises:
        ValueError: a key or value holds CR, LF or NUL, with which it could smuggle in a header of its own, or
            something is longer than Asterisk reads.
    """
    pairs = [("Action", name), *headers]
    if len(pairs) - 1 > MAX_ACTION_HEADERS:
        raise ValueError(f"action {name!r} has more than {MAX_ACTION_HEADERS} headers")
    return b"".join(_line(key, value) for key, value in pairs) + b"\r\n"


def _line(key: str, value: str) -> bytes:
    if not key or ":" in key or not set("\r\n\0").isdisjoint(key + value):
        raise ValueError(f"header {key!r} or its value holds a line break, NUL, or a colon in the key")
    line = f"{key}: {value}".encode()
    if len(line) > MAX_ACTION_LINE:
        raise ValueError(f"header {key!r} is longer than the {MAX_ACTION_LINE} bytes that Asterisk reads")
    return line + b"\r\n"


def challenge_key(challenge: str, secret: str) -> str:
    """The answer to a challenge: MD5, as the protocol demands, of the challenge and the secret behind it."""
    return hashlib.md5((challenge + secret).encode(), usedforsecurity=False).hexdigest()
