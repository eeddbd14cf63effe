"""The head of an HTTP/1 request, judged strictly (RFC 9112): what is not well formed is not guessed at.

Only requests that ask for something and bring nothing are of use: GET and HEAD, without a body.
"""

import re
from http import HTTPStatus
from typing import NamedTuple

END = b"\r\n\r\n"
"""The end of a head."""
METHODS = frozenset({b"GET", b"HEAD"})

REQUEST_LINE = re.compile(rb"([A-Z]{1,32}) /[!-~]* HTTP/1\.([01])")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t -~\x80-\xff]*)")
"""One line; those that are folded over several, and blanks before the colon, are ways to smuggle."""


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


def refusal(head: bytes) -> Refusal | None:
    """Why the request with this head, which ends in `END`, is refused; None if it is to be answered."""
    line, *fields = head.removesuffix(END).split(b"\r\n")
    request = REQUEST_LINE.fullmatch(line)
    found = [FIELD.fullmatch(field) for field in fields]
    if not request or None in found:
        return MALFORMED
    told = [(field[1].lower(), field[2].strip()) for field in found if field]
    names = [name for name, _ in told]
    if names.count(b"host") != 1 and (b"host" in names or request[2] == b"1"):
        return MALFORMED
    if request[1] not in METHODS:
        return METHOD
    if b"transfer-encoding" in names or any(
        name == b"content-length" and value != b"0" for name, value in told
    ):
        return BODY
    return None
