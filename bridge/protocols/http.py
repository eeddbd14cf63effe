"""The head of an HTTP/1 request, judged strictly (RFC 9112): what is not well formed is not guessed at.

Requests ask for something by GET or HEAD, without a body, or bring something by POST, where that is of use.
"""

import re
from collections.abc import Container
from http import HTTPStatus
from typing import NamedTuple

END = b"\r\n\r\n"
"""The end of a head."""
BODY_SIZE = 65_536
"""Bytes of a body: a dashboard asks for some dozen long targets at once."""

REQUEST_LINE = re.compile(rb"([A-Z]{1,32}) (/[!-~]*) HTTP/1\.([01])")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t -~\x80-\xff]*)")
"""One line; those that are folded over several, and blanks before the colon, are ways to smuggle."""
LENGTH = re.compile(rb"[0-9]{1,9}")


class Refusal(NamedTuple):
    """Why a request is not answered.

    Attributes:
        status: for the client.
        reason: for the counter.
    """

    status: HTTPStatus
    reason: str


MALFORMED = Refusal(HTTPStatus.BAD_REQUEST, "malformed")
METHOD = Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method")
BODY = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body")
TOO_LONG = Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too_long")
TIMEOUT = Refusal(HTTPStatus.REQUEST_TIMEOUT, "timeout")


def judge(head: bytes, posts: Container[str] = ()) -> int | Refusal:
    """How many bytes of body follow a head, which ends in `END`; or why it is refused.

    Args:
        head: the head.
        posts: the paths to which something may be brought.
    """
    line, *fields = head.removesuffix(END).split(b"\r\n")
    request = REQUEST_LINE.fullmatch(line)
    found = [FIELD.fullmatch(field) for field in fields]
    if not request or None in found:
        return MALFORMED
    told = [(field[1].lower(), field[2].strip()) for field in found if field]
    names = [name for name, _ in told]
    if names.count(b"host") != 1 and (b"host" in names or request[3] == b"1"):
        return MALFORMED
    if request[1] == b"POST" and request[2].partition(b"?")[0].decode() in posts:
        room = BODY_SIZE
    elif request[1] in {b"GET", b"HEAD"}:
        room = 0
    else:
        return METHOD
    return _body(told, room)


def _body(told: list[tuple[bytes, bytes]], room: int) -> int | Refusal:
    """How long a body is that may have so many bytes; its length is said once, and in digits."""
    lengths = [value for name, value in told if name == b"content-length"]
    if any(name == b"transfer-encoding" for name, _ in told):
        return BODY
    if len(lengths) > 1 or not all(map(LENGTH.fullmatch, lengths)):
        return BODY if room == 0 else MALFORMED
    length = int(lengths[0]) if lengths else 0
    return length if length <= room else BODY
