"""A small document from a web server, if it is another one than last time."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp

from bridge.core.printable import printable

HOPS = 5
"""Redirects that are followed, to http and https only; what came over https and then http is not used."""
CHUNK = 65_536


class Validators(NamedTuple):
    """What the server said of the document, and tells another by; empty where it said nothing."""

    etag: str = ""
    modified: str = ""

    def headers(self) -> dict[str, str]:
        """As the conditions of a request."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in named.items() if value}


class Document(NamedTuple):
    """What the server has: its bytes, and how it knows them again."""

    content: bytes
    validators: Validators


class FetchError(Exception):
    """There is no document; the message says why, without the URL, which may hold a secret.

    Attributes:
        reason: `redirect`, `status`, `large`, `timeout`, `unreachable`, `certificate` or `url`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


async def fetch(url: str, known: Validators, limit: int, timeout: float) -> Document | None:  # noqa: ASYNC109
    """The document, or None if it is the one that is known by `known`.

    A name and password in the URL are sent to the server that it names, and to no other.

    Args:
        url: http or https; certificates are verified.
        known: from the last time.
        limit: bytes that it may have.
        timeout: seconds for everything, redirects included.

    Raises:
        FetchError: there is none, or none that may be had.
    """
    try:
        async with asyncio.timeout(timeout), aiohttp.ClientSession(auto_decompress=False) as session:
            headers = {"Accept": "text/calendar, */*", "Accept-Encoding": "identity", **known.headers()}
            async with session.get(url, headers=headers, max_redirects=HOPS) as response:
                return await _document(response, limit)
    except TimeoutError:
        raise FetchError("timeout", f"it took longer than {timeout:g} s") from None
    except (aiohttp.RedirectClientError, aiohttp.TooManyRedirects):
        raise FetchError(
            "redirect", f"it leads elsewhere than to http or https, or more than {HOPS} times"
        ) from None
    except (aiohttp.InvalidURL, UnicodeError):
        raise FetchError("url", "it is not a URL that can be asked for") from None
    except aiohttp.ClientSSLError as error:
        raise FetchError("certificate", f"the server cannot be trusted: {_why(error)}") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchError("unreachable", f"there is no answer: {_why(error)}") from None


async def _document(response: aiohttp.ClientResponse, limit: int) -> Document | None:
    schemes = [each.url.scheme for each in (*response.history, response)]
    if schemes != sorted(schemes):
        raise FetchError("redirect", "it leads from https to http, where anybody could have written it")
    if response.status == 304:
        return None
    if response.status != 200:
        raise FetchError(
            "status", f"the server answers {response.status} {printable(response.reason or '')[:100]}"
        )
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > limit:
            raise FetchError("large", f"it has more than {limit} bytes")
    headers = response.headers
    return Document(bytes(content), Validators(headers.get("ETag", ""), headers.get("Last-Modified", "")))


def _why(error: Exception) -> str:
    """What the system says, since what aiohttp says may hold the URL."""
    return printable(getattr(error, "strerror", None) or type(error).__name__)


def shown(url: str) -> str:
    """A URL as it may be shown: of most, the path is as secret as a password."""
    try:
        parts = urlsplit(url)
        place = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "a URL that cannot be read"
    return printable(f"{parts.scheme}://{place}{port}/...")
